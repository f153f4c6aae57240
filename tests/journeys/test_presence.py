"""Operators who say on their desk phones that they take no calls, and that they take them again."""

from datetime import timedelta

import pytest

from agent.database.operators import list_operators
from deploy.sip_phone import Answer, SipPhone
from tests.journeys.office import PATIENTLY, SOON, Office, heard

pytestmark = pytest.mark.usefixtures("recordings")


async def dials(office: Office, phone: SipPhone, code: str, prompt: str) -> None:
    """He dials a star code and hears what became of it."""
    call = await phone.dial(code)
    await call.answered(within=SOON)
    await call.ended(within=PATIENTLY)
    assert heard(call, office.speech(prompt)), code


async def test_who_has_dialled_a_pause_is_not_rung_until_he_has_dialled_that_he_is_ready(
    office: Office,
) -> None:
    before = await office.calls()
    async with office.on_duty(Answer(after=timedelta(0))) as [phone]:
        await dials(office, phone, "*48", "presence_refused")
        await dials(office, phone, "*43", "presence_paused")
        listed = await list_operators(office.site.database_url)
        assert ("paused", "rapat") in [(one.presence, one.pause_reason) for one in listed]
        caller = await office.dial()
        form = (await office.opened(before)).call.form_number
        await dials(office, phone, "*40", "presence_ready")
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await caller.hang_up()
        await operator.ended(within=SOON)
    report = await office.archived(form)
    assert len(report.call.offers) == 1, "nobody was rung while he was paused"
    assert await office.calls() == before + 1, "a star code is no call of the helpdesk's"
