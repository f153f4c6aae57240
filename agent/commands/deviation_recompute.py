"""`lpse-agent deviation recompute`: whether the judgements on record are what their logs give."""

from collections import Counter
from contextlib import aclosing
from typing import Annotated

import typer

from agent.commands.plain import (
    FAILED,
    SINCE_HELP,
    UNTIL_HELP,
    ask,
    console,
    parse_period,
    plain_object,
    print_json,
    said_plainly,
)
from agent.database.recompute import Ending, Recomputed, recompute
from agent.settings import read_settings

TOLD: dict[Ending, str] = {
    "repaired": "written anew",
    "went_on": "left alone, because it went on meanwhile: run this again",
    "refused": "left alone, because the tables' guards refuse what the log gives",
    "gap": "left alone, because facts are missing in its log",
    "unreadable": "its log cannot be read",
    "no_procedure": "its procedure is not there",
}


def recompute_command(
    since: Annotated[
        str | None, typer.Option("--since", "--from", metavar="DAY", help=SINCE_HELP)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", "--to", metavar="DAY", help=UNTIL_HELP)
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Write what the events give where it differs.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge every consultation anew from its events; status 1 when something differs.

    Outcome, steps and deviations are compared with what is stored, each under
    the procedure that it ran under, and so is the call's state. What differs
    is shown as "stored → recomputed". Without --repair nothing is ever
    written. It may run beside the service. Where a new program judges more
    than the one before, its changelog says to run it with --repair once.

    Examples:
    lpse-agent deviation recompute
    lpse-agent deviation recompute --from 2026-03-01 --to 2026-03-31 --repair
    """
    counts: Counter[Ending] = Counter()
    differing: list[Recomputed] = []

    async def judge_all() -> None:
        async with aclosing(recompute(url, first, end, repair=repair)) as all_of_them:
            async for one in all_of_them:
                counts[one.ending] += 1
                if one.ending != "same":
                    _show(one, json)
                    differing.append(one)

    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        first, end = parse_period(since, until, settings.zone)
        ask(url, judge_all)
    looked_at = counts.total()
    if json:
        found = [plain_object(one, settings.zone) for one in differing]
        print_json({"consultations": looked_at, "differing": found})
    elif differing:
        written = f", {counts['repaired']} of them written anew" if repair else ""
        console().print(f"{len(differing)} of {looked_at} consultations differ{written}.")
    else:
        console().print(f"Nothing differs, nothing was changed; judged anew: {looked_at}.")
    if not all(one.is_sound for one in differing):
        raise typer.Exit(FAILED)


def _show(one: Recomputed, json: bool) -> None:
    if json:
        return
    out = console()
    for difference in one.differences:
        out.print(f"{one.form_number}: {difference}", soft_wrap=True)
    if one.ending in TOLD:
        out.print(f"{one.form_number}: {TOLD[one.ending]}", soft_wrap=True)
