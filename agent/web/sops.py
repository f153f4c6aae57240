"""Revisions of the procedure, one as a table and two side by side; new ones come by the file."""

import msgspec

from agent.database.sops import read_sops
from agent.domain.rights import Right
from agent.domain.sop import Sop
from agent.domain.sop_comparison import SopComparison, compare
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused


class SopsKnown(msgspec.Struct, frozen=True, kw_only=True):
    """Every revision that ever ran, oldest first, and the one under which calls arrive now."""

    in_force: str
    revisions: list[Sop]


class Two(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of two revisions, as "SOP-LPSE.BTG-017 rev 00"."""

    before: str
    after: str


class Chosen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which revision the page shows, or with which other one it compares it."""

    revision: str | None = None
    before: str | None = None


def sop_operations(parts: Parts) -> list[Operation]:
    """Reading and comparing them."""

    async def known(_asking: Asking, _asked: None) -> SopsKnown:
        return SopsKnown(in_force=parts.sop.name, revisions=list((await _sops(parts)).values()))

    async def compared(_asking: Asking, asked: Two) -> SopComparison:
        sops = await _sops(parts)
        return compare(_found(sops, asked.before), _found(sops, asked.after))

    return [
        Operation(
            name="listSops", method="GET", path="/sops", right=Right.ADMINISTER,
            summary="Every revision of the procedure that ever ran.",
            perform=known, answered=SopsKnown,
        ),
        Operation(
            name="compareSops", method="GET", path="/sops/comparison", right=Right.ADMINISTER,
            summary="Two revisions step by step: same, added, removed, changed.",
            perform=compared, asked=Two, answered=SopComparison,
        ),
    ]  # fmt: skip


def sop_pages(parts: Parts) -> list[Page]:
    """The revisions."""

    async def show(asking: Asking) -> Shown:
        given = {key: value for key, value in asking.request.query.items() if value}
        asked = msgspec.convert(given, Chosen)
        sops = await _sops(parts)
        shown = _found(sops, asked.revision or parts.sop.name)
        comparison = compare(_found(sops, asked.before), shown) if asked.before else None
        values = {
            "sops": sops,
            "shown": shown,
            "before": asked.before,
            "comparison": comparison,
            "in_force": parts.sop.name,
        }
        return Shown("sops.html", values)

    return [Page(path="/sops", right=Right.ADMINISTER, show=show, menu="menu.sops")]


async def _sops(parts: Parts) -> dict[str, Sop]:
    async with parts.pool.connection() as connection:
        return await read_sops(connection)


def _found(sops: dict[str, Sop], name: str) -> Sop:
    if name not in sops:
        raise Refused(404, "sop_unknown")
    return sops[name]
