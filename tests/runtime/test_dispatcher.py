"""Which call an event belongs to, and what becomes of a call that our own mistakes break."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from agent.database.writer import Writer
from agent.domain.call_state import Stage
from agent.domain.effects import RingOperator
from agent.domain.events import CallerAnswered, LegHungUp, OperatorAnswered, TimerFired
from agent.domain.identifiers import CallId, ChannelId, bridge_of, operator_channel, playback_of
from agent.domain.office_rules import parse_office_rules
from agent.runtime import clock
from agent.runtime.dispatcher import ATTEMPTS, call_of
from agent.runtime.errors import stands_down
from tests.domain.offices import rules_of_calls
from tests.runtime.exchange import ARI, SITI, PretendExchange, arrival_of_call
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.office import call_of_loop, office, operators_leg, stage_of
from tests.runtime.waiting import until

A_MOMENT_S = 0.1
CALL = CallId("0123456789abcdef")


def ignored(reason: str) -> float:
    """How many events were given to no call so far, for this reason."""
    return REGISTRY.get_sample_value("lpse_events_ignored_total", {"reason": reason}) or 0.0


def calls_and_events() -> list[float]:
    """Calls by stage and events in inboxes, as they are counted now."""
    stages = [REGISTRY.get_sample_value("lpse_calls", {"stage": stage}) for stage in Stage]
    return [count or 0.0 for count in (*stages, REGISTRY.get_sample_value("lpse_inbox_events"))]


def decided() -> float:
    """How often an operator's answer was given to a call so far."""
    return REGISTRY.get_sample_value("lpse_events_total", {"event": "OperatorAnswered"}) or 0.0


def test_every_id_of_our_own_making_leads_back_to_its_call() -> None:
    for own in (bridge_of(CALL), operator_channel(CALL, 1), playback_of(CALL, 123)):
        assert call_of(own) == CALL


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "lpse-",
        "lpse",
        "1795338000.7",
        "lpse-0123456789ABCDEF",
        "lpse-0123-o",
        "lpse-0123-x1",
        "lpse-0123-o1\n",
        " lpse-0123",
        "lpse-0123-o1;2",
        "PJSIP/op-101-00000001",
    ],
)
def test_an_id_that_somebody_else_made_belongs_to_no_call(foreign: str) -> None:
    assert call_of(foreign) is None


