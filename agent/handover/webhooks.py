"""Tells another system about tickets by signed webhooks (Standard Webhooks 1.0)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime

import aiohttp
import msgspec

from agent.handover.errors import (
    MessageUnfit,
    ReceiverGone,
    ReceiverRefusesUs,
    ReceiverUnreachable,
    TryLater,
)
from agent.runtime import clock
from agent.runtime.outbox import OutboxMessage

DEADLINE_S = 20.0
SECRET_PREFIX = "whsec_"  # noqa: S105 (the standard's prefix, no secret)

TYPES = {
    "ticket_opened": "ticket.opened",
    "question_asked": "ticket.question_asked",
    "ticket_solved": "ticket.solved",
    "ticket_reopened": "ticket.reopened",
}

OUR_SETTINGS = {401, 403, 404, 405, 407}
"""What a wrong address or secret in the settings gives: mended there, and nothing is lost."""
PASSING = {408, 423, 425, 429}


class WebhookSecretInvalid(ValueError):
    """The secret must be whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it."""


class WebhookSender:
    """Implements runtime.outbox.Sender; a receiver knows a repeat by its webhook-id."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        """Raises WebhookSecretInvalid."""
        self._session = session
        self._url = url
        self._key = key_of(secret)

    async def send(self, message: OutboxMessage, put_at: datetime) -> str:
        """Return the status with which the receiver accepted it.

        Raises ReceiverUnreachable, ReceiverRefusesUs, TryLater, MessageUnfit.
        """
        body = render_body(message, put_at)
        status = await post_signed(self._session, self._url, self._key, message.key, body)
        return f"HTTP {status}"


async def post_signed(
    session: aiohttp.ClientSession,
    url: str,
    key: bytes,
    webhook_id: str,
    body: bytes,
    deadline_s: float = DEADLINE_S,
) -> int:
    """Give a receiver a signed body; answers the status with which he accepted it.

    Of his answer nothing but the status is read. Raises ReceiverUnreachable, ReceiverRefusesUs,
    TryLater, MessageUnfit, ReceiverGone.
    """
    headers = {
        "content-type": "application/json",
        "idempotency-key": webhook_id,
        **signature_headers(key, webhook_id, clock.of_this_machine(), body),
    }
    try:
        async with session.post(
            url,
            data=body,
            headers=headers,
            allow_redirects=False,  # who is redirected has told a stranger
            timeout=aiohttp.ClientTimeout(total=deadline_s),
        ) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ReceiverUnreachable(f"No answer ({type(error).__name__}).") from error
    refuse_unless_accepted(status)
    return status


def refuse_unless_accepted(status: int) -> None:
    """What an HTTP status says of a message.

    Raises ReceiverRefusesUs, TryLater, MessageUnfit, ReceiverGone; nothing for 2xx.
    """
    if 200 <= status < 300:
        return
    said = f"It answered {status}."
    if 300 <= status < 400 or status in OUR_SETTINGS:
        raise ReceiverRefusesUs(said)
    if status >= 500 or status in PASSING:
        raise TryLater(said)
    raise ReceiverGone(said) if status == 410 else MessageUnfit(said)


def render_body(message: OutboxMessage, put_at: datetime) -> bytes:
    """The JSON that is signed: type, timestamp of what happened, and the ticket's facts."""
    data = {fact: value for fact, value in message.facts.items() if fact != "to"}
    content = {
        "type": TYPES[message.matter],
        "timestamp": put_at.isoformat(),
        "data": {"ticket_number": message.ticket_number, "call_id": message.call_id, **data},
    }
    return msgspec.json.encode(content)


def signature_headers(key: bytes, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks; the id must hold no full stop."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def new_secret() -> str:
    """A secret that nobody else has, as both sides write it down."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key that a secret stands for. Raises WebhookSecretInvalid."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise WebhookSecretInvalid(str(WebhookSecretInvalid.__doc__))
    return key
