"""What the agent believes against what exists: nothing is done at first sight."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio
from msgspec.structs import replace

from agent.database.connect import Connection
from agent.domain.call_state import Stage
from agent.domain.consultation import RECONCILED
from agent.domain.events import LegHungUp
from agent.domain.identifiers import BridgeId, ChannelId, bridge_of
from agent.runtime import clock
from agent.runtime.doors import Arrival, CallMarks
from agent.runtime.ledger import LOST_WITH_THE_EXCHANGE
from agent.runtime.reconciler import Reconciler
from tests.database.agents import running_writer
from tests.runtime.exchange import SITI, PretendExchange, arrival_of_call
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.office import Office, call_of_loop, office, operators_leg, stage_of
from tests.runtime.waiting import until

A_MOMENT_S = 0.05


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[Office]:
    """An agent at work."""
    async with office(FaultyDatabase(), PretendExchange()) as at_work:
        yield at_work


@pytest_asyncio.fixture
async def reconciler(agent: Office) -> Reconciler:
    return Reconciler(agent.exchange, agent.dispatcher)


async def test_a_hang_up_nobody_reported_is_acted_on_only_at_the_second_look(
    url: str, connection: Connection
) -> None:
    exchange = PretendExchange()
    async with running_writer(url) as writer, office(writer, exchange) as agent:
        reconciler = Reconciler(exchange, agent.dispatcher)
        loop = await agent.arrives(arrival_of_call())
        leg = await agent.talks(loop)
        await reconciler.look()
        exchange.channels.discard(leg)
        await reconciler.look()
        await asyncio.sleep(A_MOMENT_S)
        assert call_of_loop(loop).operator_gone is None
        await reconciler.look()
        await until(lambda: not agent.dispatcher.calls)
    sources = await connection.fetch(
        "SELECT source FROM call_events WHERE event = 'LegHungUp' ORDER BY sequence"
    )
    assert [row["source"] for row in sources] == [RECONCILED, "ARI"]
    assert await connection.fetchval("SELECT outcome FROM consultations") == "interrupted"


async def test_after_a_reconnection_what_was_missed_is_acted_on_without_waiting_for_its_turn(
    agent: Office, reconciler: Reconciler
) -> None:
    loop = await agent.arrives(arrival_of_call())
    leg = await agent.talks(loop)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(reconciler.run(every_s=3600))
        await asyncio.sleep(A_MOMENT_S)
        agent.exchange.channels.discard(leg)
        reconciler.connected(clock.now() - timedelta(hours=1), None)
        await until(lambda: not agent.dispatcher.calls)
        running.cancel()


async def test_a_prompt_whose_end_nobody_reported_is_over_at_the_second_look(
    agent: Office, reconciler: Reconciler
) -> None:
    """A caller who waits hears the ringing tone again instead of silence."""
    agent.exchange.reachable.clear()
    agent.exchange.silent.add("PlayPrompt")
    arrival = arrival_of_call()
    agent.dispatcher.arrived(arrival)
    (loop,) = agent.dispatcher.calls
    await until(lambda: loop.call is not None and len(loop.call.playbacks) == 2)
    await until(lambda: "recording_notice" in agent.exchange.names_done())
    welcome, notice = [p.playback for p in call_of_loop(loop).playbacks]
    agent.exchange.playing = {welcome, notice}
    await reconciler.look()
    await reconciler.look()
    assert len(call_of_loop(loop).playing(arrival.channel)) == 2, "it is heard"
    agent.exchange.playing = set()
    await reconciler.look()
    await until(lambda: "connecting" in agent.exchange.names_done())
    await reconciler.look()
    await reconciler.look()
    await until(lambda: "RingCaller" in agent.exchange.names_done())
    assert {p.result for p in call_of_loop(loop).playbacks} == {"overdue"}


async def test_an_operator_whose_answer_nobody_reported_is_connected_at_the_second_look(
    agent: Office, reconciler: Reconciler
) -> None:
    """Else both would wait in silence, he would be let go, and another telephone would ring."""
    loop = await agent.arrives(arrival_of_call())
    leg = await operators_leg(loop)
    await reconciler.look()
    await reconciler.look()
    assert stage_of(loop) is Stage.RINGING, "it only rings"
    agent.exchange.picked_up.add(leg)
    await reconciler.look()
    await asyncio.sleep(A_MOMENT_S)
    assert stage_of(loop) is Stage.RINGING
    await reconciler.look()
    await until(lambda: stage_of(loop) is Stage.TALKING)
    assert [offer.channel for offer in call_of_loop(loop).offers] == [leg]


async def test_a_telephone_that_is_only_about_to_ring_is_not_believed_gone(
    agent: Office, reconciler: Reconciler
) -> None:
    """Who takes over looks twice at once, while what was wished before is on its way."""
    agent.exchange.hold("RingOperator")
    agent.dispatcher.arrived(arrival_of_call())
    await until(lambda: "RingOperator" in agent.exchange.names_begun())
    (loop,) = agent.dispatcher.calls
    await reconciler.take_over()
    await asyncio.sleep(A_MOMENT_S)
    agent.exchange.let_go("RingOperator")
    leg = await operators_leg(loop)
    assert [offer.channel for offer in call_of_loop(loop).offers] == [leg]


async def test_a_leg_that_was_there_again_in_between_is_not_believed_gone(
    agent: Office, reconciler: Reconciler
) -> None:
    arrival = arrival_of_call()
    loop = await agent.arrives(arrival)
    for exists in (False, True, False):
        agent.exchange.channels ^= {arrival.channel}
        assert (arrival.channel in agent.exchange.channels) is exists
        await reconciler.look()
    await asyncio.sleep(A_MOMENT_S)
    assert call_of_loop(loop).caller_gone is None


async def test_an_arrival_nobody_reported_becomes_a_call_at_the_second_look(
    agent: Office, reconciler: Reconciler
) -> None:
    arrival = arrival_of_call()
    agent.exchange.channels.add(arrival.channel)
    agent.exchange.in_our_care.add(arrival.channel)
    agent.exchange.missed[arrival.channel] = replace(arrival, answered=True)
    agent.exchange.silent.add("AnswerCaller")  # it is answered already, and nobody tells again
    await reconciler.look()
    assert agent.dispatcher.calls == []
    await reconciler.look()
    (loop,) = agent.dispatcher.calls
    await until(lambda: loop.call is not None and loop.call.caller_answered is not None)
    await reconciler.look()
    assert agent.dispatcher.calls == [loop]
    assert agent.exchange.hung_up == []


async def test_a_leg_of_ours_without_a_call_is_hung_up_and_one_that_is_gone_is_left_alone(
    agent: Office, reconciler: Reconciler
) -> None:
    arrival = arrival_of_call()
    loop = await agent.arrives(arrival)
    leg = await agent.talks(loop)
    ours, gone = ChannelId("lpse-dead-o1"), ChannelId("1795338000.99")
    agent.exchange.in_our_care |= {arrival.channel, leg, ours, gone}
    await reconciler.look()
    assert agent.exchange.hung_up == []
    await reconciler.look()
    assert agent.exchange.hung_up == [ours]
    assert agent.dispatcher.calls == [loop]


async def test_a_bridge_left_over_is_removed_but_neither_a_living_calls_nor_a_strangers(
    agent: Office, reconciler: Reconciler
) -> None:
    loop = await agent.arrives(arrival_of_call())
    await agent.talks(loop)
    assert bridge_of(loop.call_id) in agent.exchange.bridges
    agent.exchange.bridges |= {BridgeId("lpse-dead"), BridgeId("parking")}
    await reconciler.look()
    assert agent.exchange.removed == []
    await reconciler.look()
    assert agent.exchange.removed == [BridgeId("lpse-dead")]


async def test_the_caller_of_a_failed_call_goes_to_the_fallback_and_not_round_again() -> None:
    arrival, exchange = arrival_of_call(), PretendExchange()
    database = FaultyDatabase()
    async with office(database, exchange) as agent:
        database.broken = True
        agent.dispatcher.arrived(arrival)
        (loop,) = agent.dispatcher.calls
        await until(lambda: not agent.dispatcher.calls)
        assert loop.call is None
        exchange.in_our_care.add(arrival.channel)
        exchange.missed[arrival.channel] = arrival
        reconciler = Reconciler(exchange, agent.dispatcher)
        await reconciler.look()
        assert exchange.sent_to_fallback == []
        await reconciler.look()
        assert exchange.sent_to_fallback == [arrival]
        assert agent.dispatcher.calls == []
        await reconciler.look()
        assert exchange.sent_to_fallback == [arrival]


async def test_an_exchange_that_does_not_answer_is_looked_at_again(
    agent: Office, reconciler: Reconciler
) -> None:
    stranger = ChannelId("lpse-dead-o1")
    agent.exchange.in_our_care.add(stranger)
    agent.exchange.away = True
    async with asyncio.TaskGroup() as tasks:
        asked = agent.exchange.times_asked
        looking = tasks.create_task(reconciler.run(every_s=0.01))
        await until(lambda: agent.exchange.times_asked > asked + 2)
        assert not looking.done()
        agent.exchange.away = False
        await until(lambda: stranger in agent.exchange.hung_up)
        looking.cancel()


async def test_legs_that_died_with_the_exchange_are_closed_at_the_first_look(
    url: str, connection: Connection
) -> None:
    exchange = PretendExchange()
    async with running_writer(url) as writer, office(writer, exchange) as agent:
        reconciler = Reconciler(exchange, agent.dispatcher)
        loop = await agent.arrives(arrival_of_call())
        await agent.talks(loop)
        lost_at = clock.now()
        exchange.channels.clear()
        reconciler.connected(lost_at + timedelta(seconds=2), lost_at)
        await reconciler.look()
        await until(lambda: not agent.dispatcher.calls)
    row = await connection.fetchrow("SELECT ended_at FROM calls")
    assert row
    assert row["ended_at"] == lost_at, "the last moment at which it was heard of"
    sources = await connection.fetch("SELECT source FROM call_events WHERE event = 'LegHungUp'")
    assert {row["source"] for row in sources} == {LOST_WITH_THE_EXCHANGE}
    assert await connection.fetchval("SELECT outcome FROM consultations") == "interrupted"


async def test_a_call_of_the_new_exchange_is_not_taken_for_one_that_died(
    agent: Office, reconciler: Reconciler
) -> None:
    reconciler.connected(clock.now() - timedelta(seconds=1), None)
    loop = await agent.arrives(arrival_of_call())
    agent.exchange.channels.clear()
    await reconciler.look()
    await asyncio.sleep(A_MOMENT_S)
    assert not call_of_loop(loop).caller_gone


def marked_arrival(exchange: PretendExchange) -> tuple[Arrival, CallMarks]:
    """A caller without a record, whose channel still tells that he talks with Siti."""
    arrival = arrival_of_call()
    leg = ChannelId(f"lpse-{arrival.call_id}-o1")
    marks = CallMarks(arrival.call_id, "0007/FK-TLP/LPSE.BTG/2026", SITI, leg)
    exchange.missed[arrival.channel] = replace(arrival, marked=marks, answered=True)
    return arrival, marks


async def test_a_talk_without_a_record_is_taken_up_from_what_its_channel_tells(
    agent: Office, reconciler: Reconciler
) -> None:
    exchange = agent.exchange
    arrival, marks = marked_arrival(exchange)
    assert marks.leg
    exchange.channels |= {arrival.channel, marks.leg}
    exchange.in_our_care |= {arrival.channel, marks.leg}
    await reconciler.look()
    await reconciler.look()
    loop = agent.loop(arrival.call_id)
    await until(lambda: loop.call is not None)
    call = call_of_loop(loop)
    assert call.stage is Stage.TALKING
    assert call.form_number == marks.form_number
    assert exchange.hung_up == [], "his operator's leg is his again"


async def test_a_marked_caller_whose_operator_is_gone_waits_for_another(
    agent: Office, reconciler: Reconciler
) -> None:
    exchange = agent.exchange
    arrival, _ = marked_arrival(exchange)
    exchange.channels.add(arrival.channel)
    exchange.in_our_care.add(arrival.channel)
    await reconciler.look()
    await reconciler.look()
    loop = agent.loop(arrival.call_id)
    await until(lambda: loop.call is not None and loop.call.stage is Stage.RINGING)


async def test_a_leg_of_a_call_that_is_over_is_nobodys(
    agent: Office, reconciler: Reconciler
) -> None:
    arrival = arrival_of_call()
    loop = await agent.arrives(arrival)
    exchange = agent.exchange
    exchange.tell(arrival.channel, _gone(arrival.channel))
    await until(lambda: not agent.dispatcher.calls)
    assert loop.call
    exchange.missed[arrival.channel] = arrival
    exchange.channels.add(arrival.channel)
    exchange.in_our_care.add(arrival.channel)
    await reconciler.look()
    await reconciler.look()
    assert exchange.hung_up == [arrival.channel]
    assert not agent.dispatcher.calls


def _gone(channel: ChannelId) -> LegHungUp:
    return LegHungUp(at=clock.now(), source="ARI", channel=channel)


async def test_whoever_takes_over_acts_at_once_on_what_the_owner_before_has_left(
    agent: Office, reconciler: Reconciler
) -> None:
    """A caller in our care whom nobody met, and one whom the standby's application caught."""
    unmet, caught = arrival_of_call(1), arrival_of_call(2)
    agent.exchange.in_our_care.add(unmet.channel)
    agent.exchange.missed |= {unmet.channel: unmet}
    agent.exchange.at_standby.add(caught.channel)
    await reconciler.take_over()
    assert agent.dispatcher.knows(unmet.channel)
    assert agent.exchange.fetched == [caught.channel], "and his arrival is on its way"


async def test_an_exchange_that_does_not_answer_ends_no_take_over(
    agent: Office, reconciler: Reconciler
) -> None:
    agent.exchange.away = True
    await reconciler.take_over()
