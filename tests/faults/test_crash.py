"""F01 and F02: the agent dies without a word, at any moment; nobody is dropped or rung twice."""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from agent.database.connect import connected
from agent.database.errors import DatabaseProblem
from agent.database.reports import CallReport
from agent.domain.call_state import Stage
from agent.domain.consultation import Outcome
from agent.runtime import clock
from agent.settings import DATA
from deploy.sip_phone import Answer, RingForever, SipCall, SipPhone, SipPhoneFailed
from deploy.site import SiteFailed
from tests.bench import sipp
from tests.bench.loaded_office import hire, wait_for_phones
from tests.faults.bench import Bench, short_recordings
from tests.faults.conftest import Measured
from tests.faults.failpoints import (
    CALL_LOOP,
    MOMENTS,
    Point,
    passed_beside,
    places_of,
    points_in,
)
from tests.faults.history import Leg
from tests.faults.supervisor import Supervisor, supervised
from tests.journeys.office import PATIENTLY, SOON, heard, until
from tests.journeys.opening import OPERATORS, open_folder
from tests.journeys.sounds import write_sound
from tests.journeys.test_restart import lose_record

TRIES_AGAIN_AFTER = timedelta(seconds=1.5)
"""A person who hears no tone presses the keys again."""
CODES: tuple[tuple[str, Callable[[CallReport], bool]], ...] = (
    ("*2", lambda report: report.call.greeted is not None),
    ("*3", lambda report: report.call.identity_taken is not None),
    ("*8", lambda report: report.call.ticket_number is not None),
)

AWAY_AT_MOST_S = 12.0
"""A new process is ready 2.6 s after a death, on a machine of its own."""

TRIES = 3
"""Whether something has to be waited for is chance at some awaits."""
LET_GO_WITHIN = timedelta(seconds=3)
"""Shorter than the time in which a leg must be connected."""

PROMISE = (
    "killed at any await of the call loop and started again: one ticket and one record, nobody is"
    " dropped, both hear the numbers, and no telephone rings again but one that was taken while"
    " nobody listened"
)


class Dying:
    """An agent with failpoints, and a supervisor that starts it again."""

    def __init__(self, bench: Bench, supervisor: Supervisor, file: Path) -> None:
        self._bench = bench
        self.supervisor = supervisor
        self._file = file

    @property
    def passed(self) -> list[Point]:
        """Points in the order in which they were first passed."""
        return points_in(passed_beside(self._file).read_text())

    async def ready(self, lives: int = 0) -> None:
        """So many processes have ended, and the next one takes calls."""

        async def so() -> bool:
            return self.supervisor.is_ready_again(lives)

        await until(f"process {lives} is ready", so, PATIENTLY)
        await self._bench.ready(True, PATIENTLY)

    async def dead(self, lives: int) -> None:
        """So many processes have ended."""

        async def so() -> bool:
            return len(self.supervisor.lives) >= lives

        await until(f"process {lives} has ended", so, PATIENTLY)

    def kill(self) -> None:
        """It dies now, wherever it is."""
        os.kill(self.supervisor.process_id, signal.SIGKILL)

    @asynccontextmanager
    async def at(self, *points: Point) -> AsyncIterator[None]:
        """In what is done inside, it dies at each of these, in turn. Raises NotPassed."""
        lives = len(self.supervisor.lives)
        self._file.write_text("\n".join(map(str, points)))
        try:
            yield
        except BaseException as error:
            error.add_note("; ".join(map(str, points)))
            raise
        not_passed, _ = self._file.read_text(), self._file.write_text("")
        if not_passed:
            raise NotPassed(not_passed)
        await self.ready(lives + len(points))


class NotPassed(AssertionError):
    """A call did not come to this point."""


@asynccontextmanager
async def dying(bench: Bench) -> AsyncIterator[Dying]:
    """The bench's agent, started so that it can be killed at a point."""
    bench.history.away_s = AWAY_AT_MOST_S
    file = bench.site.folder / "failpoint"
    file.write_text("")
    passed_beside(file).write_text("")
    with supervised(bench.site, ("-m", "tests.faults.failpoints", str(file), "serve")) as by:
        agent = Dying(bench, by, file)
        await agent.ready()
        yield agent


