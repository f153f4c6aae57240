"""Who did and saw what, by time, person and action."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from agent.database.trail import Trail, TrailFilter, TrailInvalid, read_trail
from agent.domain.rights import Right
from agent.web.operations import Asking, Operation, refusal_of
from agent.web.pages import Page, Shown, page_link
from agent.web.parts import Parts
from agent.web.period import begin_of_day
from agent.web.problems import Refused

Word = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")]


class TrailAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days of the office, both included; `after` is the `following` of the page before."""

    since: date | None = None
    until: date | None = None
    by: Word | None = None
    action: Word | None = None
    after: Word | None = None


async def find_trail(parts: Parts, asked: TrailAsked) -> Trail:
    """The page that was asked for. Raises Refused."""
    zone = parts.settings.zone
    wanted = TrailFilter(
        since=begin_of_day(asked.since, zone),
        until=begin_of_day(asked.until, zone, days_later=1),
        by=asked.by,
        action=asked.action,
    )
    try:
        async with parts.pool.connection() as connection:
            return await read_trail(connection, wanted, asked.after)
    except TrailInvalid as error:
        raise Refused(400, "request_invalid") from error


def audit_operations(parts: Parts) -> list[Operation]:
    """Reading the trail."""

    async def read(_asking: Asking, asked: TrailAsked) -> Trail:
        return await find_trail(parts, asked)

    return [
        Operation(
            name="readTrail", method="GET", path="/audit", right=Right.AUDIT,
            summary="Who did and saw what, newest first, 50 lines a page.",
            perform=read, asked=TrailAsked, answered=Trail,
        ),
    ]  # fmt: skip


def audit_pages(parts: Parts) -> list[Page]:
    """The trail with its filter; what was typed stays, also where it is refused."""

    async def show(asking: Asking) -> Shown:
        typed = {key: value for key, value in asking.request.query.items() if value}
        trail, problem = Trail([], None), None
        try:
            trail = await find_trail(parts, msgspec.convert(typed, TrailAsked, strict=False))
        except (Refused, msgspec.ValidationError) as error:
            problem = refusal_of(error)
        values = {
            "typed": typed,
            "trail": trail,
            "problem": problem.reason if problem else None,
            "next": page_link(typed, trail.following) if trail.following else "",
        }
        return Shown("audit.html", values, problem.status if problem else 200)

    return [Page(path="/audit", right=Right.AUDIT, show=show, menu="menu.audit")]
