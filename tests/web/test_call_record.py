"""One call over HTTP: who sees what of it, and that every look is on record."""

import re

from agent.database.connect import Connection
from tests.database.agents import running_writer
from tests.database.stories import Story, escalated, handed_over, in_turn
from tests.web.site import Site
from tests.web.test_site import token_for

NUMBER = "0812-3456-789"
MASKED = "0812-••••-789"


async def record(here: Site, *stories: Story) -> None:
    async with running_writer(here.parts.pool.url) as writer:
        for one in in_turn(list(stories)):
            await writer.record(one)


async def test_a_program_gets_the_call_with_all_its_proofs(here: Site) -> None:
    story = escalated(7, greeting_s=12.5)
    await record(here, story)
    program = await token_for(here, "calls", "persons")
    async with program.get("/api/v1/calls/2026/7") as answer:
        assert answer.status == 200
        told = await answer.json()
    assert told["form_number"] == story.form_number
    assert told["ticket_number"] == story.ticket_number
    assert (told["outcome"], told["operator"], told["caller"]) == ("escalated", "op-101", NUMBER)
    assert [event["event"] for event in told["events"]] == list(range(1, story.call.events + 1))
    late = next(d for d in told["deviations"] if (d["kind"], d["step"]) == ("time", "2"))
    assert late["limit_s"] == 10.0
    proofs = {e["event"] for step in told["steps"] for e in step["evidence"]}
    assert proofs <= {event["event"] for event in told["events"]}


async def test_who_may_not_see_persons_gets_no_number_and_no_name(here: Site) -> None:
    await record(here, handed_over(3))
    auditor, supervisor = await here.log_in("auditor"), await here.log_in("supervisor")
    _, hidden = await here.get(auditor, "/calls/2026/3")
    _, whole = await here.get(supervisor, "/calls/2026/3")
    assert NUMBER in whole and "Budi Santoso" in whole and "Unggah penawaran" in whole
    for private in (
        NUMBER,
        "Budi Santoso",
        "Unggah penawaran",
        "CV Melati",
        "budi@",
        "08123456789",
    ):
        assert private not in hidden
    assert MASKED in hidden
    assert "Penyedia" in hidden, "what was chosen from a list tells of nobody"
    _, told = await here.ask(auditor, "GET", "/calls/2026/3")
    assert NUMBER not in str(told) and "Budi" not in str(told)


async def test_the_page_leads_from_every_part_of_the_picture_to_its_evidence(here: Site) -> None:
    await record(here, escalated(7, greeting_s=12.5))
    supervisor = await here.log_in("supervisor")
    for language in ("id", "en"):
        supervisor.cookie_jar.update_cookies({"lpse-language": language})
        status, text = await here.get(supervisor, "/calls/2026/7")
        assert status == 200
        leads = set(re.findall(r'href="#([^"]+)"', text)) - {"content"}
        places = re.findall(r' id="([^"]+)"', text)
        assert len(places) == len(set(places))
        assert leads and leads <= set(places)
        assert "deviation-time-2" in leads
        assert "style=" not in text
        first = text.partition('<tr id="event-1">')[2].partition("</tr>")[0]
        told = {"id": "Telepon masuk dari", "en": "Call from"}[language]
        assert f"<td>{told} {NUMBER};" in first


async def test_what_is_said_of_a_deviation_stands_with_it_and_is_said_there(here: Site) -> None:
    await record(here, escalated(7, greeting_s=12.5))
    operator, supervisor = await here.log_in("operator"), await here.log_in("supervisor")
    auditor = await here.log_in("auditor")
    forms = {"/api/v1/deviations/2026/7/explanations", "/api/v1/deviations/2026/7/decisions"}
    explained, decided = sorted(forms, reverse=True)
    for browser, offered in (
        (operator, [explained]),
        (supervisor, [decided]),
        (auditor, []),
    ):
        _, text = await here.get(browser, "/calls/2026/7")
        assert re.findall(r'data-api="POST ([^"]+)"', text) == offered
    said = {"step": "2", "kind": "time", "text": "Headset rusak <sejak pagi>"}
    status, _ = await here.ask(operator, "POST", explained.removeprefix("/api/v1"), said)
    assert status == 201
    decision = said | {"verdict": "upheld", "text": "Tidak dilaporkan"}
    status, _ = await here.ask(supervisor, "POST", decided.removeprefix("/api/v1"), decision)
    assert status == 201
    for browser in (operator, supervisor, auditor):
        _, text = await here.get(browser, "/calls/2026/7")
        shown = text.partition('id="deviation-time-2"')[2].partition("</li>")[0]
        assert "Penjelasan op-101" in shown and "Headset rusak &lt;sejak pagi&gt;" in shown
        assert "Keputusan supervisor" in shown and "Tidak dilaporkan" in shown
        assert '<span class="badge alert">ditetapkan sebagai penyimpangan</span>' in shown


async def test_every_look_is_on_record(here: Site, connection: Connection) -> None:
    await record(here, escalated(7))
    supervisor = await here.log_in("supervisor")
    await here.get(supervisor, "/calls/2026/7")
    await here.ask(supervisor, "GET", "/calls/2026/7")
    rows = await connection.fetch("SELECT by, action, forms, purpose FROM access_log")
    assert [(row["by"], row["action"]) for row in rows] == [("supervisor", "read")] * 2
    assert {form for row in rows for form in row["forms"]} == {escalated(7).form_number}


async def test_a_number_that_is_none_or_unknown_is_told_so(here: Site) -> None:
    supervisor = await here.log_in("supervisor")
    for path, status in (("2026/99", 404), ("year/7", 400), ("2026/x", 400)):
        assert (await here.ask(supervisor, "GET", f"/calls/{path}"))[0] == status, path
        assert (await here.get(supervisor, f"/calls/{path}"))[0] == status, path
