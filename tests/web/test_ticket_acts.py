"""Everything that can be done with a ticket, by API as the page asks it, and what is refused."""

from typing import get_args

import pytest

from agent.catalogue import read_words
from agent.database.connect import Connection
from agent.database.tickets import read_ticket
from agent.domain import ticket, ticket_acts
from tests.database.stories import Story
from tests.web.site import Site
from tests.web.test_site import token_for
from tests.web.tickets import open_ticket


@pytest.fixture
async def story(here: Site, url: str) -> Story:
    """One ticket."""
    return await open_ticket(url)


def test_every_refusal_has_a_sentence() -> None:
    reasons = [f"problems.ticket_{reason}" for reason in get_args(ticket.Refusal)]
    reasons += [f"problems.act_{reason}" for reason in get_args(ticket_acts.Refusal)]
    for words in read_words().values():
        assert set(reasons) <= words.keys


async def test_a_whole_life_by_the_api_is_on_the_tickets_own_record(
    here: Site, story: Story, url: str
) -> None:
    browser = await here.log_in("operator")
    path = f"/tickets/{story.ticket_number}"
    life = (
        ("take", None, "taken"),
        ("ask", {"text": "Tangkapan layar?"}, "waiting_for_user"),
        ("answered", {"text": "Sudah"}, "taken"),
        ("solve", {"text": "Perbarui Apendo"}, "solved"),
        ("reopen", {"text": "Masih gagal"}, "reopened"),
        ("assign", {"level": "lkpp"}, "new"),
        ("link", {"number": "LS-815"}, "new"),
        ("priority", {"override": "low", "why": "ditunda"}, "new"),
        ("take", None, "taken"),
        ("solve", {"text": "Pasang ulang"}, "solved"),
        ("confirm", None, "confirmed"),
    )
    for act, body, stage in life:
        status, told = await here.ask(browser, "POST", f"{path}/{act}", body)
        assert (status, told["stage"]) == (200, stage), (act, told)
    assert told["acts"] == ["reopen", "link"]
    report = await read_ticket(url, story.ticket_number)
    assert report.ticket
    assert report.ticket.external_number == "LS-815"
    assert [event.by for event in report.events[2:]] == ["operator"] * 12  # with new due times


@pytest.mark.parametrize(
    ("act", "body", "status", "reason"),
    [
        ("confirm", None, 409, "ticket_stage"),
        ("solve", {"text": "x"}, 409, "ticket_stage"),
        ("assign", {"level": "helpdesk"}, 409, "ticket_same_level"),
        ("assign", {"level": "nowhere"}, 400, "request_invalid"),
        ("ask", {"text": "  "}, 422, "act_empty"),
        ("ask", {"text": "password: melati9"}, 422, "act_secret"),
        ("ask", {"text": "x", "by": "siti"}, 400, "request_invalid"),
        ("link", {"number": "9" * 101}, 422, "act_number_too_long"),
        ("priority", {}, 422, "act_nothing_other"),
        ("priority", {"override": "high"}, 422, "act_no_reason"),
        ("resend", None, 409, "nothing_to_resend"),
    ],
)
async def test_what_cannot_be_is_told_in_a_sentence_and_nothing_happens(
    here: Site, story: Story, url: str, act: str, body: object, status: int, reason: str
) -> None:
    browser = await here.log_in("supervisor")
    path = f"/tickets/{story.ticket_number}/{act}"
    answered, told = await here.ask(browser, "POST", path, body)
    assert (answered, told["title"]) == (status, reason)
    assert told["detail"]
    assert len((await read_ticket(url, story.ticket_number)).events) == 2


async def test_a_ticket_of_another_operator_cannot_be_touched(
    here: Site, story: Story, connection: Connection, url: str
) -> None:
    browser = await here.log_in("operator")
    await connection.execute("UPDATE calls SET operator = 'op-102'")
    for act in ("take", "resend"):
        path = f"/tickets/{story.ticket_number}/{act}"
        status, told = await here.ask(browser, "POST", path)
        assert (status, told["title"]) == (404, "ticket_unknown")
    assert len((await read_ticket(url, story.ticket_number)).events) == 2


async def test_a_forged_act_is_refused_and_a_program_needs_the_scope(
    here: Site, story: Story, url: str
) -> None:
    browser = await here.log_in("supervisor")
    path = f"/api/v1/tickets/{story.ticket_number}/take"
    async with browser.post(path, headers={"X-CSRF-Token": "0" * 64}) as answer:
        assert answer.status == 403
    async with (await token_for(here, "calls")).post(path) as answer:
        assert answer.status == 403
    async with (await token_for(here, "tickets")).post(path) as answer:
        assert answer.status == 200
        told = await answer.json()
    assert (told["stage"], told["caller_name"]) == ("taken", None)
    assert len((await read_ticket(url, story.ticket_number)).events) == 3


async def test_what_was_given_up_is_sent_again_by_the_pages_button(
    here: Site, story: Story, connection: Connection
) -> None:
    await connection.execute("UPDATE outbox_messages SET gave_up_at = now(), last_error = '550'")
    browser = await here.log_in("supervisor")
    path = f"/tickets/{story.ticket_number}"
    _, page = await here.get(browser, path)
    assert "▲ tidak terkirim" in page
    assert f'data-api="POST /api/v1{path}/resend"' in page
    status, told = await here.ask(browser, "POST", f"{path}/resend")
    assert (status, {m["fate"] for m in told["messages"]}) == (200, {"waiting"})
    assert "resend" not in told["acts"]
    acts = await here.parts.accounts.acts(by="supervisor")
    assert (acts[0].action, acts[0].subject) == ("messages_resent", story.ticket_number)
