"""Tokens by the API and on their page: no more than their maker may give, and an end."""

from aiohttp import ClientSession

from agent.domain.rights import RIGHTS, Identity, Right, Role
from agent.web.tokens import may_give
from tests.web.site import Site


def test_an_administrator_gives_his_own_rights_and_what_shows_no_person() -> None:
    who = Identity(account="a", name="A", rights=RIGHTS[Role.ADMINISTRATOR])
    assert may_give(who) == {
        Right.ADMINISTER, Right.ANSWERS, Right.AUDIT, Right.LIVE, Right.CALLS, Right.TICKETS,
        Right.RECAP,
    }  # fmt: skip


async def test_a_token_opens_what_it_names_until_it_is_revoked(here: Site) -> None:
    admin = await here.log_in("administrator")
    asked = {"name": "papan di depan", "scopes": ["live"], "days": 30}
    status, made = await here.ask(admin, "POST", "/tokens", asked)
    assert status == 201
    program = ClientSession(here.origin, headers={"Authorization": f"Bearer {made['token']}"})
    async with program:
        async with program.get("/api/v1/wallboard") as answer:
            assert answer.status == 200
        async with program.get("/api/v1/accounts") as answer:
            assert answer.status == 403
        assert (await here.ask(admin, "DELETE", f"/tokens/{made['id']}"))[0] == 204
        async with program.get("/api/v1/wallboard") as answer:
            assert answer.status == 401
    acts = await here.parts.accounts.acts(by="administrator")
    assert [act.action for act in acts[:2]] == ["token_revoked", "token_added"]
    assert made["token"] not in repr(acts)
    _, text = await here.get(admin, "/tokens")
    assert "papan di depan" in text
    assert made["token"] not in text
    status, told = await here.ask(admin, "DELETE", f"/tokens/{made['id']}")
    assert (status, told["title"]) == (404, "token_unknown")


async def test_no_token_has_more_than_its_maker_may_give(here: Site) -> None:
    admin = await here.log_in("administrator")
    for scope in ("persons", "listen", "decide", "desk"):
        asked = {"name": "x", "scopes": ["live", scope]}
        status, told = await here.ask(admin, "POST", "/tokens", asked)
        assert (status, told["title"]) == (403, "scope_not_yours"), scope
    for asked in (
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["all"]},
        {"name": "x", "scopes": ["live"], "days": 401},
        {"name": "x", "scopes": ["live"], "days": 0},
    ):
        assert (await here.ask(admin, "POST", "/tokens", asked))[0] == 400
    assert (await here.ask(admin, "GET", "/tokens"))[1] == []
