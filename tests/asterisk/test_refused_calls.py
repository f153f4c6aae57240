import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.asterisk.refused_calls import RefusedCall, RefusedCallWatch, refused_calls
from agent.runtime import metrics

REAL = """\
[2026-11-25 14:01:48.502] Asterisk 22.10.1 built by nobody @ buildd.debian.org
[2026-11-25 14:02:04.496] NOTICE[2449] res_pjsip_session.c:  trunk: Call (UDP:127.0.0.4:52293) to \
extension '0085298765432' rejected because extension not found in context 'from-trunk'.
[2026-11-25 14:02:04.498] NOTICE[2449] res_pjsip/pjsip_distributor.c: Request 'INVITE' from \
'<sip:stranger@127.0.0.1>' failed for '127.0.0.66:58500' (callid: 44ce) - No matching endpoint found
[2026-11-25 14:02:05.181] NOTICE[2449] res_pjsip_session.c:  op-101: Call (UDP:127.0.0.1:59446) to \
extension '00
nothing' rejected because extension not found in context 'from-operators'.
"""


def test_each_refused_call_tells_when_and_who_and_not_what_was_dialled(tmp_path: Path) -> None:
    log = tmp_path / "messages"
    log.write_text(REAL)
    assert refused_calls(log) == [
        RefusedCall("2026-11-25 14:02:04", "trunk", "127.0.0.4"),
        RefusedCall("2026-11-25 14:02:05", "op-101", "127.0.0.1"),
    ]


def test_a_log_that_is_not_there_is_an_error_and_not_peace(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="messages"):
        refused_calls(tmp_path / "messages")


def test_a_watch_tells_each_once_also_of_a_log_that_was_turned_over(tmp_path: Path) -> None:
    log, watch = tmp_path / "messages", RefusedCallWatch(tmp_path / "messages")
    log.write_text(REAL)
    assert len(watch.look()) == 2
    assert watch.look() == []
    half, rest = REAL[:150], REAL[150:]
    with log.open("a") as file:
        file.write(half)
    assert watch.look() == []
    with log.open("a") as file:
        file.write(rest)
    log.rename(tmp_path / "messages.1")
    log.write_text(REAL)
    assert len(watch.look()) == 4
    assert watch.look() == []
    log.write_text("")
    assert watch.look() == []
    log.write_text(REAL)
    assert len(watch.look()) == 2


async def test_an_alarm_names_telephones_and_neither_numbers_nor_addresses(tmp_path: Path) -> None:
    log, counter = tmp_path / "messages", metrics.CALLS_REFUSED
    before = counter._value.get()
    with capture_logs() as logged:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(RefusedCallWatch(log).run(every_s=0.01))
            await asyncio.sleep(0.05)
            log.write_text(REAL)
            async with asyncio.timeout(10):
                while not logged:  # noqa: ASYNC110 (the log tells nobody)
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            watching.cancel()
    assert logged == [
        {
            "event": "calls_out_refused",
            "log_level": "error",
            "calls": 2,
            "devices": ["op-101", "trunk"],
            "last": "2026-11-25 14:02:05",
        }
    ]
    assert counter._value.get() == before + 2
