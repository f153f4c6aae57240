"""`lpse-agent supervise` talks with the service over its socket."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from agent.database.operators import add_operator
from agent.database.writer import Writer
from agent.service import DESK_SOCKET
from agent.web.forms import make_desk
from tests.commands.shell import Shell
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import PretendExchange
from tests.runtime.forms import OpenForm, open_form

__all__ = ["exchange", "writer"]


@pytest_asyncio.fixture
async def form(
    url: str, writer: Writer, exchange: PretendExchange, shell: Shell
) -> AsyncIterator[OpenForm]:
    """A conversation and a supervisor op-103, served where the command looks for it."""
    dewi = await add_operator(
        url, "Dewi", lambda account: (account, "md5"), supervises=True, by="ratna"
    )
    exchange.reachable.add(dewi)
    async with open_form(writer, exchange) as opened:
        runner = web.AppRunner(make_desk(opened.desk, opened.supervision))
        await runner.setup()
        await web.UnixSite(runner, str(shell.folder / DESK_SOCKET)).start()
        yield opened
        await runner.cleanup()


async def test_a_supervisor_is_brought_in_and_leaves(
    form: OpenForm, shell: Shell, url: str
) -> None:
    words = ("supervise", form.number, "--phone", "op-103")
    rung = await shell.run(url, *words, "--mode", "listen")
    assert "Dewi (op-103)" in rung.stdout, rung.stderr
    changed = await shell.run(url, *words, "--mode", "whisper", "--json")
    assert [taken["mode"] for taken in json.loads(changed.stdout)["modes"]] == ["listen", "whisper"]
    left = await shell.run(url, *words, "--stop")
    assert "has left" in left.stdout
    again = await shell.run(url, *words, "--stop")
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("words", [(), ("--mode", "join", "--stop")])
async def test_it_is_said_what_is_wanted(shell: Shell, url: str, words: tuple[str, ...]) -> None:
    done = await shell.run(url, "supervise", "1/2026", "--phone", "op-103", *words)
    assert done.exit_code == 2
    assert "either" in done.stderr
