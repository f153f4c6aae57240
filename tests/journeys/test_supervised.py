"""A supervisor listens, whispers and joins by his own telephone; sounds tell who hears whom."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from agent.commands.timeline import timeline_of
from agent.database.reports import CallReport
from agent.domain.call_state import Stage
from deploy.sip_phone import Answer, SipCall, SipPhone, SipPhones
from deploy.site import Site
from tests.journeys.office import PATIENTLY, SOON, Conversation, Office, heard, register, until
from tests.journeys.opening import staffed
from tests.journeys.sounds import write_sound

PAUSE_S = 0.5


class SupervisedOffice(Office):
    """An office with a supervisor, whose telephone is there."""

    supervisor: SipPhone
    account: str

    async def hire(self, phones: SipPhones) -> None:
        """Make his account, register his telephone, and wait until the agent has seen it."""
        words = ("operator", "add", "Dewi", "--supervisor", "--json")
        added = json.loads(await asyncio.to_thread(self.site.command, *words))
        self.account = added["account"]
        self.supervisor = await phones.operator(
            self.account, added["password"], self.site.sip_server
        )
        self.supervisor.on_call = Answer()
        await register(self.supervisor)

    async def supervise(self, form: str, *words: str) -> None:
        """As a person does it from a shell."""
        phone = ("--phone", self.account)
        await asyncio.to_thread(self.site.command, "supervise", form, *phone, *words)

    async def brought_in(self, talk: Conversation, mode: str) -> SipCall:
        """He is called into this conversation and hears it."""

        async def can_be_called() -> bool:
            try:
                await self.supervise(talk.form, "--mode", mode)
            except Exception:  # until Asterisk has asked his telephone whether it lives
                return False
            return True

        await until("his telephone is reachable", can_be_called, PATIENTLY)
        leg = await self.supervisor.incoming(within=SOON)
        await leg.answered(within=SOON)
        await self.shows(talk.form, "he is there", lambda r: _joined(r))
        await asyncio.sleep(PAUSE_S)
        return leg

    async def mode(self, form: str, mode: str) -> None:
        """He changes by whom he is heard."""
        await self.supervise(form, "--mode", mode)
        await asyncio.sleep(PAUSE_S)

    async def ears(self) -> int:
        """How many ears Asterisk has on operators' legs."""
        assert self.site.asterisk is not None
        shown = await asyncio.to_thread(self.site.asterisk.command, "core show channels concise")
        return shown.count("Snoop/")

    async def nothing_left(self) -> bool:
        """Whether Asterisk has no bridge and no channel any more."""
        bridges, channels = await asyncio.to_thread(self._counts)
        return bridges == channels == 0

    def _counts(self) -> tuple[int, int]:
        assert self.site.asterisk is not None
        shown = [self.site.asterisk.command(f"{what} show all") for what in ("bridge",)]
        channels = self.site.asterisk.command("core show channels count")
        return len(shown[0].strip().splitlines()) - 1, int(channels.split()[0])


def _joined(report: CallReport) -> bool:
    session = report.call.supervision
    return session is not None and session.joined is not None


@pytest_asyncio.fixture(scope="module")
async def office(site: Site) -> AsyncIterator[SupervisedOffice]:
    """The office of the journeys, with a supervisor."""
    async with staffed(site, SupervisedOffice) as made:
        await made.hire(made._phones)
        yield made
        await made.supervisor.unregister()


def voice(folder: Path, seed: int) -> Path:
    return write_sound(folder / f"voice-{seed}.wav", seed, 1.0)


async def test_who_listens_whispers_and_joins_is_heard_by_those_who_shall_hear_him(
    office: SupervisedOffice, tmp_path: Path
) -> None:
    said = {
        (mode, who): voice(tmp_path, 10 * i + j)
        for i, mode in enumerate(("listen", "whisper", "join", "listen again"), start=1)
        for j, who in enumerate(("caller", "operator", "supervisor"), start=1)
    }
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        dewi = await office.brought_in(talk, "listen")
        legs = {"caller": talk.caller, "operator": talk.operator, "supervisor": dewi}
        for mode in ("listen", "whisper", "join", "listen again"):
            if mode != "listen":
                await office.mode(talk.form, mode.split()[0])
            for who, leg in legs.items():
                await leg.say_whole(said[mode, who])
                await asyncio.sleep(PAUSE_S)
            assert await office.ears() == (0 if mode == "join" else 1), mode
        await dewi.press("*6")  # his keys mean nothing
        await asyncio.sleep(PAUSE_S)
        await dewi.hang_up()
        await dewi.ended(within=SOON)
        await talk.operator.press("*3*6")
        await office.shows(talk.form, "decision", lambda r: r.call.decision == "solved")
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        report = await office.archived(talk.form)

    both = {"caller", "operator"}
    hear_him = {
        "listen": set(),
        "whisper": {"operator"},
        "join": both,
        "listen again": set(),
    }
    for mode, who in said:
        expected = hear_him[mode] if who == "supervisor" else {*both, "supervisor"} - {who}
        found = {name for name, leg in legs.items() if name != who and heard(leg, said[mode, who])}
        assert found == expected, (mode, who)
    [session] = report.call.supervisions
    assert session.supervisor == office.account
    assert [taken.mode for taken in session.modes] == ["listen", "whisper", "join", "listen"]
    assert session.joined
    assert session.ended
    assert session.ended.at < report.call.ended.at if report.call.ended else False
    assert report.outcome == "solved"
    assert len(report.call.offers) == 1
    told = [line.text for line in timeline_of(report)]
    assert any("dihubungi untuk mendengarkan saja" in text for text in told)
    await until("nothing is left over", office.nothing_left)


async def test_an_agent_that_dies_costs_neither_the_conversation_nor_the_session_anything(
    office: SupervisedOffice, tmp_path: Path
) -> None:
    before, meanwhile, after, whispered = (voice(tmp_path, seed) for seed in (71, 72, 73, 74))
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        dewi = await office.brought_in(talk, "listen")
        await talk.caller.say_whole(before)
        office.site.stop_agent(kill=True)
        await talk.caller.say_whole(meanwhile)
        await asyncio.to_thread(office.site.start_agent)
        await talk.caller.say_whole(after)
        await office.mode(talk.form, "whisper")
        await dewi.say_whole(whispered)
        await asyncio.sleep(PAUSE_S)
        await talk.caller.hang_up()
        await asyncio.gather(*(leg.ended(within=SOON) for leg in (talk.operator, dewi)))
        report = await office.archived(talk.form)
    for words in (before, meanwhile, after):
        assert heard(dewi, words)
        assert heard(talk.operator, words)
    assert heard(talk.operator, whispered)
    assert not heard(talk.caller, whispered)
    [session] = report.call.supervisions
    assert session.ended
    assert report.call.stage is Stage.ARCHIVED
    await until("nothing is left over", office.nothing_left)


async def test_who_hangs_up_while_the_agent_is_dead_has_left_when_it_is_back(
    office: SupervisedOffice,
) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        dewi = await office.brought_in(talk, "join")
        office.site.stop_agent(kill=True)
        await dewi.hang_up()
        await dewi.ended(within=SOON)
        await asyncio.to_thread(office.site.start_agent)
        report = await office.shows(
            talk.form, "he has left", lambda r: r.call.supervision is None, within=PATIENTLY
        )
        assert report.call.stage is Stage.TALKING
        ended = report.call.supervisions[0].ended
        assert ended is not None
        assert dewi.ended_at is not None
        assert abs(ended.at - dewi.ended_at) < timedelta(seconds=3)
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        await office.archived(talk.form)
    await until("nothing is left over", office.nothing_left)
