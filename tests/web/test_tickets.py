"""The list of tickets as a supervisor, an auditor and an operator meet it, by page and API."""

import re
from typing import get_args

import pytest

from agent.database.access import access_of
from agent.database.connect import Connection
from agent.domain.ticket import TicketStage
from agent.web.tickets import STATES, State
from tests.database.agents import running_writer
from tests.database.stories import Story, handed_over, in_turn
from tests.web.site import Site
from tests.web.test_site import token_for
from tests.web.tickets import PRIVATE, open_ticket


@pytest.fixture
async def story(here: Site, url: str) -> Story:
    """One ticket."""
    return await open_ticket(url)


def test_a_state_is_a_stage_or_open_or_all() -> None:
    assert get_args(State) == STATES
    assert set(STATES) == {"open", "all", *(stage.value for stage in TicketStage)}


async def test_a_supervisor_finds_tickets_and_leaves_a_trace(
    here: Site, story: Story, url: str
) -> None:
    browser = await here.log_in("supervisor")
    status, page = await here.get(browser, "/tickets")
    assert status == 200
    for shown in (story.ticket_number, "CV Melati", "baru", "Tinggi", "▲ terlambat"):
        assert shown in page
    assert f'href="/tickets/{story.ticket_number}"' in page
    assert '<a href="/tickets" aria-current="page">Tiket</a>' in page
    seen = await access_of(url, [story.form_number])
    assert [(one.by, one.action) for one in seen] == [("supervisor", "search")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=all&level=helpdesk&overdue=true", True),
        ("state=new", True),
        ("state=taken", False),
        ("level=lkpp", False),
        ("holder=op-101", False),
        ("operator=op-101", True),
        ("operator=op-102", False),
        ("number=26-00412-0", False),
        ("number=1/2026", True),
        ("number=2/2026", False),
        ("number=LS-1", False),
        ("text=unggah", True),
        ("text=kwitansi", False),
    ],
)
async def test_a_ticket_must_meet_all_that_is_asked(
    here: Site, story: Story, query: str, found: bool
) -> None:
    browser = await here.log_in("supervisor")
    status, told = await here.ask(browser, "GET", f"/tickets?{query}")
    assert status == 200
    assert [ticket["ticket_number"] for ticket in told["tickets"]] == (
        [story.ticket_number] if found else []
    )
    own = story.ticket_number.replace("-", "")
    _, told = await here.ask(browser, "GET", f"/tickets?number={own}")
    assert len(told["tickets"]) == 1


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("after=x", "filter_page"),
        ("text=tidak", "filter_text"),
        ("holder=a%00b", "filter_signs"),
        ("state=nothing", "request_invalid"),
        ("nothing=1", "request_invalid"),
    ],
)
async def test_bad_input_is_told_in_a_sentence_and_stays(
    here: Site, query: str, reason: str
) -> None:
    browser = await here.log_in("supervisor")
    status, told = await here.ask(browser, "GET", f"/tickets?{query}")
    assert (status, told["title"]) == (400, reason)
    status, page = await here.get(browser, f"/tickets?{query}")
    assert status == 400
    assert 'role="alert"' in page
    if reason == "filter_text":
        assert 'name="text" value="tidak"' in page


async def test_an_auditor_sees_no_names_and_tries_no_number_of_the_users_out(
    here: Site, story: Story, connection: Connection
) -> None:
    await connection.execute("UPDATE tickets SET external_number = 'LS-815'")
    browser = await here.log_in("auditor")
    status, page = await here.get(browser, "/tickets")
    assert (status, story.ticket_number in page) == (200, True)
    for hidden in (*PRIVATE, "LS-815"):
        assert hidden not in page
    status, told = await here.ask(browser, "GET", "/tickets?number=LS-815")
    assert (status, told["title"]) == (400, "number_invalid")
    _, told = await here.ask(browser, "GET", f"/tickets?number={story.ticket_number}")
    [ticket] = told["tickets"]
    assert (ticket["company"], ticket["external_number"]) == (None, None)


async def test_an_operator_sees_what_came_from_his_calls_and_what_he_holds(
    here: Site, story: Story, connection: Connection
) -> None:
    browser = await here.log_in("operator")
    _, told = await here.ask(browser, "GET", "/tickets")
    assert [ticket["company"] for ticket in told["tickets"]] == ["CV Melati"]
    await connection.execute("UPDATE calls SET operator = 'op-102'")
    _, told = await here.ask(browser, "GET", "/tickets")
    assert told["tickets"] == []
    for holder in ("operator", "op-101"):
        await connection.execute("UPDATE tickets SET holder = $1", holder)
        assert story.ticket_number in (await here.get(browser, "/tickets"))[1]


async def test_others_see_none(here: Site, story: Story) -> None:
    browser = await here.log_in("administrator")
    status, page = await here.get(browser, "/tickets")
    assert (status, 'href="/tickets"' in page) == (403, False)
    program = await token_for(here, "live")
    async with program.get("/api/v1/tickets") as answer:
        assert answer.status == 403
    assert (await here.parts.accounts.acts())[0].detail == {"right": "tickets calls desk"}
    program = await token_for(here, "desk")
    async with program.get("/api/v1/tickets") as answer:
        assert (answer.status, (await answer.json())["tickets"]) == (200, [])


async def test_a_page_after_another(here: Site, story: Story, url: str) -> None:
    others = [handed_over(number) for number in range(2, 53)]  # whose tickets nobody opened yet
    async with running_writer(url) as writer:
        for record in in_turn(others):
            await writer.record(record)
    browser = await here.log_in("supervisor")
    status, page = await here.get(browser, "/tickets?state=all")
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following
    first = re.findall(r'href="/tickets/([\d-]+)"', page)
    assert (len(first), first[0]) == (50, story.ticket_number)
    status, page = await here.get(browser, "/tickets" + following[1].replace("&amp;", "&"))
    rest = re.findall(r'href="/tickets/([\d-]+)"', page)
    assert (status, len(rest), 'rel="next"' in page) == (200, 2, False)
    assert len({*first, *rest}) == 52
