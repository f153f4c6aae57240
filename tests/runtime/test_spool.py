import asyncio
import os
import time
from pathlib import Path

import pytest

from agent.domain.identifiers import CallId
from agent.runtime.alarms import Alarms
from agent.runtime.spool import DISK_AGAIN_S, Spool
from tests.runtime.waiting import DEADLINE_S, until

A = CallId("a")


def line(call: str, sequence: int) -> bytes:
    return b'{"call_id":"%s","sequence":%d}' % (call.encode(), sequence)


LINES = [line("a", n) for n in range(20)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "disk" / "journal.jsonl"


@pytest.fixture
def spool(file: Path) -> Spool:
    """With its disk."""
    file.parent.mkdir()
    return Spool(file, Alarms())


@pytest.fixture
def diskless(file: Path) -> Spool:
    """The folder of its file is not there, or not yet."""
    return Spool(file, Alarms())


async def drained(spool: Spool) -> list[bytes]:
    taken: list[bytes] = []
    async with asyncio.timeout(DEADLINE_S):
        while spool.lines:
            taken += await spool.take(3)
            await spool.forget()
    return taken


async def test_lines_are_durable_and_come_back_in_order(spool: Spool) -> None:
    for one in LINES:
        assert await spool.keep(A, one)
    assert (spool.lines, spool.not_durable, spool.refusal) == (20, 0, None)
    assert spool.size == sum(map(len, LINES))
    assert await drained(spool) == LINES
    assert (spool.lines, spool.size) == (0, 0)


async def test_lines_that_come_together_are_written_together(spool: Spool, file: Path) -> None:
    assert all(await asyncio.gather(*(spool.keep(A, one) for one in LINES)))
    assert await drained(spool) == LINES


async def test_without_a_disk_lines_are_held_in_order_and_nobody_waits(diskless: Spool) -> None:
    began = time.monotonic()
    for one in LINES:
        assert not await diskless.keep(A, one)
    assert time.monotonic() - began < DISK_AGAIN_S
    assert (diskless.lines, diskless.not_durable) == (20, 20)
    assert diskless.refusal == "No such file or directory"
    assert not diskless.writable()
    assert await drained(diskless) == LINES
    assert (diskless.lines, diskless.size, diskless.not_durable) == (0, 0, 0)


async def test_what_was_held_is_written_when_the_disk_works_again(
    diskless: Spool, file: Path
) -> None:
    for one in LINES[:9]:
        await diskless.keep(A, one)
    await asyncio.to_thread(file.parent.mkdir)
    async with asyncio.timeout(DEADLINE_S):
        while diskless.not_durable:
            await diskless.retry()
            await asyncio.sleep(0.05)
    for one in LINES[9:]:
        assert await diskless.keep(A, one)
    assert await drained(Spool(file, Alarms())) == LINES


async def test_the_first_who_comes_when_the_disk_works_again_brings_all_before_him(
    diskless: Spool, file: Path
) -> None:
    for one in LINES[:9]:
        await diskless.keep(A, one)
    await asyncio.to_thread(file.parent.mkdir)
    await asyncio.sleep(DISK_AGAIN_S)
    assert await diskless.keep(A, LINES[9])
    assert diskless.not_durable == 0
    assert await drained(Spool(file, Alarms())) == LINES[:10]


async def test_a_disk_that_does_not_answer_is_waited_for_once(spool: Spool, file: Path) -> None:
    """Opening a pipe that nobody reads blocks its thread, as a dying disk does."""
    os.mkfifo(file)
    began = time.monotonic()
    assert not await spool.keep(A, LINES[0])
    for one in LINES[1:10]:
        assert not await spool.keep(A, one)
    assert time.monotonic() - began < 2 * DISK_AGAIN_S
    assert spool.refusal == "the disk does not answer"
    await asyncio.sleep(DISK_AGAIN_S)
    began = time.monotonic()
    assert not await spool.keep(A, LINES[10])
    assert time.monotonic() - began < DISK_AGAIN_S / 2, "it still does not answer"
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    await until(lambda: spool.refusal != "the disk does not answer")
    os.close(reader)
    await asyncio.to_thread(file.unlink)
    async with asyncio.timeout(DEADLINE_S):
        while spool.not_durable:
            await spool.retry()
            await asyncio.sleep(0.05)
    assert await drained(Spool(file, Alarms())) == LINES[:11]


async def test_lines_in_memory_do_not_wait_for_a_file_that_cannot_be_read(
    spool: Spool, file: Path
) -> None:
    assert await spool.keep(A, LINES[0])
    moved = file.parent.with_name("moved")
    await asyncio.to_thread(file.parent.rename, moved)
    with pytest.raises(OSError, match="No such file"):
        await spool.take(3)
    assert not await spool.keep(A, LINES[1])
    assert await spool.take(3) == [LINES[1]]
    await spool.forget()
    await asyncio.to_thread(moved.rename, file.parent)
    assert await drained(spool) == [LINES[0]]


async def test_a_giver_who_is_cut_off_leaves_his_line_behind(spool: Spool) -> None:
    giving = asyncio.get_running_loop().create_task(spool.keep(A, LINES[0]))
    await asyncio.sleep(0)
    giving.cancel()
    await asyncio.gather(giving, return_exceptions=True)
    assert await spool.keep(A, LINES[1])
    assert await drained(spool) == LINES[:2]


async def test_of_each_call_the_last_line_is_kept_on_the_disk_and_in_memory(
    spool: Spool, file: Path
) -> None:
    for sequence in range(3):
        for call in "ab":
            await spool.keep(CallId(call), line(call, sequence))
    assert await spool.keep_latest() == 4
    assert await drained(spool) == [line("a", 2), line("b", 2)]
    await asyncio.to_thread(file.parent.rmdir)
    for sequence in range(3, 6):
        for call in "ab":
            await spool.keep(CallId(call), line(call, sequence))
    assert await spool.keep_latest() == 4
    assert spool.not_durable == 2
    assert await drained(spool) == [line("a", 5), line("b", 5)]
