"""A telephone that hears a prompt: only an idle one of the office, and one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.database.operators import add_operator
from agent.database.writer import Writer
from agent.domain.identifiers import OperatorId
from agent.runtime.announcements import AnnouncementDesk, AnnouncementRefused
from agent.runtime.errors import EffectFailed
from tests.runtime.exchange import BUDI, SITI, PretendExchange, arrival_of_call
from tests.runtime.office import Office, office

DEWI, EKO = OperatorId("op-103"), OperatorId("op-104")
SOUND = Path("/speech/fixed/connecting")


@pytest_asyncio.fixture
async def people(writer: Writer, exchange: PretendExchange, url: str) -> AsyncIterator[Office]:
    """Siti and Budi answer; of two supervisors only Dewi's telephone is there."""
    for name in ("Dewi", "Eko"):
        await add_operator(url, name, lambda account: (account, "md5"), supervises=True, by="ratna")
    exchange.reachable = {SITI, BUDI, DEWI}
    async with office(writer, exchange) as opened:
        yield opened


async def test_an_operators_or_a_supervisors_idle_telephone_is_rung(
    people: Office, exchange: PretendExchange
) -> None:
    desk = AnnouncementDesk(exchange, people.floor)
    states = {phone.account: phone.state for phone in desk.phones}
    assert states == {SITI: "idle", BUDI: "idle", DEWI: "idle", EKO: "away"}
    for phone in (SITI, DEWI):
        await desk.play(phone, SOUND)
    assert exchange.announced == [(SITI, SOUND), (DEWI, SOUND)]
    assert not people.dispatcher.calls, "it is no consultation"


async def test_whoever_talks_is_away_or_is_none_of_the_office_is_left_alone(
    people: Office, exchange: PretendExchange
) -> None:
    desk = AnnouncementDesk(exchange, people.floor)
    loop = await people.arrives(arrival_of_call())
    await people.talks(loop)
    assert loop.call
    busy = loop.call.offers[-1].operator
    free = BUDI if busy == SITI else SITI
    exchange.engaged = {free}
    for phone, reason in (
        (busy, "phone_busy"),
        (free, "phone_busy"),
        (EKO, "phone_away"),
        (OperatorId("op-999"), "phone_unknown"),
        (OperatorId("trunk"), "phone_unknown"),
    ):
        with pytest.raises(AnnouncementRefused) as refused:
            await desk.play(phone, SOUND)
        assert refused.value.reason == reason, phone
    assert not exchange.announced


async def test_an_exchange_that_does_not_answer_is_told(
    people: Office, exchange: PretendExchange
) -> None:
    exchange.away = True
    with pytest.raises(EffectFailed):
        await AnnouncementDesk(exchange, people.floor).play(SITI, SOUND)
