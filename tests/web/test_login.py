"""Logging in: passwords, second factors, guessing, and what a browser keeps."""

from datetime import timedelta

import pyotp
import pytest

from agent.runtime import clock
from agent.web.attempts import OF_ACCOUNT
from agent.web.guard import COOKIE, DEVICE_COOKIE
from agent.web.passwords import STRANGERS_AT_MOST, WAITING_AT_MOST, hash_password
from tests.web.site import PASSWORD, Site, step_in

OWN = "sungai-deras-di-hulu"
ANOTHER = {"old_password": PASSWORD, "new_password": OWN}


async def test_a_given_password_opens_only_the_choice_of_ones_own(here: Site) -> None:
    await here.account("operator")
    given = hash_password("once-only-1234")
    await here.parts.accounts.give_password("operator", given, "test")
    browser = await here.browser()
    page = await here.post(browser, "/login", account="operator", password="once-only-1234")  # noqa: S106
    text = await page.text()
    assert page.status == 200
    step = step_in(text)
    for chosen, repeated, words in (
        ("short", "short", "12 sampai 128"),
        (OWN, "another", "tidak sama"),
        ("operator-operator", "operator-operator", "mudah ditebak"),
        ("indonesia1945", "indonesia1945", "mudah ditebak"),
        ("once-only-1234", "once-only-1234", "mudah ditebak"),
    ):
        page = await here.post(
            browser, "/login/password", step=step, new_password=chosen, repeated=repeated
        )
        assert (page.status, words in await page.text()) == (422, True), chosen
    assert (await here.get(browser, "/desk"))[0] == 303, "not in yet"
    page = await here.post(browser, "/login/password", step=step, new_password=OWN, repeated=OWN)
    assert page.status == 303
    assert (await here.get(browser, "/desk"))[0] == 200
    again = await here.post(
        browser, "/login/password", step=step, new_password=PASSWORD, repeated=PASSWORD
    )
    assert again.status == 401, "a step is gone through once"


async def test_a_supervisor_needs_his_authenticator_and_each_code_opens_once(here: Site) -> None:
    first = await here.log_in("supervisor")
    assert (await here.get(first, "/wallboard"))[0] == 200
    secret = here.secrets["supervisor"]
    kept = await here.parts.accounts.read("supervisor")
    assert kept
    assert secret not in str(kept), "the database alone opens nothing"
    second = await here.browser()
    page = await here.post(second, "/login", account="supervisor", password=PASSWORD)
    text = await page.text()
    assert "secret" not in text, "who has proved it is not shown it again"
    step = step_in(text)
    used = pyotp.TOTP(secret).now()
    for code in (used, "000000", "x"):
        page = await here.post(second, "/login/code", step=step, code=code)
        assert page.status == 401, code
    assert (await here.get(second, "/wallboard"))[0] == 303
    following = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30))
    page = await here.post(second, "/login/code", step=step, code=following)
    assert page.status == 303
    assert (await here.get(second, "/wallboard"))[0] == 200


async def test_a_guesser_has_five_tries_and_shuts_out_nobody_who_was_here_before(
    here: Site,
) -> None:
    own = await here.log_in("operator")
    guesser = await here.browser()
    for account in ("operator", "nobody"):
        statuses = []
        for number in range(7):
            page = await here.post(guesser, "/login", account=account, password=f"guess {number}")
            statuses.append(page.status)
            text = await page.text()
        assert statuses == [401] * 5 + [429] * 2, account
        assert "15 menit" in text
    page = await here.post(guesser, "/login", account="operator", password=PASSWORD)
    assert page.status == 429, "not even with the right one"
    assert (await here.get(own, "/desk"))[0] == 200, "who is logged in stays so"
    page = await here.post(own, "/login", account="operator", password=PASSWORD)
    assert page.status == 303, "and logs in anew from his own browser"


