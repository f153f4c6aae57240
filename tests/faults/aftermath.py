"""What can be told of an office after any fault without its people's memory: I7, I9, the record."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from agent.asterisk.ari_client import AriClient
from agent.database.connect import connected
from deploy.site import Site
from tests.faults import checker
from tests.faults.checker import Breach
from tests.journeys.office import until

GONE_WITHIN = timedelta(seconds=30)
NUMBER = re.compile(r"\+?\d{8,}")


def ari_of(site: Site) -> AriClient:
    """Asterisk, past whatever stands before it; to be entered with `async with`."""
    values = site.values
    url = f"http://{values.ari_address}:{values.ari_port}"
    return AriClient(url, values.ari_user, values.ari_secret)


async def left_over(site: Site, within: timedelta = GONE_WITHIN) -> list[Breach]:
    """I7: no channel and no bridge, once what is ending has ended."""
    left: list[str] = []

    async def gone() -> bool:
        left.clear()
        for kind in ("channels", "bridges"):
            left.extend(f"{kind} {found['id']}" for found in await ari.get(kind))
        return not left

    async with ari_of(site) as ari:
        try:
            await until("nothing is left", gone, within)
        except TimeoutError:
            return [Breach("I7", f"left over: {', '.join(left)}")]
    return []


def personal(site: Site, traces: Iterable[str]) -> list[Breach]:
    """I9, of every log that is ours."""
    logs = [*(site.folder / "log").iterdir(), site.folder / "postgres" / "postgres.log"]
    text = "\n".join(log.read_text(errors="replace") for log in logs)
    return checker.nothing_personal(text, {*traces, site.values.ari_secret})


async def of_the_office(
    site: Site, since: datetime, within: timedelta = GONE_WITHIN
) -> list[Breach]:
    """All of this; the record tells who has called since then. Raises DatabaseUnreachable."""
    async with connected(site.database_url) as eyes:
        rows = await eyes.fetch("SELECT caller_raw FROM calls WHERE arrived_at >= $1", since)
    numbers = [row["caller_raw"] for row in rows if NUMBER.fullmatch(row["caller_raw"] or "")]
    traces = {trace for number in numbers for trace in checker.traces_of_number(number)}
    breaches = await left_over(site, within) + personal(site, traces)
    return breaches + await checker.of_the_record(site.database_url)