async def whole_call(bench: Bench, phone: SipPhone) -> tuple[SipCall, SipCall, CallReport]:
    """Caller, operator and record of an escalated call; what is in vain is tried again."""
    caller = await bench.dial()
    operator = await talks(bench, phone, caller)
    await written(bench, caller)
    await operator.press("".join(code for code, _ in CODES))
    for code, done in CODES:
        while not await shown(bench, caller, done, TRIES_AGAIN_AFTER):
            await operator.press(code)
    assert await shown(bench, caller, both_heard_the_numbers, PATIENTLY)
    assert caller.ended_at is operator.ended_at is None, "nobody is dropped"
    await caller.hang_up()
    await operator.ended(within=PATIENTLY)
    return caller, operator, await bench.reaches(caller, Stage.ARCHIVED, PATIENTLY)


async def written(bench: Bench, caller: SipCall) -> None:
    """The operator writes on the form; what was not confirmed to him he writes again."""
    report = await bench.record_of(caller)
    assert report is not None

    async def confirmed() -> bool:
        with contextlib.suppress(SiteFailed):
            await bench.write(report.call.form_number, {"problem": "Unggah gagal"})
            return True
        return False

    await until("it is written", confirmed, PATIENTLY)
    assert await shown(bench, caller, lambda r: "problem" in r.call.form.values, SOON)


async def talks(bench: Bench, phone: SipPhone, caller: SipCall) -> SipCall:
    """The operator's leg in which both talk."""
    while True:
        operator = await phone.incoming(within=PATIENTLY)
        with contextlib.suppress(SipPhoneFailed):
            await operator.answered(within=SOON)
        while operator.ended_at is None:
            if await shown(bench, caller, talking, TRIES_AGAIN_AFTER):
                return operator


async def shown(
    bench: Bench, caller: Leg, look: Callable[[CallReport], bool], within: timedelta
) -> bool:
    """Whether the record of this caller's call shows it in time."""

    async def there() -> bool:
        with contextlib.suppress(DatabaseProblem):
            report = await bench.record_of(caller)
            return report is not None and look(report)
        return False

    try:
        await until("it is on record", there, within)
    except TimeoutError:
        return False
    return True


def talking(report: CallReport) -> bool:
    """Whether both legs are in the conversation."""
    return report.call.stage is Stage.TALKING


def both_heard_the_numbers(report: CallReport) -> bool:
    """Whether the numbers came to their end on both legs, however often they were asked for."""
    call = report.call
    numbers = [playback for playback in call.playbacks if playback.prompt == "numbers"]
    legs = {call.channel, call.offers[-1].channel} if call.offers else set()
    return {p.channel for p in numbers} == legs and all(p.finished for p in numbers)


def short_numbers(folder: Path) -> Path:
    """The prompts, with both numbers read once and without pauses: a call takes seconds."""
    text = (DATA / "prompts" / "id.toml").read_text()
    before, _, after = text.partition("[prompts.numbers]")
    numbers, _, after = after.partition("[prompts.numbers_last]")
    wanted = re.findall(r"  \{ (?:form|ticket)_number.*\n", numbers)[:2]
    numbers = re.sub(r"(?s)\[\n.*\]", "[\n" + "".join(wanted) + "]", numbers)
    after = re.sub(r"(?m)^group_pause_ms = \d+", "group_pause_ms = 20", after)
    file = folder / "short.toml"
    file.write_text(f"{before}[prompts.numbers]{numbers}[prompts.numbers_last]{after}")
    return file


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, object]]:
    """A whole call in five seconds."""
    with open_folder("lpse-prompts-") as folder:
        yield {
            "prompts_file": str(short_numbers(folder)),
            "recorded_prompts_folder": str(short_recordings(folder / "own", 0.25, 0.05)),
            "ring_seconds": 30.0,
        }


