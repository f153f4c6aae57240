"""Which words about deviations have no sheet in the archive yet, and which have."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from agent.database.connect import connected
from agent.database.queries import sql
from agent.domain.supplement import Supplement
from agent.runtime import clock
from agent.runtime.supplements import After

AT_A_TIME = 50
STATEMENT_S = 30.0
WHOLE_S = 60.0


class SupplementStore:
    """Implements runtime.supplements.SupplementStore."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def due(self, after: After) -> list[Supplement]:
        """The next sheets to be written, oldest word first. Raises DatabaseUnreachable."""
        async with connected(self._url, STATEMENT_S, WHOLE_S) as connection:
            rows = await connection.fetch(sql("supplements_due"), *after, AT_A_TIME)
        return [_supplement(dict(row)) for row in rows]

    async def keep(self, supplement: Supplement, put: Callable[[], Awaitable[str]]) -> bool:
        """Have the sheet put into the archive and keep its hash, which `put` answers.

        False, and nothing done, where it is on record already or the form was erased: nobody
        erases meanwhile. Raises DatabaseUnreachable, and whatever `put` does.
        """
        name = (supplement.call_id, supplement.kind, supplement.step, supplement.sequence)
        async with (
            connected(self._url, STATEMENT_S, WHOLE_S) as connection,
            connection.transaction(),
        ):
            await connection.execute(sql("erasure_turn"))
            if not await connection.fetchval(sql("supplement_wanted"), *name):
                return False
            sha256 = await put()
            row = (*name, supplement.path, sha256, clock.now())
            await connection.execute(sql("keep_supplement"), *row)
        return True


def _supplement(row: dict[str, Any]) -> Supplement:
    told = msgspec.json.decode(row.pop("document"))
    return msgspec.convert({**row, **told}, Supplement)
