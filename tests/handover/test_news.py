"""News given to real receivers: signed, within a deadline, and only where they may go."""

import asyncio
import json

import pytest

from agent.handover.errors import (
    MessageUnfit,
    ReceiverGone,
    ReceiverRefusesUs,
    ReceiverUnreachable,
    TryLater,
)
from agent.handover.news import NewsPoster
from agent.handover.receiver_address import make_session
from agent.handover.webhooks import new_secret
from tests.handover.receivers import receiving

SECRET = new_secret()
BODY = json.dumps({"type": "call.ended"}).encode()


async def test_news_come_signed_and_every_status_says_what_it_means() -> None:
    async with receiving(SECRET) as receiver, make_session() as session:
        poster = NewsPoster(session)
        await poster.post(receiver.url, SECRET, "one", BODY)
        assert receiver.came == [("one", {"type": "call.ended"})]
        for status, judged in (
            (307, ReceiverRefusesUs),
            (400, MessageUnfit),
            (410, ReceiverGone),
            (500, TryLater),
        ):
            receiver.answers = [status]
            with pytest.raises(judged, match=str(status)):
                await poster.post(receiver.url, SECRET, "two", BODY)
        with pytest.raises(ReceiverRefusesUs, match="401"):
            await poster.post(receiver.url, new_secret(), "three", BODY)
        assert receiver.asked == 6, "nobody is followed elsewhere"


async def test_who_does_not_answer_in_time_is_away() -> None:
    async with receiving(SECRET) as receiver, make_session() as session:
        receiver.waits_s = 5.0
        with pytest.raises(ReceiverUnreachable):
            async with asyncio.timeout(4):
                await NewsPoster(session, deadline_s=0.2).post(receiver.url, SECRET, "one", BODY)


async def test_of_an_endless_answer_next_to_nothing_is_read() -> None:
    sent = 0

    async def drown(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(drown, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, make_session() as session:
        await NewsPoster(session).post(f"http://127.0.0.1:{port}/", SECRET, "one", BODY)
        before = sent
        await asyncio.sleep(0.2)
    assert sent - before < 2**20, "its connection was left open"
    assert sent < 16 * 2**20, "what lies in the machine's own buffers may have left it"


async def test_an_address_that_was_never_allowed_is_not_asked() -> None:
    async with make_session() as session:
        with pytest.raises(ReceiverRefusesUs, match=r"169\.254"):
            await NewsPoster(session).post("https://169.254.169.254/", SECRET, "one", BODY)
