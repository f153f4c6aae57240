"""`lpse-agent recap`: the recap of a period, as paper, workbook and list."""

import asyncio
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from agent.commands.accountable import system_user
from agent.commands.plain import (
    FIRST_YEAR,
    LAST_YEAR,
    console,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.equipment import list_equipment
from agent.database.migrations import require_migrated
from agent.database.office_files import office_files
from agent.database.recap import log_recap, read_recap
from agent.documents.letterhead_file import read_stationery
from agent.documents.recap_files import FORMATS, Format, RecapFiles, RecapFrame, WrittenRecap
from agent.documents.recap_paper import PaperHead, Signature
from agent.documents.recap_summary import whole
from agent.domain.form import FormDefinition, parse_form
from agent.domain.recap_figures import service_figures, step_figures
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_words import parse_recap_words
from agent.domain.sop import Sop, parse_sop
from agent.office import content_of, read_form
from agent.runtime import clock
from agent.settings import DATA, Settings, read_settings

WORDS_FILE = DATA / "papers" / "recap.toml"


def recap(
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day, e.g. 2026-11-01, office time.")
    ],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, the whole of it.")],
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the files go; made if it is not there.")
    ] = Path(),
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="FORMAT", help="pdf, xlsx or csv; may be repeated."),
    ] = None,
    without_persons: Annotated[
        bool, typer.Option("--without-persons", help="Without who called and what was said.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="ACCOUNT", hidden=True, help="For whom the service asks."),
    ] = None,
) -> None:
    """Write the recap of a period (Rekap Penanganan Permasalahan): all formats, or some.

    The paper has totals, service figures with their formulas, plots, the list
    of consultations and room to sign; workbook and list have every row. Files
    of the same period are written over. The service writes each month's recap
    by itself, into the folder recaps of its state_folder. Who wrote one is on
    record.

    Examples:
    lpse-agent recap --from 2026-11-01 --to 2026-11-30
    lpse-agent recap --from 2026-11-01 --to 2026-11-30 --format csv --output /tmp
    """
    with said_plainly():
        period = RecapPeriod(_day("--from", first), _day("--to", last))
        if period.first > period.last:
            refuse(f"--from {first} is later than --to {last}.")
        wanted = _formats(formats or list(FORMATS))
        settings = read_settings()
        sop = parse_sop(content_of(settings.sop_file, "sop_file"))
        form = read_form(settings)
        try:
            written = asyncio.run(
                _write(
                    settings,
                    sop,
                    form,
                    period,
                    output,
                    wanted,
                    by or system_user(),
                    persons=not without_persons,
                )
            )
        except OSError as error:
            refuse(f"--output {output}: {error.strerror or error}.")
    if json:
        print_json(_object(period, written))
    else:
        _show(written)


async def _write(
    settings: Settings,
    sop: Sop,
    form: FormDefinition,
    period: RecapPeriod,
    output: Path,
    formats: tuple[Format, ...],
    by: str,
    *,
    persons: bool,
) -> WrittenRecap:
    await require_migrated(settings.database_url)
    kept = await office_files(settings.database_url, "form")
    forms = {name: parse_form(content) for name, content in kept.items()}
    words = parse_recap_words(tomllib.loads(WORDS_FILE.read_text()))
    frame = RecapFrame(
        period=period,
        zone=settings.zone,
        words=words,
        # The latest names a category: kept versions are in order, and the file only begins them.
        forms=forms or {form.name: form},
        sop=sop,
        head=_head(settings),
        persons=persons,
    )
    made_at = clock.now()
    with RecapFiles(output, formats, frame) as files:
        begins_at, ends_at = period.begins_at(settings.zone), period.ends_at(settings.zone)
        await log_recap(settings.database_url, by, "lpse-agent recap", begins_at, ends_at)
        await read_recap(settings.database_url, begins_at, ends_at, files.take)
        for missing in reversed(await list_equipment(settings.database_url, begins_at, ends_at)):
            files.take_equipment(missing)
        return files.finish(made_at)


def _head(settings: Settings) -> PaperHead:
    """The letterhead of all papers. Raises LetterheadInvalid."""
    file = settings.letterhead_file
    head = read_stationery(file).letterhead
    return PaperHead(
        government=head.government,
        unit=head.unit,
        address=head.address,
        place=head.place,
        telephone=head.telephone,
        email=head.email,
        logo=file.parent / head.logo if head.logo else None,
        signers=tuple(Signature(role=s.role, name=s.name, nip=s.nip) for s in head.signers),
    )


def _day(option: str, typed: str) -> date:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        refuse(f"{option} {typed}: write a day as 2026-11-01.")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        refuse(f"{option} {typed}: a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def _formats(typed: list[str]) -> tuple[Format, ...]:
    for one in typed:
        if one not in FORMATS:
            refuse(f"--format {one}: one of {', '.join(FORMATS)}.")
    return tuple(form for form in FORMATS if form in typed)


def _object(period: RecapPeriod, written: WrittenRecap) -> dict[str, Any]:
    return {
        "first": period.first,
        "last": period.last,
        "made_at": written.made_at,
        "rows": written.rows,
        "files": [{"path": str(file.path), "sha256": file.sha256} for file in written.files],
        "totals": msgspec.to_builtins(written.tally.totals),
        "figures": service_figures(written.tally),
        "steps": step_figures(written.tally),
    }


def _show(written: WrittenRecap) -> None:
    """Lines and no table: the paper has the tables."""
    out, summary = console(), written.summary
    out.print(f"{summary.title}, {summary.period}")
    for label, count in summary.totals:
        out.print(f"{whole(count):>8} {label}")
    out.print()
    for label, count in summary.outcomes:
        if count:
            out.print(f"{whole(count):>8} {label}")
    out.print()
    for figure in summary.figures[:3]:
        out.print(f"{figure.value:>8} {figure.name} ({figure.counts})")
    out.print()
    out.print(summary.footer, soft_wrap=True)
    for file in written.files:
        out.print(str(file.path), soft_wrap=True)
