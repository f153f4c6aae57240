"""One call's loop on a real PostgreSQL: decide, record, perform, and what comes back."""

import asyncio
from datetime import timedelta

import msgspec
from prometheus_client import REGISTRY

from agent.database.connect import Connection
from agent.database.writer import Writer
from agent.domain.call import replay
from agent.domain.call_state import Call, Stage
from agent.domain.effects import AnswerCaller, AnyEffect, StartTimer
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    CallerAnswered,
    EffectRefused,
    Event,
    PromptFinished,
    TimerFired,
)
from agent.domain.rules import CallRules
from agent.runtime import clock
from agent.runtime.prompt_watch import OVERDUE_S
from tests.runtime.exchange import ARI, BUDI, SITI, PretendExchange, arrival_of_call
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.office import (
    PROCEDURE,
    call_of_loop,
    one_call,
    operators_leg,
    stage_of,
)
from tests.runtime.waiting import DEADLINE_S, until

A_MOMENT_S = 0.1
WELCOMES = ("welcome_morning", "welcome_noon", "welcome_afternoon", "welcome_evening")
HELD_UP = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class NobodyKnows(Event, frozen=True, kw_only=True, tag="NobodyKnows"):
    """An event that the call machine cannot digest."""


async def events_of(connection: Connection) -> list[AnyEvent]:
    rows = await connection.fetch("SELECT body FROM call_events ORDER BY sequence")
    return [msgspec.json.decode(row["body"], type=AnyEvent) for row in rows]


async def state_of(connection: Connection) -> tuple[Call, tuple[AnyEffect, ...]]:
    row = await connection.fetchrow("SELECT state, pending FROM calls")
    assert row is not None, "nothing is recorded"
    pending = msgspec.json.decode(row["pending"], type=tuple[AnyEffect, ...])
    return msgspec.json.decode(row["state"], type=Call), pending


def timers(pending: tuple[AnyEffect, ...]) -> set[str]:
    return {effect.timer for effect in pending if isinstance(effect, StartTimer)}


def ends_told() -> float:
    """How many prompts' ends were given to calls so far."""
    return REGISTRY.get_sample_value("lpse_events_total", {"event": "PromptFinished"}) or 0.0


def undecidable() -> float:
    labels = {"reason": "undecidable"}
    return REGISTRY.get_sample_value("lpse_events_ignored_total", labels) or 0.0


