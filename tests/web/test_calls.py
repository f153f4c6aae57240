"""The call log as a supervisor and an auditor meet it: page, API, what is masked and on record."""

import re

import pytest

from agent.database.access import access_of
from agent.database.connect import Connection
from tests.database.form_stories import record_all, told_records
from tests.web.site import Site

NUMBERS = r">(000\d)/FK-TLP"


@pytest.fixture
async def filled(here: Site, url: str) -> Site:
    """Two calls with their forms."""
    await record_all(url, told_records(1), told_records(2, "escalated", caller_name="<b>Siti</b>"))
    return here


async def test_a_supervisor_finds_calls_and_leaves_a_trace(filled: Site, url: str) -> None:
    browser = await filled.log_in("supervisor")
    status, page = await filled.get(browser, "/calls")
    assert status == 200
    assert sorted(re.findall(NUMBERS, page)) == ["0001", "0002"]
    assert "2 panggilan" in page
    assert "&lt;b&gt;Siti" in page
    assert "<b>Siti" not in page
    status, page = await filled.get(browser, "/calls?outcome=solved&name=rudi&text=unggah&since=")
    assert (status, re.findall(NUMBERS, page)) == (200, ["0001"])
    assert 'name="name" value="rudi"' in page
    form = "0001/FK-TLP/LPSE.BTG/2026"
    seen = await access_of(url, [form])
    assert [(one.by, one.action) for one in seen] == [("supervisor", "search")] * 2


async def test_reading_takes_no_connection_but_those_kept_for_the_pages(
    filled: Site, connection: Connection
) -> None:
    browser = await filled.log_in("supervisor")
    await filled.get(browser, "/calls?name=rudi")
    await connection.execute(
        "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()"
    )
    for query in ("name=rudi", "caller=12", "outcome=solved"):
        status, _ = await filled.get(browser, f"/calls?{query}")
        assert status == (400 if query == "caller=12" else 200), query


async def test_days_are_the_offices_and_the_last_one_is_whole(filled: Site) -> None:
    browser = await filled.log_in("supervisor")
    for query, count in (
        ("since=2026-03-02&until=2026-03-02", 2),
        ("until=2026-03-01", 0),
        ("since=2026-03-03", 0),
    ):
        status, told = await filled.ask(browser, "GET", f"/calls?{query}")
        assert (status, told["count"]) == (200, {"calls": count, "exact": True}), query
        assert len(told["calls"]) == count


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("caller=12", "filter_caller"),
        ("text=tidak", "filter_text"),
        ("name=...", "filter_name"),
        ("after=x", "filter_page"),
        ("since=2026-03-03&until=2026-03-01", "filter_period"),
        ("until=9999-12-31", "filter_period"),
        ("external=a%00b", "filter_signs"),
        ("form=nonsense", "number_invalid"),
        ("outcome=nothing", "request_invalid"),
        ("nothing=1", "request_invalid"),
    ],
)
async def test_bad_input_is_told_in_a_sentence_and_stays(
    here: Site, query: str, reason: str
) -> None:
    browser = await here.log_in("supervisor")
    status, told = await here.ask(browser, "GET", f"/calls?{query}")
    assert (status, told["title"]) == (400, reason)
    status, page = await here.get(browser, f"/calls?{query}")
    assert status == 400
    assert 'role="alert"' in page
    if reason == "filter_caller":
        assert 'name="caller" value="12"' in page


async def test_who_may_not_see_persons_sees_masks_and_searches_for_nobody(filled: Site) -> None:
    browser = await filled.log_in("auditor")
    status, page = await filled.get(browser, "/calls")
    assert status == 200
    assert sorted(re.findall(NUMBERS, page)) == ["0001", "0002"]
    for hidden in ("345-6789", "Rudi", "Melati", 'name="caller"', 'name="company"'):
        assert hidden not in page
    for query in ("caller=6789", "name=rudi", "company=melati", "npwp=0012345678901000"):
        assert (await filled.ask(browser, "GET", f"/calls?{query}"))[0] == 403
    operator = await filled.log_in("operator")
    assert (await filled.get(operator, "/calls"))[0] == 403


async def test_an_empty_log_and_a_page_after_another(here: Site, url: str) -> None:
    browser = await here.log_in("supervisor")
    assert "Tidak ada panggilan yang cocok." in (await here.get(browser, "/calls"))[1]
    await record_all(url, *(told_records(number) for number in range(1, 52)))
    status, page = await here.get(browser, "/calls?application=spse")
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following
    assert len(re.findall(r">(\d{4})/FK-TLP", page)) == 50
    status, rest = await here.get(browser, "/calls" + following[1].replace("&amp;", "&"))
    assert status == 200
    assert len(re.findall(r">(\d{4})/FK-TLP", rest)) == 1
    assert 'rel="next"' not in rest
