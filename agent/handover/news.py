"""Gives public news to the receivers who asked for them, signed as all our webhooks are."""

from uuid import uuid4

import aiohttp
import msgspec

from agent.handover.errors import ReceiverRefusesUs
from agent.handover.receiver_address import ReceiverAddressInvalid, check_address
from agent.handover.webhooks import key_of, post_signed
from agent.runtime import clock

DEADLINE_S = 10.0


class NewsPoster:
    """Implements runtime.webhooks.Poster on a session of `receiver_address.make_session`."""

    def __init__(self, session: aiohttp.ClientSession, deadline_s: float = DEADLINE_S) -> None:
        self._session = session
        self._deadline_s = deadline_s

    async def post(self, url: str, secret: str, webhook_id: str, body: bytes) -> None:
        """Return when the receiver has it.

        Raises ReceiverUnreachable, ReceiverRefusesUs, TryLater, MessageUnfit, ReceiverGone.
        """
        try:
            check_address(url)
        except ReceiverAddressInvalid as error:
            raise ReceiverRefusesUs(str(error)) from error
        await post_signed(self._session, url, key_of(secret), webhook_id, body, self._deadline_s)


def trial(subscription: int) -> tuple[str, bytes]:
    """A message that tells nothing: its id, and its body."""
    name = str(uuid4())
    body = {
        "id": name,
        "type": "webhook.test",
        "timestamp": clock.of_this_machine(),
        "data": {"webhook": subscription},
    }
    return name, msgspec.json.encode(body)
