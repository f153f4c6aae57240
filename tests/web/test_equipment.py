"""Equipment that was missing: who reads of it, since when, until when, and which forms it cost."""

import re
from datetime import timedelta
from typing import get_args

import pytest
from aiohttp import ClientSession

from agent.catalogue import LANGUAGES, read_words
from agent.database.connect import Connection
from agent.database.equipment import compute_equipment
from agent.domain.equipment import Kind
from agent.web.equipment import MOST
from tests.database.stories import MORNING
from tests.database.test_equipment import (
    APRIL_BEGINS,
    DAY,
    NOW,
    archived_late,
    by_the_exchange,
    keep,
)
from tests.web.site import Site
from tests.web.test_site import token_for


@pytest.fixture
async def lacking(here: Site) -> Site:
    """Form 1 was never archived, nobody but the exchange met 2, and March has no recap."""
    url = here.parts.pool.url
    await keep(url, archived_late(1, MORNING, minutes=None), by_the_exchange(2, MORNING + DAY))
    for now in (NOW, APRIL_BEGINS + timedelta(days=50)):
        await compute_equipment(url, "WIB", now)
    return here


async def test_a_program_reads_what_is_missing_and_what_was(lacking: Site) -> None:
    program = await token_for(lacking, "calls")

    async def told(query: str) -> list[tuple[str, str, bool]]:
        async with program.get(f"/api/v1/equipment{query}") as answer:
            assert answer.status == 200
            body = await answer.json()
        assert body["more"] is False
        return [
            (one["kind"], one["subject"][:10], one["ended_at"] is None) for one in body["equipment"]
        ]

    recap, archive = ("recap", "2026-03", True), ("archive", "2026-03-02", True)
    service = ("form_service", "0002/FK-TL", False)
    assert await told("") == [recap, archive]
    assert await told("?state=all") == [recap, service, archive]
    assert await told("?state=all&until=2026-03-02") == [archive]
    assert await told("?state=all&since=2026-03-04&until=2026-03-04") == [archive]
    async with program.get("/api/v1/equipment?state=decided") as answer:
        assert answer.status == 400


async def test_it_stands_below_the_deviations_of_calls(lacking: Site) -> None:
    for role in ("supervisor", "auditor"):
        browser = await lacking.log_in(role)
        _, page = await lacking.get(browser, "/deviations")
        rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<h2>Perlengkapan</h2>")[2], re.DOTALL)
        assert len(rows) == 3, "a heading, the recap and the archive"
        assert "rekap bulan yang sudah tutup belum dibuat" in rows[1] and "2026-03" in rows[1]
        assert "02-04-2026 00:00" in rows[1], "a day after the month was over"
        assert "pengarsipan tidak berjalan" in rows[2] and 'href="/calls/2026/1"' in rows[2]
        assert all("masih tidak ada" in row for row in rows[1:])
        _, page = await lacking.get(browser, "/deviations?state=all&kind=equipment")
        rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<h2>Perlengkapan</h2>")[2], re.DOTALL)
        [service] = [row for row in rows if "layanan formulir tidak ada" in row]
        assert re.findall(r"<td>(\d\d-\d\d-\d{4}) \d\d:\d\d</td>", service) == ["03-03-2026"] * 2
        assert 'href="/calls/2026/2"' in service and "masih" not in service
        for query in ("state=decided", "state=explained", "kind=time", "step=2", "operator=op-101"):
            status, page = await lacking.get(browser, f"/deviations?{query}")
            assert status == 200
            assert "<h2>Perlengkapan</h2>" not in page, query


async def test_who_has_explained_what_was_missing_is_not_asked_to_decide(lacking: Site) -> None:
    explains, decides = await lacking.log_in("supervisor"), await lacking.log_in("supervisor", "b")
    at = "/deviations/2026/2"

    async def offered(browser: ClientSession) -> set[tuple[str, ...]]:
        """What is asked of him, on each page and by the API."""
        acts = []
        for page in ("/deviations?state=all&kind=equipment", "/calls/2026/2"):
            _, text = await lacking.get(browser, page)
            acts.append(tuple(re.findall(rf'data-api="POST /api/v1{at}/(\w+)"', text)))
        _, told = await lacking.ask(browser, "GET", "/deviations?state=all&kind=equipment")
        [one] = told["deviations"]
        may = {"explanations": one["may_explain"], "decisions": one["may_decide"]}
        return {*acts, tuple(act for act, is_so in may.items() if is_so)}

    assert await offered(explains) == await offered(decides) == {("explanations", "decisions")}
    step = (await lacking.ask(explains, "GET", "/deviations?kind=equipment"))[1]["deviations"][0][
        "deviation"
    ]["step"]
    said = {"step": step, "kind": "equipment", "text": "Listrik padam"}
    assert (await lacking.ask(explains, "POST", f"{at}/explanations", said))[0] == 201
    assert await offered(explains) == {("explanations",)}
    assert await offered(decides) == {("explanations", "decisions")}
    decision = said | {"verdict": "excused"}
    status, told = await lacking.ask(explains, "POST", f"{at}/decisions", decision)
    assert (status, told["title"]) == (403, "word_explained_by_him")
    assert (await lacking.ask(decides, "POST", f"{at}/decisions", decision))[0] == 201


async def test_who_sees_his_own_calls_alone_is_not_shown_those_of_all(lacking: Site) -> None:
    operator = await lacking.log_in("operator")
    assert (await lacking.ask(operator, "GET", "/equipment"))[0] == 403
    status, page = await lacking.get(operator, "/deviations?state=all")
    assert status == 200
    assert "<h2>Perlengkapan</h2>" not in page


async def test_of_very_many_the_newest_are_shown_and_that_there_are_more(
    here: Site, connection: Connection
) -> None:
    await connection.execute(
        "INSERT INTO equipment_deviations "
        "SELECT 'archive', to_char(began_at, 'YYYY-MM-DD'), began_at, NULL, "
        """'{"consultations": 1, "form_numbers": ["0001/FK-TLP/LPSE.BTG/2026"]}' """
        "FROM generate_series(1, $2::integer) AS day, "
        "LATERAL (SELECT $1::timestamptz + day * interval '1 day' AS began_at) AS lacking",
        MORNING,
        MOST + 1,
    )
    browser = await here.log_in("supervisor")
    _, told = await here.ask(browser, "GET", "/equipment")
    assert (len(told["equipment"]), told["more"]) == (MOST, True)
    oldest = told["equipment"][-1]["subject"]
    assert oldest == "2026-03-04"
    _, page = await here.get(browser, "/deviations")
    assert "Ada yang lebih lama" in page
    assert "Ada yang lebih lama" not in (await here.get(browser, "/deviations?until=2026-03-05"))[1]


def test_each_kind_has_its_words() -> None:
    words = read_words()
    for language in LANGUAGES:
        assert set(words[language].below("record.equipment_kinds")) == set(get_args(Kind))
