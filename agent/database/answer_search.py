"""The office's answers found by their words, in any form and with typing errors, as step 5 does.

Beside what is suggested on the telephone (agent/database/search.py) this finds answers that are
over, retired or not valid yet too: whoever keeps the list looks for them.
"""

from datetime import date

import msgspec

from agent.database.answers import KeptAnswer
from agent.database.connect import connected
from agent.database.queries import sql
from agent.domain.answer import is_answer_id
from agent.domain.suggestion import MOST_CHARACTERS, Meaning, parse_typed, render_tsquery

MOST = 200
"""An office has hundreds of answers at most; who finds so many types one more word."""


async def search_answers(
    url: str, typed: str, valid_on: date | None = None, limit: int = MOST
) -> list[KeptAnswer]:
    """Answers with all the words typed, or with this id, best first; on a day, or of all days.

    Nothing is found for a text without words. Raises DatabaseUnreachable.
    """
    words = parse_typed(typed)
    if not words.words:
        return []
    last = len(words.words) if words.unfinished else None
    wanted = typed.strip()
    async with connected(url) as connection:
        rows = await connection.fetch(sql("words_meant"), list(words.words), last)
        meant = [Meaning(row["place"], row["stem"], row["likeness"]) for row in rows]
        own = [meaning for meaning in meant if meaning.likeness == 1.0]
        found = await connection.fetch(
            sql("search_answers"),
            render_tsquery(own, "|"),
            render_tsquery(meant, "&"),
            " ".join(words.words)[:MOST_CHARACTERS],
            valid_on,
            wanted if is_answer_id(wanted) else None,
            limit,
        )
    return [msgspec.convert(dict(row), KeptAnswer) for row in found]
