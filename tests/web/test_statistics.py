"""Statistics over HTTP: the same numbers for people and programs, and periods that are none."""

import re
from datetime import date
from xml.etree import ElementTree

import msgspec
import pytest
from aiohttp import ClientSession

from agent.database.connect import Connection
from agent.database.statistics import read_statistics
from agent.domain.recap_period import RecapPeriod
from agent.domain.statistics import Statistics
from tests.database.recap_rows import keep
from tests.domain.recap_calls import november
from tests.web.site import Site

ASKED = "?from=2026-11-01&to=2026-11-30"
NOVEMBER = RecapPeriod(date(2026, 11, 1), date(2026, 11, 30))


async def test_a_program_gets_what_the_database_counted(here: Site, connection: Connection) -> None:
    await keep(connection, november(40))
    auditor = await here.log_in("auditor")
    status, told = await here.ask(auditor, "GET", f"/statistics{ASKED}")
    assert status == 200
    counted = await read_statistics(here.parts.pool.url, NOVEMBER, "WIB")
    assert msgspec.convert(told, Statistics) == counted
    assert counted.offered == 40
    assert len(counted.spans) == 30


async def test_the_page_shows_every_picture_with_its_table(
    here: Site, connection: Connection
) -> None:
    await keep(connection, november(40))
    supervisor = await here.log_in("supervisor")
    for language in ("id", "en"):
        supervisor.cookie_jar.update_cookies({"lpse-language": language})
        status, text = await here.get(supervisor, f"/statistics{ASKED}&grain=week")
        assert status == 200
        figures = re.findall(r'<figure class="chart-figure">.*?</figure>', text)
        assert len(figures) == 8
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        for figure in figures:
            read = ElementTree.fromstring(figure)  # noqa: S314 our own markup
            assert read.find("details/table/tbody/tr") is not None
        assert "style=" not in text
        assert "Siti Aminah" in text


async def test_an_empty_period_is_a_page_too(here: Site) -> None:
    supervisor = await here.log_in("supervisor")
    for path in ("/statistics", "/staffing", "/recap"):
        status, text = await here.get(supervisor, path)
        assert status == 200, path
        assert "Undefined" not in text
    assert text.count("–") > 0


@pytest.mark.parametrize(
    "query",
    [
        "?from=2026-11-30&to=2026-11-01",
        "?from=1900-01-01&to=2026-11-01",
        "?from=0001-01-01",
        "?to=9999-12-31",
        "?from=gestern",
        "?grain=year",
        "?more=1",
    ],
)
async def test_a_period_that_is_none_is_refused_in_one_sentence(here: Site, query: str) -> None:
    auditor = await _program(here)
    async with auditor.get(f"/api/v1/statistics{query}") as answer:
        assert answer.status == 400
        assert (await answer.json(content_type=None))["title"] in (
            "period_invalid",
            "request_invalid",
        )


async def test_an_operator_sees_none_of_it(here: Site) -> None:
    operator = await here.log_in("operator")
    for path in ("/statistics", "/staffing", "/recap"):
        status, _ = await here.get(operator, path)
        assert status == 403, path


async def _program(here: Site) -> ClientSession:
    from tests.web.test_site import token_for

    return await token_for(here, "calls")
