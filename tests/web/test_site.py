"""Pages and API as a browser and a program meet them: who may, what is refused, what is told."""

from datetime import timedelta

import pytest
from aiohttp import ClientSession

from agent.web.guard import COOKIE, make_token
from tests.web.site import Site

FOREIGN = {"Origin": "https://elsewhere.example"}


async def test_nobody_sees_anything_before_he_has_logged_in(here: Site) -> None:
    browser = await here.browser()
    for path in ("/", "/desk", "/wallboard", "/docs"):
        status, _ = await here.get(browser, path)
        assert status == 303, path
    status, told = await here.ask(browser, "GET", "/wallboard")
    assert (status, told["title"]) == (401, "not_logged_in")


async def test_each_role_sees_its_own_pages_and_no_others(here: Site) -> None:
    seen = {
        "operator": {"/desk": 200, "/wallboard": 403},
        "supervisor": {"/desk": 200, "/wallboard": 200},
        "auditor": {"/desk": 403, "/wallboard": 200},
        "administrator": {"/desk": 403, "/wallboard": 403},
    }
    for role, pages in seen.items():
        browser = await here.log_in(role)
        for path, expected in pages.items():
            status, text = await here.get(browser, path)
            assert status == expected, (role, path)
            assert "Undefined" not in text


async def test_every_answer_carries_the_headers_that_let_nothing_else_run(here: Site) -> None:
    browser = await here.browser()
    for path in ("/login", "/nothing", "/api/v1/nothing", "/static/style.css", "/static/none"):
        async with browser.get(path, allow_redirects=False) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy, path
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Strict-Transport-Security" not in answer.headers, "it would shut out http"


async def test_what_is_not_there_is_told_in_the_form_that_was_asked_for(here: Site) -> None:
    browser = await here.log_in("operator")
    status, text = await here.get(browser, "/nothing")
    assert (status, "Halaman itu tidak ada" in text) == (404, True)
    status, told = await here.ask(browser, "GET", "/nothing")
    assert (status, told["title"], told["status"]) == (404, "not_found", 404)


async def test_a_change_without_our_own_pages_word_is_refused(here: Site) -> None:
    browser = await here.log_in("operator")
    loop = await here.talks()
    assert loop.call
    path = "/api/v1/desk/forms/2026/1/buttons"
    own = {"X-CSRF-Token": here.csrf(browser)}
    for headers in ({}, {"X-CSRF-Token": "0" * 64}, {**own, **FOREIGN}, {**own, "Origin": ""}):
        async with browser.post(path, json={"step": "6"}, headers=headers) as answer:
            assert answer.status == 403, headers
            assert (await answer.json(content_type=None))["title"] == "request_forged"
    assert loop.call.decision is None


async def test_another_name_for_this_address_is_refused(here: Site) -> None:
    browser = await here.browser()
    async with browser.get("/login", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421


async def token_for(here: Site, *scopes: str) -> ClientSession:
    token_id, text, digest = make_token()
    await here.parts.accounts.add_token(
        token_id, digest, "program", scopes, "test", timedelta(days=1)
    )
    headers = {"Authorization": f"Bearer {text}"}
    return await here.stack.enter_async_context(ClientSession(here.origin, headers=headers))


async def test_a_program_does_what_its_scopes_name(here: Site) -> None:
    program = await token_for(here, "live")
    async with program.get("/api/v1/wallboard") as answer:
        assert answer.status == 200
        told = await answer.json()
    operators = [operator["operator"] for operator in told["floor"]["operators"]]
    assert operators[:2] == ["op-101", "op-102"]
    async with program.get("/desk", allow_redirects=False) as answer:
        assert answer.status == 303, "a token opens no page"


async def test_a_stolen_token_that_tries_more_is_refused_and_on_record(here: Site) -> None:
    program = await token_for(here, "live")
    async with program.post("/api/v1/desk/forms/2026/1/buttons", json={"step": "6"}) as answer:
        assert answer.status == 403
    acts = await here.parts.accounts.acts()
    assert (acts[0].action, acts[0].subject) == ("refused", "pressButton")
    assert acts[0].by.startswith("token:")


async def test_whoever_tries_another_roles_page_is_on_record(here: Site) -> None:
    browser = await here.log_in("operator")
    assert (await here.get(browser, "/audit?by=ratna"))[0] == 403
    act = (await here.parts.accounts.acts())[0]
    assert (act.by, act.action, act.subject) == ("operator", "refused", "/audit")
    assert act.detail == {"right": "audit"}


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer lpse_x_y", "Basic YTpi", "Bearer ü"])
async def test_what_is_no_token_opens_nothing(here: Site, text: str) -> None:
    browser = await here.browser()
    async with browser.get("/api/v1/wallboard", headers={"Authorization": text}) as answer:
        assert answer.status == 401


async def test_a_body_that_is_none_is_told_so_and_changes_nothing(here: Site) -> None:
    browser = await here.log_in("operator")
    loop = await here.talks()
    headers = {"X-CSRF-Token": here.csrf(browser)}
    path = "/api/v1/desk/forms/2026/1/fields"
    for body, kind, status in (
        (b"{", "application/json", 400),
        (b'{"field": "problem"}', "application/json", 400),
        (b'{"field": "problem", "text": "a", "more": 1}', "application/json", 400),
        (b'{"field": "problem", "text": "a"}', "text/plain", 415),
        (b'"' + b"a" * 70_000 + b'"', "application/json", 413),
    ):
        async with browser.put(
            path, data=body, headers={**headers, "Content-Type": kind}
        ) as answer:
            assert answer.status == status, body[:40]
            assert answer.content_type == "application/problem+json"
    assert loop.call
    assert not loop.call.form.shown


async def test_the_openapi_document_names_every_operation_once(here: Site) -> None:
    browser = await here.browser()
    async with browser.get("/api/v1/openapi.json") as answer:
        document = await answer.json()
    assert document["openapi"] == "3.1.0"
    names = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(names) == len(set(names))
    assert "readWallboard" in names
    supervisor = await here.log_in("supervisor")
    status, text = await here.get(supervisor, "/docs")
    assert status == 200
    assert all(name in text for name in names)


async def test_a_session_ends_with_its_account(here: Site) -> None:
    browser = await here.log_in("operator")
    assert (await here.get(browser, "/desk"))[0] == 200
    await here.parts.accounts.remove("operator", "test")
    cookie = {COOKIE: "made up"}
    async with browser.get("/desk", cookies=cookie, allow_redirects=False) as answer:
        assert answer.status == 303
