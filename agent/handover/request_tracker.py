"""Opens tickets in Request Tracker by its REST 2 API (RT 5, also RT 4.4 with the extension)."""

from datetime import datetime
from typing import Any

import aiohttp
import msgspec

from agent.handover.email_messages import MessageTexts, is_address, render_text
from agent.handover.errors import ReceiverUnreachable, TryLater
from agent.handover.webhooks import refuse_unless_accepted
from agent.runtime.outbox import OutboxMessage

DEADLINE_S = 12.0
"""For each of two requests; the whole try has 30 s (runtime/outbox.py)."""


class TrackerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Where, in which queue and as whom; the account needs SeeQueue, ShowTicket, CreateTicket."""

    url: str
    queue: str
    token: str


class Found(msgspec.Struct):
    """A ticket in a search's answer; RT writes numbers now as text and now as numbers."""

    id: str | int


class Search(msgspec.Struct):
    """A search's answer, without what is not needed of it."""

    items: list[Found]


class RequestTrackerSender:
    """Implements runtime.outbox.Sender.

    The subject begins with our ticket number. Before a ticket is made it is searched for, so a
    repeat whose first answer was lost makes no second one, as long as nobody has renamed it in RT.
    """

    def __init__(
        self, session: aiohttp.ClientSession, account: TrackerAccount, texts: MessageTexts
    ) -> None:
        self._session = session
        self._account = account
        self._texts = texts

    async def send(self, message: OutboxMessage, put_at: datetime) -> str:
        """Return RT's own number of the ticket, made now or found.

        Raises ReceiverUnreachable, ReceiverRefusesUs, TryLater, MessageUnfit.
        """
        mark = f"[{message.ticket_number}]"
        subject, content = render_text(self._texts, message)
        query = f"Queue = '{_quoted(self._account.queue)}' AND Subject LIKE '{_quoted(mark)}'"
        found = await self._ask("GET", "tickets", Search, params={"query": query})
        if found.items:
            return str(min(int(item.id) for item in found.items))
        ticket: dict[str, Any] = {
            "Queue": self._account.queue,
            "Subject": f"{mark} {subject}",
            "Content": content,
            "ContentType": "text/plain",
        }
        requestor = message.facts.get("contact_email", "")
        if is_address(requestor):
            ticket["Requestor"] = requestor
        made = await self._ask("POST", "ticket", Found, json=ticket)
        return str(made.id)

    async def _ask(self, method: str, path: str, kind: type[Any], **asked: Any) -> Any:
        try:
            async with self._session.request(
                method,
                f"{self._account.url.rstrip('/')}/REST/2.0/{path}",
                headers={"Authorization": f"token {self._account.token}"},
                allow_redirects=False,  # a token is not for whoever we are sent on to
                timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
                **asked,
            ) as answer:
                status, body = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ReceiverUnreachable(f"No answer ({type(error).__name__}).") from error
        refuse_unless_accepted(status)
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TryLater("Its answer is not Request Tracker's.") from error


def _quoted(text: str) -> str:
    """As it stands within the quotes of TicketSQL."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
