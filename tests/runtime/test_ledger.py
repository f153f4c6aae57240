"""The exchange's own ledger completes records: the real file and database, a pretend exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.asterisk.cel_file import CelFile
from agent.database.connect import Connection
from agent.database.ledger import LedgerStore
from agent.domain.call_state import Stage
from agent.runtime import clock
from agent.runtime.ledger import LOST_WITH_THE_EXCHANGE, LedgerReader
from tests.database.agents import running_writer
from tests.runtime.exchange import PretendExchange, arrival_of_call
from tests.runtime.office import Office, call_of_loop, office
from tests.runtime.waiting import until

JOURNALS = Path(__file__).parents[1] / "asterisk" / "journals"
SOLVED = "an_operator_answers_in_the_fallback_and_solves_the_question"
ESCALATED = "an_operator_in_the_fallback_promises_a_ticket"
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def journal(story: str) -> list[bytes]:
    return (JOURNALS / f"{story}.jsonl").read_bytes().splitlines(keepends=True)


def hang_up_line(channel: str, at: datetime) -> bytes:
    """What Asterisk writes when this channel is hung up."""
    return (
        '{"eventenum":"HANGUP","userdeftype":"",'
        f'"eventtime":"{int(at.timestamp())}.{at.microsecond:06d}",'
        f'"uniqueid":"{channel}","linkedid":"{channel}","channame":"PJSIP/trunk-1","peer":"",'
        '"context":"from-trunk","exten":"1500","num":"","name":"",'
        '"eventextra":"{\\"hangupcause\\":16,\\"hangupsource\\":\\"PJSIP/trunk-1\\"}"}\n'
    ).encode()


class Work:
    """An agent at work with its ledger's file."""

    def __init__(self, agent: Office, reader: LedgerReader, file: Path) -> None:
        self.agent = agent
        self.reader = reader
        self._file = file

    def write(self, *lines: bytes) -> None:
        """The exchange writes into its ledger."""
        with self._file.open("ab") as file:
            file.writelines(lines)

    async def look(self) -> None:
        """What `run` does every half second."""
        await self.reader.tell_new()
        await self.reader.keep_new()
        await self.reader.record_unmet()

    async def nothing_is_left_to_do(self) -> None:
        """All that was begun is archived."""
        await until(lambda: not self.agent.dispatcher.calls)


@asynccontextmanager
async def at_work(
    url: str, file: Path, exchange: PretendExchange | None = None, *, journal_is_empty: bool = True
) -> AsyncIterator[Work]:
    store = LedgerStore(url)
    async with (
        running_writer(url) as writer,
        office(writer, exchange or PretendExchange()) as agent,
    ):
        reader = LedgerReader(CelFile(file), store, agent.dispatcher, lambda: journal_is_empty)
        unfinished = await writer.unfinished()
        for call in unfinished:
            agent.dispatcher.resume(call)
        await reader.begin(unfinished)
        try:
            yield Work(agent, reader, file)
        finally:
            await store.aclose()


