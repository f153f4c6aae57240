"""Calls that the operator solves."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.sip_phone import Answer
from tests.journeys.office import PATIENTLY, SOON, Office, heard, heard_tone, step

ACCEPTED_HZ, REFUSED_HZ = 990, 340
"""What agent/speech/tones.py makes: the last of the tones, and the low one."""

TONE = 1.0
"""Seconds an operator listens to a tone; the next key and the end of a call cut it short."""

pytestmark = pytest.mark.usefixtures("recordings")


async def test_a_solved_call_has_every_step_with_its_proof(office: Office) -> None:
    before = await office.calls()
    async with office.on_duty(Answer()) as [phone]:
        caller = await office.dial()
        report = await office.opened(before)
        assert report.call.stage == "welcoming", "the form is open before anyone speaks"
        form = report.call.form_number

        operator = await phone.incoming(within=PATIENTLY)
        answered_at = await operator.answered(within=SOON)
        spoke_at = await operator.say(office.speech("welcome_noon"))
        await office.shows(form, "greeting", lambda r: r.call.greeted is not None)
        await operator.press("*3")
        await office.shows(form, "identity", lambda r: r.call.identity_taken is not None)
        await office.write(form)
        await operator.press("*6", by="info")
        await office.shows(form, "decision", lambda r: r.call.decision == "solved")
        await office.write(form, {"solution": "Perbarui Apendo, lalu unggah lagi"})
        await caller.hang_up()
        ended_at = await operator.ended(within=SOON)
        await office.finish(form)

    report = await office.archived(form)
    assert report.outcome == "solved"
    assert report.deviations == ()
    assert {s.step: s.state for s in report.steps} == {
        **dict.fromkeys(("1", "1a", "2", "3", "4", "5", "6", "7"), "met"),
        "8": "not_applicable",
    }
    assert all(s.evidence for s in report.steps if s.state == "met")
    talk = report.call.conversation
    assert talk and talk.answered and report.call.ended and report.call.greeted
    tenth = timedelta(seconds=0.1)
    assert abs(talk.answered.at - answered_at) < tenth
    assert abs(report.call.ended.at - ended_at) < tenth
    assert abs(report.call.greeted.at - spoke_at) < 3 * tenth
    assert step(report, "2")["deviation"] is None
    assert caller.digits == [], "the caller hears none of the operator's keys"
    assert heard(caller, office.speech("recording_notice"))
    assert heard_tone(operator, ACCEPTED_HZ)
    assert not heard_tone(caller, ACCEPTED_HZ)


async def test_a_late_greeting_is_a_deviation_with_the_right_excess(office: Office) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        answered_at = talk.answered_at
        await office.shows(
            form, "eleven seconds", lambda _r: _age(answered_at) > timedelta(seconds=11)
        )
        spoke_at = await operator.say(office.speech("welcome_noon"))
        await office.shows(form, "greeting", lambda r: r.call.greeted is not None)
        await caller.hang_up()
        await operator.ended(within=SOON)

    report = await office.archived(form)
    [late] = [d for d in report.deviations if d.step == "2"]
    excess = (spoke_at - answered_at).total_seconds() - 10
    assert late.kind == "time"
    assert late.excess_s is not None
    assert abs(late.excess_s - excess) <= 0.1, "as the telephones' own clock has it"
    assert late.operator == report.call.offers[-1].operator
    assert late.events, "the events that prove it"
    assert report.outcome == "dropped_by_caller"


def _age(moment: datetime) -> timedelta:
    return datetime.now(UTC) - moment  # noqa: TID251 — the telephones' clock is the machine's


async def test_nonsense_keys_get_a_low_tone_that_only_the_operator_hears(office: Office) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        await operator.press("7")
        await office.shows(
            form, "low tone", lambda r: any(p.prompt == "tone_refused" for p in r.call.playbacks)
        )
        await caller.press("*8")  # the caller's keys mean nothing
        await operator.press("*2")
        await office.shows(form, "mark", lambda r: r.call.greeted_by == "mark")
        await operator.press("*0")
        await office.shows(
            form,
            "no numbers yet",
            lambda r: any(p.prompt == "no_numbers_yet" and p.heard for p in r.call.playbacks),
        )
        await operator.hang_up()
        await caller.ended(within=SOON)

    report = await office.archived(form)
    assert report.outcome == "undecided"
    assert report.call.ticket_number is None
    assert heard_tone(operator, REFUSED_HZ)
    assert not heard_tone(caller, REFUSED_HZ)
    assert heard(operator, office.speech("no_numbers_yet"))
    assert operator.digits == []
