"""The socket's presence: what a program is answered, and what it may not ask."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from agent.runtime.dispatcher import Dispatcher
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.form_desk import FormDesk
from agent.runtime.supervision import SupervisionDesk
from agent.web.forms import make_desk
from agent.web.presence import serve_presence
from tests.domain.test_presence import REASONS
from tests.runtime.conftest import database, exchange
from tests.runtime.exchange import SITI, PretendExchange
from tests.runtime.faulty_database import FaultyDatabase

__all__ = ["database", "exchange"]

PAUSE = {"account": "op-101", "presence": "paused", "reason": "rapat", "by": "op-101"}


@pytest_asyncio.fixture
async def floor(database: FaultyDatabase, exchange: PretendExchange) -> FloorKeeper:
    """One operator whose telephone is there."""
    keeper = FloorKeeper(database, exchange, lambda _call_id, _offered: None, REASONS)
    await keeper.refresh()
    return keeper


@pytest_asyncio.fixture
async def asker(floor: FloorKeeper) -> AsyncIterator[ClientSession]:
    """A program that talks with the desk."""
    calls = Dispatcher()
    application = make_desk(FormDesk(calls, {}), SupervisionDesk(calls, dict, allowed=False))
    serve_presence(application, floor)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


async def asked(asker: ClientSession, body: object) -> tuple[int, dict[str, Any]]:
    async with asker.post("/operator/presence", json=body) as answer:
        problem = answer.content_type == "application/problem+json"
        assert problem is (answer.status != 200)
        return answer.status, await answer.json(content_type=None)


async def test_a_pause_is_answered_with_its_words_and_its_beginning(
    asker: ClientSession, floor: FloorKeeper
) -> None:
    status, told = await asked(asker, PAUSE)
    assert status == 200
    assert told == {
        "operator": "op-101",
        "name": "Siti",
        "presence": "paused",
        "since": floor.floor.operators[SITI].presence.since.isoformat(),
        "reason": "rapat",
        "reason_words": {"id": "Rapat", "en": "Meeting"},
        "until": None,
        "in_call": False,
    }
    status, told = await asked(asker, {"account": "op-101", "presence": "ready", "by": "op-101"})
    assert (status, told["presence"], told["reason"]) == (200, "ready", None)
    assert floor.floor.operators[SITI].free


@pytest.mark.parametrize(
    ("change", "status", "title"),
    [
        ({"reason": "tidur"}, 422, "reason_unknown"),
        ({"reason": ""}, 422, "reason_unknown"),
        ({"account": "op-999"}, 404, "operator_unknown"),
        ({"account": "trunk"}, 400, "request_invalid"),
        ({"presence": "away"}, 400, "request_invalid"),
        ({"by": "a\nb"}, 400, "request_invalid"),
        ({"by": ""}, 400, "request_invalid"),
        ({"colour": "red"}, 400, "request_invalid"),
    ],
)
async def test_what_cannot_be_asked_is_told_in_one_sentence(
    asker: ClientSession,
    database: FaultyDatabase,
    change: dict[str, object],
    status: int,
    title: str,
) -> None:
    answered, told = await asked(asker, {**PAUSE, **change})
    assert (answered, told["status"], told["title"]) == (status, status, title)
    assert told["detail"]
    assert [entry.presence for entry in database.presence] == ["ready"]


async def test_a_pause_that_cannot_be_recorded_is_none(
    asker: ClientSession, database: FaultyDatabase, floor: FloorKeeper
) -> None:
    database.away = True
    answered, told = await asked(asker, PAUSE)
    assert (answered, told["title"]) == (503, "not_recorded")
    assert floor.floor.operators[SITI].free
