"""Two agents: exactly one commands; whatever becomes of it, people talk on and nobody is lost."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.configuration import TEMPLATES
from agent.domain.call_state import Stage
from agent.runtime.lease import VALID_S
from deploy.agent_process import AgentProcess
from deploy.sip_phone import Answer, RingForever, SipPhone
from tests.faults.conftest import Measured
from tests.faults.far_caller import far_caller
from tests.faults.two_agents import TwoAgents, two_agents
from tests.journeys.office import PATIENTLY, SOON, heard, until

TAKES_OVER_S, STANDS_DOWN_S = 3.0, 2.0
STILL_S = 8.0
"""Several times as long as a lease is valid."""
LONG_STILL_S = 30.0
NO_TIME = timedelta(seconds=0.3)
CATCHES = "<<standby_application>>" in (TEMPLATES / "extensions.conf").read_text()


@pytest_asyncio.fixture(scope="module")
async def office_of_module() -> AsyncIterator[TwoAgents]:
    """One office for all of these faults."""
    root = os.environ.get("LPSE_ASTERISK_ROOT", "/var/cache/lpse-agent/asterisk")
    async with two_agents(
        Path(root) if root else None,
        ring_seconds=60.0,
        new_round_seconds=2.0,
        please_wait_seconds=8.0,
        longest_wait_seconds=90.0,
    ) as office:
        yield office


@pytest_asyncio.fixture
async def office(office_of_module: TwoAgents) -> AsyncIterator[TwoAgents]:
    """Both agents run, from new."""
    async with office_of_module.at_work():
        yield office_of_module


async def waits(office: TwoAgents, form: str) -> None:
    """Until this caller's call waits for an operator."""
    await office.shows(form, "waiting", lambda r: r.call.stage is Stage.QUEUEING)


async def every_record_is_one_owners_after_the_other(office: TwoAgents, *forms: str) -> None:
    """I10 as the record shows it: no event of an epoch comes after one of the next."""
    newest = await office.lease_epoch()
    for form in forms:
        epochs = await office.epochs_of(form)
        assert epochs == sorted(epochs), form
        assert epochs[0] == newest - 1, f"{form} began under the owner before"
        assert epochs[-1] == newest, f"{form} was completed by the owner after"


async def rang_for_nobody_else(phone: SipPhone) -> None:
    """Whether every call that rang here was waited for: none was offered twice."""
    with pytest.raises(TimeoutError):
        await phone.incoming(within=NO_TIME)


def log_of(process: AgentProcess) -> list[str]:
    """The names of what a process logged."""
    names = []
    for line in process.log.read_text().splitlines():
        if line.startswith("{"):
            names.append(str(json.loads(line)["event"]))
    return names


@pytest.mark.minute
@pytest.mark.fault(
    "F19",
    "An agent that stands still is followed within 3 s, live calls included; when it goes on it"
    " commands nothing and ends within 2 s; nobody is offered twice.",
)
@pytest.mark.parametrize("still_s", [STILL_S, pytest.param(LONG_STILL_S, marks=pytest.mark.long)])
async def test_an_owner_who_stood_still_commands_nothing_and_his_calls_go_on_under_the_next(
    office: TwoAgents, measured: Measured, still_s: float
) -> None:
    words = office.speech("please_wait")
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        before = await office.calls()
        waiting = await office.dial()
        waiting_form = (await office.opened(before)).call.form_number
        await waits(office, waiting_form)

        office.first.hold_still(True)
        still_since = time.monotonic()
        late = await office.dial()  # Asterisk still brings him to the one who stands still
        measured("followed after s", await office.taken_over(SOON), TAKES_OVER_S)
        await talk.operator.say_whole(words)
        await talk.operator.press("*8")
        await office.shows(
            talk.form, "numbers heard", lambda r: any(s.step == "8" and s.met_at for s in r.steps),
            within=PATIENTLY,
        )  # fmt: skip
        late_form = (await office.opened(before + 1)).call.form_number
        await waits(office, late_form)

        await asyncio.sleep(max(0.0, still_s - (time.monotonic() - still_since)))
        office.first.hold_still(False)
        measured("ended after s", await office.ends(office.first, SOON), STANDS_DOWN_S)
        assert office.commands.since(still_since + 0.1) == []
        assert office.commands.since(0.0), "what is watched is the way of its commands"
        assert "lease_lost" in log_of(office.first)

        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        for caller, form in ((waiting, waiting_form), (late, late_form)):  # in their order
            operator = await phone.incoming(within=PATIENTLY)
            await operator.answered(within=SOON)
            await office.shows(form, "talk", lambda r: r.call.stage is Stage.TALKING)
            await caller.hang_up()
            await operator.ended(within=SOON)
        reports = [await office.archived(form) for form in (talk.form, waiting_form, late_form)]
        await rang_for_nobody_else(phone)
    assert [report.outcome for report in reports] == ["escalated", *["dropped_by_caller"] * 2]
    assert [len(report.call.offers) for report in reports] == [1, 1, 1]
    assert await office.calls() == before + 2, "one record each"
    await every_record_is_one_owners_after_the_other(office, talk.form, waiting_form)
    assert heard(talk.caller, words), "he talked on"
    assert heard(talk.caller, await office.numbers_speech(reports[0]))
    assert heard(talk.operator, await office.numbers_speech(reports[0]))


