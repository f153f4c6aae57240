"""Who is offered to whom, on the real list of operators; the floor's own rules have their tests."""

import asyncio
from datetime import timedelta

import pytest

from agent.database.operators import add_operator, remove_operator
from agent.domain.effects import ReleaseOperator
from agent.domain.events import NumberPair, OperatorOffered
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.presence import Paused, PauseReasonUnknown, WrapUp
from agent.runtime.errors import EffectFailed, OperatorNotOnDuty
from agent.runtime.floor_keeper import FloorKeeper
from tests.database.agents import running_writer
from tests.database.stories import MORNING, escalated, solved
from tests.domain.test_presence import REASONS
from tests.runtime.exchange import BUDI, SITI, PretendExchange
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.waiting import until

FIRST, SECOND, THIRD = CallId("first"), CallId("second"), CallId("third")
LATER = MORNING + timedelta(minutes=1)


class Offers:
    """Remembers which call was offered whom."""

    def __init__(self) -> None:
        self.made: list[tuple[CallId, OperatorId]] = []
        self.last: OperatorOffered | None = None

    def __call__(self, call_id: CallId, offered: OperatorOffered) -> None:
        self.made.append((call_id, offered.operator))
        self.last = offered


@pytest.fixture
def offers() -> Offers:
    return Offers()


@pytest.fixture
def keeper(database: FaultyDatabase, exchange: PretendExchange, offers: Offers) -> FloorKeeper:
    return FloorKeeper(database, exchange, offers, REASONS)


def given_back(operator: OperatorId, ticket: str | None = None) -> ReleaseOperator:
    form = "0001/FK-TLP/LPSE.BTG/2026" if ticket else None
    return ReleaseOperator(operator=operator, answered=True, form_number=form, ticket_number=ticket)


async def test_the_operator_idle_the_longest_is_offered_first_also_after_a_restart(
    url: str, exchange: PretendExchange, offers: Offers
) -> None:
    long_ago = solved(1, MORNING, operator=BUDI)
    just_now = escalated(2, MORNING + timedelta(hours=1))
    assert just_now.operator == SITI
    async with running_writer(url) as writer:
        for record in (*long_ago.records, *just_now.records):
            await writer.record(record)
        keeper = FloorKeeper(writer, exchange, offers)
        await keeper.refresh()
    keeper.seek(FIRST, MORNING, ())
    keeper.seek(SECOND, MORNING, ())
    assert offers.made == [(FIRST, BUDI), (SECOND, SITI)]
    assert offers.last
    assert offers.last.name == "Siti Aminah"
    assert offers.last.previous == NumberPair(just_now.form_number, just_now.ticket_number)


async def test_who_waits_the_longest_is_served_first_by_whoever_becomes_free(
    keeper: FloorKeeper, exchange: PretendExchange, offers: Offers
) -> None:
    await keeper.refresh()
    keeper.seek(FIRST, MORNING, ())
    keeper.seek(THIRD, LATER, ())
    keeper.seek(SECOND, MORNING, ())
    assert offers.made == [(FIRST, SITI)]
    keeper.release(THIRD, given_back(SITI))
    assert len(offers.made) == 1, "only the call that holds an operator can give him back"
    keeper.release(FIRST, given_back(SITI, ticket="26-00412-0"))
    assert offers.made[1:] == [(SECOND, SITI)]
    numbers = NumberPair("0001/FK-TLP/LPSE.BTG/2026", "26-00412-0")
    assert offers.last
    assert offers.last.previous == numbers
    exchange.reachable.clear()
    await keeper.refresh()
    keeper.release(SECOND, given_back(SITI))
    assert len(offers.made) == 2, "his telephone left meanwhile"
    exchange.reachable.add(SITI)
    await keeper.refresh()
    assert offers.made[2:] == [(THIRD, SITI)]
    assert offers.last.previous == numbers, "what the roster does not know yet is not forgotten"


async def test_a_call_that_is_over_leaves_the_queue_and_gives_back_whom_it_held(
    keeper: FloorKeeper, offers: Offers
) -> None:
    await keeper.refresh()
    for call_id in (FIRST, SECOND, THIRD):
        keeper.seek(call_id, MORNING, ())
    keeper.forget(SECOND)
    keeper.forget(FIRST)
    assert offers.made == [(FIRST, SITI), (THIRD, SITI)]
    keeper.stop_seeking(THIRD)
    assert keeper.floor.waiting == ()


