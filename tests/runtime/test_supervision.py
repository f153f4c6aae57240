"""A supervisor is on the call's record before he is said to be there; what cannot be is refused."""

import pytest

from agent.database.connect import Connection
from agent.database.operators import add_operator
from agent.database.writer import Writer
from agent.domain.call_state import Stage
from agent.domain.effects import Supervise
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import NumberInvalid
from agent.runtime.supervision import SupervisionDesk, SupervisionRefused
from tests.runtime.exchange import BUDI, SITI, PretendExchange
from tests.runtime.forms import OpenForm, open_form
from tests.runtime.office import call_of_loop, stage_of
from tests.runtime.waiting import until

DEWI, EKO = OperatorId("op-103"), OperatorId("op-104")


@pytest.fixture(autouse=True)
async def supervisors(url: str, exchange: PretendExchange) -> None:
    """Two of them, with telephones."""
    for name in ("Dewi", "Eko"):
        await add_operator(url, name, lambda account: (account, "md5"), supervises=True, by="ratna")
    exchange.reachable = {SITI, BUDI, DEWI}


async def joined(form: OpenForm) -> None:
    await until(lambda: (s := call_of_loop(form.loop).supervision) is not None and bool(s.joined))


async def test_a_session_is_on_record_from_its_beginning_to_its_end(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        begun = await form.supervision.start(form.number, DEWI, "listen")
        assert (begun.supervisor, begun.name, begun.mode) == (DEWI, "Dewi", "listen")
        await joined(form)
        changed = await form.supervision.change(form.number, DEWI, "whisper")
        again = await form.supervision.start(form.number, DEWI, "join")
        assert (changed.mode, again.mode) == ("whisper", "join")
        ended = await form.supervision.stop(form.number, DEWI)
        assert ended.ended
        rows = await connection.fetch(
            "SELECT event FROM call_events WHERE event LIKE 'Superv%' ORDER BY sequence"
        )
        assert [row["event"] for row in rows] == [
            "SupervisorCalled",
            "SupervisorJoined",
            "SupervisionModeChanged",
            "SupervisionModeChanged",
            "SupervisorLeft",
        ]
        modes = [effect.mode for effect in exchange.begun if isinstance(effect, Supervise)]
        assert modes == ["listen", "whisper", "join"]
        assert stage_of(form.loop) is Stage.TALKING


@pytest.mark.parametrize(
    ("who", "reason"),
    [(SITI, "not_a_supervisor"), (EKO, "phone_not_reachable")],
)
async def test_who_cannot_be_rung_is_refused(
    writer: Writer, exchange: PretendExchange, who: OperatorId, reason: str
) -> None:
    async with open_form(writer, exchange) as form:
        with pytest.raises(SupervisionRefused, match=reason):
            await form.supervision.start(form.number, who, "listen")
        assert call_of_loop(form.loop).supervisions == ()


async def test_what_is_not_there_cannot_be_changed_or_listened_to(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        desk = form.supervision
        with pytest.raises(SupervisionRefused, match="not_supervising"):
            await desk.change(form.number, DEWI, "join")
        with pytest.raises(SupervisionRefused, match="not_supervising"):
            await desk.stop(form.number, DEWI)
        with pytest.raises(SupervisionRefused, match="no_conversation"):
            await desk.start("9999/2020", DEWI, "listen")
        with pytest.raises(NumberInvalid):
            await desk.start("halo", DEWI, "listen")
        form.hang_up()
        await until(lambda: stage_of(form.loop) is Stage.ENDED)
        with pytest.raises(SupervisionRefused, match="no_conversation"):
            await desk.start(form.number, DEWI, "listen")


async def test_one_supervisor_at_a_time(writer: Writer, exchange: PretendExchange) -> None:
    exchange.reachable.add(EKO)
    async with open_form(writer, exchange) as form:
        await form.supervision.start(form.number, DEWI, "listen")
        with pytest.raises(SupervisionRefused, match="already_supervised"):
            await form.supervision.start(form.number, EKO, "listen")


async def test_an_office_that_switched_it_off_is_listened_to_by_nobody(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        people = form.people
        off = SupervisionDesk(people.dispatcher, lambda: people.floor.supervisors, allowed=False)
        with pytest.raises(SupervisionRefused, match="supervision_off"):
            await off.start(form.number, DEWI, "listen")


async def test_a_supervisor_is_offered_no_call(writer: Writer, exchange: PretendExchange) -> None:
    exchange.reachable = {DEWI, SITI}
    async with open_form(writer, exchange) as form:
        assert set(form.people.floor.floor.operators) == {SITI, BUDI}
        assert form.people.floor.supervisors[DEWI].reachable
        assert [DEWI in published for published in exchange.published] == [True]
