"""PostgreSQL dies, stands still, or loses its word: calls go on, and their record is whole."""

import asyncio
import signal
import time
from datetime import timedelta

import pytest

from agent.domain.call_state import Stage
from deploy.sip_phone import Answer
from tests.faults.bench import Bench
from tests.faults.conftest import Measured
from tests.journeys.office import PATIENTLY, SOON, heard, until

DRAINED_WITHIN = timedelta(seconds=10)
AWAY_S = 3.0


async def drained(bench: Bench, within: timedelta) -> float:
    """Seconds until no record is left in the local journal. Raises TimeoutError."""
    began = time.monotonic()

    async def empty() -> bool:
        return await asyncio.to_thread(bench.measured, "lpse_journal_records") == 0

    await until("the journal is drained", empty, within)
    return time.monotonic() - began


@pytest.mark.fault(
    "F07",
    "PostgreSQL killed or stopped at once: nobody is dropped or waits for it, tickets are still"
    " issued, all is on record within 10 s of its return",
)
@pytest.mark.parametrize(
    "sent", [signal.SIGKILL, signal.SIGQUIT], ids=["killed", "stopped at once"]
)
async def test_calls_go_on_without_a_database_and_are_on_record_when_it_is_back(
    bench: Bench, measured: Measured, sent: signal.Signals
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        waiting = await bench.dial()
        await bench.reaches(waiting, Stage.QUEUEING)
        await talk.operator.press("*2*3")
        await bench.shows(talk.form, "identity", lambda r: r.call.identity_taken is not None)

        await asyncio.to_thread(bench.site.postgres.crash, sent)
        new = await bench.dial()
        began = time.monotonic()
        await new.answered(within=SOON)
        measured("answered without a database after s", time.monotonic() - began)
        await talk.operator.press("*8")
        await talk.operator.received("", SOON)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(bench.site.postgres.start)
        measured("drained after s", await drained(bench, DRAINED_WITHIN))

        report = await bench.shows(
            talk.form, "numbers heard", lambda r: any(s.step == "8" and s.met_at for s in r.steps),
            within=PATIENTLY,
        )  # fmt: skip
        assert report.call.ticket_number
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await bench.reaches(waiting, Stage.TALKING)
        await waiting.hang_up()
        await operator.ended(within=SOON)
    numbers = await bench.numbers_speech(report)
    assert heard(talk.caller, numbers)
    await bench.check()
