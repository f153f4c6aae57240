"""The socket's words about supervisors: each refusal has its status and its sentence."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from agent.database.operators import add_operator
from agent.database.writer import Writer
from agent.web.forms import make_desk
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import PretendExchange
from tests.runtime.forms import OpenForm, open_form

__all__ = ["exchange", "writer"]


@pytest_asyncio.fixture
async def form(url: str, writer: Writer, exchange: PretendExchange) -> AsyncIterator[OpenForm]:
    """A conversation, and a supervisor op-103."""
    dewi = await add_operator(
        url, "Dewi", lambda account: (account, "md5"), supervises=True, by="ratna"
    )
    exchange.reachable.add(dewi)
    async with open_form(writer, exchange) as opened:
        yield opened


@pytest_asyncio.fixture
async def asker(form: OpenForm) -> AsyncIterator[ClientSession]:
    """A program that talks with the desk."""
    runner = web.AppRunner(make_desk(form.desk, form.supervision))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


async def test_a_session_is_started_changed_and_stopped(
    asker: ClientSession, form: OpenForm
) -> None:
    who = {"form": form.number, "phone": "op-103"}
    for path, modes in (("start", ["listen"]), ("change", ["listen", "join"])):
        wanted = {**who, "mode": modes[-1]}
        async with asker.post(f"/supervision/{path}", json=wanted) as answer:
            told = await answer.json()
        assert (told["supervisor"], told["name"], told["ended_at"]) == ("op-103", "Dewi", None)
        assert [taken["mode"] for taken in told["modes"]] == modes
    async with asker.post("/supervision/stop", json=who) as answer:
        assert (await answer.json())["ended_at"]


@pytest.mark.parametrize(
    ("path", "change", "status", "title"),
    [
        ("start", {"form": "halo"}, 400, "number_invalid"),
        ("start", {"form": "9999/2020"}, 404, "no_conversation"),
        ("start", {"phone": "op-101"}, 404, "not_a_supervisor"),
        ("change", {}, 404, "not_supervising"),
        ("start", {"mode": "shout"}, 400, "request_invalid"),
        ("start", {"phone": "Dewi"}, 400, "request_invalid"),
    ],
)
async def test_what_cannot_be_is_told_in_one_sentence(
    asker: ClientSession,
    form: OpenForm,
    path: str,
    change: dict[str, str],
    status: int,
    title: str,
) -> None:
    wanted = {"form": form.number, "phone": "op-103", "mode": "listen", **change}
    async with asker.post(f"/supervision/{path}", json=wanted) as answer:
        told = await answer.json(content_type=None)
    assert (answer.status, told["title"]) == (status, title)
    assert told["detail"]