async def one_whole_call(bench: Bench, phone: SipPhone) -> int:
    """Whatever happens in it, it is as if nothing had. Raises AssertionError.

    Answers how often the telephone rang again, because its first ringing had come to nothing.
    """
    before = len(phone.calls)
    caller, operator, report = await whole_call(bench, phone)
    numbers = await bench.numbers_speech(report)
    assert report.outcome is Outcome.ESCALATED
    for leg, channel in (
        (caller, report.call.channel),
        (operator, report.call.offers[-1].channel),
    ):
        told = any(
            p.heard for p in report.call.playbacks if (p.channel, p.prompt) == (channel, "numbers")
        )
        assert told or heard(leg, numbers), "the exchange's word may be lost, but not the sound"
    legs = phone.calls[before:]
    assert len(legs) == len(report.call.offers), "no leg without an offer on record"
    for earlier, later in pairwise(legs):
        assert earlier.ended_at is not None
        assert later.ringing_at is not None
        assert earlier.ended_at <= later.ringing_at, "none rings while another does"
        # Taken while no agent listens a leg is let go by Asterisk at once; later it is connected.
        assert earlier.answered_at is not None
        assert earlier.ended_at - earlier.answered_at < LET_GO_WITHIN
    assert await tickets_of(bench, report.call.call_id) == [report.call.ticket_number]
    return len(legs) - 1


@asynccontextmanager
async def numbers_hidden(bench: Bench) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """No number can be reserved until what this answers is awaited."""
    async with connected(bench.site.database_url) as eyes:
        await eyes.execute("ALTER TABLE number_reservations RENAME TO set_aside")

    async def give_back() -> None:
        async with connected(bench.site.database_url) as eyes:
            await eyes.execute("ALTER TABLE IF EXISTS set_aside RENAME TO number_reservations")

    try:
        yield give_back
    finally:
        await give_back()


async def tickets_of(bench: Bench, call_id: str) -> list[str]:
    """Every ticket number that was given to a call."""
    async with connected(bench.site.database_url) as eyes:
        rows = await eyes.fetch("SELECT ticket_number FROM tickets WHERE call_id = $1", call_id)
    return [row["ticket_number"] for row in rows]


@dataclass(frozen=True)
class Sought:
    """A point as a test names it: by the function and a piece of what is awaited there."""

    function: str
    piece: str
    moment: str
    in_hand: str = ""

    def among(self, points: list[Point]) -> Point:
        """The one that is meant; there must be one alone."""
        [found] = [
            point
            for point in points
            if point.place.startswith(f"{self.function}: ")
            and self.piece in point.place
            and (point.moment, point.in_hand) == (self.moment, self.in_hand)
        ]
        return found


def await_of(place: str) -> str:
    """An `async with` is one, entered or left."""
    return re.sub(" (enter|leave)$", "", place)


KILLED = (
    "killed with calls in every stage: nobody is dropped, talk goes on unbroken, callers of the gap"
    " get the dialplan within 100 ms, control is back 3 s after its start and all who left are on"
    " record after 5 s, waiting order kept"
)
CONTROL_S, COMPLETE_S, AT_ONCE_S = 3.0, 5.0, 0.1
LATE_S = 30.0
"""Where other tests have the processors too."""
AWAY_S = 2.0
SPOKEN_BEFORE_S = 1.0
TALK_S = 9.0
"""Longer than the agent is away."""
STAY_S = 90.0
TALKING_AT_ONCE = 30

