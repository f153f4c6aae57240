"""`lpse-agent verify`: whether the record keeps its promises."""

from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from agent.commands.plain import (
    FAILED,
    SINCE_HELP,
    UNTIL_HELP,
    ask,
    console,
    parse_period,
    print_json,
    said_plainly,
)
from agent.database import verification
from agent.database.findings import Finding
from agent.documents.archive import archived_sha256
from agent.documents.chosen_store import chosen_store
from agent.settings import read_settings


def verify(
    since: Annotated[
        str | None, typer.Option("--since", "--from", metavar="DAY", help=SINCE_HELP)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", "--to", metavar="DAY", help=UNTIL_HELP)
    ] = None,
    minutes: Annotated[
        int,
        typer.Option(min=1, max=1440, metavar="MINUTES", help="How long archiving may take."),
    ] = 10,
    archive: Annotated[
        bool,
        typer.Option("--archive", help="Compare the archived files too."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Check the record against its promises; status 1 when one is broken.

    ✓ is kept. ✗ is broken, and the lines below it show where, by form numbers.
    What only looks broken, and why it is not, is noted. Nothing is changed,
    and nobody waits: it may run beside the service, whose calls it sees as
    they were at one moment. A day takes seconds, a million calls ten minutes.

    Examples:
    lpse-agent verify
    lpse-agent verify --since 2026-03-01 --until 2026-03-31 --archive --json
    """
    with said_plainly():
        settings = read_settings()
        first, end = parse_period(since, until, settings.zone)
        scope = verification.Scope(
            since=first,
            until=end,
            archived_within=timedelta(minutes=minutes),
            sha256_of=partial(archived_sha256, chosen_store(settings)) if archive else None,
        )
        url = settings.database_url
        findings = ask(url, lambda: verification.verify(url, scope))
    if json:
        print_json(findings)
    else:
        _show(findings)
    if not all(finding.holds for finding in findings):
        raise typer.Exit(FAILED)


def _show(findings: list[Finding]) -> None:
    """Lines and no table: sentences are of any length, and numbers must not be wrapped."""
    out = console()
    for finding in findings:
        out.print(f"{'✓' if finding.holds else '✗'} {finding.sentence}", soft_wrap=True)
        for example in finding.examples:
            out.print(f"    {example}", soft_wrap=True)
    broken = sum(not finding.holds for finding in findings)
    calls = next(f.counts["offered"] for f in findings if f.promise == "outcomes_add_up")
    kept = f"{broken} of {len(findings)} promises are broken" if broken else "All are kept"
    out.print(f"{kept}; calls looked at: {calls}.")
