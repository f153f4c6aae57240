"""What a call wishes is done once, in order, and what came of it is told to the call."""

import asyncio
from datetime import timedelta

from prometheus_client import REGISTRY

from agent.database.connect import Connection
from agent.database.writer import Writer
from agent.domain.call_state import Stage
from agent.domain.events import (
    EffectRefused,
    PromptFinished,
    TimerFired,
)
from agent.domain.rules import CallRules
from agent.runtime import clock
from agent.runtime.prompt_watch import OVERDUE_S
from tests.runtime.exchange import BUDI, SITI, PretendExchange, arrival_of_call
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.office import (
    PROCEDURE,
    call_of_loop,
    events_of,
    one_call,
    operators_leg,
    stage_of,
)
from tests.runtime.waiting import DEADLINE_S, until

A_MOMENT_S = 0.1
WELCOMES = ("welcome_morning", "welcome_noon", "welcome_afternoon", "welcome_evening")


def ends_told() -> float:
    """How many prompts' ends were given to calls so far."""
    return REGISTRY.get_sample_value("lpse_events_total", {"event": "PromptFinished"}) or 0.0


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
