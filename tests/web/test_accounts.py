"""Accounts by the API and on their page: made, changed, removed, and each act on record."""

import pytest
from aiohttp import ClientSession

from agent.web.passwords import hash_password
from tests.web.site import PASSWORD, Site, step_in


async def test_an_account_is_made_and_its_password_opens_one_login(here: Site) -> None:
    admin = await here.log_in("administrator")
    asked = {"account": "dewi", "name": " Dewi  Lestari ", "role": "operator", "operator": "op-102"}
    status, made = await here.ask(admin, "POST", "/accounts", asked)
    assert (status, made["account"]) == (201, "dewi")
    browser = await here.browser()
    page = await here.post(browser, "/login", account="dewi", password=made["password"])
    assert step_in(await page.text())
    _, known = await here.ask(admin, "GET", "/accounts")
    dewi = next(one for one in known if one["account"] == "dewi")
    assert (dewi["name"], dewi["operator"], dewi["made_by"]) == (
        "Dewi Lestari",
        "op-102",
        "administrator",
    )
    assert made["password"] not in str(known)
    acts = await here.parts.accounts.acts(by="administrator")
    assert ("account_added", "dewi") in {(act.action, act.subject) for act in acts}
    assert made["password"] not in repr(acts)
    status, text = await here.get(admin, "/accounts")
    assert (status, "Dewi Lestari" in text) == (200, True)


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        ({"account": "Dewi!", "name": "D", "role": "operator"}, 400, "request_invalid"),
        ({"account": "dewi", "name": "D", "role": "king"}, 400, "request_invalid"),
        ({"account": "dewi", "name": " ", "role": "operator"}, 422, "name_invalid"),
        ({"account": "dewi", "name": "a\u0007b", "role": "operator"}, 422, "name_invalid"),
        ({"account": "administrator", "name": "D", "role": "operator"}, 422, "account_invalid"),
        (
            {"account": "dewi", "name": "D", "role": "operator", "operator": "op-999"},
            422,
            "account_invalid",
        ),
    ],
)
async def test_what_can_be_no_account_is_refused(
    here: Site, asked: dict[str, str], status: int, reason: str
) -> None:
    admin = await here.log_in("administrator")
    answered, told = await here.ask(admin, "POST", "/accounts", asked)
    assert (answered, told["title"]) == (status, reason)
    _, known = await here.ask(admin, "GET", "/accounts")
    assert [one["account"] for one in known] == ["administrator"]


async def test_who_is_changed_is_out_at_once(here: Site) -> None:
    admin, operator = await here.log_in("administrator"), await here.log_in("operator")
    for method, path, body in (
        ("POST", "/accounts/operator/second-factor", None),
        ("PUT", "/accounts/operator", {"role": "operator", "operator": "op-102"}),
        ("POST", "/accounts/operator/password", None),
        ("DELETE", "/accounts/operator", None),
    ):
        assert (await here.get(operator, "/desk"))[0] == 200, "known in this moment"
        status, told = await here.ask(admin, method, path, body)
        assert status in (200, 204), told
        assert (await here.get(operator, "/desk"))[0] == 303, path
        if method != "DELETE":
            operator = await again(here)
    status, told = await here.ask(admin, "DELETE", "/accounts/operator")
    assert (status, told["title"]) == (404, "account_unknown")
    _, text = await here.get(admin, "/accounts")
    assert "Sudah dihapus" in text


async def again(here: Site) -> ClientSession:
    """The operator logs in anew, also with a password that he was given."""
    await here.parts.accounts.choose_password("operator", hash_password(PASSWORD), b"")
    browser = await here.browser()
    await here.post(browser, "/login", account="operator", password=PASSWORD)
    return browser


async def test_nobody_removes_or_demotes_himself(here: Site) -> None:
    admin = await here.log_in("administrator")
    for method, body in (("DELETE", None), ("PUT", {"role": "auditor"})):
        status, told = await here.ask(admin, method, "/accounts/administrator", body)
        assert (status, told["title"]) == (409, "own_account")
    assert (await here.get(admin, "/accounts"))[0] == 200


@pytest.mark.parametrize("role", ["operator", "supervisor", "auditor"])
async def test_nobody_else_comes_near_them(here: Site, role: str) -> None:
    browser = await here.log_in(role)
    for path in ("/accounts", "/operators", "/tokens"):
        assert (await here.get(browser, path))[0] == 403
        assert (await here.ask(browser, "GET", path))[0] == 403
    asked = {"account": "own", "name": "Own", "role": "administrator"}
    assert (await here.ask(browser, "POST", "/accounts", asked))[0] == 403
