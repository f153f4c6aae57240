"""The whole SOP on record: each branch by real calls, and then every paper, message and figure."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import openpyxl
import pypdfium2
import pytest
import pytest_asyncio

from agent.database.reports import CallReport
from agent.domain.call_state import Stage
from deploy.office_servers import MailServer, RequestTracker
from deploy.sip_phone import Answer
from deploy.site import Site
from tests.documents.papers import record_in
from tests.journeys.office import PATIENTLY, SOON, Office, until
from tests.journeys.opening import asterisk_root, open_folder, staffed
from tests.runtime.forms import IDENTITY

EMAIL = "budi@contoh.test"
LEVEL = "ppe@lpse.test"
SOLUTION = "Perbarui Apendo, lalu unggah lagi"


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    """The office's mail server."""
    with MailServer(without_login=True) as server:
        yield server


@pytest.fixture(scope="module")
def tracker() -> Iterator[RequestTracker]:
    """Where the next level keeps its tickets."""
    with RequestTracker() as server:
        yield server


@pytest.fixture(scope="module")
def site(mail_server: MailServer, tracker: RequestTracker) -> Iterator[Site]:
    """An office that hands cases over by e-mail and into Request Tracker."""
    with open_folder("lpse-whole-") as folder:
        token = folder / "rt.token"
        token.write_text(tracker.token)
        with Site(
            folder,
            asterisk_root(),
            archive_after_seconds=60.0,
            smtp_host="127.0.0.1",
            smtp_port=mail_server.port,
            smtp_security="none",
            mail_from="helpdesk@lpse.test",
            level_addresses=f"admin_ppe={LEVEL}",
            request_tracker_url=tracker.url,
            request_tracker_token_file=str(token),
            request_tracker_queue=tracker.queue,
        ) as running:
            yield running


@pytest_asyncio.fixture(scope="module")
async def office(site: Site) -> AsyncIterator[Office]:
    """Its people."""
    async with staffed(site, Office) as open_office:
        yield open_office


async def command(office: Office, *words: str) -> str:
    return await asyncio.to_thread(office.site.command, *words)


def paper_of(office: Office, report: CallReport) -> bytes:
    assert report.call.archive_path
    return (office.site.folder / "archive" / report.call.archive_path).read_bytes()


def text_of(paper: bytes) -> str:
    document = pypdfium2.PdfDocument(paper)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def mails_about(server: MailServer, ticket: str) -> list[str]:
    return sorted(mail["To"] for mail in server.mails() if ticket in mail["Subject"])


async def test_a_case_that_cannot_be_answered_goes_on_by_mail_and_tracker_and_is_archived(
    office: Office, mail_server: MailServer, tracker: RequestTracker
) -> None:
    mail_server.stop()  # it is away when the case is handed over, and nothing is lost
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        await talk.operator.say(office.speech("welcome_noon"))
        await office.write(talk.form, {**IDENTITY, "email": EMAIL, "urgency": "M", "impact": "S"})
        await talk.operator.press("*8")
        report = await office.shows(
            talk.form, "in the tracker", lambda r: r.call.handed_over is not None, PATIENTLY
        )
        await office.shows(talk.form, "step 8", lambda r: _state(r, "8") == "met", PATIENTLY)
        await office.finish(talk.form)
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
    report = await office.archived(talk.form, within=PATIENTLY)
    ticket = report.call.ticket_number
    assert ticket
    assert report.outcome == "escalated"
    assert report.deviations == ()
    assert await _found(tracker, ticket) == 1

    assert mails_about(mail_server, ticket) == []
    mail_server.start()

    async def arrived() -> bool:
        return mails_about(mail_server, ticket) == [EMAIL, LEVEL]

    await until("both mails have arrived once", arrived, PATIENTLY)
    told = json.loads(await command(office, "ticket", "show", ticket, "--json"))
    assert told["ticket"]["choice"]["by_table"] == "high"

    paper = paper_of(office, report)
    shown = " ".join(text_of(paper).split())
    for words in (talk.form, ticket, "Budi Santoso", "CV Melati", "Unggah penawaran gagal"):
        assert words in shown, words
    record = json.loads(record_in(paper))
    assert record["form_number"] == talk.form
    assert record["judgement"]["outcome"] == "escalated"

    await command(office, "ticket", "take", ticket, "--by", "ppe-1")
    await command(office, "ticket", "solve", ticket, "--text", SOLUTION, "--by", "ppe-1")

    async def answered() -> bool:
        return mails_about(mail_server, ticket) == [EMAIL, EMAIL, LEVEL]

    await until("the user is told the solution", answered, PATIENTLY)
    await command(office, "ticket", "confirm", ticket, "--by", "op-101")


