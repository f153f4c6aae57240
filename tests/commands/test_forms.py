"""`lpse-agent form` talks with the service over its socket, and says what it cannot do."""

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web

from agent.database.access import access_of
from agent.database.writer import Writer
from agent.dialplan import DESK_SOCKET
from agent.web.forms import make_desk
from tests.commands.shell import Shell
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import PretendExchange
from tests.runtime.forms import IDENTITY, OpenForm, open_form

__all__ = ["exchange", "writer"]


@pytest_asyncio.fixture
async def form(writer: Writer, exchange: PretendExchange, shell: Shell) -> AsyncIterator[OpenForm]:
    """A call with an open form, served where the command looks for it."""
    async with open_form(writer, exchange) as opened:
        runner = web.AppRunner(make_desk(opened.desk, opened.supervision))
        await runner.setup()
        await web.UnixSite(runner, str(shell.folder / DESK_SOCKET)).start()
        yield opened
        await runner.cleanup()


async def test_a_form_is_filled_in_from_a_shell(form: OpenForm, shell: Shell, url: str) -> None:
    filled = [f"{field}={text}" for field, text in IDENTITY.items()]
    done = await shell.run(url, "form", "fill", form.number, *filled, "--by", "op-101", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert {name: field["value"] for name, field in told["fields"].items()} == {
        **IDENTITY,
        "contact_phone": "+628123456789",
    }
    shown = await shell.run(url, "form", "show", form.number)
    (line,) = await access_of(url, [form.desk.read(form.number).call.form_number])
    assert (line.action, line.purpose) == ("read", "lpse-agent form show")
    assert "Langkah 3: lengkap" in shown.stdout
    assert "Langkah 6: kurang solution" in shown.stdout
    finished = await shell.run(url, "form", "finish", form.number, "--by", "op-101", "--json")
    assert json.loads(finished.stdout)["finished"] is True


async def test_a_secret_is_refused_in_one_sentence_and_what_came_before_it_is_kept(
    form: OpenForm, shell: Shell, url: str
) -> None:
    words = ("caller_name=Budi", "problem=OTP 482913", "solution=x")
    done = await shell.run(url, "form", "fill", form.number, *words, "--by", "op-101")
    assert done.exit_code == 2
    assert "482913" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    values = form.desk.read(form.number).call.form.values
    assert values["caller_name"] == "Budi"
    assert "solution" not in values


async def test_a_word_that_is_no_field_is_refused(form: OpenForm, shell: Shell, url: str) -> None:
    done = await shell.run(url, "form", "fill", form.number, "halo", "--by", "op-101")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
