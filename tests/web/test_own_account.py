"""One's own account: another password and another authenticator, by what one knows and has."""

from datetime import timedelta

import pyotp

from agent.runtime import clock
from agent.web.guard import DEVICE_COOKIE, make_token
from tests.web.site import PASSWORD, Site

OWN = "sungai-deras-di-hulu"
WRONG = "sungai-tenang-di-hilir"
PATH = "/account/password"


def change(old: str = PASSWORD, new: str = OWN, **more: str) -> dict[str, str]:
    return {"old_password": old, "new_password": new, **more}


async def logs_in(here: Site, password: str) -> int:
    """The status of a login with this password, from a browser that was never here."""
    page = await here.post(await here.browser(), "/login", account="operator", password=password)
    return page.status


async def test_another_password_counts_at_once_and_logs_the_other_browsers_out(here: Site) -> None:
    mine = await here.log_in("operator")
    other = await here.browser()
    await here.post(other, "/login", account="operator", password=PASSWORD)
    assert (await here.get(other, "/account"))[0] == 200
    device = {cookie.key: cookie.value for cookie in mine.cookie_jar}[DEVICE_COOKIE]
    assert (await here.ask(mine, "POST", PATH, change(repeated=OWN)))[0] == 204
    assert (await here.get(mine, "/account"))[0] == 200
    assert (await here.get(other, "/account"))[0] == 303
    assert {cookie.key: cookie.value for cookie in mine.cookie_jar}[DEVICE_COOKIE] != device
    assert (await logs_in(here, PASSWORD), await logs_in(here, OWN)) == (401, 303)
    acts = [act.action for act in await here.parts.accounts.acts(by="operator")]
    assert "password_chosen" in acts


async def test_a_password_that_is_not_good_enough_changes_nothing(here: Site) -> None:
    mine = await here.log_in("operator")
    for asked, title in (
        (change(new="short"), "password_length"),
        (change(new="indonesia1945"), "password_common"),
        (change(new="operator-operator"), "password_common"),
        (change(new=PASSWORD), "password_common"),
        (change(repeated=WRONG), "password_differs"),
    ):
        status, told = await here.ask(mine, "POST", PATH, asked)
        assert (status, told["title"]) == (422, title), asked
    assert (await here.ask(mine, "POST", PATH, change(new="x" * 201)))[0] == 400
    assert await logs_in(here, PASSWORD) == 303


async def test_who_found_a_screen_open_has_five_guesses(here: Site) -> None:
    mine = await here.log_in("operator")
    answers = [await here.ask(mine, "POST", PATH, change(old=WRONG)) for _ in range(6)]
    assert [status for status, _ in answers] == [403] * 5 + [429]
    assert answers[0][1]["title"] == "password_wrong"
    assert (await here.ask(mine, "POST", PATH, change()))[0] == 429, "not even with the right one"
    acts = [act.action for act in await here.parts.accounts.acts(by="operator")]
    assert (acts.count("password_failed"), acts.count("login_limited")) == (5, 2)
    assert await logs_in(here, PASSWORD) == 303, "his login is not shut"


async def test_an_authenticator_is_replaced_by_a_code_of_it(here: Site) -> None:
    mine = await here.log_in("supervisor")
    secret = here.secrets["supervisor"]
    following = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30))
    path = "/account/second-factor"
    asked = {"password": WRONG, "code": following}
    assert (await here.ask(mine, "POST", path, asked))[0] == 403
    asked = {"password": PASSWORD, "code": "000000"}
    status, told = await here.ask(mine, "POST", path, asked)
    assert (status, told["title"]) == (403, "code_failed")
    assert (await here.get(mine, "/account"))[0] == 200
    asked = {"password": PASSWORD, "code": following}
    assert (await here.ask(mine, "POST", path, asked))[0] == 204
    assert (await here.get(mine, "/account"))[0] == 303, "he logs in anew"
    page = await here.post(mine, "/login", account="supervisor", password=PASSWORD)
    text = await page.text()
    assert 'class="secret"' in text, "and is shown a new secret"
    assert secret not in text


async def test_right_passwords_forgive_no_guessed_codes(here: Site) -> None:
    mine = await here.log_in("supervisor")
    asked = {"password": PASSWORD, "code": "x"}
    answers = [await here.ask(mine, "POST", "/account/second-factor", asked) for _ in range(6)]
    assert [status for status, _ in answers] == [403] * 5 + [429]


async def test_an_operator_has_no_authenticator_and_a_program_no_password(here: Site) -> None:
    mine = await here.log_in("operator")
    asked = {"password": PASSWORD, "code": "000000"}
    status, told = await here.ask(mine, "POST", "/account/second-factor", asked)
    assert (status, told["title"]) == (409, "no_second_factor")
    _, text = await here.get(mine, "/account")
    assert "second-factor" not in text
    token_id, secret, digest = make_token()
    await here.parts.accounts.add_token(token_id, digest, "app", ("administer",), "t", timedelta(1))
    program = await here.browser()
    headers = {"Authorization": f"Bearer {secret}"}
    async with program.post(f"/api/v1{PATH}", json=change(), headers=headers) as answer:
        assert answer.status == 403