async def test_nothing_is_performed_before_it_is_recorded(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    exchange.hold("AnswerCaller")
    holding = connection.transaction()
    await holding.start()
    await connection.execute("LOCK TABLE calls IN EXCLUSIVE MODE")
    async with one_call(arrival_of_call(), writer, exchange) as (loop, _):
        async with asyncio.timeout(DEADLINE_S):
            while not await connection.fetchval(HELD_UP):  # noqa: ASYNC110 — nobody is told
                await asyncio.sleep(0.01)
        assert (loop.call, exchange.begun) == (None, [])
        await holding.rollback()
        await until(lambda: exchange.names_begun() == ["AnswerCaller"])
        call, pending = await state_of(connection)
    assert call.stage is Stage.WELCOMING
    assert AnswerCaller(channel=call.channel) in pending


async def test_a_whole_call_is_recorded_event_by_event_and_ends_by_itself(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    exchange.hold("RemoveBridge")
    async with one_call(arrival, writer, exchange) as (loop, running):
        leg = await operators_leg(loop)
        exchange.answer(leg)
        await until(lambda: stage_of(loop) is Stage.TALKING)
        assert timers(loop.pending) == set(), "the waiting is over"
        exchange.speak(leg)
        exchange.press(leg, "*3*8")
        await until(lambda: exchange.names_done().count("numbers") == 2)
        await until(lambda: not call_of_loop(loop).reading_numbers_to(arrival.channel))
        exchange.leave(arrival.channel)
        await until(lambda: stage_of(loop) is Stage.ARCHIVED)
        await asyncio.sleep(A_MOMENT_S)
        assert not running.done(), "a wish is not fulfilled yet"
        exchange.let_go("RemoveBridge")
        async with asyncio.timeout(DEADLINE_S / 2):  # sooner than a forgotten timer would wake it
            await running
    events = await events_of(connection)
    call, _ = await state_of(connection)
    assert replay(events) == call == loop.call
    assert (call.stage, call.events) == (Stage.ARCHIVED, len(events))
    tickets = await connection.fetch("SELECT ticket_number FROM tickets")
    assert [row["ticket_number"] for row in tickets] == [call.ticket_number]


async def test_an_undecidable_event_does_not_end_the_call(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    exchange.silent.add("AnswerCaller")
    arrival = arrival_of_call()
    before = undecidable()
    async with one_call(arrival, writer, exchange) as (loop, running):
        loop.tell(NobodyKnows(at=clock.now()))
        loop.tell(CallerAnswered(at=clock.now(), source=ARI, channel=arrival.channel))
        await until(lambda: stage_of(loop) is Stage.RINGING)
        assert not running.done()
    assert undecidable() == before + 1
    assert [type(e) for e in await events_of(connection)][:2] == [CallArrived, CallerAnswered]


async def test_an_event_that_teaches_nothing_leaves_no_record(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    exchange.silent.add("PlayPrompt")
    arrival = arrival_of_call()
    async with one_call(arrival, database, exchange) as (loop, _):
        await until(lambda: len(exchange.done) == 3)
        for _time in range(3):
            loop.tell(CallerAnswered(at=clock.now(), source=ARI, channel=arrival.channel))
        loop.tell(TimerFired(at=clock.now(), timer="welcome"))
        await until(lambda: stage_of(loop) is not Stage.WELCOMING)
    kinds = [type(record.event) for record in database.kept]
    assert kinds[:3] == [CallArrived, CallerAnswered, TimerFired]
    assert database.times_given == len(database.kept)


async def test_a_ticket_asked_for_is_given_also_when_all_have_left_meanwhile(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    async with one_call(arrival_of_call(), writer, exchange) as (loop, running):
        leg = await operators_leg(loop)
        exchange.answer(leg)
        await until(lambda: stage_of(loop) is Stage.TALKING)
        async with connection.transaction():
            await connection.execute("LOCK TABLE number_reservations IN EXCLUSIVE MODE")
            exchange.press(leg, "*8")
            exchange.leave(leg)
            exchange.leave(call_of_loop(loop).channel)
            await until(lambda: stage_of(loop) is Stage.ENDED)
            assert call_of_loop(loop).ticket_number is None
        async with asyncio.timeout(DEADLINE_S):
            await running
    ticket = await connection.fetchval("SELECT ticket_number FROM tickets")
    assert ticket is not None
    assert ticket == call_of_loop(loop).ticket_number


async def test_a_failed_wish_comes_back_as_an_event_and_the_next_operator_is_rung(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    exchange.refuses.append("RingOperator")
    async with one_call(arrival_of_call(), writer, exchange) as (loop, running):
        leg = await operators_leg(loop)
        assert not running.done()
    offers = call_of_loop(loop).offers
    assert [offer.operator for offer in offers] == [SITI, BUDI]
    assert leg == offers[1].channel
    (refused,) = [e for e in await events_of(connection) if isinstance(e, EffectRefused)]
    assert (refused.effect, refused.target) == ("RingOperator", offers[0].channel)
    assert refused.reason == "the exchange refused"


async def test_only_a_prompt_whose_end_never_comes_is_believed_overdue(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    exchange.silent.add("PlayPrompt")
    exchange.prompt_seconds = {"recording_notice": 0.01}
    exchange.prompt_seconds |= dict.fromkeys(WELCOMES, 0.5)
    before = ends_told()
    async with one_call(arrival_of_call(), writer, exchange) as (loop, _):
        await until(lambda: len(exchange.done) == 3)
        welcome, notice = call_of_loop(loop).playbacks
        await until(lambda: len(loop.pending) == 1)
        begun_at = clock.now()
        exchange.end_prompt(welcome.playback)
        await until(lambda: stage_of(loop) is not Stage.WELCOMING)
    ends = [e for e in await events_of(connection) if isinstance(e, PromptFinished)]
    assert [(e.playback, e.result) for e in ends] == [
        (welcome.playback, "done"),
        (notice.playback, "overdue"),
    ]
    assert ends_told() == before + 2
    waited = ends[1].at - begun_at
    assert waited > timedelta(seconds=OVERDUE_S + 0.4), "it begins when the welcome is over"


async def test_commands_to_one_channel_never_overtake_and_another_channel_does_not_wait(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    exchange.hold("recording_notice")
    async with one_call(arrival_of_call(), database, exchange) as (loop, _):
        await until(lambda: exchange.names_begun()[-1:] == ["recording_notice"])
        loop.tell(TimerFired(at=clock.now(), timer="welcome"))
        await operators_leg(loop)
        await asyncio.sleep(A_MOMENT_S)
        assert exchange.names_begun()[-2:] == ["recording_notice", "RingOperator"]
        exchange.let_go("recording_notice")
        await until(lambda: exchange.names_done()[-1] == "RingCaller")
    assert exchange.names_done()[2:] == [
        "RingOperator",
        "recording_notice",
        "connecting",
        "RingCaller",
    ]


async def test_legs_are_connected_after_the_callers_prompt_was_stopped(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    async with one_call(arrival_of_call(), database, exchange) as (loop, _):
        await operators_leg(loop)
        exchange.silent.add("PlayPrompt")
        loop.tell(TimerFired(at=clock.now(), timer="please_wait"))
        await until(lambda: exchange.names_done()[-1] == "please_wait")
        exchange.hold("StopPrompt")
        exchange.answer(call_of_loop(loop).offers[-1].channel)
        await until(lambda: exchange.names_begun()[-1] == "StopPrompt")
        await asyncio.sleep(A_MOMENT_S)
        assert "ConnectLegs" not in exchange.names_begun()
        exchange.let_go("StopPrompt")
        await until(lambda: stage_of(loop) is Stage.TALKING)


async def test_a_call_resumed_from_its_record_performs_its_pending_wishes_again(
    writer: Writer, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    exchange.hold("recording_notice")
    async with one_call(arrival, writer, exchange) as (loop, _):
        await until(lambda: exchange.names_begun()[-1:] == ["recording_notice"])
        await until(lambda: call_of_loop(loop).playbacks[0].finished is not None)
    before = call_of_loop(loop)
    (unfinished,) = await writer.unfinished()
    assert unfinished.call == before

    heir = PretendExchange()
    async with one_call(unfinished, writer, heir) as (resumed, _):
        await operators_leg(resumed)
        assert "AnswerCaller" not in heir.names_begun(), "what was done is not done again"
        assert heir.begun[0] == exchange.begun[-1], "under the same id, so that a repeat is known"
        assert timers(resumed.pending) >= {"ring", "longest_wait"}
    after = call_of_loop(resumed)
    assert after.form_number == before.form_number
    assert after.stage is Stage.RINGING
    assert (await writer.unfinished())[0].call == after


async def test_a_waiting_call_that_is_resumed_is_offered_the_next_free_operator(
    writer: Writer, exchange: PretendExchange
) -> None:
    exchange.reachable.clear()
    async with one_call(arrival_of_call(), writer, exchange) as (loop, _):
        await until(lambda: "RingCaller" in exchange.names_done())
        assert stage_of(loop) is Stage.QUEUEING
    (unfinished,) = await writer.unfinished()
    async with one_call(unfinished, writer, PretendExchange()) as (resumed, _):
        await operators_leg(resumed)
    assert [offer.operator for offer in call_of_loop(resumed).offers] == [SITI]


async def test_a_wish_that_a_mistake_of_ours_breaks_is_refused_and_costs_the_call_no_other(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    exchange.broken.add("RingOperator")
    exchange.hold("connecting")
    async with one_call(arrival_of_call(), database, exchange) as (loop, running):
        await until(lambda: loop.call is not None and loop.call.offers != ())
        await until(lambda: call_of_loop(loop).offers[0].ended is not None)
        exchange.let_go("connecting")
        await until(lambda: exchange.names_done()[-1] == "RingCaller")
        assert not running.done()


async def test_a_timer_that_was_pending_runs_again_when_its_call_is_resumed(
    writer: Writer, exchange: PretendExchange
) -> None:
    rules = CallRules(sop=PROCEDURE.name, longest_wait_seconds=0.5)
    exchange.hold("RingOperator")
    async with one_call(arrival_of_call(), writer, exchange, rules):
        await until(lambda: "RingOperator" in exchange.names_begun())
    (unfinished,) = await writer.unfinished()
    heir = PretendExchange()
    heir.silent.add("RingOperator")
    async with one_call(unfinished, writer, heir) as (resumed, _):
        await until(lambda: "nobody_available" in heir.names_begun())
    assert call_of_loop(resumed).gave_up


async def test_a_call_arrives_as_soon_as_a_form_number_can_be_had(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    async with one_call(arrival_of_call(), database, exchange) as (loop, running):
        database.away = True
        await asyncio.sleep(A_MOMENT_S)
        assert (loop.call, running.done()) == (None, False)
        database.away = False
        await until(lambda: stage_of(loop) is Stage.RINGING)
    assert call_of_loop(loop).form_number.startswith("0001/")
