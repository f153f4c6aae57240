"""What the API can do: each operation is described once, and its route and its part of the OpenAPI
document are both made from that.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import structlog
from aiohttp import web

from agent.catalogue import Language, Words, language_of
from agent.database.accounts import Accounts
from agent.database.errors import (
    AccountInvalid,
    AccountUnknown,
    AnswerChanged,
    AnswerUnknown,
    DatabaseUnreachable,
    DeviationUnknown,
    NumberUnknown,
    OperatorUnknown,
    PromptChanged,
    TicketUnknown,
    TokenUnknown,
)
from agent.database.webhooks import SubscriptionRefused, SubscriptionUnknown
from agent.domain.numbers import NumberInvalid
from agent.domain.rights import Identity, Right
from agent.handover.receiver_address import ReceiverAddressInvalid
from agent.runtime.errors import EffectFailed
from agent.runtime.feed import CursorInvalid
from agent.runtime.form_desk import FormNotOpen
from agent.web.guard import SAFE, Guard
from agent.web.problems import Refused, told

BASE = "/api/v1"
LANGUAGE_COOKIE = "lpse-language"
LARGEST_BODY = 64 * 1024

log = structlog.get_logger()

PROBLEMS: tuple[tuple[type[Exception], int, str], ...] = (
    (NumberInvalid, 400, "number_invalid"),
    (NumberUnknown, 404, "number_unknown"),
    (FormNotOpen, 404, "form_not_open"),
    (AccountUnknown, 404, "account_unknown"),
    (OperatorUnknown, 404, "operator_unknown"),
    (TokenUnknown, 404, "token_unknown"),
    (TicketUnknown, 404, "ticket_unknown"),
    (AnswerUnknown, 404, "answer_unknown"),
    (DeviationUnknown, 404, "deviation_unknown"),
    (SubscriptionUnknown, 404, "webhook_unknown"),
    (PromptChanged, 409, "prompt_changed"),
    (AnswerChanged, 409, "answer_changed"),
    (CursorInvalid, 400, "cursor_invalid"),
    (SubscriptionRefused, 422, "webhook_refused"),
    (ReceiverAddressInvalid, 422, "webhook_refused"),
    (AccountInvalid, 422, "account_invalid"),
    (DatabaseUnreachable, 503, "database_away"),
    (EffectFailed, 503, "not_recorded"),
)
"""What the rooms below raise, as status and reason; the first that fits."""


@dataclass(frozen=True)
class Asking:
    """One request, and who makes it."""

    who: Identity
    request: web.Request
    words: Words

    def path(self, name: str) -> str:
        """What stands in the path at this name."""
        return self.request.match_info[name]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that the API can do.

    `asked` is what comes in the query of a GET or DELETE and in the body of all others, `answered`
    what goes out (None: nothing, status 204; bytes: a stream that `perform` makes itself).
    `right` None: whoever is logged in; several: any of them is enough.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    right: Right | tuple[Right, ...] | None
    summary: str
    perform: Callable[[Asking, Any], Awaitable[Any]]
    asked: type[msgspec.Struct] | None = None
    answered: Any = None
    status: int = 200
    refuses: tuple[int, ...] = ()
    content: tuple[str, ...] = ("text/event-stream",)
    """Types of what goes out as bytes."""

    @property
    def scopes(self) -> tuple[Right, ...]:
        """The rights of which one is enough; none where it is enough to be logged in."""
        if self.right is None or isinstance(self.right, tuple):
            return self.right or ()
        return (self.right,)


def add_operations(
    application: web.Application,
    operations: Sequence[Operation],
    guard: Guard,
    accounts: Accounts,
    words: dict[Language, Words],
) -> None:
    """Make the routes."""
    for operation in operations:
        handler = _handler(operation, guard, accounts, words)
        application.router.add_route(operation.method, BASE + operation.path, handler)


def refusal_of(error: Exception) -> Refused | None:
    """What the rooms below raised, as people and programs are told it; None for our own mistake."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return Refused(400, "request_invalid", str(error))
    for kind, status, reason in PROBLEMS:
        if isinstance(error, kind):
            return Refused(status, reason)
    return None


def words_for(request: web.Request, words: dict[Language, Words]) -> Words:
    """In the reader's language: by his choice, which a program makes with a header."""
    asked = request.cookies.get(LANGUAGE_COOKIE) or request.headers.get("Accept-Language", "")[:2]
    return words[language_of(asked)]


def _handler(
    operation: Operation, guard: Guard, accounts: Accounts, words: dict[Language, Words]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        chosen = words_for(request, words)
        try:
            who = await _who_may(operation, request, guard, accounts)
            asked = await _asked(operation, request)
            answer = await operation.perform(Asking(who, request, chosen), asked)
        except Exception as error:
            refused = refusal_of(error)
            if refused is None:
                raise
            return told(refused, chosen)
        if isinstance(answer, web.StreamResponse):
            return answer
        if operation.answered is None:
            return web.Response(status=204)
        return web.Response(
            body=msgspec.json.encode(answer),
            status=operation.status,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return handle


async def require(
    right: Right | tuple[Right, ...] | None, who: Identity, subject: str, accounts: Accounts
) -> None:
    """Raises Refused for whoever has not the right; a stolen key is seen by what it tries (F32)."""
    if right is None or who.may(right):
        return
    wanted = (right,) if isinstance(right, Right) else right
    await accounts.audit(who.account, "refused", subject, {"right": " ".join(wanted)})
    raise Refused(403, "not_allowed")


async def _who_may(
    operation: Operation, request: web.Request, guard: Guard, accounts: Accounts
) -> Identity:
    who = await guard.identity(request)
    if who is None:
        raise Refused(401, "not_logged_in")
    if who.role is not None and request.method not in SAFE:
        guard.refuse_forged(request, request.headers.get("X-CSRF-Token"))
    await require(operation.right, who, operation.name, accounts)
    return who


async def _asked(operation: Operation, request: web.Request) -> Any:
    if operation.asked is None:
        return None
    if operation.method in ("GET", "DELETE"):
        if twice := [key for key, count in Counter(request.query.keys()).items() if count > 1]:
            raise Refused(400, "request_invalid", f"{twice[0]} is given more than once.")
        given = {key: value for key, value in request.query.items() if value}
        return msgspec.convert(given, operation.asked, strict=False)
    if request.content_type != "application/json":
        raise Refused(415, "not_json")
    return msgspec.json.decode(await request.read(), type=operation.asked)