async def outcomes(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT outcome FROM consultations ORDER BY form_sequence")
    return [row["outcome"] for row in rows]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cel.jsonl"


@pytest.mark.parametrize(("story", "outcome"), [(SOLVED, "solved"), (ESCALATED, "escalated")])
async def test_a_caller_whom_no_agent_met_gets_one_whole_record(
    url: str, connection: Connection, file: Path, story: str, outcome: str
) -> None:
    async with at_work(url, file) as work:
        work.write(*journal(story))
        await work.look()
        await work.nothing_is_left_to_do()
        await work.look()
        await work.nothing_is_left_to_do()
    assert await outcomes(connection) == [outcome]
    call = await connection.fetchrow("SELECT * FROM calls")
    assert call
    assert call["stage"] == "archived"
    assert call["operator"] == "op-101"
    assert call["by_exchange_at"] == call["arrived_at"]
    sources = await connection.fetch("SELECT DISTINCT source FROM call_events WHERE at < $1",
                                     call["ended_at"])  # fmt: skip
    assert all(row["source"].startswith("CEL") for row in sources)
    tickets = await connection.fetchval("SELECT count(*) FROM tickets")
    assert tickets == (1 if outcome == "escalated" else 0)


async def test_a_caller_is_not_recorded_before_his_call_is_over(
    url: str, connection: Connection, file: Path
) -> None:
    lines = journal(SOLVED)
    ended = next(i for i, line in enumerate(lines) if b'"CHAN_END"' in line and b"trunk" in line)
    async with at_work(url, file) as work:
        work.write(*lines[:ended])
        await work.look()
        assert not work.agent.dispatcher.calls
        work.write(*lines[ended:])
        await work.look()
        await work.nothing_is_left_to_do()
    assert await outcomes(connection) == ["solved"]


async def test_an_agent_that_died_while_it_recorded_from_the_ledger_goes_on_where_it_was(
    url: str, connection: Connection, file: Path
) -> None:
    exchange = PretendExchange()
    exchange.hold("ArchiveForm")
    async with at_work(url, file, exchange) as work:
        work.write(*journal(ESCALATED))
        await work.look()
        await until(lambda: "ArchiveForm" in exchange.names_begun())
    assert await outcomes(connection) == ["escalated"]
    async with at_work(url, file) as work:
        await work.look()
        await work.nothing_is_left_to_do()
    assert await outcomes(connection) == ["escalated"]
    assert await connection.fetchval("SELECT count(*) FROM tickets") == 1
    assert await connection.fetchval("SELECT stage FROM calls") == "archived"


async def test_a_call_that_died_with_the_exchange_is_closed_by_its_last_word(
    url: str, connection: Connection, file: Path
) -> None:
    lines = journal(SOLVED)
    cut = next(i for i, line in enumerate(lines) if b"LPSE_MARK" in line) + 1
    async with at_work(url, file) as work:
        work.write(*lines[:cut])
        await work.look()
        assert not work.agent.dispatcher.calls
        work.reader.exchange_started(LATER)
        await work.look()
        await work.nothing_is_left_to_do()
    assert await outcomes(connection) == ["interrupted"]
    ended = await connection.fetchrow("SELECT at, source FROM call_events WHERE event='LegHungUp'")
    assert ended
    assert ended["source"] == LOST_WITH_THE_EXCHANGE
    last = await connection.fetchval("SELECT max(at) FROM exchange_ledger")
    assert ended["at"] == last


async def test_nobody_is_recorded_from_the_ledger_while_records_wait_in_the_journal(
    url: str, connection: Connection, file: Path
) -> None:
    async with at_work(url, file, journal_is_empty=False) as work:
        work.write(*journal(SOLVED))
        await work.look()
        assert not work.agent.dispatcher.calls
    assert await outcomes(connection) == []


async def test_a_living_call_learns_of_a_hang_up_that_its_events_did_not_tell(
    url: str, connection: Connection, file: Path
) -> None:
    exchange = PretendExchange()
    async with at_work(url, file, exchange) as work:
        loop = await work.agent.arrives(arrival_of_call())
        await work.agent.talks(loop)
        left_at = clock.now() - timedelta(seconds=0.25)
        work.write(hang_up_line(call_of_loop(loop).channel, left_at))
        await work.look()
        await work.nothing_is_left_to_do()
    row = await connection.fetchrow("SELECT ended_at, state FROM calls")
    assert row
    assert row["ended_at"] == left_at, "the moment it happened, not that at which we learnt of it"
    assert await outcomes(connection) == ["dropped_by_caller"]


async def test_a_resumed_call_is_told_what_was_kept_while_it_was_not_yet_recorded(
    url: str, connection: Connection, file: Path
) -> None:
    """The agent kept the entry and died before the call's own record of it."""
    exchange = PretendExchange()
    async with at_work(url, file, exchange) as work:
        loop = await work.agent.arrives(arrival_of_call())
        await work.agent.talks(loop)
        left_at = clock.now()
        work.write(hang_up_line(call_of_loop(loop).channel, left_at))
        await work.reader.keep_new()
        assert call_of_loop(loop).stage is Stage.TALKING
    async with at_work(url, file, exchange) as work:
        await work.nothing_is_left_to_do()
    assert await connection.fetchval("SELECT ended_at FROM calls") == left_at


async def test_a_call_that_the_dialplan_took_over_is_told_so(
    url: str, connection: Connection, file: Path
) -> None:
    lines = journal(SOLVED)
    async with at_work(url, file) as work:
        arrival = arrival_of_call()
        loop = await work.agent.arrives(arrival)
        ours = arrival.channel.encode()
        work.write(*(line.replace(b"1795581495.0", ours) for line in lines[2:]))
        await work.look()
        await work.nothing_is_left_to_do()
    assert loop.call
    assert loop.call.by_exchange
    assert await outcomes(connection) == ["solved"]


def block(file: Path) -> None:
    """A folder cannot be read as a file."""
    file.mkdir()


def unblock(file: Path) -> None:
    file.rmdir()


async def test_it_goes_on_for_ever_whatever_cannot_be_read(url: str, file: Path) -> None:
    async with at_work(url, file) as work, asyncio.TaskGroup() as tasks:
        block(file)
        running = tasks.create_task(work.reader.run(every_s=0.01))
        await asyncio.sleep(0.1)
        assert not running.done()
        unblock(file)
        work.write(*journal(SOLVED))
        await until(lambda: bool(work.agent.dispatcher.calls))
        await work.nothing_is_left_to_do()
        running.cancel()
