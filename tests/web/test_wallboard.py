"""The wallboard by the API: the present, and whatever changes."""

import asyncio
import json

from aiohttp import ClientResponse

from tests.runtime.exchange import arrival_of_call
from tests.runtime.waiting import DEADLINE_S
from tests.web.site import Site


async def test_it_shows_who_waits_and_never_who_he_is(here: Site) -> None:
    browser = await here.log_in("auditor")
    status, told = await here.ask(browser, "GET", "/wallboard")
    assert (status, told["floor"]["calls"]) == (200, [])
    assert (told["today"]["received"], told["today"]["within_s"]) == (0, 30.0)
    await here.talks()
    _, told = await here.ask(browser, "GET", "/wallboard")
    (call,) = told["floor"]["calls"]
    assert (call["stage"], call["operator"]) == ("talking", "op-101")
    assert call["caller"] == "0812-••••-789"
    assert "3456" not in json.dumps(told)


async def test_it_is_followed_without_asking(here: Site) -> None:
    browser = await here.log_in("supervisor")
    async with (
        asyncio.timeout(DEADLINE_S),
        browser.get("/api/v1/wallboard/stream") as answer,
    ):
        assert answer.content_type == "text/event-stream"
        assert await next_calls(answer) == []
        await here.people.arrives(arrival_of_call())
        stages: list[str] = []
        while "ringing" not in stages:
            stages = [call["stage"] for call in await next_calls(answer)]
        assert here.parts.streams.open == 1


async def test_more_screens_than_can_be_served_are_told_so(here: Site) -> None:
    browser = await here.log_in("supervisor")
    here.parts.streams.open = 500
    status, told = await here.ask(browser, "GET", "/wallboard/stream")
    assert (status, told["title"]) == (503, "too_many_streams")


async def next_calls(answer: ClientResponse) -> list[dict[str, str]]:
    while True:
        line = (await answer.content.readline()).decode()
        if line.startswith("data: "):
            found: list[dict[str, str]] = json.loads(line.removeprefix("data: "))["floor"]["calls"]
            return found
