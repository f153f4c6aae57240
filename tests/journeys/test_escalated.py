"""Calls that the operator cannot solve: ticket, numbers read aloud to both."""

from datetime import timedelta

import pytest

from agent.database.reports import CallReport
from deploy.sip_phone import Answer
from tests.journeys.office import PATIENTLY, SOON, Office, heard

pytestmark = pytest.mark.usefixtures("recordings")


async def test_both_hear_the_numbers_of_an_escalated_call(office: Office) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        await office.write(form)
        await operator.press("*2*3*8")
        report = await office.shows(form, "numbers heard", lambda r: _met(r, "8"), within=PATIENTLY)
        await caller.hang_up()
        await operator.ended(within=SOON)
        await caller.ended(within=SOON)

        report = await office.archived(form)
        assert report.outcome == "escalated"
        assert report.call.ticket_number
        assert _met(report, "8")
        assert _met(report, "7")
        assert not report.deviations
        numbers = await office.numbers_speech(report)
        assert heard(operator, numbers)
        assert heard(caller, numbers)
        assert caller.digits == []

        # ** in the operator's next call reads the numbers of this one, to him alone.
        second = await office.conversation(phone)
        await second.operator.press("**")
        await office.shows(
            second.form,
            "last numbers",
            lambda r: any(p.prompt == "numbers_last" and p.started for p in r.call.playbacks),
        )
        await second.operator.hang_up()
        await second.caller.ended(within=SOON)
    last = await office.archived(second.form)
    assert last.call.offers[-1].previous is not None
    assert last.call.offers[-1].previous.ticket_number == report.call.ticket_number


async def test_a_caller_who_leaves_while_the_numbers_are_read_has_not_heard_them(
    office: Office,
) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        await operator.press("*2*3*8")
        await office.shows(
            form,
            "reading",
            lambda r: sum(p.prompt == "numbers" and bool(p.started) for p in r.call.playbacks) == 2,
        )
        await caller.hang_up()
        await operator.ended(within=PATIENTLY)

    report = await office.archived(form)
    numbers = await office.numbers_speech(report)
    assert report.outcome == "escalated"
    assert heard(operator, numbers), "the operator hears them to their end all the same"
    assert not heard(caller, numbers)
    eighth = next(s for s in report.steps if s.step == "8")
    assert eighth.state == "unmet"
    [missing] = [d for d in report.deviations if d.step == "8"]
    assert missing.kind == "output"
    assert missing.reason == "caller_left_before_hearing"
    by_leg = {p.channel: p.result for p in report.call.playbacks if p.prompt == "numbers"}
    assert by_leg == {report.call.channel: "failed", report.call.offers[-1].channel: "done"}
    gone, ended = report.call.caller_gone, report.call.operator_gone
    assert gone and ended
    assert ended.at - gone.at > timedelta(seconds=5), "he was not cut off"


def _met(report: CallReport, name: str) -> bool:
    return any(s.step == name and s.state == "met" for s in report.steps)
