"""The recap of a period: what it will say, and its paper, workbook and list to download."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from agent.documents.recap_files import FORMATS, Format
from agent.documents.recap_process import RecapFailed, RecapProcess
from agent.domain.recap_period import RecapPeriod
from agent.domain.rights import Right
from agent.runtime.errors import EffectFailed
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.period import PeriodAsked, SpansAsked, period_of
from agent.web.problems import Refused
from agent.web.shown_numbers import Numbers
from agent.web.statistics import counted, figures_of_page

CHUNK = 256 * 1024
CONTENT: dict[Format, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class RecapAsked(PeriodAsked, frozen=True, forbid_unknown_fields=True):
    """One file of the recap of a period."""

    format: Format = "pdf"


def recap_operations(parts: Parts) -> list[Operation]:
    """Downloading the recap of any period."""

    async def download(asking: Asking, asked: RecapAsked) -> web.StreamResponse:
        period = period_of(asked, parts.settings.zone)
        if parts.making.locked():
            raise Refused(503, "recap_busy")
        async with parts.making:
            return await _made(parts, asking, period, asked.format)

    return [
        Operation(
            name="downloadRecap", method="GET", path="/recap", right=Right.RECAP,
            summary="The recap of a period as paper, workbook or list.",
            perform=download, asked=RecapAsked, answered=bytes, content=tuple(CONTENT.values()),
        )
    ]  # fmt: skip


def recap_pages(parts: Parts) -> list[Page]:
    """The recap's totals and figures, and where to download it."""

    async def show(asking: Asking) -> Shown:
        given: dict[str, Any] = {k: v for k, v in asking.request.query.items() if v}
        asked = msgspec.convert(given, PeriodAsked, strict=False)
        period = period_of(asked, parts.settings.zone)
        found = await counted(parts, period, SpansAsked(grain="month"))
        return Shown(
            "recap.html",
            {
                "found": found,
                "figures": figures_of_page(found, asking.words),
                "formats": FORMATS,
                "n": Numbers(asking.words),
            },
        )

    return [Page(path="/recap", right=Right.RECAP, show=show, menu="menu.recap")]


async def _made(
    parts: Parts, asking: Asking, period: RecapPeriod, form: Format
) -> web.StreamResponse:
    """Made in a folder of its own, which is gone afterwards: it may name people.

    Whoever has no right to see them gets the same numbers without.
    """
    persons = asking.who.may(Right.PERSONS)
    with tempfile.TemporaryDirectory(prefix="lpse-recap-") as folder:
        try:
            process = RecapProcess(Path(folder))
            file = await process.write(period, form, asking.who.account, persons=persons)
        except RecapFailed as error:
            raise Refused(503, "recap_failed") from error
        detail = {
            "from": str(period.first),
            "to": str(period.last),
            "format": form,
            "persons": persons,
        }
        try:
            await parts.accounts.audit(asking.who.account, "recap_downloaded", file.name, detail)
        except EffectFailed as error:
            raise Refused(503, "database_away") from error
        response = web.StreamResponse(
            headers={
                "Content-Type": CONTENT[form],
                "Content-Disposition": f'attachment; filename="{file.name}"',
                "Content-Length": str(file.stat().st_size),
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(asking.request)
        with await asyncio.to_thread(file.open, "rb") as source:
            while part := await asyncio.to_thread(source.read, CHUNK):
                await response.write(part)
        await response.write_eof()
        return response
