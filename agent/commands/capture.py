"""`lpse-agent capture NUMBER`: one call's event log as a recording for the tests, anonymised."""

from typing import Annotated

import typer
from msgspec.structs import replace

from agent.commands.plain import ask, print_json_line, said_plainly
from agent.database.reports import read_call
from agent.domain.events import (
    AnyEvent,
    Caller,
    DetailShed,
    FieldFilled,
    Opening,
    OperatorOffered,
    SupervisorCalled,
)
from agent.settings import read_settings

SOMEBODY = Caller(raw="081100000000", number="+6281100000000", shown="+62 811-0000-0000")
NOBODY = Caller()
WRITTEN = "(terisi)"
MISSING = "they were not kept, because the database was away for too long."


def capture(
    number: Annotated[
        str, typer.Argument(help="Form number (123/2026) or ticket number (26-00412-0).")
    ],
) -> None:
    """Print a call as a recording: one event a line, without anybody's name or telephone number.

    A bug begins as a recording: name the file by what the people did, then
    run it with `replay`.

    Example:
    lpse-agent capture 26-00412-0 > caller_hangs_up_while_ringing.jsonl
    """
    with said_plainly():
        url = read_settings().database_url
        report = ask(url, lambda: read_call(url, number))
        for logged in report.events:
            print_json_line(anonymised(logged.event))
    shed = sum(one.event.count for one in report.events if isinstance(one.event, DetailShed))
    if shed:
        typer.echo(f"{shed} events are missing: {MISSING}", err=True)


def anonymised(event: AnyEvent) -> AnyEvent:
    """The event without anything that tells who the people were."""
    match event:
        case Opening():
            return replace(event, caller=SOMEBODY if event.caller.raw else NOBODY)
        case OperatorOffered():
            return replace(event, name=event.operator)
        case SupervisorCalled():
            return replace(event, name=event.supervisor)
        case FieldFilled(tells_outcome=False, value=value):
            return replace(event, raw=WRITTEN, value=WRITTEN if value else None)
        case _:
            return event