# What is durable or done before the death and not known after it, one early and one late in a call.
SPREAD = [
    [
        Sought("call_loop._form_number", "numbers.form_number", "after"),
        Sought("wishes._perform", "ticket_number", "after", "ReserveTicket"),
    ],
    [
        Sought("call_loop._form_number", "leave", "after"),
        Sought("ari_effects._play", "_ari.create", "woken", "PlayPrompt numbers"),
    ],
    [
        Sought("call_loop._decide", "record", "woken", "OperatorOffered"),
        Sought("call_loop.record", "recorded", "woken", "FieldFilled"),
        Sought("wishes._fulfil", "enter", "after", "HangUp"),
    ],
    [
        Sought("wishes._perform", "performer.perform", "woken", "RingOperator"),
        Sought("call_loop.run", "_inbox.get()", "asleep", "LegConnected"),
        Sought("wishes._perform", "performer.perform", "woken", "ArchiveForm"),
    ],
    [
        Sought("ari_effects._connect", "addChannel", "woken", "ConnectLegs"),
        Sought("call_loop.record", "leave", "after", "FieldFilled"),
        Sought("call_loop.run", "TaskGroup() leave", "before"),
    ],
]
NEVER_IN_A_CALL = ("_form_number: numbers.adopted", "_form_number: asyncio.sleep")
"""Where only a call without a record or without a number comes; each has a test of its own."""


def places_of_the_loop() -> list[str]:
    """Every place at which the loop of a call waits."""
    return [place for module in CALL_LOOP for place in places_of(module)]


@pytest.mark.minute
@pytest.mark.fault("F02", PROMISE)
async def test_a_call_outlives_its_agent_at_each_await_of_its_loop(
    bench: Bench, measured: Measured
) -> None:
    async with dying(bench) as agent, bench.on_duty(Answer()) as [phone]:
        await one_whole_call(bench, phone)
        passed = agent.passed
        died_at: set[str] = set()
        again = 0
        for sought in SPREAD:
            points = [one.among(passed) for one in sought]
            async with agent.at(*points):
                again += await one_whole_call(bench, phone)
            died_at |= {await_of(point.place) for point in points}
    measured("deaths", sum(map(len, SPREAD)))
    measured("telephones that rang again", again)
    for place in places_of_the_loop():
        elsewhere = any(words in place for words in NEVER_IN_A_CALL)
        assert elsewhere or await_of(place) in died_at, f"no death at {place}"
    await bench.check()


@pytest.mark.fault("F02", PROMISE)
async def test_a_caller_without_a_number_outlives_the_agent(bench: Bench) -> None:
    """The database takes records and gives no numbers: the call waits for one, and dies there."""
    [place] = [place for place in places_of_the_loop() if NEVER_IN_A_CALL[1] in place]
    async with (
        dying(bench) as agent,
        bench.on_duty(Answer()) as [phone],
        numbers_hidden(bench) as give_back,
    ):
        agent.kill()
        await agent.ready(lives=1)
        async with agent.at(Point(place, "asleep", "")), asyncio.TaskGroup() as tasks:
            calling = tasks.create_task(one_whole_call(bench, phone))
            await agent.dead(lives=2)
            await give_back()
        assert calling.done()
    await bench.check()


@pytest.mark.fault("F02", PROMISE)
async def test_a_talk_without_a_record_outlives_the_agent_that_takes_it_up(bench: Bench) -> None:
    [place] = [place for place in places_of_the_loop() if NEVER_IN_A_CALL[0] in place]
    async with dying(bench) as agent, bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        async with agent.at(Point(place, "before", "")):
            agent.kill()
            await agent.dead(lives=1)
            await lose_record(bench.site.database_url, talk.form)
            await agent.dead(lives=2)
        await agent.ready(lives=2)
        report = await bench.reaches(talk.caller, Stage.TALKING, PATIENTLY)
        assert report.call.adopted
        assert report.call.form_number == talk.form
        await talk.operator.press("*3*8")
        assert await shown(bench, talk.caller, both_heard_the_numbers, PATIENTLY)
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        report = await bench.reaches(talk.caller, Stage.ARCHIVED)
        assert await tickets_of(bench, report.call.call_id) == [report.call.ticket_number]
        assert heard(talk.caller, await bench.numbers_speech(report))
    bench.begin()  # a record that was lost cannot tell when the telephones were answered
    await bench.check()


