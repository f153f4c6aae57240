"""Events for programs: a stream that is gone on with where it was lost, and the same by pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import ClientResponse, ClientSession, TCPConnector

from agent.database.connect import Connection
from agent.database.queries import sql
from agent.runtime import clock
from agent.web import events, streams
from tests.web.site import Site

WITHIN_S = 20.0


async def happen(connection: Connection, *kinds: str) -> None:
    """Things happen, each with its number."""
    for kind in kinds:
        number = await connection.fetchval("SELECT count(*) FROM feed_events")
        body = f'{{"number": {number}}}'
        await connection.execute(sql("put_news"), f"news-{number}", kind, clock.now(), body)


@asynccontextmanager
async def following(
    browser: ClientSession, query: str = "", last: str | None = None
) -> AsyncIterator[ClientResponse]:
    headers = {"Last-Event-ID": last} if last else {}
    async with browser.get(f"/api/v1/events{query}", headers=headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        yield answer


class Heard(msgspec.Struct):
    """What a reader has read, and where he is by what he was told."""

    events: list[dict[str, Any]] = []
    last: str | None = None


async def hear(answer: ClientResponse, count: int, heard: Heard | None = None) -> Heard:
    """Read until so many events have come, as EventSource does."""
    heard = heard or Heard()
    async with asyncio.timeout(WITHIN_S):
        while len(heard.events) < count:
            block = (await answer.content.readuntil(b"\n\n")).decode()
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            heard.last = fields.get("id", heard.last)
            if "data" in fields:
                event = msgspec.json.decode(fields["data"])
                assert event["type"] == fields["event"]
                heard.events.append(event)
    return heard


async def numbers_by_page(
    here: Site, browser: ClientSession, count: int, query: str = ""
) -> list[int]:
    """Read on until so many have come: what has just happened is there within a second."""
    found: list[int] = []
    after = ""
    async with asyncio.timeout(WITHIN_S):
        while len(found) < count:
            status, page = await here.ask(browser, "GET", f"/events/page?limit=2{after}{query}")
            assert status == 200, page
            found += [event["data"]["number"] for event in page["events"]]
            after = f"&after={page['cursor']}"
    return found


async def test_a_stream_tells_from_now_on_and_goes_on_where_it_was_lost(
    here: Site, connection: Connection
) -> None:
    browser = await here.log_in("supervisor")
    await happen(connection, "call.arrived")
    async with following(browser) as answer:
        await answer.content.readuntil(b"\n\n")
        await happen(connection, "call.answered", "ticket.opened")
        heard = await hear(answer, 2)
    assert [event["data"]["number"] for event in heard.events] == [1, 2]
    await happen(connection, "call.ended", "call.archived")
    async with following(browser, last=heard.last) as answer:
        await hear(answer, 4, heard)
        await happen(connection, "call.arrived")
        await hear(answer, 5, heard)
    assert [event["data"]["number"] for event in heard.events] == [1, 2, 3, 4, 5]
    assert len({event["id"] for event in heard.events}) == 5


async def test_a_reader_who_wants_little_keeps_his_place_by_what_he_does_not_hear(
    here: Site, connection: Connection
) -> None:
    browser = await here.log_in("supervisor")
    async with following(browser, "?kinds=ticket.opened,ticket.solved") as answer:
        await answer.content.readuntil(b"\n\n")
        await happen(connection, "ticket.opened", "call.ended", "call.ended", "ticket.solved")
        heard = await hear(answer, 2)
        assert [event["type"] for event in heard.events] == ["ticket.opened", "ticket.solved"]
        await happen(connection, "call.ended")
        assert await numbers_by_page(here, browser, 5) == [0, 1, 2, 3, 4]
        async with asyncio.timeout(WITHIN_S):
            while True:
                _, page = await here.ask(browser, "GET", f"/events/page?after={heard.last}")
                if page["events"] == []:
                    break  # its place is after what it did not ask for
                block = await answer.content.readuntil(b"\n\n")
                heard.last = block.partition(b"id: ")[2].strip().decode()


async def test_pages_give_everything_that_is_kept_in_order(
    here: Site, connection: Connection
) -> None:
    browser = await here.log_in("auditor")
    await happen(connection, *["call.arrived", "call.ended"] * 4)
    assert await numbers_by_page(here, browser, 8) == list(range(8))
    assert await numbers_by_page(here, browser, 4, "&kinds=call.ended") == [1, 3, 5, 7]
    _, page = await here.ask(browser, "GET", "/events/page?limit=500")
    assert len(page["events"]) == 8
    assert not page["more"]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("kinds=call.rung", "kind_unknown"),
        ("kinds=%20", "request_invalid"),
        ("after=x", "request_invalid"),
        ("from=1", "request_invalid"),
    ],
)
async def test_what_cannot_be_followed_is_refused(here: Site, query: str, title: str) -> None:
    browser = await here.log_in("supervisor")
    for path in ("/events", "/events/page"):
        status, told = await here.ask(browser, "GET", f"{path}?{query}")
        assert (status, told["title"]) == (400, title), path
    async with browser.get("/api/v1/events", headers={"Last-Event-ID": "x"}) as answer:
        assert answer.status == 400
        assert (await answer.json(content_type=None))["title"] == "cursor_invalid"


async def test_whoever_may_not_see_the_floor_follows_nothing(here: Site) -> None:
    operator, stranger = await here.log_in("operator"), await here.browser()
    for path in ("/events", "/events/page"):
        assert (await here.ask(operator, "GET", path))[0] == 403
        assert (await here.ask(stranger, "GET", path))[0] == 401


async def test_no_more_than_so_many_follow_and_one_who_leaves_makes_room(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    browser = await here.log_in("supervisor")
    many = ClientSession(
        here.origin, cookie_jar=browser.cookie_jar, connector=TCPConnector(limit=0)
    )
    async with asyncio.timeout(60), many:
        open_ = [await many.get("/api/v1/events") for _ in range(events.MOST_STREAMS)]
        status, told = await here.ask(browser, "GET", "/events")
        assert (status, told["title"]) == (503, "too_many_streams")
        for answer in open_:
            answer.close()
        while True:
            async with browser.get("/api/v1/events") as answer:
                if answer.status == 200:
                    break
            await asyncio.sleep(0.05)


async def test_a_quiet_stream_beats(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    browser = await here.log_in("supervisor")
    async with asyncio.timeout(WITHIN_S), following(browser) as answer:
        for _ in range(3):
            assert b"data:" not in await answer.content.readuntil(b"\n\n")


async def test_one_who_never_reads_is_cut_off_and_harms_no_other(
    here: Site, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "READ_WITHIN_S", 0.5)
    browser = await here.log_in("supervisor")
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser.cookie_jar)
    port = int(here.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    head = f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n\r\n"
    writer.write(head.encode())
    assert b"200" in await reader.readline()
    await connection.execute(
        "INSERT INTO feed_events (key, kind, at, body)"
        " SELECT 'big-' || n, 'call.ended', now(),"
        " jsonb_build_object('number', n, 'weight', repeat('x', 20000))"
        " FROM generate_series(0, 1499) AS n"
    )
    async with asyncio.timeout(60), following(browser, "?after=0-0") as answer:
        heard = await hear(answer, 1500)
        assert len(heard.events) == 1500
        with pytest.raises(OSError):  # reset or broken pipe, as the kernel sees it
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
    writer.close()
