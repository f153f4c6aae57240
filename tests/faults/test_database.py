"""PostgreSQL dies, stands still, or loses its word: calls go on, and their record is whole."""

import asyncio
import signal
import time
from datetime import timedelta

import aiohttp
import pytest

from agent.database.connect import connected
from agent.database.pool import MOST
from agent.domain.call_state import Stage
from agent.runtime import clock
from deploy.sip_phone import Answer, SipPhone
from tests.faults.bench import Bench
from tests.faults.conftest import Measured
from tests.journeys.office import PATIENTLY, SOON, Conversation, until

DRAINED_WITHIN = timedelta(seconds=10)
COMMITTED_WITHIN_S = 3.0
AWAY_S = 3.0
CROWD = 30
PROMPTS_S = 1.5
"""Welcome and notice, as short as the bench has them."""
AT_ONCE_S = 0.5
"""How late a step may be that takes milliseconds by itself; a database's deadline is 2.5 s."""


async def journaled(bench: Bench) -> float:
    """Records that wait in the local journal."""
    return await asyncio.to_thread(bench.measured, "lpse_journal_records")


async def drained(bench: Bench, within: timedelta) -> float:
    """Seconds until no record is left in the local journal. Raises TimeoutError."""
    began = time.monotonic()

    async def empty() -> bool:
        return await journaled(bench) == 0

    await until("the journal is drained", empty, within)
    return time.monotonic() - began


async def escalated(bench: Bench, talk: Conversation) -> None:
    """The operator has taken identity and problem; what follows needs a ticket."""
    await talk.operator.press("*2*3")
    await bench.shows(talk.form, "identity", lambda r: r.call.identity_taken is not None)


async def course_of_a_call(bench: Bench, phone: SipPhone, measured: Measured) -> None:
    """From dialling to goodbye by the telephones alone; no step may wait for a database."""
    began = time.monotonic()
    caller = await bench.dial()
    await caller.answered(within=SOON)
    answered_s = time.monotonic() - began
    operator = await phone.incoming(within=PATIENTLY)
    rang_s = time.monotonic() - began - answered_s
    await operator.answered(within=SOON)
    await asyncio.sleep(1)  # they talk
    await caller.hang_up()
    began = time.monotonic()
    await operator.ended(within=SOON)
    released_s = time.monotonic() - began
    measured("answered after s", answered_s, AT_ONCE_S)
    measured("operator rung after s", rang_s, PROMPTS_S + AT_ONCE_S)
    measured("operator released after s", released_s, AT_ONCE_S)


