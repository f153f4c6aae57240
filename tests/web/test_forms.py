"""The socket of the forms: what a program is answered, and what it may not ask."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from agent.database.writer import Writer
from agent.web.forms import make_desk
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import PretendExchange
from tests.runtime.forms import IDENTITY, OpenForm, open_form

__all__ = ["exchange", "writer"]


@pytest_asyncio.fixture
async def form(writer: Writer, exchange: PretendExchange) -> AsyncIterator[OpenForm]:
    """A call with an open form."""
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


async def asked(asker: ClientSession, path: str, body: object) -> tuple[int, dict[str, Any]]:
    async with asker.post(path, json=body) as answer:
        problem = answer.content_type == "application/problem+json"
        assert problem is (answer.status != 200)
        return answer.status, await answer.json(content_type=None)


async def test_a_form_is_filled_in_and_read_with_what_is_missing_and_what_seems_wrong(
    asker: ClientSession, form: OpenForm
) -> None:
    for field, text in {**IDENTITY, "npwp": "123"}.items():
        wanted = {"form": form.number, "field": field, "text": text, "by": "op-101"}
        status, told = await asked(asker, "/form/fill", wanted)
        assert status == 200
    async with asker.get("/form", params={"form": form.number}) as answer:
        assert await answer.json() == told
    assert told["missing"] == {"3": [], "6": ["solution"], "8": ["email"]}
    npwp = told["fields"]["npwp"]
    assert (npwp["value"], npwp["raw"], npwp["by"]) == ("123", "123", "op-101")
    assert [warning["key"] for warning in npwp["warnings"]] == ["npwp_length"]
    assert npwp["warnings"][0]["id"].startswith("NPWP terdiri dari")


async def test_a_secret_is_refused_with_its_sentence_and_not_repeated(
    asker: ClientSession, form: OpenForm
) -> None:
    wanted = {"form": form.number, "field": "problem", "text": "password: melati9", "by": "op-101"}
    status, told = await asked(asker, "/form/fill", wanted)
    assert (status, told["title"], told["field"]) == (422, "secret", "problem")
    assert told["words"]["en"].startswith("Sorry,")
    assert "melati9" not in str(told)


async def test_a_finished_form_says_so(asker: ClientSession, form: OpenForm) -> None:
    status, told = await asked(asker, "/form/finish", {"form": form.number, "by": "op-101"})
    assert (status, told["finished"]) == (200, True)


@pytest.mark.parametrize(
    ("change", "status", "title"),
    [
        ({"form": "halo"}, 400, "number_invalid"),
        ({"form": "9999/2020"}, 404, "form_not_open"),
        ({"field": "moon"}, 422, "unknown_field"),
        ({"by": ""}, 400, "request_invalid"),
        ({"by": "a\nb"}, 400, "request_invalid"),
        ({"colour": "red"}, 400, "request_invalid"),
        ({"text": 5}, 400, "request_invalid"),
    ],
)
async def test_what_cannot_be_asked_is_told_in_one_sentence(
    asker: ClientSession, form: OpenForm, change: dict[str, object], status: int, title: str
) -> None:
    wanted = {"form": form.number, "field": "problem", "text": "x", "by": "op-101", **change}
    answered, told = await asked(asker, "/form/fill", wanted)
    assert (answered, told["status"], told["title"]) == (status, status, title)
    assert told["detail"]


async def test_what_is_no_json_is_refused(asker: ClientSession, form: OpenForm) -> None:
    async with asker.post("/form/fill", data=b"{nonsense") as answer:
        assert answer.status == 400
