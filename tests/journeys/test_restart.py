"""The agent is stopped in order while people talk: they talk on, and it takes them over again."""

import asyncio

import asyncpg
import pytest

from agent.domain.call_state import Stage
from deploy.sip_phone import Answer, Reject
from tests.journeys.office import PATIENTLY, SOON, Office, heard, step

APOLOGY_S = 10.0
"""Long enough to hear it; what comes after it is test_fallback's."""

pytestmark = pytest.mark.usefixtures("recordings")


async def test_people_talk_on_while_the_agent_restarts_and_star_eight_works_afterwards(
    office: Office,
) -> None:
    words = office.speech("please_wait")
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        await operator.press("*2*3")
        await office.write(form)

        office.site.stop_agent()
        await operator.say_whole(words)
        phone.on_call = Reject(486)  # a telephone in use
        second = await office.dial()  # while nobody listens to ARI
        await asyncio.sleep(APOLOGY_S)
        await second.hang_up()
        await asyncio.to_thread(office.site.start_agent)

        await operator.press("*8")
        report = await office.shows(
            form, "numbers heard", lambda r: any(s.step == "8" and s.met_at for s in r.steps),
            within=PATIENTLY,
        )  # fmt: skip
        await caller.hang_up()
        await operator.ended(within=SOON)

    report = await office.archived(form)
    assert report.outcome == "escalated"
    assert report.deviations == ()
    assert step(report, "3")["state"] == "met"
    assert heard(caller, words), "the operator's voice went on while the agent was away"
    numbers = await office.numbers_speech(report)
    assert heard(caller, numbers)
    assert heard(operator, numbers)
    assert heard(second, office.speech("fallback_apology"))


async def test_a_caller_whom_nobody_but_the_dialplan_met_is_on_record_afterwards(
    office: Office,
) -> None:
    before = await office.calls()
    async with office.on_duty(Reject(486)):
        office.site.stop_agent()
        caller = await office.dial()
        await caller.hang_up()
        await caller.ended(within=SOON)
        await asyncio.to_thread(office.site.start_agent)
        form = (await office.opened(before)).call.form_number
        report = await office.archived(form, within=PATIENTLY)
    assert report.call.by_exchange
    assert report.call.arrived.source == "CEL CHAN_START"
    assert [(d.kind, d.reason) for d in report.deviations] == [
        ("equipment", "handled_without_the_service")
    ]


async def test_a_caller_who_waits_is_offered_an_operator_after_the_agent_has_died_and_come_back(
    office: Office,
) -> None:
    before = await office.calls()
    caller = await office.dial()
    form = (await office.opened(before)).call.form_number
    await office.shows(form, "waiting", lambda r: r.call.stage is Stage.QUEUEING)
    office.site.stop_agent(kill=True)
    await asyncio.to_thread(office.site.start_agent)
    async with office.on_duty(Answer()) as [phone]:
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await office.shows(form, "talk", lambda r: r.call.stage is Stage.TALKING)
        await caller.hang_up()
        await operator.ended(within=SOON)
    report = await office.archived(form)
    assert report.outcome == "dropped_by_caller"
    assert await office.calls() == before + 1


async def test_a_talk_whose_record_is_lost_goes_on_from_what_its_channel_tells(
    office: Office,
) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        office.site.stop_agent(kill=True)
        await lose_record(office.site.database_url, form)
        await asyncio.to_thread(office.site.start_agent)
        await office.shows(
            form, "taken up", lambda r: r.call.stage is Stage.TALKING, within=PATIENTLY
        )
        await operator.press("*3*6")
        await office.shows(form, "decision", lambda r: r.call.decision == "solved")
        await caller.hang_up()
        await operator.ended(within=SOON)
        report = await office.archived(form)
    assert report.outcome == "solved"
    assert report.call.adopted
    assert [(d.kind, d.reason) for d in report.deviations] == [("equipment", "record_lost")]


async def lose_record(url: str, form: str) -> None:
    """As after a return to an older copy of the database."""
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        call = await connection.fetchval(
            "SELECT call_id FROM consultations WHERE form_number = $1", form
        )
        await connection.execute("ALTER TABLE call_events DISABLE TRIGGER USER")
        for table in ("deviations", "consultation_steps", "consultations", "call_events", "calls"):
            await connection.execute(f"DELETE FROM {table} WHERE call_id = $1", call)  # noqa: S608 (our own names)
        await connection.execute("ALTER TABLE call_events ENABLE TRIGGER USER")
    await connection.close()


async def test_a_call_that_ended_while_the_agent_was_away_is_closed_afterwards(
    office: Office,
) -> None:
    before = await office.calls()
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        await operator.press("*2*3*6")
        await office.shows(form, "decision", lambda r: r.call.decision == "solved")
        office.site.stop_agent(kill=True)
        await caller.hang_up()
        await caller.ended(within=SOON)
        await operator.hang_up()  # nobody is there to release him
        await operator.ended(within=SOON)
        await asyncio.to_thread(office.site.start_agent)
        report = await office.archived(form, within=PATIENTLY)
    assert report.outcome == "solved"
    assert report.call.caller_gone
    assert report.call.caller_gone.source == "CEL HANGUP", "and the record says by whose word"
    assert await office.calls() == before + 1
