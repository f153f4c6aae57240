"""The desk by the API: one's own call, and nobody else's."""

from agent.database.answers import add_answers
from agent.domain.answer import Answer
from agent.domain.rights import Role
from agent.runtime import clock
from tests.database.form_stories import answer_parts, record_all, told_records
from tests.runtime.exchange import arrival_of_call
from tests.runtime.office import operators_leg
from tests.runtime.waiting import until
from tests.web.site import PASSWORD, Site

OTHERS = "+628111111111"


async def test_the_form_is_on_the_desk_while_it_rings(here: Site) -> None:
    browser = await here.log_in("operator")
    status, desk = await here.ask(browser, "GET", "/desk")
    assert (status, desk["call"], desk["operator"]["activity"]) == (200, None, "ready")
    await operators_leg(await here.people.arrives(arrival_of_call()))
    _, desk = await here.ask(browser, "GET", "/desk")
    assert (desk["call"]["stage"], desk["call"]["caller"]) == ("ringing", "0812-3456-789")
    assert desk["operator"]["activity"] == "ringing"
    assert "problem" in {name for names in desk["call"]["missing"].values() for name in names}


async def test_what_is_written_stands_there_and_nobody_overwrites_unseen(here: Site) -> None:
    browser = await here.log_in("operator")
    loop = await here.talks()
    assert loop.call
    path = form_of(loop.call.form_number)
    status, call = await here.ask(
        browser, "PUT", f"{path}/fields", {"field": "problem", "text": "Tidak dapat masuk"}
    )
    assert status == 200
    seen = call["fields"]["problem"]
    assert (seen["raw"], seen["by"]) == ("Tidak dapat masuk", "operator")
    status, told = await here.ask(
        browser, "PUT", f"{path}/fields", {"field": "problem", "text": "Lain"}
    )
    assert (status, told["title"], told["raw"]) == (409, "field_changed", "Tidak dapat masuk")
    status, _ = await here.ask(
        browser, "PUT", f"{path}/fields",
        {"field": "problem", "text": "Lain", "seen": seen["at"]},
    )  # fmt: skip
    assert status == 200
    status, told = await here.ask(browser, "PUT", f"{path}/fields", {"field": "no", "text": "x"})
    assert status == 422
    assert told["detail"]


async def test_a_button_is_the_star_code(here: Site) -> None:
    browser = await here.log_in("operator")
    loop = await here.talks()
    assert loop.call
    path = form_of(loop.call.form_number)
    status, _ = await here.ask(browser, "POST", f"{path}/buttons", {"step": "2"})
    assert status == 200
    await until(lambda: loop.call is not None and loop.call.greeted is not None)
    status, told = await here.ask(browser, "POST", f"{path}/buttons", {"step": "9"})
    assert (status, told["title"]) == (400, "request_invalid")


async def test_another_operators_form_is_as_if_there_were_none(here: Site) -> None:
    await here.log_in("operator")
    loop = await here.talks()
    assert loop.call
    path = form_of(loop.call.form_number)
    kept = here.parts.accounts
    await here.account("supervisor", "other")
    await kept.change_role("other", Role.OPERATOR, "op-102", "test")
    other = await here.browser()
    await here.post(other, "/login", account="other", password=PASSWORD)
    for method, place, body in (
        ("PUT", "fields", {"field": "problem", "text": "x"}),
        ("POST", "buttons", {"step": "6"}),
        ("GET", "earlier", None),
    ):
        status, told = await here.ask(other, method, f"{path}/{place}", body)
        assert (status, told["title"]) == (404, "form_not_open"), place
    status, desk = await here.ask(other, "GET", "/desk")
    assert (status, desk["call"]) == (200, None)


async def test_a_form_that_is_not_open_is_told_and_the_present_call_instead(here: Site) -> None:
    browser = await here.log_in("operator")
    status, desk = await here.ask(browser, "GET", "/desk?form=99/2020")
    assert (status, desk["closed"], desk["call"], desk["at_phone"]) == (200, True, None, None)
    loop = await here.talks()
    assert loop.call
    number = loop.call.form_number
    _, desk = await here.ask(browser, "GET", f"/desk?form={number}")
    assert (desk["closed"], desk["call"]["form_number"]) == (False, number)
    called = {"form_number": number, "stage": "talking", "caller": "0812-3456-789"}
    assert desk["at_phone"] == called
    _, desk = await here.ask(browser, "GET", "/desk?form=99/2020")
    assert (desk["closed"], desk["call"]["form_number"]) == (True, number)
    for path in ("/desk?form=x", "/desk/stream?form=x"):
        status, told = await here.ask(browser, "GET", path)
        assert (status, told["title"]) == (400, "number_invalid")
    assert (await here.get(browser, "/desk?form=x"))[0] == 400


async def test_earlier_consultations_are_those_of_the_caller_the_contact_and_the_company(
    here: Site, url: str
) -> None:
    await record_all(
        url,
        told_records(901, "solved"),
        told_records(902, "solved", phone=OTHERS, npwp="0099999999999999"),
    )
    browser = await here.log_in("operator")
    loop = await here.talks()
    assert loop.call
    path = form_of(loop.call.form_number)

    async def found() -> tuple[int, list[int]]:
        status, told = await here.ask(browser, "GET", f"{path}/earlier")
        assert status == 200
        return told["count"], sorted(int(one["form_number"][:4]) for one in told["newest"])

    assert await found() == (1, [901])
    for field, text in (("npwp", "0099999999999999"), ("npwp", ""), ("contact_phone", OTHERS)):
        fields = (await here.ask(browser, "GET", "/desk"))[1]["call"]["fields"]
        body = {"field": field, "text": text, "seen": fields.get(field, {}).get("at")}
        assert (await here.ask(browser, "PUT", f"{path}/fields", body))[0] == 200
        assert await found() == ((2, [901, 902]) if text else (1, [901]))


async def test_suggestions_are_asked_for_while_a_problem_is_typed(here: Site, url: str) -> None:
    await add_answers(url, [Answer(**answer_parts())], "Dewi")
    browser = await here.log_in("operator")
    status, [found] = await here.ask(
        browser, "POST", "/desk/suggestions", {"text": "kapan jam layanan"}
    )
    assert status == 200
    assert (found["kind"], found["reference"]) == ("answer", "jam-layanan")
    assert (found["title"], found["solution"]) == ("Jam layanan", "Senin sampai Jumat.")


def form_of(form_number: str) -> str:
    assert form_number.endswith(f"/{clock.now().year}")
    return f"/desk/forms/{clock.now().year}/{int(form_number.partition('/')[0])}"
