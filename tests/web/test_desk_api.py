"""The desk by the API: one's own call, and nobody else's."""

import asyncio
import json

import pytest
from aiohttp import ClientSession

from agent.database.access import access_of
from agent.database.answers import add_answers
from agent.domain.answer import Answer
from agent.domain.rights import Role
from agent.runtime import clock
from tests.database.agents import running_writer
from tests.database.form_stories import answer_parts, record_all, told_records
from tests.database.stories import handed_over
from tests.runtime.exchange import arrival_of_call
from tests.runtime.office import operators_leg
from tests.runtime.waiting import DEADLINE_S, until
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


async def test_who_was_merely_rung_has_no_part_in_the_call(here: Site) -> None:
    first, second = await here.log_in("operator"), await here.log_in("operator", "budi")
    await here.parts.accounts.change_role("budi", Role.OPERATOR, "op-102", "test")
    await here.post(second, "/login", account="budi", password=PASSWORD)
    loop = await here.people.arrives(arrival_of_call())
    leg = await operators_leg(loop)
    assert loop.call
    form, path = loop.call.form_number, form_of(loop.call.form_number)
    record = path.replace("/desk/forms", "/calls")

    async def may(browser: ClientSession, text: str) -> tuple[int, ...]:
        """Whether he sees and writes the form at his desk, and reads the call."""
        written = {"field": "problem", "text": text}
        _, desk = await here.ask(browser, "GET", f"/desk?form={form}")
        assert desk["closed"] is (desk["call"] is None)
        seen = (
            await here.ask(browser, "PUT", f"{path}/fields", written),
            await here.ask(browser, "GET", record),
        )
        return 404 if desk["closed"] else 200, *(status for status, _ in seen)

    assert await may(first, "dari yang berdering") == (200, 200, 200)
    assert await may(second, "x") == (404, 404, 404)
    async with (
        asyncio.timeout(DEADLINE_S),
        first.get(f"/api/v1/desk/stream?form={form}") as stream,
    ):
        here.exchange.leave(leg)
        desk = {"closed": False, "call": None}
        while not desk["closed"]:
            event = (await stream.content.readuntil(b"\n\n")).decode()
            if event.startswith("event: desk"):
                desk = json.loads(event.split("data: ")[1])
        assert desk["call"] is None
    await until(lambda: loop.call is not None and len(loop.call.offers) == 2)
    await operators_leg(loop)
    assert await may(first, "y") == (404, 404, 404)
    await here.people.talks(loop)
    assert await may(first, "z") == (404, 404, 404)
    assert loop.call.form.values["problem"] == "dari yang berdering"
    assert not (await here.ask(second, "GET", f"/desk?form={form}"))[1]["closed"]


async def test_whose_earlier_consultations_were_seen_is_on_record(here: Site, url: str) -> None:
    before = handed_over(7)
    async with running_writer(url) as writer:
        for record in before.records:
            await writer.record(record)
    browser = await here.log_in("operator")
    loop = await here.people.arrives(arrival_of_call())
    await operators_leg(loop)
    assert loop.call
    path = form_of(loop.call.form_number)
    status, found = await here.ask(browser, "GET", f"{path}/earlier")
    assert (status, [one["form_number"] for one in found["newest"]]) == (200, [before.form_number])
    (line,) = await access_of(url, [before.form_number])
    assert (line.by, line.action, line.purpose) == ("operator", "search", "page: desk")


async def test_a_look_at_anothers_form_is_on_record_and_at_ones_own_is_not(
    here: Site, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, supervisor = await here.log_in("operator"), await here.log_in("supervisor")
    loop = await here.talks()
    assert loop.call
    form = loop.call.form_number
    await here.ask(operator, "GET", "/desk")
    await here.ask(operator, "GET", f"/desk?form={form}")
    assert await access_of(url, [form]) == []
    await here.ask(supervisor, "GET", f"/desk?form={form}")
    async with supervisor.get(f"/api/v1/desk/stream?form={form}") as stream:
        await stream.content.readuntil(b"\n\n")
    lines = await access_of(url, [form])
    assert [(line.by, line.action, line.purpose) for line in lines] == [
        ("supervisor", "read", "page: desk")
    ] * 2
    monkeypatch.setattr(here.parts.pool, "url", "postgresql://127.0.0.1:1/none")
    await here.parts.pool.aclose()
    status, desk = await here.ask(supervisor, "GET", f"/desk?form={form}")
    assert (status, desk["call"]["form_number"]) == (200, form), "calls go on without a database"


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