async def test_who_finds_no_place_has_not_tried_and_a_known_browser_finds_one(here: Site) -> None:
    own, stranger = await here.log_in("operator"), await here.browser()
    passwords = here.parts.passwords
    passwords._waiting = STRANGERS_AT_MOST
    for _ in range(OF_ACCOUNT + 1):
        page = await here.post(stranger, "/login", account="operator", password=PASSWORD)
        assert page.status == 503
    page = await here.post(own, "/login", account="operator", password=PASSWORD)
    assert page.status == 303
    passwords._waiting = WAITING_AT_MOST
    for _ in range(OF_ACCOUNT + 1):
        page = await here.post(own, "/login", account="operator", password=PASSWORD)
        status, _told = await here.ask(own, "POST", "/account/password", ANOTHER)
        assert (page.status, status) == (503, 503)
    passwords._waiting = 0
    for browser in (stranger, own):
        page = await here.post(browser, "/login", account="operator", password=PASSWORD)
        assert page.status == 303
    assert (await here.ask(own, "POST", "/account/password", ANOTHER))[0] == 204


async def test_a_wrong_account_and_a_wrong_password_are_told_alike(here: Site) -> None:
    await here.account("operator")
    browser = await here.browser()
    pages = [
        await here.post(browser, "/login", account=account, password="wrong wrong wrong")  # noqa: S106
        for account in ("operator", "nobody")
    ]
    assert len({page.status for page in pages}) == 1
    assert len({await page.text() for page in pages}) == 1


async def test_many_addresses_share_the_tries_of_one_account(here: Site) -> None:
    await here.account("operator")
    browser = await here.browser()
    statuses = []
    for number in range(7):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        form = {"account": "operator", "password": "wrong"}
        async with browser.post("/login", data=form, headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses == [401] * 5 + [429] * 2


async def test_the_cookie_is_new_at_each_login_and_only_ours_to_read(here: Site) -> None:
    await here.account("operator")
    browser = await here.browser()
    headers = {"Cookie": f"{COOKIE}=fixed-by-somebody-else"}
    form = {"account": "operator", "password": PASSWORD}
    async with browser.post("/login", data=form, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
        for name in (COOKIE, DEVICE_COOKIE):
            cookie = answer.cookies[name]
            assert cookie["secure"]
            assert cookie["httponly"]
            assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Strict", "/", "")
        assert answer.cookies[COOKIE].value != "fixed-by-somebody-else"


@pytest.mark.parametrize(
    ("then", "leads"),
    [
        ("/wallboard", "/wallboard"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ],
)
async def test_a_login_leads_to_this_site_only(here: Site, then: str, leads: str) -> None:
    await here.account("operator")
    browser = await here.browser()
    page = await here.post(browser, "/login", account="operator", password=PASSWORD, then=then)
    assert page.headers["Location"] == leads


async def test_another_sites_form_logs_nobody_in(here: Site) -> None:
    await here.account("operator")
    browser = await here.browser()
    form = {"account": "operator", "password": PASSWORD}
    async with browser.post(
        "/login", data=form, headers={"Origin": "https://evil.example"}
    ) as answer:
        assert answer.status == 403


async def test_who_logs_out_is_out(here: Site) -> None:
    browser = await here.log_in("operator")
    page = await here.post(browser, "/logout", csrf="wrong")
    assert page.status == 403
    page = await here.post(browser, "/logout", csrf=here.csrf(browser))
    assert page.status == 303
    assert (await here.get(browser, "/desk"))[0] == 303


async def test_a_step_that_was_not_begun_leads_nowhere(here: Site) -> None:
    browser = await here.browser()
    for path in ("/login/password", "/login/code"):
        page = await here.post(
            browser, path, step="made up", code="000000", new_password=OWN, repeated=OWN
        )
        assert page.status == 401


async def test_every_try_is_on_record_without_what_was_typed(here: Site) -> None:
    await here.account("operator")
    browser = await here.browser()
    await here.post(browser, "/login", account="my secret", password="x")  # noqa: S106
    await here.post(browser, "/login", account="operator", password=PASSWORD)
    acts = await here.parts.accounts.acts()
    assert [(act.by, act.action) for act in acts[:2]] == [
        ("operator", "logged_in"),
        ("?", "login_failed"),
    ]
    assert "my secret" not in repr(acts)