async def test_every_event_reaches_the_call_of_its_leg_or_prompt_and_no_other(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    first, second = arrival_of_call(1), arrival_of_call(2)
    exchange.silent |= {"AnswerCaller", "PlayPrompt"}
    async with office(database, exchange) as agent:
        for arrival in (first, second):
            agent.dispatcher.arrived(arrival)
        one, two = agent.dispatcher.calls
        await until(lambda: exchange.names_done() == ["AnswerCaller", "AnswerCaller"])
        answered = CallerAnswered(at=clock.now(), source=ARI, channel=second.channel)
        agent.dispatcher.tell(second.channel, answered)
        await until(lambda: len(call_of_loop(two).playbacks) == 2)
        exchange.end_prompt(playback_of(second.call_id, 1))
        await until(lambda: call_of_loop(two).playbacks[0].finished is not None)
        assert call_of_loop(one).events == 1
        assert [loop.call_id for loop in agent.dispatcher.calls] == ["c0ffee1", "c0ffee2"]
        before = ignored("no_such_call")
        for stranger in ("1795338000.99", "lpse-dead-o1", "lpse-dead-p1"):
            gone = LegHungUp(at=clock.now(), source=ARI, channel=ChannelId(stranger))
            agent.dispatcher.tell(stranger, gone)
        assert ignored("no_such_call") == before + 3


async def test_an_arrival_told_twice_is_one_call(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    async with office(database, exchange) as agent:
        before = ignored("arrival_repeated")
        for _time in range(3):
            agent.dispatcher.arrived(arrival_of_call())
        await until(lambda: stage_of(agent.loop("c0ffee1")) is Stage.RINGING)
        assert len(agent.dispatcher.calls) == 1
        assert ignored("arrival_repeated") == before + 2
    assert exchange.names_begun().count("AnswerCaller") == 1
    assert len(database.kept) == len({record.sequence for record in database.kept})


async def test_a_call_is_known_by_its_legs_until_it_is_archived(
    writer: Writer, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    async with office(writer, exchange) as agent:
        loop = await agent.arrives(arrival)
        leg = await agent.talks(loop)
        assert agent.dispatcher.knows(arrival.channel)
        assert agent.dispatcher.knows(leg)
        assert agent.floor.floor.operators[SITI].busy_with == arrival.call_id
        exchange.leave(arrival.channel)
        await until(lambda: not agent.dispatcher.calls)
        assert not agent.dispatcher.knows(arrival.channel)
        assert not agent.dispatcher.knows(leg)
        assert agent.floor.floor.operators[SITI].busy_with is None
        assert agent.dispatcher.failed == set()
        before = ignored("arrival_repeated")
        agent.dispatcher.arrived(arrival)
        assert agent.dispatcher.calls == [], "what is told twice, and late, is no second call"
        assert ignored("arrival_repeated") == before + 1
    assert await writer.unfinished() == []


async def test_a_call_from_before_a_restart_is_resumed_once_under_its_legs(
    writer: Writer, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    async with office(writer, exchange) as agent:
        loop = await agent.arrives(arrival)
        leg = await agent.talks(loop)
    (unfinished,) = await writer.unfinished()
    heir = PretendExchange()
    async with office(writer, heir) as agent:
        for _time in range(2):
            agent.dispatcher.resume(unfinished)
        (resumed,) = agent.dispatcher.calls
        await until(lambda: resumed.call is not None)
        assert agent.floor.floor.operators[SITI].busy_with == arrival.call_id
        assert agent.dispatcher.knows(arrival.channel)
        heir.press(leg, "*6")
        await until(lambda: call_of_loop(resumed).decision == "solved")
        heir.leave(arrival.channel)
        await until(lambda: not agent.dispatcher.calls)
    assert await writer.unfinished() == []


async def test_a_telephone_that_came_to_ring_unheard_and_was_over_is_not_rung_for_it_again(
    writer: Writer, exchange: PretendExchange
) -> None:
    """The agent died before it was told that the telephone rings; the ledger tells the rest."""
    exchange.hold("RingOperator")
    async with office(writer, exchange) as agent:
        loop = await agent.arrives(arrival_of_call())
        await until(lambda: "RingOperator" in exchange.names_begun())
        leg = call_of_loop(loop).offers[0].channel
    (unfinished,) = await writer.unfinished()
    heir = PretendExchange()
    async with office(writer, heir) as agent:
        agent.dispatcher.resume(unfinished)
        agent.dispatcher.tell(leg, OperatorAnswered(at=clock.now(), source="CEL", channel=leg))
        agent.dispatcher.tell(leg, LegHungUp(at=clock.now(), source="CEL", channel=leg))
        agent.dispatcher.go_on()
        (resumed,) = agent.dispatcher.calls
        await agent.talks(resumed)
        rung = [effect.channel for effect in heir.begun if isinstance(effect, RingOperator)]
    assert rung == [call_of_loop(resumed).offers[1].channel]
    assert rung != [leg]


async def test_a_telephone_of_which_nothing_is_known_is_rung_once_all_was_told(
    writer: Writer, exchange: PretendExchange
) -> None:
    exchange.hold("RingOperator")
    async with office(writer, exchange) as agent:
        loop = await agent.arrives(arrival_of_call())
        await until(lambda: "RingOperator" in exchange.names_begun())
        leg = call_of_loop(loop).offers[0].channel
    (unfinished,) = await writer.unfinished()
    heir = PretendExchange()
    async with office(writer, heir) as agent:
        agent.dispatcher.resume(unfinished)
        (resumed,) = agent.dispatcher.calls
        await until(lambda: resumed.call is not None)
        assert "RingOperator" not in heir.names_begun()
        assert resumed.pending, "it is still wished"
        agent.dispatcher.go_on()
        assert await agent.talks(resumed) == leg
        agent.dispatcher.go_on()  # as after each reconnection
        await asyncio.sleep(A_MOMENT_S)
    assert heir.names_begun().count("RingOperator") == 1


async def test_a_call_survives_a_mistake_of_ours_and_goes_on_from_its_last_record(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    async with office(database, exchange) as agent:
        loop = await agent.arrives(arrival)
        leg = await agent.talks(loop)
        exchange.broken.add("PlayPrompt")
        exchange.press(leg, "*3")
        await until(lambda: exchange.names_begun()[-1] == "tone_accepted")
        exchange.broken.clear()
        exchange.press(leg, "*6")
        await until(lambda: call_of_loop(loop).decision == "solved")
        assert call_of_loop(loop).identity_taken
        exchange.leave(arrival.channel)
        await until(lambda: not agent.dispatcher.calls)
        assert agent.dispatcher.failed == set()
    assert database.kept[-1].call.stage is Stage.ARCHIVED


async def test_a_wish_that_a_mistake_of_ours_cut_off_is_performed_again(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    exchange.hold("RingOperator")
    async with office(database, exchange) as agent:
        loop = await agent.arrives(arrival)
        await until(lambda: "RingOperator" in exchange.names_begun())
        database.broken = True
        agent.dispatcher.tell(arrival.channel, TimerFired(at=clock.now(), timer="please_wait"))
        await until(lambda: exchange.names_begun().count("RingOperator") == 2)
        database.broken = False
        exchange.let_go("RingOperator")
        await agent.talks(loop)


async def test_a_call_that_our_own_mistake_breaks_three_times_has_failed_and_holds_nothing(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    arrival = arrival_of_call()
    counted = calls_and_events()
    async with office(database, exchange) as agent:
        loop = await agent.arrives(arrival)
        leg = await operators_leg(loop)
        database.broken = True
        answered, before = OperatorAnswered(at=clock.now(), source=ARI, channel=leg), decided()
        for _time in range(ATTEMPTS - 1):
            agent.dispatcher.tell(leg, answered)
        await until(lambda: decided() == before + ATTEMPTS - 1)
        await asyncio.sleep(A_MOMENT_S)
        assert agent.dispatcher.knows(leg)
        assert agent.floor.floor.operators[SITI].busy_with == arrival.call_id
        agent.dispatcher.tell(leg, answered)
        await until(lambda: not agent.dispatcher.calls)
        assert agent.dispatcher.failed == {arrival.call_id}
        assert calls_and_events() == counted
        assert not agent.dispatcher.knows(leg)
        assert not agent.dispatcher.knows(arrival.channel)
        assert agent.floor.floor.operators[SITI].busy_with is None


async def test_a_caller_for_whom_no_number_can_be_had_is_given_up_and_not_left_in_silence(
    database: FaultyDatabase, exchange: PretendExchange
) -> None:
    """The reconciler sends whomever the dispatcher has given up to the dialplan's fallback."""
    database.empty = True
    arrival = arrival_of_call()
    async with office(database, exchange) as agent:
        agent.dispatcher.arrived(arrival)
        await until(lambda: not agent.dispatcher.calls)
        assert agent.dispatcher.failed == {arrival.call_id}
    assert (database.kept, exchange.begun) == ([], [])


@pytest.mark.parametrize("where", ["record", "command"])
async def test_a_call_that_is_anothers_now_is_not_taken_up_again_but_ends_the_service(
    database: FaultyDatabase, exchange: PretendExchange, where: str
) -> None:
    with pytest.raises(BaseExceptionGroup) as ended:
        async with office(database, exchange) as agent:
            if where == "record":
                database.belongs_to_another = True
            else:
                exchange.belongs_to_another = True
            agent.dispatcher.arrived(arrival_of_call())
            await asyncio.sleep(30 * A_MOMENT_S)
    assert stands_down(ended.value)
    assert len(database.kept) == (0 if where == "record" else 1), "and no refusal is recorded"
    assert exchange.done == []


async def test_a_new_form_and_new_rules_are_for_calls_that_arrive_from_then_on(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with office(writer, exchange) as people:
        old = await people.arrives(arrival_of_call(1))
        new_rules = parse_office_rules(rules_of_calls(longest_wait_seconds=60, wrap_up_seconds=9))
        people.dispatcher.use_decisions("formulir-2", new_rules)
        new = await people.arrives(arrival_of_call(2))
        await people.talks(old)
        assert call_of_loop(old).rules.form == ""
        assert call_of_loop(new).rules.form == "formulir-2"
        told = [call_of_loop(loop).rules for loop in (old, new)]
        assert [one.longest_wait_seconds for one in told] == [300, 60]
        assert [one.wrap_up_seconds for one in told] == [0, 9]