async def test_an_operator_who_is_still_in_a_call_from_before_a_restart_is_not_offered(
    keeper: FloorKeeper, offers: Offers
) -> None:
    await keeper.refresh()
    keeper.hold(FIRST, SITI)
    keeper.seek(SECOND, MORNING, ())
    await keeper.refresh()
    assert offers.made == []
    keeper.release(FIRST, given_back(SITI))
    assert offers.made == [(SECOND, SITI)]


async def test_an_operator_held_before_the_roster_was_read_is_not_offered_either(
    keeper: FloorKeeper, offers: Offers
) -> None:
    keeper.hold(FIRST, SITI)
    keeper.seek(SECOND, MORNING, ())
    await keeper.refresh()
    assert offers.made == []
    keeper.forget(FIRST)
    assert offers.made == [(SECOND, SITI)]


async def test_a_call_that_ends_before_the_roster_was_read_holds_nobody(
    keeper: FloorKeeper, offers: Offers
) -> None:
    keeper.hold(FIRST, SITI)
    keeper.release(FIRST, given_back(SITI))
    keeper.seek(SECOND, MORNING, ())
    await keeper.refresh()
    assert offers.made == [(SECOND, SITI)]


async def test_a_roster_that_could_never_be_read_removes_nobodys_telephone(
    database: FaultyDatabase, keeper: FloorKeeper, exchange: PretendExchange
) -> None:
    database.away = True
    with pytest.raises(EffectFailed):
        await keeper.refresh()
    assert exchange.published == []


async def test_nobody_is_offered_while_the_exchange_is_away_and_everybody_waits_in_his_place(
    keeper: FloorKeeper, exchange: PretendExchange, offers: Offers
) -> None:
    """Each offer would be refused at once and the next one made, round and round."""
    await keeper.refresh()
    exchange.away = True
    with pytest.raises(EffectFailed):
        await keeper.refresh()
    keeper.seek(SECOND, LATER, ())
    keeper.seek(FIRST, MORNING, ())
    assert offers.made == []
    exchange.away = False
    await keeper.refresh()
    assert offers.made == [(FIRST, SITI)]


async def test_an_operator_who_is_added_gets_calls_and_one_who_is_removed_gets_no_more(
    url: str, exchange: PretendExchange, offers: Offers
) -> None:
    async with running_writer(url) as writer:
        keeper = FloorKeeper(writer, exchange, offers)
        await keeper.refresh()
        await keeper.refresh()
        assert exchange.published == [[SITI, BUDI]], "telephones are made known once"
        added = await add_operator(url, "Dewi Lestari", lambda account: ("sha", "md5"), by="ratna")
        await remove_operator(url, BUDI, "ratna")
        exchange.reachable.add(added)
        await keeper.refresh()
        assert exchange.published[1:] == [[SITI, added]]
    for call_id in (FIRST, SECOND, THIRD):
        keeper.seek(call_id, MORNING, ())
    assert sorted(offers.made) == [(FIRST, SITI), (SECOND, added)]


async def test_the_roster_is_kept_from_memory_while_the_database_is_away(
    database: FaultyDatabase, keeper: FloorKeeper, exchange: PretendExchange, offers: Offers
) -> None:
    await keeper.refresh()
    database.away = True
    exchange.reachable.clear()
    await keeper.refresh()
    keeper.seek(FIRST, MORNING, ())
    assert offers.made == [], "his telephone left meanwhile"
    exchange.reachable.add(SITI)
    keeper.exchange_lost()
    await keeper.refresh()
    assert offers.made == [(FIRST, SITI)]
    assert exchange.published == [[SITI], [SITI]], "a restarted exchange is told anew"


async def test_an_exchange_that_does_not_answer_is_asked_again(
    keeper: FloorKeeper, exchange: PretendExchange, offers: Offers
) -> None:
    exchange.away = True
    with pytest.raises(EffectFailed):
        await keeper.refresh()
    keeper.seek(FIRST, MORNING, ())
    async with asyncio.TaskGroup() as tasks:
        refreshing = tasks.create_task(keeper.run(every_s=0.01))
        await until(lambda: exchange.times_asked > 2)
        assert not refreshing.done()
        exchange.away = False
        await until(lambda: offers.made == [(FIRST, SITI)])
        refreshing.cancel()
    assert exchange.published == [[SITI]]


async def test_who_is_paused_is_offered_nobody_until_he_is_ready_and_then_at_once(
    database: FaultyDatabase, keeper: FloorKeeper, offers: Offers
) -> None:
    await keeper.refresh()
    state = await keeper.pause(SITI, "rapat", by="system:root")
    assert isinstance(state.presence, Paused)
    keeper.seek(SECOND, LATER, ())
    keeper.seek(FIRST, MORNING, ())
    assert offers.made == []
    await keeper.ready(SITI, by=SITI)
    assert offers.made == [(FIRST, SITI)]
    told = [(entry.presence, entry.reason, entry.by) for entry in database.presence]
    assert told == [
        ("ready", None, "agent"),
        ("paused", "rapat", "system:root"),
        ("ready", None, SITI),
    ]