@pytest.mark.fault("F01", KILLED)
async def test_calls_in_every_stage_outlive_their_agent(bench: Bench, measured: Measured) -> None:
    folder = bench.site.folder
    sounds = [write_sound(folder / f"talk-{seed}.wav", seed, TALK_S) for seed in (101, 102)]
    async with bench.on_duty(*[RingForever()] * 3) as phones, AsyncExitStack() as lines:
        # One talks, one is read his numbers, one's operator is rung, two wait, one is welcomed. One
        # of those who wait keeps what he hears, in a process of his own: this one has four calls.
        talker = await bench.dial()
        talk = await picked_up(phones)
        await bench.reaches(talker, Stage.TALKING)
        reader, called, waits = lines.enter_context(bench.crowd(3, stay_s=STAY_S))
        reading = await picked_up(phones)
        await bench.reaches(reader, Stage.TALKING)
        ringing = await whoever_rings(phones)
        await bench.reaches(waits, Stage.QUEUEING)
        listener = await lines.enter_async_context(bench.far_caller())
        await bench.reaches(listener, Stage.QUEUEING)
        early = (reader, called, waits, listener)
        await reading.press("*2*3*8")
        assert await shown(bench, reader, lambda report: times_read(report) == 1, SOON)
        said = [await leg.say(sound) for leg, sound in zip((talker, talk), sounds, strict=True)]
        await asyncio.sleep(SPOKEN_BEFORE_S)
        [welcomed] = lines.enter_context(bench.crowd(1, stay_s=STAY_S))
        assert await shown(bench, welcomed, lambda _report: True, SOON)

        await asyncio.to_thread(bench.site.stop_agent, kill=True)
        in_the_gap = lines.enter_context(bench.crowd(2, stay_s=2, rate=4, by_fallback=True))
        await asyncio.sleep(AWAY_S)
        began = time.monotonic()
        await asyncio.to_thread(bench.site.start_agent)
        measured("ready after s", ready_s := time.monotonic() - began)
        bench.history.away_s = AWAY_S + ready_s
        await reading.press("*0")
        assert await shown(bench, reader, lambda report: times_read(report) == 2, SOON)
        measured("star codes work after s", time.monotonic() - began, CONTROL_S, LATE_S)
        left = [await bench.reaches(caller, Stage.ARCHIVED) for caller in in_the_gap]
        measured("all who left are on record after s", time.monotonic() - began, COMPLETE_S, LATE_S)
        measured("the dialplan answered after s", max(map(answered_after_s, left)), AT_ONCE_S, 1)
        present = (talker, talk, reading, ringing, *early, welcomed)
        assert [leg.ended_at for leg in present] == [None] * len(present), "nobody is dropped"

        await ringing.answer()
        await bench.reaches(called, Stage.TALKING)
        await asyncio.sleep(max(0.0, TALK_S - (clock.now() - said[-1]).total_seconds()))
        await talk.press("*2*3*8")
        assert await shown(bench, talker, both_heard_the_numbers, PATIENTLY)
        await talker.hang_up()
        await talk.ended(within=SOON)
        for caller in (waits, listener, welcomed):  # in their order
            operator = await picked_up(phones)
            await bench.reaches(caller, Stage.TALKING)
            await operator.press("*2")  # else he has not served him, and the caller waits on
            await shown(bench, caller, lambda r: r.call.greeted is not None, SOON)
            await operator.hang_up()
            await caller.ended(within=SOON)
        for operator in (reading, ringing):
            await operator.hang_up()
        reports = [await bench.reaches(c, Stage.ARCHIVED) for c in (talker, *early, welcomed)]
    assert heard(talk, sounds[0]), "what the caller said was heard across the gap"
    assert heard(talker, sounds[1])
    assert heard(talker, await bench.numbers_speech(reports[0]))
    assert [len(report.call.offers) for report in reports] == [1] * len(reports)
    assert [report.outcome for report in reports[:2]] == [Outcome.ESCALATED] * 2
    await bench.check()


async def whoever_rings(phones: list[SipPhone]) -> SipCall:
    """The call that rings at one of these telephones."""

    def ringing() -> list[SipCall]:
        legs = [leg for phone in phones for leg in phone.calls]
        return [leg for leg in legs if not leg.answered_at and not leg.ended_at]

    async def rings() -> bool:
        return bool(ringing())

    await until("a telephone rings", rings)
    return ringing()[0]


