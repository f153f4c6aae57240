"""Both logs read as one, page by page, without a line lost or twice."""

from datetime import timedelta

import pytest

from agent.database.access import Access, keep_access
from agent.database.accounts import Accounts
from agent.database.connect import Connection
from agent.database.pool import Pool
from agent.database.trail import TrailFilter, TrailInvalid, TrailLine, read_trail


@pytest.fixture
async def lines(url: str, connection: Connection) -> list[TrailLine]:
    """Twelve lines of two people, in turn an act and an access; four at one moment."""
    pool = Pool(url)
    accounts = Accounts(pool)
    for number in range(4):
        await accounts.audit("siti", "logged_in", f"{number}")
        forms = ("0001/FK-TLP/LPSE.BTG/2026",)
        access = Access(by="budi", action="read", purpose="page: call", forms=forms)
        await keep_access(connection, access)
    await connection.execute(
        "INSERT INTO audit_log (at, by, action) "
        "SELECT '2026-03-02 09:00+07', 'siti', 'refused' FROM generate_series(1, 4)"
    )
    await pool.aclose()
    trail = await read_trail(connection, TrailFilter())
    assert trail.following is None
    return trail.lines


async def test_pages_together_are_the_whole_newest_first(
    connection: Connection, lines: list[TrailLine]
) -> None:
    assert len({(line.log, line.id) for line in lines}) == 12
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    paged: list[TrailLine] = []
    after = None
    while True:
        trail = await read_trail(connection, TrailFilter(), after, limit=5)
        paged += trail.lines
        after = trail.following
        if after is None:
            break
    assert paged == lines


async def test_lines_are_narrowed_by_time_person_and_action(
    connection: Connection, lines: list[TrailLine]
) -> None:
    async def found(**wanted: object) -> list[TrailLine]:
        narrowed = TrailFilter(**wanted)  # type: ignore[arg-type]  # what a line below names
        return (await read_trail(connection, narrowed)).lines

    assert {line.log for line in await found(by="budi")} == {"access"}
    assert len(await found(by="siti")) == 8
    assert len(await found(action="refused")) == 4
    assert await found(by="nobody") == []
    oldest, newest = lines[-1].at, lines[0].at
    assert len(await found(since=oldest + timedelta(days=1))) == 8
    assert len(await found(until=newest)) == 11
    assert len(await found(since=oldest, until=oldest + timedelta(seconds=1))) == 4


async def test_an_access_tells_why_and_which_forms(
    connection: Connection, lines: list[TrailLine]
) -> None:
    line = next(line for line in lines if line.log == "access")
    assert (line.action, line.subject) == ("read", "0001/FK-TLP/LPSE.BTG/2026")
    assert line.detail == {"purpose": "page: call", "forms": 1}


@pytest.mark.parametrize("cursor", ["x", "2026-03-02", "2026-03-02T09:00:00~1", "~", "x~y"])
async def test_a_cursor_that_no_page_gave_is_refused(connection: Connection, cursor: str) -> None:
    with pytest.raises(TrailInvalid):
        await read_trail(connection, TrailFilter(), cursor)
