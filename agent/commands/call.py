"""`lpse-agent call NUMBER`: everything that is known of one call."""

from typing import Annotated

import typer

from agent.commands.accountable import log_reading
from agent.commands.call_object import call_object
from agent.commands.call_sheet import show_call
from agent.commands.plain import ask, console, print_json, said_plainly
from agent.database.reports import CallReport, read_call
from agent.settings import read_settings


def call(
    number: Annotated[
        str,
        typer.Argument(
            help="Form number (0123/FK-TLP/LPSE.BTG/2026, or 123/2026) or ticket number "
            "(26-00412-0, with or without signs between the digits)."
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show one call: timeline, the procedure's steps with their proof, deviations.

    Every line names its evidence: whose word it is, and the event's place in
    the call's log. "ARI StasisStart · #1" is Asterisk's own message and the
    first event; "agent" is this program. A step's clock runs from "jam mulai"
    to its proof; more than its limit is a deviation. Who looked is on record.

    Examples:
    lpse-agent call 123/2026
    lpse-agent call 26-00412-0 --json
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url

        async def read() -> CallReport:
            report = await read_call(url, number)
            await log_reading(url, "call", report.call.form_number)
            return report

        report = ask(url, read)
        if json:
            print_json(call_object(report, settings.zone))
        else:
            show_call(report, settings.zone, console())
