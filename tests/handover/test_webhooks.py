"""Signed webhooks, received by a server of the test that verifies them as the standard says."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from agent.handover.errors import (
    MessageUnfit,
    ReceiverRefusesUs,
    ReceiverUnreachable,
    TryLater,
)
from agent.handover.webhooks import (
    WebhookSecretInvalid,
    WebhookSender,
    signature_headers,
)
from tests.handover.messages import PUT_AT, message

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Receiver:
    """Verifies every signature by itself, keeps what came and answers as it is told to."""

    def __init__(self) -> None:
        self.status = 204
        self.came: list[tuple[str, dict[str, object]]] = []
        self.unsigned = 0
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """One webhook."""
        body = await request.read()
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = f"{name}.{at}.".encode() + body
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if request.headers["webhook-signature"] != f"v1,{wanted}" or abs(time.time() - int(at)) > 9:
            self.unsigned += 1
        assert request.headers["idempotency-key"] == name
        self.came.append((name, json.loads(body)))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/{path:.*}", receiver.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def test_a_webhook_is_signed_and_tells_the_ticket(session: aiohttp.ClientSession) -> None:
    async with receiving() as receiver:
        told = message("webhook")
        sender = WebhookSender(session, receiver.url, SECRET)
        for _ in range(2):
            assert await sender.send(told, PUT_AT) == "HTTP 204"
        assert receiver.unsigned == 0
        (first, content), (again, same) = receiver.came
        assert first == again == told.key
        assert "." not in first, "it parts what is signed"
        assert content == same
        assert content["type"] == "ticket.opened"
        assert content["timestamp"] == "2026-11-25T03:15:00+00:00"
        data = content["data"]
        assert isinstance(data, dict)
        assert data["ticket_number"] == "26-00412-7"
        assert data["problem"] == told.facts["problem"]
        assert "to" not in data


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    """The one that every library of Standard Webhooks is tested with."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = PUT_AT.fromtimestamp(1614265330, PUT_AT.tzinfo)
    body = b'{"test": 2432232314}'
    headers = signature_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "judged"),
    [
        (400, MessageUnfit),
        (410, MessageUnfit),
        (422, MessageUnfit),
        (401, ReceiverRefusesUs),
        (404, ReceiverRefusesUs),
        (307, ReceiverRefusesUs),
        (429, TryLater),
        (500, TryLater),
        (503, TryLater),
    ],
)
async def test_the_status_says_what_becomes_of_it(
    session: aiohttp.ClientSession, status: int, judged: type[Exception]
) -> None:
    async with receiving() as receiver:
        receiver.status = status
        with pytest.raises(judged, match=str(status)):
            await WebhookSender(session, receiver.url, SECRET).send(message("webhook"), PUT_AT)
        assert len(receiver.came) == 1, "nobody is followed elsewhere"


async def test_nobody_there_is_a_receiver_that_is_away(session: aiohttp.ClientSession) -> None:
    with pytest.raises(ReceiverUnreachable):
        await WebhookSender(session, "http://127.0.0.1:1/", SECRET).send(message("webhook"), PUT_AT)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", SECRET.removeprefix("whsec_")]
)
async def test_a_secret_that_is_none_is_refused(
    session: aiohttp.ClientSession, secret: str
) -> None:
    with pytest.raises(WebhookSecretInvalid, match="whsec_ and 24 to 64 bytes"):
        WebhookSender(session, "https://example.test/", secret)
