"""One call's loop on a real PostgreSQL: decide, record, perform, and what comes back."""

import asyncio

import msgspec
from prometheus_client import REGISTRY

from agent.database.connect import Connection
from agent.database.writer import Writer
from agent.domain.call import replay
from agent.domain.call_state import Call, Stage
from agent.domain.effects import AnswerCaller, AnyEffect, StartTimer
from agent.domain.events import (
    CallArrived,
    CallerAnswered,
    Event,
    TimerFired,
)
from agent.runtime import clock
from tests.runtime.exchange import ARI, SITI, PretendExchange, arrival_of_call
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.office import (
    call_of_loop,
    events_of,
    one_call,
    operators_leg,
    stage_of,
)
from tests.runtime.waiting import DEADLINE_S, until

A_MOMENT_S = 0.1
HELD_UP = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class NobodyKnows(Event, frozen=True, kw_only=True, tag="NobodyKnows"):
    """An event that the call machine cannot digest."""


async def state_of(connection: Connection) -> tuple[Call, tuple[AnyEffect, ...]]:
    row = await connection.fetchrow("SELECT state, pending FROM calls")
    assert row is not None, "nothing is recorded"
    pending = msgspec.json.decode(row["pending"], type=tuple[AnyEffect, ...])
    return msgspec.json.decode(row["state"], type=Call), pending


def timers(pending: tuple[AnyEffect, ...]) -> set[str]:
    return {effect.timer for effect in pending if isinstance(effect, StartTimer)}


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
