"""A pause, its end and a supervisor's listening, asked from a page."""

from agent.domain.identifiers import OperatorId
from tests.web.site import OPERATOR, Site


async def test_an_operator_pauses_with_a_reason_and_is_ready_again(here: Site) -> None:
    browser = await here.log_in("operator")
    asked = {"presence": "paused", "reason": "istirahat"}
    status, told = await here.ask(browser, "PUT", "/desk/presence", asked)
    assert (status, told["presence"]) == (200, "paused")
    status, desk = await here.ask(browser, "GET", "/desk")
    assert (desk["operator"]["activity"], desk["operator"]["reason"]) == ("paused", "istirahat")
    status, told = await here.ask(browser, "PUT", "/desk/presence", {"presence": "ready"})
    assert (status, told["presence"]) == (200, "ready")


async def test_a_reason_that_is_not_on_the_list_is_refused(here: Site) -> None:
    browser = await here.log_in("operator")
    asked = {"presence": "paused", "reason": "malas"}
    status, told = await here.ask(browser, "PUT", "/desk/presence", asked)
    assert (status, told["title"]) == (422, "pause_reason_unknown")


async def test_a_supervisor_sets_anothers_presence_on_record_and_an_operator_may_not(
    here: Site,
) -> None:
    operator, supervisor = await here.log_in("operator"), await here.log_in("supervisor")
    path, asked = (
        f"/wallboard/operators/{OPERATOR}/presence",
        {"presence": "paused", "reason": "rapat"},
    )
    assert (await here.ask(operator, "PUT", path, asked))[0] == 403
    assert (await here.ask(supervisor, "PUT", path, asked))[0] == 200
    assert here.people.floor.floor.operators[OperatorId(OPERATOR)].kind == "paused"
    acts = [act for act in await here.parts.accounts.acts() if act.action == "presence_set"]
    assert [(act.by, act.subject) for act in acts] == [("supervisor", OPERATOR)]
    path = "/wallboard/operators/op-999/presence"
    status, told = await here.ask(supervisor, "PUT", path, asked)
    assert (status, told["title"]) == (404, "operator_unknown")


async def test_who_has_no_supervisors_telephone_hears_nobody(here: Site) -> None:
    loop = await here.talks()
    assert loop.call
    form = loop.call.form_number
    path = f"/wallboard/calls/{form[-4:]}/{int(form.split('/')[0])}/supervision"
    operator, supervisor = await here.log_in("operator"), await here.log_in("supervisor")
    assert (await here.ask(operator, "PUT", path, {"mode": "listen"}))[0] == 403
    status, told = await here.ask(supervisor, "PUT", path, {"mode": "listen"})
    assert (status, told["title"]) == (403, "no_telephone")
    assert loop.call.supervision is None
    tried = [act.action for act in await here.parts.accounts.acts()]
    assert "supervision" in tried
