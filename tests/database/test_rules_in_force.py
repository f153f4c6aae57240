"""What counts is replaced as a whole for who asks afterwards; what began before keeps its own."""

import asyncio
from datetime import timedelta

import pytest

from agent.database import rules_in_force
from agent.database.case_desk import CaseDesk, let_time_pass
from agent.database.errors import DatabaseUnreachable
from agent.database.office_decisions import NewDecision, decide
from agent.database.pool import Pool
from agent.database.rules_in_force import RulesInForce
from agent.database.tickets import TicketRules, read_ticket
from tests.database.desk import in_force, keep_in_force, on_record
from tests.database.stories import MORNING
from tests.domain.offices import hours_content, rules_of_calls, table_content


async def decide_hours(url: str, version: str, based_on: str, on: str = "2026-07-07") -> None:
    pool = Pool(url)
    closures = [{"first": on, "last": on, "reason": "x", "source": "y"}]
    content = {**hours_content(), "version": version, "closures": closures}
    new = NewDecision(
        kind="office_hours", name=f"LPSE.BTG {version}", content=content, based_on=based_on,
        by="ratna", reason="Surat",
    )  # fmt: skip
    await decide(pool, new)
    await pool.aclose()


async def test_what_was_decided_elsewhere_is_taken_up_as_a_whole(url: str) -> None:
    rules = await keep_in_force(url)
    before, told = rules.now, list[TicketRules]()
    rules.told = told.append
    await rules.take_up()
    assert rules.now is before
    assert not told
    await decide_hours(url, "kantor-1", rules.names["office_hours"])
    assert rules.now is before, "nothing counts before it is taken up"
    await rules.take_up()
    assert told == [rules.now]
    assert rules.names["office_hours"] == "LPSE.BTG kantor-1"
    assert rules.hours.closures
    assert before.working_time is not rules.now.working_time
    assert rules.now.ways == before.ways


async def test_rules_of_calls_that_were_decided_elsewhere_are_taken_up(url: str) -> None:
    rules = await keep_in_force(url)
    before = rules.rules
    assert (before.version, before.ring_seconds) == ("setelan-1", 20)
    pool = Pool(url)
    new = NewDecision(
        kind="office_rules", name="kantor-1", based_on="setelan-1", by="ratna", reason="Rapat 5",
        content=rules_of_calls(version="kantor-1", ring_seconds=25.0, audio_kept_days=30),
    )  # fmt: skip
    await decide(pool, new)
    await pool.aclose()
    assert rules.rules is before, "nothing counts before it is taken up"
    await rules.take_up()
    assert (rules.rules.ring_seconds, rules.rules.audio_kept_days) == (25, 30)


async def test_forms_that_come_later_are_known_to_those_who_asked_before(url: str) -> None:
    rules = await keep_in_force(url)
    forms = rules.forms
    assert list(forms) == [rules.form.name]
    assert len(forms) == 1
    assert forms[rules.form.name] is rules.form
    assert forms.get("another") is None


async def test_it_is_looked_for_while_the_agent_runs_also_when_the_database_was_away(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_in_force, "LOOK_EVERY_S", 0.01)
    rules = await keep_in_force(url)
    away = in_force("postgresql://127.0.0.1:1/lpse")
    with pytest.raises(DatabaseUnreachable):
        await away.take_up()
    taken = asyncio.Event()
    rules.told = lambda _now: taken.set()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(one.follow()) for one in (rules, away)]
        await decide_hours(url, "kantor-1", rules.names["office_hours"])
        await taken.wait()
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in following)
        for task in following:
            task.cancel()
    assert isinstance(rules, RulesInForce)


async def test_an_open_ticket_keeps_its_table_and_its_due_times_follow_the_new_closures(
    url: str,
) -> None:
    rules = await keep_in_force(url)
    story = await on_record(url)
    await CaseDesk(url, rules.now).hand_over(story.call)
    number = str(story.call.ticket_number)
    before = await read_ticket(url, number)
    assert before.ticket
    assert before.ticket.due
    pool = Pool(url)
    content = table_content()
    content["priorities"]["high"]["target"] = {"hours": 1}
    new = NewDecision(
        kind="priority_table", name="kantor-1", content={**content, "version": "kantor-1"},
        based_on="usulan-1", by="ratna", reason="Surat",
    )  # fmt: skip
    await decide(pool, new)
    await pool.aclose()
    await rules.take_up()
    assert rules.now.table.version == "kantor-1"
    soon = MORNING + timedelta(minutes=1)
    await let_time_pass(url, rules.now, soon)
    kept = await read_ticket(url, number)
    assert kept.ticket
    assert kept.ticket.due
    assert kept.ticket.choice.table == "usulan-1"
    assert kept.ticket.due.target_at == before.ticket.due.target_at
    on = before.ticket.due.target_at.date()
    await decide_hours(url, "kantor-1", rules.names["office_hours"], on.isoformat())
    await rules.take_up()
    assert await let_time_pass(url, rules.now, soon) == 1
    moved = await read_ticket(url, number)
    assert moved.ticket
    assert moved.ticket.due
    assert moved.ticket.due.target_at.date() > on
    assert moved.ticket.due.hours == "LPSE.BTG kantor-1 WIB"
