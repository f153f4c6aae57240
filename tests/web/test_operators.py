"""Operators by the API and on their page."""

import asyncpg

from agent.asterisk.phone_accounts import digest_of
from tests.web.site import Site


async def test_an_added_operators_phone_has_a_password_that_is_shown_once(
    here: Site, url: str
) -> None:
    admin = await here.log_in("administrator")
    status, made = await here.ask(admin, "POST", "/operators", {"name": "Dewi  Lestari"})
    assert status == 201
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow("SELECT * FROM operators WHERE account = $1", made["account"])
    await connection.close()
    expected = digest_of(made["account"], here.parts.settings.sip_realm, made["password"])
    assert row is not None
    assert (row["name"], row["digest_sha256"], row["digest_md5"]) == (
        "Dewi Lestari",
        expected.sha256,
        expected.md5,
    )
    acts = await here.parts.accounts.acts(by="administrator")
    assert (acts[0].action, acts[0].subject) == ("operator_added", made["account"])
    status, text = await here.get(admin, "/operators")
    assert (status, "Dewi Lestari" in text) == (200, True)
    assert made["password"] not in text


async def test_a_supervisors_telephone_is_made_and_shown_as_such(here: Site) -> None:
    admin = await here.log_in("administrator")
    for name, supervises in (("Dewi", None), ("Ratna", True)):
        asked = {"name": name} if supervises is None else {"name": name, "supervises": supervises}
        assert (await here.ask(admin, "POST", "/operators", asked))[0] == 201
    _, known = await here.ask(admin, "GET", "/operators")
    told = {one["name"]: one["supervises"] for one in known}
    assert (told["Dewi"], told["Ratna"]) == (False, True)
    acts = await here.parts.accounts.acts(by="administrator")
    assert [act.detail["supervises"] for act in acts[:2]] == [True, False]


async def test_a_removed_operator_keeps_his_past(here: Site) -> None:
    admin = await here.log_in("administrator")
    assert (await here.ask(admin, "DELETE", "/operators/op-102"))[0] == 204
    _, known = await here.ask(admin, "GET", "/operators")
    removed = {one["account"]: one["removed_at"] is not None for one in known}
    assert removed["op-102"]
    assert not removed["op-101"]
    assert (await here.parts.accounts.acts(by="administrator"))[0].action == "operator_removed"
    for account in ("op-102", "op-999", "nobody"):
        status, told = await here.ask(admin, "DELETE", f"/operators/{account}")
        assert (status, told["title"]) == (404, "operator_unknown")


async def test_a_name_that_cannot_be_shown_is_refused(here: Site) -> None:
    admin = await here.log_in("administrator")
    for name, status in (("", 400), ("  ", 422), ("x" * 81, 400), ("bell\a", 422)):
        assert (await here.ask(admin, "POST", "/operators", {"name": name}))[0] == status
