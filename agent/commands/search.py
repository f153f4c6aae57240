"""`lpse-agent search`: what may help to answer a caller."""

from typing import Annotated

import typer

from agent.commands.accountable import log_reading
from agent.commands.answers import today
from agent.commands.plain import ask, console, plain_object, print_json, said_plainly
from agent.database.search import suggest
from agent.domain.suggestion import Suggestion
from agent.settings import read_settings


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The problem, as far as known.")],
    limit: Annotated[int, typer.Option(min=1, max=50, metavar="COUNT", help="How many.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Suggest answers: the office's own that are valid today, and consultations that were solved.

    Words are found in any of their forms and with typing errors, the last one
    also unfinished. Of a consultation only problem and solution are shown, and who
    looked is on record.

    Examples:
    lpse-agent search "gagal mengunggah penawar"
    lpse-agent search "lupa paswod" --limit 10
    """
    with said_plainly():
        settings = read_settings()
        url, zone = settings.database_url, settings.zone

        async def read() -> list[Suggestion]:
            found = await suggest(url, text, today(zone), zone, limit)
            forms = [one.reference for one in found if one.kind == "consultation"]
            if forms:  # an answer of the office is of nobody
                await log_reading(url, "search", *forms)
            return found

        found = ask(url, read)
    if json:
        print_json([plain_object(suggestion, zone) for suggestion in found])
    elif found:
        _show(found)
    else:
        console().print("Tidak ada jawaban yang cocok.")


def _show(found: list[Suggestion]) -> None:
    out = console()
    for place, suggestion in enumerate(found, start=1):
        if suggestion.kind == "answer":
            out.print(f"{place}. {suggestion.title}")
            told = f"{suggestion.reference}, berlaku sejak {suggestion.since}, {suggestion.source}"
        else:
            out.print(f"{place}. {suggestion.problem}", soft_wrap=True)
            told = f"konsultasi {suggestion.reference}, {suggestion.since}"
        for line in suggestion.solution.splitlines():
            out.print(f"   {line}", soft_wrap=True)
        out.print(f"   [{told}]", soft_wrap=True)