@pytest.mark.fault(
    "F19",
    "An agent that dies is followed within 3 s: who talks talks on, the telephone that rings is"
    " answered into the call, who waits is offered next.",
)
async def test_a_talk_a_ringing_telephone_and_a_waiting_caller_outlive_their_agent(
    office: TwoAgents, measured: Measured
) -> None:
    words = office.speech("please_wait")
    before = await office.calls()
    async with office.on_duty(Answer(), RingForever()) as [siti, budi]:
        talk = await office.conversation(siti)
        called = await office.dial()
        ringing = await budi.incoming(within=PATIENTLY)
        ringing_form = (await office.opened(before + 1)).call.form_number
        site = office.site
        line, folder = site.values.helpdesk_number, site.folder / "far-phones"
        async with far_caller(site.sip_server, line, "08139999999", folder):
            waiting_form = (await office.opened(before + 2)).call.form_number
            await waits(office, waiting_form)

            office.first.stop(kill=True)
            measured("followed after s", await office.taken_over(SOON), TAKES_OVER_S)
            assert ringing.ended_at is None, "it rings on"
            await talk.operator.say_whole(words)
            await ringing.answer()
            await office.shows(ringing_form, "talk", lambda r: r.call.stage is Stage.TALKING)
            await talk.operator.press("*6")
            await office.shows(talk.form, "decision", lambda r: r.call.decision == "solved")
            await talk.caller.hang_up()
            await talk.operator.ended(within=SOON)
            last = await siti.incoming(within=PATIENTLY)
            await last.answered(within=SOON)
            await office.shows(waiting_form, "talk", lambda r: r.call.stage is Stage.TALKING)
        await last.ended(within=SOON)
        await called.hang_up()
        await ringing.ended(within=SOON)
        forms = (talk.form, ringing_form, waiting_form)
        reports = [await office.archived(form) for form in forms]
        for phone in (siti, budi):
            await rang_for_nobody_else(phone)
    assert [r.outcome for r in reports] == ["solved", "dropped_by_caller", "dropped_by_caller"]
    assert [len(report.call.offers) for report in reports] == [1, 1, 1]
    assert await office.calls() == before + 3
    await every_record_is_one_owners_after_the_other(office, *forms)
    assert heard(talk.caller, words)


