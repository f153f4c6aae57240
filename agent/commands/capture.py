"""`lpse-agent capture NUMBER`: one call's event log as a recording for the tests, anonymised."""

import asyncio
import sys
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace

from agent.commands.plain import said_plainly
from agent.database.reports import read_call
from agent.domain.events import AnyEvent, CallArrived, Caller, OperatorOffered
from agent.settings import read_settings

SOMEBODY = Caller(raw="081100000000", number="+6281100000000", shown="+62 811-0000-0000")
NOBODY = Caller()


def capture(
    number: Annotated[str, typer.Argument(help="Form or ticket number of the call.")],
) -> None:
    """Print a call as a recording: one event a line, without anybody's name or number.

    Redirect it to tests/recordings/<what the people did>.jsonl; a bug begins as a recording.
    """
    with said_plainly():
        report = asyncio.run(read_call(read_settings().database_url, number))
        for logged in report.events:
            sys.stdout.write(msgspec.json.encode(anonymised(logged.event)).decode() + "\n")


def anonymised(event: AnyEvent) -> AnyEvent:
    """The event without anything that tells who the people were."""
    match event:
        case CallArrived():
            return replace(event, caller=SOMEBODY if event.caller.raw else NOBODY)
        case OperatorOffered():
            return replace(event, name=event.operator)
        case _:
            return event