async def test_a_solved_call_helps_to_answer_the_next(office: Office) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        await talk.operator.say(office.speech("welcome_noon"))
        await office.write(talk.form, {**IDENTITY, "problem": "Sertifikat digital kedaluwarsa"})
        await office.write(talk.form, {"solution": "Ajukan sertifikat baru", "outcome": "solved"})
        await office.finish(talk.form)
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
    report = await office.archived(talk.form, within=PATIENTLY)
    assert report.outcome == "solved"
    assert report.deviations == ()
    found = await command(office, "search", "sertifikat kedaluarsa")
    assert "Ajukan sertifikat baru" in found


@pytest.mark.parametrize("outcome", ["silent", "prank", "wrong_number"])
async def test_what_was_no_consultation_has_its_own_outcome_and_no_deviation(
    office: Office, outcome: str
) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        await office.write(talk.form, {"outcome": outcome})
        await talk.operator.hang_up()
        await talk.caller.ended(within=SOON)
    report = await office.archived(talk.form)
    assert (report.outcome, report.deviations) == (outcome, ())


async def test_who_is_referred_and_left_unfinished_is_archived_and_answered_for(
    office: Office,
) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        await office.write(talk.form, {"outcome": "referred", "solution": "Hubungi Pokja"})
        await talk.operator.hang_up()
        await talk.caller.ended(within=SOON)
        await office.shows(talk.form, "ended", lambda r: r.call.stage is Stage.ENDED)
        await office.finish(talk.form)
    report = await office.archived(talk.form, within=PATIENTLY)
    assert report.outcome == "referred"
    assert [(d.step, d.reason) for d in report.deviations if d.kind == "output"] == [
        ("3", "identity_not_recorded")
    ]
    by = ("--text", "Penelepon menolak menyebut nama", "--by", "op-101")
    await command(office, "deviation", "explain", talk.form, "3", *by)
    by = ("--text", "Diterima", "--by", "supervisor")
    await command(office, "deviation", "decide", talk.form, "3", "excused", *by)


async def test_the_recap_adds_up_and_the_archive_is_whole(office: Office, tmp_path: Path) -> None:
    calls = json.loads(await command(office, "calls", "--json"))
    day = calls[0]["arrived_at"][:10]
    first = calls[-1]["arrived_at"][:10]
    days = ("--from", first, "--to", day, "--output", str(tmp_path), "--json")
    made = json.loads(await command(office, "recap", *days))
    outcomes = made["totals"]["outcomes"]
    assert sum(outcomes.values()) == len(calls) == 6
    assert {name: count for name, count in outcomes.items() if count} == {
        "escalated": 1,
        "solved": 1,
        "silent": 1,
        "prank": 1,
        "wrong_number": 1,
        "referred": 1,
    }
    assert made["rows"] == 3, "what was no consultation has no row"
    files = {Path(file["path"]).suffix: Path(file["path"]) for file in made["files"]}
    rows = list(csv.reader(io.StringIO(files[".csv"].read_text("utf-8-sig")), delimiter=";"))
    assert len(rows) == 1 + 3
    assert any("Penelepon menolak menyebut nama" in cell for row in rows for cell in row)
    assert any("dapat dimaklumi" in cell for row in rows for cell in row)
    sheet = openpyxl.load_workbook(files[".xlsx"]).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows(max_col=1)].count(None) < sheet.max_row
    assert "Rekap Penanganan Permasalahan" in text_of(files[".pdf"].read_bytes())
    assert json.loads(await command(office, "archive", "verify", "--json"))["findings"] == []
    await command(office, "deviation", "recompute")


def _state(report: CallReport, name: str) -> str:
    return next(step.state for step in report.steps if step.step == name)


async def _found(tracker: RequestTracker, ticket: str) -> int:
    """How many tickets in the tracker carry this number."""
    headers = {"Authorization": f"token {tracker.token}"}
    query = f"{tracker.url}/REST/2.0/tickets?query=Subject LIKE '{ticket}'"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(query) as answer:
        return int((await answer.json(content_type=None))["total"])
