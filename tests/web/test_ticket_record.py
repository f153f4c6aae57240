"""One ticket by page and API: who sees what of it, and that every look is on record."""

import pytest

from agent.catalogue import read_words
from agent.database.access import access_of
from agent.database.connect import Connection
from agent.domain.ticket_acts import NAMES
from agent.domain.ticket_words import FATES, LEVELS, MATTERS, PRIORITIES, STAGES
from agent.domain.words import WAYS
from tests.database.desk import on_record
from tests.database.stories import Story
from tests.web.site import Site
from tests.web.tickets import PRIVATE, open_ticket


@pytest.fixture
async def story(here: Site, url: str) -> Story:
    """One ticket."""
    return await open_ticket(url)


def test_the_pages_say_what_the_command_line_says() -> None:
    words = read_words()["id"]
    states = {state: words(f"tickets.states.{state}") for state in STAGES}
    assert states == STAGES
    assert words.below("ticket.priorities") == PRIORITIES
    assert words.below("office.levels") == LEVELS
    assert words.below("ticket.matters") == MATTERS
    assert words.below("ticket.fates") == FATES
    assert words.below("ticket.ways") == WAYS
    assert set(words.below("ticket.acts")) == {*NAMES.values(), "resend"}


async def test_a_supervisor_sees_all_of_it_and_leaves_a_trace(
    here: Site, story: Story, url: str
) -> None:
    browser = await here.log_in("supervisor")
    status, page = await here.get(browser, f"/tickets/{story.ticket_number}")
    assert status == 200
    for shown in ("Budi Santoso", "CV Melati", "Unggah penawaran gagal", "Tiket dibuka"):
        assert shown in page
    assert 'href="/calls/2026/1"' in page
    assert f'data-api="POST /api/v1/tickets/{story.ticket_number}/take"' in page
    assert "/solve" not in page, "nobody works on it"
    seen = await access_of(url, [story.form_number])
    assert [(one.by, one.action, one.purpose) for one in seen] == [
        ("supervisor", "read", "halaman tiket")
    ]
    status, call = await here.get(browser, "/calls/2026/1")
    assert f'href="/tickets/{story.ticket_number}"' in call


async def test_its_history_is_told_in_the_readers_language(here: Site, story: Story) -> None:
    browser = await here.log_in("supervisor")
    browser.cookie_jar.update_cookies({"lpse-language": "en"})
    _, page = await here.get(browser, f"/tickets/{story.ticket_number}")
    assert "Ticket opened, priority" in page and "Due time set: " in page
    assert "Tiket dibuka" not in page and 'lang="id" class' not in page


async def test_the_api_tells_due_times_history_and_messages(here: Site, story: Story) -> None:
    browser = await here.log_in("supervisor")
    status, told = await here.ask(browser, "GET", f"/tickets/{story.ticket_number}")
    assert (status, told["stage"], told["level"]) == (200, "new", "helpdesk")
    assert told["overdue"]
    assert told["due"]["escalations"]
    assert [event["event"] for event in told["events"]] == ["TicketOpened", "DueSet"]
    ways = {message["way"]: message["fate"] for message in told["messages"]}
    assert ways == {"caller_email": "waiting", "level_email": "waiting"}
    assert told["acts"] == ["take", "assign", "link", "priority"]


async def test_an_auditor_sees_neither_names_nor_words_and_does_nothing(
    here: Site, story: Story, connection: Connection
) -> None:
    supervisor = await here.log_in("supervisor")
    path = f"/tickets/{story.ticket_number}"
    for act, body in (
        ("take", None),
        ("ask", {"text": "Tangkapan layar dari Budi?"}),
        ("answered", {"text": "Budi mengirim"}),
        ("link", {"number": "LS-815"}),
        ("priority", {"override": "low", "why": "Budi menunda"}),
        ("solve", {"text": "Budi memperbarui"}),
    ):
        status, told = await here.ask(supervisor, "POST", f"{path}/{act}", body)
        assert status == 200, told
    auditor = await here.log_in("auditor")
    status, page = await here.get(auditor, path)
    _, told = await here.ask(auditor, "GET", path)
    assert status == 200
    for hidden in (*PRIVATE, "LS-815", "Tangkapan"):
        assert hidden not in page
        assert hidden not in str(told)
    assert "0812-••" in page
    assert "Jawaban/solusi: •••" in page
    assert told["acts"] == []
    assert "/api/v1/tickets" not in page
    assert (await here.ask(auditor, "POST", f"{path}/confirm"))[0] == 403


async def test_an_operator_sees_his_own_in_full_and_of_others_not_that_they_are(
    here: Site, story: Story, connection: Connection
) -> None:
    browser = await here.log_in("operator")
    path = f"/tickets/{story.ticket_number}"
    status, page = await here.get(browser, path)
    assert (status, "Budi Santoso" in page, "/calls/2026" in page) == (200, True, False)
    await connection.execute("UPDATE calls SET operator = 'op-102'")
    for unknown in (path, "/tickets/26-00412-0"):
        assert (await here.get(browser, unknown))[0] == 404
        status, told = await here.ask(browser, "GET", unknown)
        assert (status, told["title"]) == (404, "ticket_unknown")
    status, told = await here.ask(browser, "GET", "/tickets/26-00412-1")
    assert (status, told["title"]) == (400, "number_invalid")


async def test_a_ticket_that_nobody_opened_is_shown_as_such(here: Site, url: str) -> None:
    story = await on_record(url)
    browser = await here.log_in("supervisor")
    status, page = await here.get(browser, f"/tickets/{story.ticket_number}")
    assert (status, "Belum dibuka" in page) == (200, True)
    status, told = await here.ask(browser, "POST", f"/tickets/{story.ticket_number}/take")
    assert (status, told["title"]) == (404, "ticket_unknown")
