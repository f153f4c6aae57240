"""How the day goes, for the wallboard; counted as the recap counts (domain/recap_tally.py)."""

from datetime import datetime

import msgspec

from agent.database.connect import Connection
from agent.database.queries import sql
from agent.domain.recap_tally import SHORT_S, WITHIN_S


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the calls that arrived since `since`, and their service level.

    The level is `in_time` of `received` less `dropped_soon` (Permenkominfo 16/2013 art. 15); a call
    that waits still is not judged yet.
    """

    since: datetime
    received: int
    answered: int
    in_time: int
    dropped_soon: int
    abandoned: int
    deviations: int
    within_s: float = WITHIN_S

    @property
    def level(self) -> float | None:
        """Between 0 and 1; None of nothing."""
        reachable = self.received - self.dropped_soon
        return self.in_time / reachable if reachable else None


async def read_today(connection: Connection, since: datetime) -> Today:
    """The day from this moment on."""
    row = await connection.fetchrow(sql("read_today"), since, WITHIN_S, SHORT_S)
    assert row is not None, "counts have a row always"
    return msgspec.convert({**row, "since": since}, Today)