@pytest.mark.fault(
    "F07",
    "PostgreSQL killed or stopped at once: nobody is dropped or waits for it, tickets are still"
    " issued, all is on record within 10 s of its return",
)
@pytest.mark.parametrize(
    ("sent", "away_s"),
    [
        pytest.param(signal.SIGKILL, AWAY_S, id="killed"),
        pytest.param(signal.SIGQUIT, AWAY_S, id="stopped"),
        pytest.param(signal.SIGKILL, 30.0, id="killed for long", marks=pytest.mark.long),
    ],
)
async def test_calls_go_on_without_a_database_and_are_on_record_when_it_is_back(
    bench: Bench, measured: Measured, sent: signal.Signals, away_s: float
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        waiting = await bench.dial()
        await bench.reaches(waiting, Stage.QUEUEING)
        await escalated(bench, talk)

        await asyncio.to_thread(bench.site.postgres.crash, sent)
        new = await bench.dial()
        began = time.monotonic()
        await new.answered(within=SOON)
        measured("answered without a database after s", time.monotonic() - began, AT_ONCE_S)
        await talk.operator.press("*8")
        await asyncio.sleep(away_s)
        assert await journaled(bench)
        returned_at = clock.now()
        await asyncio.to_thread(bench.site.postgres.start)
        drained_s = await drained(bench, DRAINED_WITHIN)
        measured("drained after s", drained_s, DRAINED_WITHIN.total_seconds())

        report = await bench.record(talk.form)
        read = [p for p in report.call.playbacks if p.prompt == "numbers" and p.started]
        assert report.call.ticket_reserved
        assert report.call.ticket_reserved.at < returned_at
        assert all(p.started and p.started.at < returned_at for p in read)
        assert len(read) == 2, "both were read their numbers while there was no database"
        await talk.caller.hang_up()
        await talk.operator.hang_up()
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await bench.reaches(waiting, Stage.TALKING)
        await waiting.hang_up()
        await operator.ended(within=SOON)
    await bench.check()


@pytest.mark.fault(
    "F07",
    "PostgreSQL and the agent killed together, the agent started alone: it says what it waits for,"
    " the dialplan brings callers to an operator; with PostgreSQL back it is ready by itself, and"
    " all is on record",
)
async def test_an_agent_that_starts_without_a_database_says_so_and_callers_reach_a_person(
    bench: Bench, measured: Measured
) -> None:
    site = bench.site
    async with bench.on_duty(Answer()) as [phone]:
        assert site.agent
        await asyncio.to_thread(site.stop_agent, kill=True)
        await asyncio.to_thread(site.postgres.crash, signal.SIGKILL)
        began = time.monotonic()
        site.agent.start()
        waits = {"record": "the database has not answered yet"}

        async def says_so() -> bool:
            live, ready = [await asyncio.to_thread(site.health, w) for w in ("live", "ready")]
            return bool(live.get("live")) and ready.get("failed") == waits

        await until("it says what it waits for", says_so, PATIENTLY)
        measured("says what it waits for after s", time.monotonic() - began)

        caller = await bench.dial()
        bench.history.whose(caller).by_fallback = True
        await caller.answered(within=SOON)
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        asked = 'lpse_agi_refused_total{reason="answer_failed"}'
        assert await asyncio.to_thread(bench.measured, asked) == 1, "it told the dialplan nothing"
        await caller.hang_up()
        await operator.ended(within=SOON)

        began = time.monotonic()
        await asyncio.to_thread(site.postgres.start)
        await bench.ready(True, PATIENTLY)
        measured("ready after its return after s", time.monotonic() - began)
        assert (await bench.reaches(caller, Stage.ARCHIVED, PATIENTLY)).call.by_exchange
        measured("served after s", await bench.controlled())
    await bench.check()


@pytest.mark.fault(
    "F08",
    "PostgreSQL in a black hole: nobody is dropped or waits for it, the first commit comes within"
    " 3 s of the heal, nothing stays wedged",
)
@pytest.mark.parametrize("away_s", [AWAY_S, pytest.param(60.0, marks=pytest.mark.long)])
async def test_after_a_black_hole_the_database_is_used_again_at_once(
    bench: Bench, measured: Measured, away_s: float
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        await escalated(bench, talk)
        bench.database.swallow()
        await talk.operator.press("*8")
        await asyncio.sleep(away_s)
        assert await journaled(bench)
        before = (await bench.record(talk.form)).call.events

        bench.database.heal()
        began = time.monotonic()
        await bench.shows(talk.form, "a commit", lambda r: r.call.events > before)
        measured("first commit after s", time.monotonic() - began, COMMITTED_WITHIN_S)
        measured("drained after s", await drained(bench, DRAINED_WITHIN))
        await talk.caller.hang_up()
        await talk.operator.hang_up()
    healed_at = clock.now()
    await asyncio.sleep(AWAY_S)
    late = [line for line in bench.log_lines() if line["timestamp"] > healed_at.isoformat()]
    assert not [line for line in late if line["event"] == "roster_kept_from_memory"], "wedged"
    await bench.check()


@pytest.mark.fault(
    "F08",
    "PostgreSQL in a black hole: nobody is dropped or waits for it, the first commit comes within"
    " 3 s of the heal, nothing stays wedged",
)
async def test_in_a_black_hole_no_caller_waits_for_the_database(
    bench: Bench, measured: Measured
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        bench.database.swallow()
        await course_of_a_call(bench, phone, measured)
        bench.database.heal()
        await drained(bench, DRAINED_WITHIN)
    await bench.check()


@pytest.mark.fault("F09", "a commit whose acknowledgement is lost is one row, not none and not two")
@pytest.mark.parametrize("about", ["CallArrived", "OperatorAnswered", "FormArchived"])
async def test_a_commit_without_its_acknowledgement_is_one_row(bench: Bench, about: str) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        cuts = bench.database.cuts
        bench.database.cut_answer_to_next_commit(b'"event":"%b"' % about.encode())
        caller = await bench.dial()
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await bench.reaches(caller, Stage.TALKING)
        await caller.hang_up()
        await operator.ended(within=SOON)
        await bench.reaches(caller, Stage.ARCHIVED)
    assert bench.database.cuts == cuts + 1
    report = await bench.record_of(caller)
    assert report
    assert [e.sequence for e in report.events] == list(range(1, report.call.events + 1))
    assert [type(e.event).__name__ for e in report.events].count(about) == 1
    await bench.check()


@pytest.mark.fault(
    "F10", "a database that is slow (500 ms) or locked: no caller waits for it, nothing is lost"
)
async def test_a_slow_database_slows_no_call(bench: Bench, measured: Measured) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        bench.database.latency_s = 0.5
        await course_of_a_call(bench, phone, measured)
        bench.database.latency_s = 0.0
        measured("drained after s", await drained(bench, DRAINED_WITHIN))
    await bench.check()


@pytest.mark.fault(
    "F10", "a database that is slow (500 ms) or locked: no caller waits for it, nothing is lost"
)
async def test_a_locked_table_holds_up_no_call(bench: Bench, measured: Measured) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        async with (
            connected(bench.site.database_url, statement_s=60, command_s=60) as lock,
            lock.transaction(),
        ):
            await lock.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            await course_of_a_call(bench, phone, measured)
        measured("drained after s", await drained(bench, DRAINED_WITHIN))
    await bench.check()


@pytest.mark.fault(
    "F10", "pages that wait for every connection they may have hold up no call; they answer 503"
)
async def test_pages_that_have_used_up_their_connections_hold_up_no_call(
    bench: Bench, measured: Measured
) -> None:
    async with bench.on_duty(Answer()) as [phone], bench.program("papan") as program:
        async with (
            asyncio.TaskGroup() as tasks,
            connected(bench.site.database_url, statement_s=60, command_s=60) as lock,
            lock.transaction(),
        ):
            await lock.execute("LOCK TABLE api_tokens IN ACCESS EXCLUSIVE MODE")
            asking = [tasks.create_task(asked(program)) for _ in range(10 * MOST)]
            await course_of_a_call(bench, phone, measured)
            answers = [await one for one in asking]
        assert set(answers) == {503}
        assert await asked(program) == 200, "and are whole again at once"
    await bench.check()


async def asked(program: aiohttp.ClientSession) -> int:
    """The status of what a program asks of the pages."""
    async with program.get("/api/v1/accounts") as answer:
        return answer.status


@pytest.mark.minute
@pytest.mark.fault(
    "F33",
    "PostgreSQL restarted in order while callers come five a second: nobody is dropped or waits for"
    " it, all is on record within 10 s of its return",
)
async def test_callers_notice_nothing_of_a_restart_of_the_database(
    bench: Bench, measured: Measured
) -> None:
    with bench.crowd(CROWD, stay_s=10, rate=5) as callers:
        await bench.reaches(callers[0], Stage.QUEUEING)
        await asyncio.to_thread(bench.site.postgres.crash, signal.SIGINT)
        await asyncio.to_thread(bench.site.postgres.start)
        drained_s = await drained(bench, DRAINED_WITHIN)
        measured("drained after s", drained_s, DRAINED_WITHIN.total_seconds())
        for caller in callers:
            await caller.ended(within=PATIENTLY)
        reports = [await bench.reaches(caller, Stage.ARCHIVED) for caller in callers]
    answered_s = [
        (report.call.caller_answered.at - report.call.arrived.at).total_seconds()
        for report in reports
        if report.call.caller_answered
    ]
    assert len(answered_s) == CROWD
    measured("answered after s", max(answered_s), AT_ONCE_S, AT_ONCE_S + 1)
    assert [caller.let_go_at for caller in callers] == [None] * CROWD
    await bench.check()
