"""Who watches sees the present, whatever he missed between."""

import asyncio

from agent.runtime.board import Board


async def test_the_first_look_is_at_once_and_the_next_when_something_changed() -> None:
    board = Board()
    with board.watched() as watch:
        assert await watch.changed(10.0)
        assert not await watch.changed(0.01)
        board.change()
        assert await watch.changed(10.0)


async def test_many_changes_are_one_for_whoever_was_away() -> None:
    board = Board()
    with board.watched() as watch:
        await watch.changed(10.0)
        for _ in range(100):
            board.change()
        assert await watch.changed(10.0)
        assert not await watch.changed(0.01)
    assert board.version == 100


async def test_all_who_watch_are_told_and_who_is_gone_is_not_kept() -> None:
    board = Board()
    with board.watched() as one:
        with board.watched() as other:
            for watch in (one, other):
                await watch.changed(10.0)
            async with asyncio.TaskGroup() as tasks:
                waiting = [tasks.create_task(watch.changed(10.0)) for watch in (one, other)]
                await asyncio.sleep(0)
                board.change()
            assert [task.result() for task in waiting] == [True, True]
            assert board.watchers == 2
        assert board.watchers == 1
    assert board.watchers == 0


async def test_a_burst_is_one_look_and_who_has_just_looked_waits_for_his_gap_to_pass() -> None:
    board = Board()
    with board.watched(gap_s=0.05) as watch, board.watched(gap_s=3600.0) as patient:
        assert await watch.changed(10.0)
        assert await patient.changed(10.0)
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(patient.changed(10.0))
            for _ in range(100):
                board.change()
                await asyncio.sleep(0)
            assert await watch.changed(10.0)
            assert not waiting.done()
            waiting.cancel()
        assert not await watch.changed(0.01)
