"""Callers who wait, leave, or find nobody; operators who reject or do not answer."""

import asyncio
from datetime import timedelta

import pytest

from deploy.sip_phone import Answer, Reject, RingForever
from tests.journeys.office import PATIENTLY, SOON, Office, heard

pytestmark = pytest.mark.usefixtures("recordings")

AT_ONCE = timedelta(0)


async def test_a_caller_who_leaves_in_the_welcome_is_an_outcome(office: Office) -> None:
    before = await office.calls()
    caller = await office.dial()
    form = (await office.opened(before)).call.form_number
    await caller.answered(within=SOON)
    await caller.hang_up()
    report = await office.archived(form)
    assert report.outcome == "abandoned_in_welcome"
    assert report.deviations == ()
    assert await office.calls() == before + 1


async def test_no_telephone_rings_on_for_a_caller_who_left(office: Office) -> None:
    before = await office.calls()
    async with office.on_duty(RingForever()) as [phone]:
        caller = await office.dial()
        operator = await phone.incoming(within=PATIENTLY)
        form = (await office.opened(before)).call.form_number
        await caller.hang_up()
        left_at = await caller.ended(within=SOON)
        stopped_at = await operator.ended(within=SOON)
    assert stopped_at - left_at < timedelta(seconds=1)
    report = await office.archived(form)
    assert report.outcome == "abandoned_waiting"
    assert report.call.offers[0].answered is None


async def test_a_caller_who_leaves_while_talking_dropped_the_call(office: Office) -> None:
    async with office.on_duty(Answer(after=AT_ONCE)) as [phone]:
        talk = await office.conversation(phone)
        caller, operator, form = talk.caller, talk.operator, talk.form
        await caller.hang_up()
        await operator.ended(within=SOON)
    report = await office.archived(form)
    assert report.outcome == "dropped_by_caller"
    assert report.call.decision is None


async def test_a_caller_who_leaves_in_the_moment_of_the_answer_has_one_record(
    office: Office,
) -> None:
    before = await office.calls()
    async with office.on_duty(RingForever()) as [phone]:
        caller = await office.dial()
        operator = await phone.incoming(within=PATIENTLY)
        form = (await office.opened(before)).call.form_number
        await asyncio.gather(operator.answer(), caller.hang_up())
        await operator.ended(within=SOON)
    report = await office.archived(form)
    assert report.outcome in ("abandoned_waiting", "dropped_by_caller")
    assert report.call.caller_gone is not None
    assert await office.calls() == before + 1


async def test_when_one_operator_rejects_the_next_is_tried(office: Office) -> None:
    before = await office.calls()
    async with office.on_duty(Reject(code=486), Reject(code=603), Answer()) as phones:
        caller = await office.dial()
        operator = await phones[2].incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        form = (await office.opened(before)).call.form_number
        await office.shows(form, "talk", lambda r: r.call.stage == "talking")
        await caller.hang_up()
        await operator.ended(within=SOON)
    report = await office.archived(form)
    *rejected, took = report.call.offers
    assert took.answered
    assert all(offer.cause in (17, 21) for offer in rejected), "busy and declined"
    assert len({offer.operator for offer in report.call.offers}) == len(report.call.offers)


async def test_an_operator_who_does_not_answer_is_left_for_another(office: Office) -> None:
    before = await office.calls()
    async with office.on_duty(RingForever(), RingForever(), Answer()) as phones:
        caller = await office.dial()
        operator = await phones[2].incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        form = (await office.opened(before)).call.form_number
        await caller.hang_up()
        await operator.ended(within=SOON)
    report = await office.archived(form)
    *silent, took = report.call.offers
    assert took.answered
    assert all(offer.answered is None and offer.cause == 19 for offer in silent)


async def test_when_nobody_answers_the_caller_hears_why_and_is_let_go(office: Office) -> None:
    before = await office.calls()
    caller = await office.dial()
    form = (await office.opened(before)).call.form_number
    await caller.ended(within=PATIENTLY)
    report = await office.archived(form)
    assert report.outcome == "unanswered"
    assert report.deviations == ()
    assert heard(caller, office.speech("connecting"))
    assert heard(caller, office.speech("please_wait"))
    told = next(p for p in report.call.playbacks if p.prompt == "nobody_available")
    assert told.heard


async def test_two_calls_at_once_have_two_operators(office: Office) -> None:
    before = await office.calls()
    async with office.on_duty(Answer(), Answer()) as phones:
        callers = await asyncio.gather(office.dial(), office.dial())
        legs = await asyncio.gather(*(phone.incoming(within=PATIENTLY) for phone in phones))
        await asyncio.gather(*(leg.answered(within=SOON) for leg in legs))
        await asyncio.sleep(1)  # both talk
        await asyncio.gather(*(caller.hang_up() for caller in callers))
        await asyncio.gather(*(leg.ended(within=SOON) for leg in legs))
    assert await office.calls() == before + 2
    newest = (await office.form_numbers())[:2]
    reports = [await office.archived(form) for form in newest]
    operators = {report.call.offers[-1].operator for report in reports}
    assert len(operators) == 2
    assert [report.outcome for report in reports] == ["dropped_by_caller"] * 2


async def test_strange_caller_ids_do_no_harm(office: Office) -> None:
    for number, kept, shown in (
        ("anonymous", "anonymous", "Pak 'Budi' 🙂"),
        ("62811591999", "62811591999", "+62 811-591-999"),
        ("9" * 2000, "9" * 79, "9" * 64),  # Asterisk itself keeps 79 characters
    ):
        before = await office.calls()
        caller = await office.dial(number, name="Pak 'Budi' 🙂")
        form = (await office.opened(before)).call.form_number
        await caller.answered(within=SOON)
        await caller.hang_up()
        report = await office.archived(form)
        assert report.call.caller.raw == kept
        assert report.call.caller.shown == shown
