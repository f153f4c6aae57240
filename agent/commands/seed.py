"""`lpse-agent seed`: made-up consultations, for benches and for trying out."""

import tomllib
from datetime import date, timedelta
from typing import Annotated

import msgspec
import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from agent.commands.answers import today
from agent.commands.plain import ask, console, print_json, refuse, said_plainly
from agent.database import seed as made_up
from agent.domain.form import parse_form
from agent.domain.priority import parse_priority_table
from agent.domain.synthetic_cast import WordLists
from agent.domain.working_time import WorkingTime, parse_office_hours
from agent.runtime.public_holidays import read_calendar
from agent.settings import DATA, read_settings


def seed(
    consultations: Annotated[
        int,
        typer.Option(min=1, max=made_up.MOST_CONSULTATIONS, metavar="COUNT", help="How many."),
    ] = 10_000,
    years: Annotated[
        int, typer.Option(min=1, max=20, metavar="YEARS", help="Over how many past years.")
    ] = 5,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Their last day; yesterday by default.")
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The same number and days make the same calls.")
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fill an empty database with made-up consultations that nobody takes for real.

    They come within office hours, have every outcome, forms, tickets and
    deviations, and pass `verify`. Each is marked: office LPSE.CONTOH, line and
    names "contoh", telephones 0810. A database with calls is refused.

    Example:
    lpse-agent seed --consultations 1000000
    """
    with said_plainly():
        settings = read_settings()
        plan = made_up.SeedPlan(
            consultations=consultations,
            years=years,
            until=_day(until) if until else today(settings.zone) - timedelta(days=1),
            seed=seed,
        )
        office = example_office(settings.zone, plan)
        url = settings.database_url
        out = console()
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=out,
            disable=json,
        ) as bar:
            task = bar.add_task("Consultations", total=consultations)
            rows = ask(url, lambda: made_up.seed(url, plan, office, lambda n: bar.advance(task, n)))
    if json:
        print_json(rows)
        return
    for table, count in rows.items():
        out.print(f"{table:<20} {count:>12,}")


def example_office(zone: str, plan: made_up.SeedPlan) -> made_up.MadeUpOffice:
    """What comes with the program: the made-up calls of every office are alike."""

    def read(path: str) -> dict[str, object]:
        return tomllib.loads((DATA / path).read_text(encoding="utf-8"))

    hours = parse_office_hours(read("office/LPSE.BTG.toml"))
    calendar = read_calendar(plan.first.year, plan.until.year)
    return made_up.MadeUpOffice(
        sop=read("sop/SOP-LPSE.BTG-017.toml"),
        form=parse_form(read("form/formulir-konsultasi-1.toml")),
        priorities=parse_priority_table(read("priority/usulan-1.toml")),
        working_time=WorkingTime(hours, calendar, zone),
        words=msgspec.convert(read("synthetic/id.toml"), WordLists),
    )


def _day(typed: str) -> date:
    try:
        return msgspec.convert(typed, date)
    except msgspec.ValidationError:
        refuse(f"--until {typed}: write a day as 2026-03-02.")
