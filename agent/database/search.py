"""What may help to answer a caller: the office's valid answers, and consultations that were solved.

Asked while the problem is typed, so every part looks at a bounded number of rows: of a common word
the newest consultations, of several words together any that has them all.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec

from agent.database.connect import Connection, connected
from agent.database.days import FIRST_DAY, day_number
from agent.database.queries import sql
from agent.domain.office_time import local
from agent.domain.suggestion import (
    MOST_CHARACTERS,
    Meaning,
    Suggestion,
    parse_typed,
    ranked,
    render_tsquery,
    without_personal_data,
)

NEWEST = 2000
"""Solved consultations that are looked at for any of the words."""
WITH_ALL = 300
"""Consultations with all of the words that are compared: the newest, of any age."""
DAYS = (8, 64)
"""So many are looked through for them, one after the other, before all."""

SHORTEST_BEGINNING = 4
"""Letters from which on consultations of any age are looked at for words that begin so."""

_FIELDS = msgspec.json.Decoder(dict[str, str])


async def suggest(url: str, typed: str, today: date, zone: str, limit: int = 5) -> list[Suggestion]:
    """As `suggestions`, over a connection of its own. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        return await suggestions(connection, typed, today, zone, limit)


async def suggestions(
    connection: Connection, typed: str, today: date, zone: str, limit: int = 5
) -> list[Suggestion]:
    """The best answers valid today and solved consultations for what was typed so far.

    Nothing of a consultation is shown but its problem and solution, without personal data. Any
    text may be typed; nothing is found for one without words.
    """
    words = parse_typed(typed)
    if not words.words:
        return []
    last = len(words.words) if words.unfinished else None
    async with connection.transaction(readonly=True):
        # A wrong guess of how common the words are must not lead it through the whole table.
        await connection.execute("SET LOCAL enable_seqscan = off")
        rows = await connection.fetch(sql("words_meant"), list(words.words), last)
        meant = [Meaning(row["place"], row["stem"], row["likeness"]) for row in rows]
        own = [meaning for meaning in meant if meaning.likeness == 1.0]
        exact, loose = render_tsquery(own, "|"), render_tsquery(meant, "|")
        # Half the words of the language begin with "pen".
        telling = [
            meaning
            for row, meaning in zip(rows, meant, strict=True)
            if len(words.words[meaning.place - 1]) >= SHORTEST_BEGINNING
            or row["word"] == words.words[meaning.place - 1]
        ]
        text = " ".join(words.words)[:MOST_CHARACTERS]
        answers = await connection.fetch(
            sql("suggest_answers"), exact, loose, text, today, limit * 2
        )
        solved = await connection.fetch(
            sql("suggest_solved"),
            *(exact, loose, text, render_tsquery(telling, "&")),
            *(limit * 2, NEWEST, WITH_ALL),
            *backwards(today),
        )
    found = [_of_answer(row) for row in answers] + [_of_solved(row, zone) for row in solved]
    return ranked(found, limit)


def backwards(today: date) -> tuple[list[int], list[int], datetime]:
    """Days, by their numbers, to look through in turn, and the moment before which all others are.

    Tomorrow is among the first: a day begins here before it does in UTC.
    """
    last = day_number(today) + 1
    first, second = (
        list(range(last - end + 1, last - begin + 1)) for begin, end in pairwise((0, *DAYS))
    )
    return first, second, FIRST_DAY + timedelta(days=second[0])


def _of_answer(row: Any) -> Suggestion:
    return Suggestion(
        kind="answer",
        reference=row["id"],
        title=row["title"],
        solution=row["answer"],
        source=row["source"],
        since=row["valid_from"],
        rank=row["rank"],
    )


def _of_solved(row: Any, zone: str) -> Suggestion:
    fields = _FIELDS.decode(row["fields"])
    return Suggestion(
        kind="consultation",
        reference=row["form_number"],
        problem=without_personal_data(fields["problem"], fields),
        solution=without_personal_data(fields["solution"], fields),
        since=local(row["solved_at"], zone).date(),
        rank=row["rank"],
    )
