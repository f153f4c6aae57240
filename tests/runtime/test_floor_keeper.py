"""Who is offered to whom, on the real list of operators; the floor's own rules have their tests."""

import asyncio
from datetime import timedelta

import pytest

from agent.database.operators import add_operator, remove_operator
from agent.domain.effects import ReleaseOperator
from agent.domain.events import NumberPair, OperatorOffered
from agent.domain.identifiers import CallId, OperatorId
from agent.runtime.errors import EffectFailed
from agent.runtime.floor_keeper import FloorKeeper
from tests.database.agents import running_writer
from tests.database.stories import MORNING, escalated, solved
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
    return FloorKeeper(database, exchange, offers)


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
        added = await add_operator(url, "Dewi Lestari", lambda account: ("sha", "md5"))
        await remove_operator(url, BUDI)
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
