"""One ticket as people and programs see it: its target as it is now, and who must telephone."""

import io
import json
from datetime import datetime, timedelta

from rich.console import Console

from agent.commands.ticket_sheet import BY_TELEPHONE, address_of, show_ticket, ticket_object
from agent.database.case_desk import CaseDesk
from agent.database.tickets import change_ticket, read_ticket
from tests.commands.shell import Shell
from tests.database.desk import on_record, rules
from tests.database.stories import MORNING
from tests.domain.ticket_story import event

MAIL = {"LPSE_SMTP_HOST": "127.0.0.1", "LPSE_MAIL_FROM": "helpdesk@example.go.id"}


async def test_who_gets_no_email_is_to_be_told_by_telephone(url: str, shell: Shell) -> None:
    story = await on_record(url)
    await CaseDesk(url, rules()).hand_over(story.call)
    show = ("ticket", "show", story.ticket_number)
    with_mail = await shell.start(url, *show, "--json", **MAIL)
    assert json.loads(with_mail.out)["tell_by_telephone"] is False, with_mail.err
    without = await shell.run(url, *show, "--json")
    assert json.loads(without.stdout)["tell_by_telephone"] is True
    assert BY_TELEPHONE in (await shell.run(url, *show)).stdout
    report = await read_ticket(url, story.ticket_number)
    told = io.StringIO()
    show_ticket(report, "WIB", Console(file=told, width=80), by_email=True)
    assert story.ticket_number in told.getvalue()
    assert BY_TELEPHONE not in told.getvalue()


async def test_the_target_is_later_by_the_users_time_and_in_the_offices_zone(url: str) -> None:
    story = await on_record(url)  # of high priority: three hours of work
    await CaseDesk(url, rules()).hand_over(story.call)
    before = await read_ticket(url, story.ticket_number)
    for minutes, name in ((5, "taken"), (10, "asked"), (40, "answered")):
        told = event(name, MORNING + timedelta(minutes=minutes))
        await change_ticket(url, story.ticket_number, rules(), lambda _t, told=told: told)
    report = await read_ticket(url, story.ticket_number)
    assert report.target_at
    assert before.target_at
    assert report.target_at - before.target_at == timedelta(minutes=30)
    shown = ticket_object(report, "WITA", by_email=True)
    assert shown["target_at"].endswith("+08:00")
    assert shown["events"][2]["at"] == "2026-03-02T10:05:00+08:00"
    assert datetime.fromisoformat(shown["target_at"]) == report.target_at
    assert address_of(report) == "budi@contoh.co.id"


async def test_a_ticket_that_nobody_has_opened_yet_is_shown_as_such(url: str, shell: Shell) -> None:
    story = await on_record(url)
    shown = await shell.run(url, "ticket", "show", story.ticket_number)
    assert "Belum dibuka" in shown.stdout
    assert shown.exit_code == 0
