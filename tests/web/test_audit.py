"""The trail by the API and on its page."""

from urllib.parse import quote

import pytest

from tests.web.site import Site


async def test_who_did_what_is_found_by_person_and_action(here: Site) -> None:
    auditor = await here.log_in("auditor")
    await here.parts.accounts.audit("siti", "token_added", "abc", {"scopes": ["live"]})
    status, trail = await here.ask(auditor, "GET", "/audit?by=siti")
    assert status == 200
    (line,) = trail["lines"]
    assert (line["log"], line["action"], line["subject"]) == ("act", "token_added", "abc")
    _, trail = await here.ask(auditor, "GET", "/audit?action=logged_in")
    assert [line["by"] for line in trail["lines"]] == ["auditor"]
    status, text = await here.get(auditor, "/audit?by=siti")
    assert (status, "token_added" in text, "logged_in" in text) == (200, True, False)


async def test_a_long_trail_is_read_page_by_page(here: Site) -> None:
    auditor = await here.log_in("auditor")
    for number in range(51):
        await here.parts.accounts.audit("siti", "tried", str(number))
    _, first = await here.ask(auditor, "GET", "/audit?by=siti")
    assert len(first["lines"]) == 50
    after = quote(first["following"])
    _, second = await here.ask(auditor, "GET", f"/audit?by=siti&after={after}")
    assert [line["subject"] for line in second["lines"]] == ["0"]
    assert second["following"] is None
    _, text = await here.get(auditor, "/audit?by=siti")
    assert 'rel="next"' in text


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=1999-12-31", "until=2101-01-01", "after=x", "unknown=1"]
)
async def test_what_is_no_question_is_told_so(here: Site, query: str) -> None:
    auditor = await here.log_in("auditor")
    assert (await here.ask(auditor, "GET", f"/audit?{query}"))[0] == 400
    status, text = await here.get(auditor, f"/audit?{query}")
    assert (status, 'role="alert"' in text) == (400, True)


async def test_who_may_not_is_refused(here: Site) -> None:
    for role in ("operator", "supervisor"):
        browser = await here.log_in(role)
        assert (await here.get(browser, "/audit"))[0] == 403
