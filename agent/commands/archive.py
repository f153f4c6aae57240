"""`lpse-agent archive …`: whether forms and their supplements are what was archived."""

from functools import partial
from typing import Annotated

import typer

from agent.commands.plain import (
    FAILED,
    ask,
    console,
    print_json,
    printable,
    said_plainly,
)
from agent.database.archive_chain import ArchiveReport, check_archive
from agent.documents.archive import archived_sha256
from agent.documents.chosen_store import chosen_store
from agent.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    help="The archive of consultation forms: written once, chained hash by hash.",
)


@app.command("verify")
def verify(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check every archived form and supplement; status 1 when anything is wrong.

    Each file must have the hash on record, each entry must follow the one
    before it, and no file may be there that nobody archived. What is wrong is
    named, one line each. The last line's hash stands for the whole archive:
    note it elsewhere, for instance on the monthly recap, and compare.

    Example:
    lpse-agent archive verify --json
    """
    with said_plainly():
        settings = read_settings()
        store, url = chosen_store(settings), settings.database_url
        report = ask(url, lambda: check_archive(url, partial(archived_sha256, store), store.paths))
    if json:
        print_json(report)
    else:
        _show(report)
    if report.findings:
        raise typer.Exit(FAILED)


# A group with one command would else lose the command's name.
@app.callback()
def _group() -> None:
    pass


def _show(report: ArchiveReport) -> None:
    out = console()
    for finding in report.findings:
        named = " ".join(word for word in (finding.form_number, finding.path) if word)
        out.print(f"✗ {printable(named)}: {finding.sentence}.", soft_wrap=True)
    wrong = f"{len(report.findings)} things are wrong" if report.findings else "All is in order"
    chain = f", chain {report.chain}" if report.chain else ""
    forms = f"forms archived: {report.entries - report.supplements}"
    out.print(f"{wrong}; {forms}, supplements: {report.supplements}{chain}.", soft_wrap=True)