async def test_a_pause_is_refused_while_the_database_is_away_and_readiness_is_not(
    database: FaultyDatabase, keeper: FloorKeeper, offers: Offers
) -> None:
    await keeper.refresh()
    await keeper.pause(SITI, "rapat", by=SITI)
    keeper.seek(FIRST, MORNING, ())
    database.away = True
    await keeper.ready(SITI, by=SITI)
    assert offers.made == [(FIRST, SITI)], "no caller waits for a database"
    with pytest.raises(EffectFailed):
        await keeper.pause(SITI, "rapat", by=SITI)
    assert keeper.floor.operators[SITI].kind == "ready"
    database.away = False
    await keeper.refresh()
    await keeper.refresh()
    assert database.presence[-1].presence == "ready"


async def test_what_cannot_be_paused_is_said(database: FaultyDatabase, keeper: FloorKeeper) -> None:
    with pytest.raises(EffectFailed, match="not known yet"):
        await keeper.pause(SITI, "rapat", by=SITI)
    await keeper.refresh()
    with pytest.raises(PauseReasonUnknown):
        await keeper.pause(SITI, "tidur", by=SITI)
    with pytest.raises(OperatorNotOnDuty, match="op-999"):
        await keeper.pause(OperatorId("op-999"), "rapat", by=SITI)
    with pytest.raises(OperatorNotOnDuty, match="op-999"):
        await keeper.ready(OperatorId("op-999"), by=SITI)
    assert [entry.presence for entry in database.presence] == ["ready"]


async def test_a_pause_and_a_wrap_up_outlive_the_agent(
    url: str, exchange: PretendExchange, offers: Offers
) -> None:
    async with running_writer(url) as writer:
        before = FloorKeeper(writer, exchange, Offers(), REASONS)
        await before.refresh()
        before.seek(FIRST, MORNING, ())
        await before.pause(BUDI, "ibadah", by=BUDI)
        before.release(FIRST, given_back(SITI), timedelta(hours=1))
        await before.refresh()
    async with running_writer(url, epoch=1) as writer:
        after = FloorKeeper(writer, exchange, offers, REASONS)
        after.seek(SECOND, MORNING, ())
        await after.refresh()
        assert offers.made == []
        presence = {o: state.presence for o, state in after.floor.operators.items()}
        assert presence[BUDI] == before.floor.operators[BUDI].presence
        assert isinstance(presence[SITI], WrapUp)
        assert presence[SITI].call_id == FIRST
        await after.ready(BUDI, by=BUDI)
        assert offers.made == [(SECOND, BUDI)]


async def test_a_wrap_up_ends_by_itself(keeper: FloorKeeper, offers: Offers) -> None:
    await keeper.refresh()
    keeper.seek(FIRST, MORNING, ())
    keeper.release(FIRST, given_back(SITI), timedelta(seconds=0.2))
    keeper.seek(SECOND, LATER, ())
    assert offers.made == [(FIRST, SITI)]
    async with asyncio.TaskGroup() as tasks:
        refreshing = tasks.create_task(keeper.run(every_s=0.01))
        await until(lambda: offers.made[1:] == [(SECOND, SITI)])
        refreshing.cancel()


async def test_who_says_so_by_telephone_is_rung_when_he_has_put_it_down(
    keeper: FloorKeeper, exchange: PretendExchange, offers: Offers
) -> None:
    await keeper.refresh()
    await keeper.pause(SITI, "rapat", by=SITI)
    keeper.seek(FIRST, MORNING, ())
    exchange.reachable.clear()  # a telephone in a call of the dialplan's own
    await keeper.ready(SITI, by=SITI)
    assert offers.made == []
    exchange.reachable.add(SITI)
    await keeper.refresh()
    assert offers.made == [(FIRST, SITI)]


async def test_whoever_watches_is_told_of_each_change_and_of_nothing_else(
    keeper: FloorKeeper,
) -> None:
    changes: list[int] = []
    keeper.on_change = lambda: changes.append(len(keeper.floor.waiting))
    await keeper.refresh()
    assert changes == [0]
    await keeper.refresh()
    assert changes == [0]
    await keeper.pause(SITI, "rapat", by=SITI)
    keeper.seek(FIRST, MORNING, ())
    assert changes == [0, 0, 1]
