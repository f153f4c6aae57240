"""Tokens by the API and on their page: no more than their maker may give, and an end."""

from aiohttp import ClientSession

from agent.database.operators import remove_operator
from agent.domain.identifiers import OperatorId
from agent.domain.rights import RIGHTS, Identity, Right, Role
from agent.web.tokens import may_give
from tests.web.site import OPERATOR, Site


def test_an_administrator_gives_his_own_rights_and_what_shows_no_person() -> None:
    who = Identity(account="a", name="A", rights=RIGHTS[Role.ADMINISTRATOR])
    own = {
        Right.ADMINISTER, Right.ANSWERS, Right.AUDIT, Right.LIVE, Right.CALLS, Right.TICKETS,
        Right.RECAP,
    }  # fmt: skip
    assert may_give(who, None) == own
    assert may_give(who, "op-101") == own | {Right.DESK}


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


async def test_a_token_of_a_telephone_does_what_its_operators_desk_does(here: Site) -> None:
    admin = await here.log_in("administrator")
    asked = {"name": "bilah CRM", "scopes": ["desk"], "operator": OPERATOR}
    status, made = await here.ask(admin, "POST", "/tokens", asked)
    assert status == 201
    call = (await here.talks()).call
    assert call
    sequence, year = int(call.form_number.split("/")[0]), call.form_number[-4:]
    form = f"/api/v1/desk/forms/{year}/{sequence}"
    program = ClientSession(here.origin, headers={"Authorization": f"Bearer {made['token']}"})
    async with program:
        async with program.get("/api/v1/desk") as answer:
            assert (await answer.json())["call"]["form_number"] == call.form_number
        async with program.get("/api/v1/desk/definition") as answer:
            definition = await answer.json()
        assert f"{definition['form']}-{definition['version']}" == call.rules.form
        fields = {f["id"] for section in definition["sections"] for f in section["fields"]}
        asked = {"field": "caller_name", "text": "Rudi"}
        assert asked["field"] in fields
        async with program.put(f"{form}/fields", json=asked) as answer:
            assert (answer.status, (await answer.json())["fields"]["caller_name"]["by"]) == (
                200, f"token:{made['id']}"
            )  # fmt: skip
        async with program.post(f"{form}/buttons", json={"step": "2"}) as answer:
            assert answer.status == 200, await answer.text()
        async with program.get("/api/v1/desk/pause-reasons") as answer:
            reason = (await answer.json())[0]["code"]
        asked = {"presence": "paused", "reason": reason}
        async with program.put("/api/v1/desk/presence", json=asked) as answer:
            assert (await answer.json())["operator"] == OPERATOR
        async with program.get("/api/v1/wallboard") as answer:
            assert answer.status == 403
        await remove_operator(here.parts.pool.url, OperatorId(OPERATOR), "test")
        async with program.put("/api/v1/desk/presence", json=asked) as answer:
            assert (answer.status, (await answer.json())["title"]) == (403, "no_telephone")
    (listed,) = (await here.ask(admin, "GET", "/tokens"))[1]
    assert listed["operator"] == OPERATOR
    assert f"<span>{OPERATOR}</span>" in (await here.get(admin, "/tokens"))[1]
    act = next(a for a in await here.parts.accounts.acts() if a.action == "token_added")
    assert act.detail == {"scopes": ["desk"], "operator": OPERATOR}
    asked = {"name": "x", "scopes": ["desk"], "operator": OPERATOR}
    status, told = await here.ask(admin, "POST", "/tokens", asked)
    assert (status, told["title"]) == (404, "operator_unknown")


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