async def picked_up(phones: list[SipPhone]) -> SipCall:
    """The call that rings, taken."""
    leg = await whoever_rings(phones)
    await leg.answer()
    await leg.answered(within=SOON)
    return leg


def times_read(report: CallReport) -> int:
    """How often the operator began to hear the numbers."""
    leg = report.call.offers[-1].channel
    begun = [p for p in report.call.playbacks if p.prompt == "numbers" and p.started]
    return sum(p.channel == leg for p in begun)


def answered_after_s(report: CallReport) -> float:
    """Seconds from a caller's coming to his answer, both by Asterisk's clock."""
    assert report.call.caller_answered
    return (report.call.caller_answered.at - report.call.arrived.at).total_seconds()


@pytest.mark.long
@pytest.mark.fault("F02", PROMISE)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_call_outlives_its_agent_at_this_moment_of_every_await(
    bench: Bench, measured: Measured, moment: str
) -> None:
    """Each event and each effect by itself; a point that a call did not come to is tried again."""
    async with dying(bench) as agent, bench.on_duty(Answer()) as [phone]:
        await one_whole_call(bench, phone)
        points = [point for point in agent.passed if point.moment == moment]
        again, left = 0, points
        for _ in range(TRIES):
            missed = []
            for point in left:
                try:
                    async with agent.at(point):
                        again += await one_whole_call(bench, phone)
                except NotPassed:
                    missed.append(point)
            left = missed
    measured("deaths", len(points) - len(left))
    measured("telephones that rang again", again)
    measured("not passed again", len(left))
    assert len(left) < len(points) / 4, left
    await bench.check()


@pytest.mark.long
@pytest.mark.fault("F01", KILLED)
async def test_a_hundred_calls_outlive_their_agent(bench: Bench, measured: Measured) -> None:
    """The last of this module: its operators are no more on duty, but still on the roster."""
    site, many = bench.site, 100
    accounts = await hire(site, TALKING_AT_ONCE)
    bench.history.unwatched = {account.account for account in accounts}
    await asyncio.to_thread(wait_for_phones, site, TALKING_AT_ONCE + len(OPERATORS), "unreachable")
    with (
        sipp.OperatorPhones(site.folder / "operators", site.sip_server, accounts, voice=True),
        ExitStack() as lines,
    ):
        await asyncio.to_thread(wait_for_phones, site, TALKING_AT_ONCE, "idle")
        callers = lines.enter_context(bench.crowd(many, stay_s=60, rate=10))

        async def all_are_there() -> bool:
            stages = {stage: bench.measured(f'lpse_calls{{stage="{stage}"}}') for stage in Stage}
            waiting = stages[Stage.QUEUEING] + stages[Stage.RINGING]
            return stages[Stage.TALKING] == TALKING_AT_ONCE and waiting == many - TALKING_AT_ONCE

        await until("all are there", all_are_there, PATIENTLY)
        await asyncio.to_thread(site.stop_agent, kill=True)
        in_the_gap = lines.enter_context(bench.crowd(5, stay_s=2, rate=5, by_fallback=True))
        await asyncio.sleep(AWAY_S)
        began = time.monotonic()
        await asyncio.to_thread(site.start_agent)
        measured("ready after s", time.monotonic() - began)
        ready_s = time.monotonic() - began
        measured("served after s", ready_s + await bench.controlled(), CONTROL_S, LATE_S)
        reports = [await bench.reaches(caller, Stage.ARCHIVED) for caller in in_the_gap]
        measured("all who left are on record after s", time.monotonic() - began, COMPLETE_S, LATE_S)
        measured("the dialplan answered after s", max(map(answered_after_s, reports)), AT_ONCE_S, 1)
        assert [caller for caller in callers if caller.ended_at] == []
        for caller in callers:
            await caller.ended(within=PATIENTLY)
    assert [caller for caller in callers if caller.let_go_at] == [], "each left when he wanted"
    await bench.check()