@pytest.mark.minute
@pytest.mark.fault(
    "F19",
    "An owner who alone is cut off from the database keeps its calls; a standby that could reach"
    " the database takes nothing over.",
)
async def test_an_owner_who_alone_is_cut_off_from_the_database_keeps_the_calls(
    office: TwoAgents,
) -> None:
    epoch = await office.lease_epoch()
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        office.wire.cut()
        await asyncio.sleep(4 * VALID_S)
        assert await asyncio.to_thread(office.second.is_ready, "standby")
        assert "owner_without_database" in log_of(office.second), "it has asked"
        assert await asyncio.to_thread(office.first.is_ready, "owner")
        cut_off_at = time.monotonic()
        await talk.operator.press("*8")

        async def commands_on() -> bool:
            return any("/play/" in what for what in office.commands.since(cut_off_at))

        await until("the owner plays the numbers", commands_on)
        assert await asyncio.to_thread(office.second.is_ready, "standby")
        office.wire.mend()
        report = await office.shows(
            talk.form, "numbers heard", lambda r: any(s.step == "8" and s.met_at for s in r.steps),
            within=PATIENTLY,
        )  # fmt: skip
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        report = await office.archived(talk.form, within=PATIENTLY)
    assert report.outcome == "escalated"
    assert await office.lease_epoch() == epoch
    assert set(await office.epochs_of(talk.form)) == {epoch}
    assert heard(talk.caller, await office.numbers_speech(report))


@pytest.mark.fault(
    "F33",
    "Agents are restarted one after the other: each hands over within 3 s, people talk on, and"
    " callers of that moment are served.",
)
async def test_agents_are_restarted_in_turn_while_people_talk(
    office: TwoAgents, measured: Measured
) -> None:
    words = office.speech("please_wait")
    before = await office.calls()
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        await asyncio.to_thread(office.first.stop)
        measured("followed after s", await office.taken_over(SOON), TAKES_OVER_S)
        office.first, office.second = office.second, office.first
        await asyncio.to_thread(office.second.start)
        await asyncio.to_thread(office.second.wait_until_ready, "standby")
        await talk.operator.say_whole(words)
        await asyncio.to_thread(office.first.stop)
        measured("followed after s", await office.taken_over(SOON), TAKES_OVER_S)
        office.first, office.second = office.second, office.first
        await talk.operator.press("*6")
        await office.shows(talk.form, "decision", lambda r: r.call.decision == "solved")
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        report = await office.archived(talk.form)
    assert report.outcome == "solved"
    assert len(set(await office.epochs_of(talk.form))) == 3
    assert await office.calls() == before + 1
    assert heard(talk.caller, words)


@pytest.mark.fault(
    "F33",
    "A standby that takes over is not called ready before the exchange's events come to it: no key"
    " is lost that is pressed from then on.",
)
async def test_an_agent_that_takes_over_is_ready_when_it_hears_and_not_before(
    office: TwoAgents, measured: Measured
) -> None:
    async with office.on_duty(Answer()) as [phone], office.database() as eyes:
        talk = await office.conversation(phone)
        async with eyes.transaction():  # the next owner takes the lease and can read no further
            await eyes.execute("LOCK TABLE office_decisions")
            await asyncio.to_thread(office.first.stop)

            async def has_the_lease() -> bool:
                return await asyncio.to_thread(office.second.measured, "lpse_owner") == 1

            await until("the standby has taken the lease", has_the_lease)
            assert not await asyncio.to_thread(office.second.is_ready, "owner")
        measured("followed after s", await office.taken_over(SOON), TAKES_OVER_S)
        await talk.operator.press("*6")
        await office.shows(talk.form, "decision", lambda r: r.call.decision == "solved")
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        await office.archived(talk.form)


@pytest.mark.skipif(not CATCHES, reason="this dialplan does not name the standby's application")
@pytest.mark.fault(
    "F19",
    "A caller who comes while nobody owns the calls is held by the standby, and served as any"
    " other once it has taken over.",
)
async def test_a_caller_who_comes_between_two_owners_is_served_by_the_next(
    office: TwoAgents, measured: Measured
) -> None:
    before = await office.calls()
    async with office.on_duty(Answer()) as [phone]:
        office.first.stop(kill=True)
        caller = await office.dial()
        measured("followed after s", await office.taken_over(SOON), TAKES_OVER_S)
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        form = (await office.opened(before)).call.form_number
        await office.shows(form, "talk", lambda r: r.call.stage is Stage.TALKING)
        await caller.hang_up()
        await operator.ended(within=SOON)
        report = await office.archived(form)
    assert "caller_held_by_standby" in log_of(office.second)
    assert report.outcome == "dropped_by_caller"
    assert await office.calls() == before + 1
    assert not heard(caller, office.speech("fallback_apology"))
