"""The call log: calls found by everything that people know of one, a page at a time."""

import asyncio
from datetime import date
from typing import Annotated

import msgspec

from agent.database.access import Access, keep_access
from agent.database.call_filter import CallFilter, FilterInvalid, parsed
from agent.database.call_search import (
    CallCount,
    CallPage,
    CallSummary,
    calls_counted,
    calls_page,
)
from agent.domain.consultation import Outcome
from agent.domain.identifiers import OperatorId
from agent.domain.office_time import local
from agent.domain.rights import Right, mask_number
from agent.web.operations import Asking, Operation, refusal_of
from agent.web.pages import Page, Shown, page_link
from agent.web.parts import Parts
from agent.web.period import begin_of_day
from agent.web.problems import Refused

OF_PERSONS = frozenset({"caller", "name", "company", "npwp"})
"""Who may not see a person's data may not try it out either."""
KINDS = ("time", "output", "equipment")

Text = Annotated[str, msgspec.Meta(max_length=200)]


class CallsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls; a call must meet all that is given. Days are the office's, `until` the last."""

    since: date | None = None
    until: date | None = None
    caller: Text | None = None
    name: Text | None = None
    company: Text | None = None
    npwp: Text | None = None
    form: Text | None = None
    ticket: Text | None = None
    external: Text | None = None
    operator: Text | None = None
    outcome: Outcome | None = None
    deviation: bool | None = None
    deviation_kind: Text | None = None
    deviation_step: Text | None = None
    unmet_step: Text | None = None
    category: Text | None = None
    application: Text | None = None
    text: Text | None = None
    after: Text | None = None


class CallsFound(msgspec.Struct, frozen=True, kw_only=True):
    """A page of calls, newest first.

    `following` is what `after` must be for the next page. The first page has the count of all;
    its `calls` is null where it takes too long, and at least so many where it is not `exact`.
    """

    calls: tuple[CallSummary, ...]
    following: str | None
    count: CallCount | None


async def find(parts: Parts, asking: Asking, asked: CallsAsked) -> CallsFound:
    """The page that was asked for; that it was seen is on record before. Raises Refused."""
    given = {k for k, v in msgspec.structs.asdict(asked).items() if v is not None}
    sees_persons = asking.who.may(Right.PERSONS)
    if given & OF_PERSONS and not sees_persons:
        raise Refused(403, "not_allowed")
    wanted = _filter(asked, parts.settings.zone)
    try:
        parsed(wanted, asked.after)  # so that bad input takes no connection
        if asked.after is None:
            page, count = await asyncio.gather(_page(parts, wanted), _count(parts, wanted))
        else:
            page, count = await _page(parts, wanted, asked.after), None
    except FilterInvalid as error:
        raise Refused(400, f"filter_{error.reason}") from error
    forms = tuple(call.form_number for call in page.calls)
    access = Access(by=asking.who.account, action="search", purpose="page: calls", forms=forms)
    async with parts.pool.transaction() as connection:
        await keep_access(connection, access)
    calls = page.calls if sees_persons else tuple(map(_masked, page.calls))
    return CallsFound(calls=calls, following=page.following, count=count)


async def _page(parts: Parts, wanted: CallFilter, after: str | None = None) -> CallPage:
    async with parts.pool.connection() as connection:
        return await calls_page(connection, wanted, after)


async def _count(parts: Parts, wanted: CallFilter) -> CallCount:
    async with parts.pool.connection() as connection:
        return await calls_counted(connection, wanted)


def _filter(asked: CallsAsked, zone: str) -> CallFilter:
    values = msgspec.structs.asdict(asked)
    del values["after"]
    if asked.since and asked.until and asked.since > asked.until:
        raise Refused(400, "filter_period")
    values["since"] = begin_of_day(asked.since, zone)
    values["until"] = begin_of_day(asked.until, zone, days_later=1)
    values["operator"] = OperatorId(asked.operator) if asked.operator else None
    return CallFilter(**values)


def _masked(call: CallSummary) -> CallSummary:
    return msgspec.structs.replace(
        call, caller=mask_number(call.caller), caller_name=None, company=None
    )


def calls_operations(parts: Parts) -> list[Operation]:
    """Searching the call log."""

    async def read(asking: Asking, asked: CallsAsked) -> CallsFound:
        return await find(parts, asking, asked)

    return [
        Operation(
            name="searchCalls", method="GET", path="/calls", right=Right.CALLS,
            summary="Calls by everything that is known of one, newest first, 50 a page.",
            perform=read, asked=CallsAsked, answered=CallsFound, refuses=(400, 503),
        ),
    ]  # fmt: skip


def calls_pages(parts: Parts) -> list[Page]:
    """The call log with its filter; what was typed stays, also where it is refused."""

    async def show(asking: Asking) -> Shown:
        typed = {key: value for key, value in asking.request.query.items() if value}
        found, refused = None, None
        try:
            found = await find(parts, asking, msgspec.convert(typed, CallsAsked, strict=False))
        except Exception as error:
            refused = refusal_of(error)
            if refused is None:
                raise
        values = {
            "typed": typed,
            "found": found,
            "problem": refused.reason if refused else None,
            "following": page_link(typed, found.following) if found and found.following else None,
            "first": page_link(typed, None) if "after" in typed else None,
            "lists": parts.forms[parts.form].lists,
            "steps": [step.step for step in parts.sop.steps],
            "outcomes": list(Outcome),
            "kinds": KINDS,
            "persons": asking.who.may(Right.PERSONS),
            "clock": lambda at: f"{local(at, parts.settings.zone):%Y-%m-%d %H:%M}",
        }
        return Shown("calls.html", values, refused.status if refused else 200)

    return [Page(path="/calls", right=Right.CALLS, show=show, menu="menu.calls")]
