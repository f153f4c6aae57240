"""Keys of programs: each has a name, an end and no right that its maker may not give."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from agent.database.accounts import TokenSummary
from agent.database.operators import list_operators
from agent.domain.rights import Identity, Right
from agent.runtime import clock
from agent.web.accounts import PersonName, plain_name
from agent.web.guard import make_token
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused

WITHOUT_PERSONS = frozenset({Right.LIVE, Right.CALLS, Right.TICKETS, Right.RECAP})
"""What an administrator gives though he lacks it: numbers and names stay hidden without PERSONS."""


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program's key: what it is for, what it may do, how long."""

    name: PersonName
    scopes: Annotated[list[Right], Meta(min_length=1, max_length=len(Right))]
    operator: Annotated[str, Meta(max_length=40)] | None = None
    """Whose telephone it acts at."""
    days: Annotated[int, Meta(ge=1, le=400)] = 90


class MadeToken(msgspec.Struct, frozen=True):
    """The key itself; shown now and never again."""

    id: str
    token: str


def may_give(who: Identity, operator: str | None) -> frozenset[Right]:
    """Scopes that his tokens may have: his own rights, and what shows nobody's number or name.

    The desk of a telephone too: he may give that telephone to an account as well.
    """
    return who.rights | WITHOUT_PERSONS | (frozenset({Right.DESK}) if operator else frozenset())


def token_operations(parts: Parts) -> list[Operation]:
    """All that is done with tokens; each is on record."""

    async def known(_asking: Asking, _asked: None) -> list[TokenSummary]:
        return await parts.accounts.tokens()

    async def add(asking: Asking, asked: NewToken) -> MadeToken:
        scopes = tuple(sorted(set(asked.scopes)))
        if not set(scopes) <= may_give(asking.who, asked.operator):
            raise Refused(403, "scope_not_yours")
        token_id, text, digest = make_token()
        await parts.accounts.add_token(
            token_id, digest, plain_name(asked.name), scopes, asking.who.account,
            timedelta(days=asked.days), asked.operator,
        )  # fmt: skip
        return MadeToken(token_id, text)

    async def revoke(asking: Asking, _asked: None) -> None:
        await parts.accounts.revoke_token(asking.path("token"), asking.who.account)

    return [
        Operation(
            name="listTokens", method="GET", path="/tokens", right=Right.ADMINISTER,
            summary="All keys that ever were, without their secrets.",
            perform=known, answered=list[TokenSummary],
        ),
        Operation(
            name="addToken", method="POST", path="/tokens", right=Right.ADMINISTER,
            summary="A new key, answered once; its scopes are those of its maker at most, or live, "
            "calls, tickets and recap, and desk where it names the telephone that it acts at.",
            perform=add, asked=NewToken, answered=MadeToken, status=201,
        ),
        Operation(
            name="revokeToken", method="DELETE", path="/tokens/{token}", right=Right.ADMINISTER,
            summary="The key opens nothing any more.", perform=revoke,
        ),
    ]  # fmt: skip


def token_pages(parts: Parts) -> list[Page]:
    """The tokens."""

    async def show(asking: Asking) -> Shown:
        now, tokens = clock.now(), await parts.accounts.tokens()
        operators = await list_operators(parts.pool.url)
        own = may_give(asking.who, None) - {Right.DESK}
        values = {
            "operators": [one for one in operators if one.removed_at is None],
            "valid": [t for t in tokens if t.revoked_at is None and t.expires_at > now],
            "over": [t for t in tokens if t.revoked_at is not None or t.expires_at <= now],
            # The desk's last: it is given with a telephone, which is asked for next.
            "scopes": [right for right in Right if right in own] + [Right.DESK],
        }
        return Shown("tokens.html", values)

    return [Page(path="/tokens", right=Right.ADMINISTER, show=show, menu="menu.tokens")]
