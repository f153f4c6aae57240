"""Rules of calls that the office changes while it works: they count from the next call on."""

from typing import Any

from agent.domain.call_state import Offer
from deploy.sip_phone import RingForever, SipPhone
from tests.journeys.office import PATIENTLY, Office

SHORT_S = 2.0


def rang_for_s(offer: Offer) -> float:
    """How long a telephone rang, by Asterisk's clock."""
    assert offer.ringing
    assert offer.ended
    return (offer.ended.at - offer.ringing.at).total_seconds()


async def test_a_telephone_rings_as_long_as_the_rules_said_when_its_caller_came(
    office: Office,
) -> None:
    async with (
        office.program("aturan") as program,
        office.on_duty(RingForever()) as [phone],
    ):

        async def decide(ring_seconds: float) -> float:
            """What was decided before; this counts for callers who come now."""
            async with program.get("/api/v1/office") as answer:
                told: dict[str, Any] = await answer.json()
            rules = told["office_rules"]
            del rules["version"]
            before = float(rules["ring_seconds"])
            based_on = told["versions"]["office_rules"]["in_force"]
            rules |= {"ring_seconds": ring_seconds, "based_on": based_on, "reason": "Rapat 7"}
            async with program.put("/api/v1/office/rules", json=rules) as answer:
                assert answer.status == 200, await answer.text()
            return before

        async def rung_in_vain(phone: SipPhone, new_rules_s: float | None) -> tuple[float, float]:
            """How long the telephone rang, and the rule at the caller's coming."""
            before = await office.calls()
            caller = await office.dial()
            operator = await phone.incoming(within=PATIENTLY)
            opened = await office.opened(before)
            if new_rules_s:
                await decide(new_rules_s)
            await operator.ended(within=PATIENTLY)
            await caller.hang_up()
            report = await office.archived(opened.call.form_number, within=PATIENTLY)
            assert report.call.rules.ring_seconds == opened.call.rules.ring_seconds
            return rang_for_s(report.call.offers[0]), report.call.rules.ring_seconds

        rang, rule = await rung_in_vain(phone, new_rules_s=SHORT_S)
        assert rang > rule - 0.5, "he came before the new rules"
        rang, new_rule = await rung_in_vain(phone, new_rules_s=None)
        assert new_rule == SHORT_S
        assert SHORT_S - 0.5 < rang < rule - 0.5
        assert await decide(rule) == SHORT_S
