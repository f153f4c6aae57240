"""What a caller gets while the agent is away: an apology, then any operator, by Asterisk alone."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.ari_exchange import FALLBACK_CONTEXT
from deploy.sip_phone import PROMPT_HEARD, Answer, Reject, RingForever, SipCall, find_prompt
from tests.journeys.bare_asterisk import Journal, until
from tests.journeys.bare_office import PROMPT_SECONDS, SOON, BareOffice, bare_office

BOTH = "PJSIP/op-101&PJSIP/op-102"


@pytest_asyncio.fixture(scope="module")
async def office() -> AsyncIterator[BareOffice]:
    async with bare_office(fallback_ring_seconds=2, longest_unanswered_seconds=2) as made:
        yield made


@pytest_asyncio.fixture(autouse=True)
async def _nothing_left(office: BareOffice) -> AsyncIterator[None]:
    await office.asterisk.tell_operators(BOTH)
    for phone in office.operators:
        phone.forget_calls()
        phone.on_call = RingForever()
    yield
    await office.caller.phones.hang_up_all()


@pytest.fixture
def journal(request: pytest.FixtureRequest, office: BareOffice) -> Iterator[Journal]:
    """Of this test's calls; kept for tests/asterisk/journals when JOURNALS_FOLDER is set."""
    journal = office.asterisk.journal()
    yield journal
    if folder := os.environ.get("JOURNALS_FOLDER"):
        story = request.node.originalname.removeprefix("test_")
        Path(folder, f"{story}.jsonl").write_text(journal.text())


async def press(phone: SipCall, codes: Sequence[str], journal: Journal) -> None:
    """One code after another; returns when the last is in the journal and was confirmed."""
    for count, code in enumerate(codes, start=3):  # after the fallback's own two marks
        await phone.press(code)
        await journal.until("USER_DEFINED", SOON, count)
        await asyncio.sleep(PROMPT_SECONDS + 0.3)


async def test_an_operator_answers_in_the_fallback_and_solves_the_question(
    office: BareOffice, journal: Journal
) -> None:
    quick, slow = office.operators
    quick.on_call = Answer()
    call, taken = await office.connected(office.caller, quick)
    missed = await slow.incoming(SOON)
    await missed.ended(SOON)
    assert missed.answered_at is None
    # The talk is a new RTP stream that counts from the beginning. Within two seconds of the first
    # one's beginning these phones take it for packets that come too late.
    await asyncio.sleep(1)
    await taken.say_whole(office.words)
    await press(taken, ("*2", "*3", "*6"), journal)
    await taken.hang_up()
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert office.heard(call, "fallback_apology")
    assert office.heard(call, "recording_notice")
    apology, notice = (office.heard_at(call, p) for p in ("fallback_apology", "recording_notice"))
    assert apology < notice < find_prompt(call.heard, office.words).offset
    assert find_prompt(call.heard, office.words).score > PROMPT_HEARD
    assert office.heard(taken, "tone_accepted")
    for prompt in ("tone_accepted", "fallback_nobody", "fallback_ticket_later"):
        assert not office.heard(call, prompt)
    assert journal.marks() == [
        ("LPSE_FALLBACK", "", "PJSIP/trunk"),
        ("LPSE_NOTICE", "", "PJSIP/trunk"),
        ("LPSE_MARK", "2", "PJSIP/op-101"),
        ("LPSE_MARK", "3", "PJSIP/op-101"),
        ("LPSE_MARK", "6", "PJSIP/op-101"),
    ]


async def test_an_operator_in_the_fallback_promises_a_ticket(
    office: BareOffice, journal: Journal
) -> None:
    office.operators[0].on_call = Answer()
    call, taken = await office.connected(office.caller, office.operators[0])
    await press(taken, ("*2", "*3", "*8"), journal)
    await taken.hang_up()
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert office.heard(call, "fallback_ticket_later")
    assert office.heard(taken, "fallback_ticket_later")
    assert journal.marks()[2:] == [("LPSE_MARK", digit, "PJSIP/op-101") for digit in "238"]


async def test_star_codes_are_the_operators_alone(office: BareOffice, journal: Journal) -> None:
    office.operators[0].on_call = Answer()
    call, taken = await office.connected(office.caller, office.operators[0])
    await call.press("*8")
    await asyncio.sleep(0.8)
    for code in ("*0", "**"):
        await taken.press(code)
        await asyncio.sleep(0.9)
    await call.hang_up()
    await taken.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert not office.heard(call, "fallback_ticket_later")
    assert office.heard(taken, "no_numbers_yet")
    assert office.heard(taken, "tone_refused")
    assert [mark for mark, _, _ in journal.marks()] == ["LPSE_FALLBACK", "LPSE_NOTICE"]


async def test_a_caller_in_the_fallback_hangs_up_while_telephones_ring(
    office: BareOffice, journal: Journal
) -> None:
    call = await office.caller.dial("1500")
    rung = [await phone.incoming(SOON) for phone in office.operators]
    await asyncio.sleep(0.5)
    await call.hang_up()
    for phone in rung:
        await phone.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert [mark for mark, _, _ in journal.marks()] == ["LPSE_FALLBACK", "LPSE_NOTICE"]
    assert "BRIDGE_ENTER" not in {row["eventenum"] for row in journal.rows()}


async def test_an_operator_who_talks_is_not_rung_by_the_next_caller(office: BareOffice) -> None:
    busy, free = office.operators
    busy.on_call = Answer()
    first, taken = await office.connected(office.caller, busy)
    free.forget_calls()
    free.on_call = Answer()
    journal = office.asterisk.journal()
    second, also_taken = await office.connected(office.second_caller, free)
    assert journal.rung() == {"PJSIP/op-102"}
    for call in (first, second):
        await call.hang_up()
    for call in (taken, also_taken):
        await call.ended(SOON)


async def test_nobody_answers_in_the_fallback_and_the_caller_leaves_a_message(
    office: BareOffice, journal: Journal
) -> None:
    before = office.asterisk.messages()
    office.operators[0].on_call = Reject(486, after=timedelta(0))
    call = await office.caller.dial("1500")
    message = await office.recorded(before)
    await call.say_whole(office.words)
    await asyncio.sleep(0.5)  # the last quarter of a second before the key is cut off
    await call.press("#")
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert find_prompt(message, office.words).score > PROMPT_HEARD
    assert journal.marks()[2:] == [
        ("LPSE_NOBODY", "", "PJSIP/trunk"),
        ("LPSE_VOICEMAIL", message.name, "PJSIP/trunk"),
    ]
    for prompt in ("fallback_nobody", "fallback_voicemail", "tone_accepted", "fallback_thanks"):
        assert office.heard(call, prompt)
    assert stat.S_IMODE(message.parent.stat().st_mode) & 0o007 == 0


async def test_a_caller_who_hangs_up_while_he_is_recorded_has_left_his_message(
    office: BareOffice, journal: Journal
) -> None:
    before = office.asterisk.messages()
    await office.asterisk.tell_operators("none")
    call = await office.caller.dial("1500")
    message = await office.recorded(before)
    await call.say_whole(office.words)
    await call.hang_up()
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert find_prompt(message, office.words).score > PROMPT_HEARD
    assert journal.marks()[2:] == [
        ("LPSE_NOBODY", "", "PJSIP/trunk"),
        ("LPSE_VOICEMAIL", message.name, "PJSIP/trunk"),
    ]


async def test_a_caller_who_says_nothing_has_left_no_message(
    office: BareOffice, journal: Journal
) -> None:
    before = office.asterisk.messages()
    await office.asterisk.tell_operators("none")
    speaker = await office.caller.dial("1500")
    silent = await office.second_caller.dial("1500")
    await until(lambda: len(office.asterisk.messages() - before) == 2, SOON)
    await speaker.say_whole(office.words)
    for call in (speaker, silent):
        await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON, count=2)
    kept = [file for mark, file, _ in journal.marks() if mark == "LPSE_VOICEMAIL"]
    assert len(kept) == 1
    (message,) = (file for file in office.asterisk.messages() if file.name == kept[0])
    assert find_prompt(message, office.words).score > PROMPT_HEARD
    assert office.heard(speaker, "fallback_thanks")
    assert not office.heard(silent, "fallback_thanks")


async def test_a_caller_who_leaves_at_the_tone_has_left_no_message(
    office: BareOffice, journal: Journal
) -> None:
    before = office.asterisk.messages()
    await office.asterisk.tell_operators("none")
    call = await office.caller.dial("1500")
    await office.recorded(before)
    await call.hang_up()
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    marks = [mark for mark, _, _ in journal.marks()]
    assert marks == ["LPSE_FALLBACK", "LPSE_NOTICE", "LPSE_NOBODY"]


async def test_when_no_phone_is_registered_the_caller_does_not_wait(office: BareOffice) -> None:
    before = office.asterisk.messages()
    for phone in office.operators:
        await phone.unregister()
    try:
        call = await office.caller.dial("1500")
        await office.recorded(before)
        await call.hang_up()
        await call.ended(SOON)
    finally:
        for phone in office.operators:
            await phone.register()
    waited = office.heard_at(call, "fallback_nobody") - office.heard_at(call, "recording_notice")
    assert waited < timedelta(seconds=1.5)


@pytest.mark.parametrize(
    "phones",
    ["none", "PJSIP/op-101&Local/1500@from-trunk", "PJSIP/op-101,60,g", "PJSIP/op-101/sip:x@y"],
)
async def test_a_list_that_is_not_one_of_operators_phones_is_never_dialled(
    office: BareOffice, phones: str
) -> None:
    before, journal = office.asterisk.messages(), office.asterisk.journal()
    await office.asterisk.tell_operators(phones)
    call = await office.caller.dial("1500")
    await office.recorded(before)
    await call.hang_up()
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert office.heard(call, "fallback_nobody")
    assert not journal.rung()


@contextlib.asynccontextmanager
async def agent_process(office: BareOffice, answer: bytes) -> AsyncIterator[None]:
    """Somebody at the agent's FastAGI port, who gives one command, or takes calls and is silent."""
    values = office.asterisk.server.values
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        writer.write(answer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await (reader.readline() if answer else reader.readuntil(b"never"))
        writer.close()
        ended.set()

    async with await asyncio.start_server(serve, values.agi_address, values.agi_port):
        yield
        await asyncio.wait_for(ended.wait(), SOON.total_seconds())


async def test_a_process_of_the_agents_that_is_left_names_the_operators(
    office: BareOffice, journal: Journal
) -> None:
    office.operators[1].on_call = Answer()
    async with agent_process(office, b'SET VARIABLE LPSE_OPERATORS "PJSIP/op-102"\n'):
        call, taken = await office.connected(office.caller, office.operators[1])
    await call.hang_up()
    await taken.ended(SOON)
    assert journal.rung() == {"PJSIP/op-102"}


async def test_nobody_but_operators_is_rung_whatever_that_process_says(office: BareOffice) -> None:
    before, journal = office.asterisk.messages(), office.asterisk.journal()
    async with agent_process(office, b'SET VARIABLE LPSE_OPERATORS "PJSIP/op-101&Local/1500"\n'):
        call = await office.caller.dial("1500")
        await office.recorded(before)
    await call.hang_up()
    await call.ended(SOON)
    await journal.until("LINKEDID_END", SOON)
    assert not journal.rung()


async def test_a_process_that_takes_the_question_and_is_silent_does_not_hold_the_caller(
    office: BareOffice,
) -> None:
    office.operators[0].on_call = Answer(hang_up_after=timedelta(seconds=0.3))
    async with agent_process(office, b""):
        call = await office.caller.dial("1500")
        taken = await office.operators[0].incoming(SOON)
        assert await taken.answered(SOON) - await call.answered(SOON) < timedelta(seconds=5)
    await call.ended(SOON)


async def test_a_caller_in_the_care_of_an_agent_that_died_goes_on_to_an_operator(
    office: BareOffice, journal: Journal
) -> None:
    office.operators[0].on_call = Answer()
    values = office.asterisk.server.values
    async with office.asterisk.listening(values.application) as agent:
        channel = await office.in_care(agent)
        await agent.client.post("bridges", type="mixing", bridgeId="waiting")
        await agent.client.post("bridges", "waiting", "addChannel", channel=channel)
        taken = await office.operators[0].incoming(SOON)
        await taken.answered(SOON)
        await agent.client.delete("bridges", "waiting")
    await taken.hang_up()
    await journal.until("LINKEDID_END", SOON)
    assert [mark for mark, _, _ in journal.marks()] == ["LPSE_FALLBACK", "LPSE_NOTICE"]


async def test_a_caller_whom_the_agent_sends_on_reaches_the_operators_known_before_a_restart(
    office: BareOffice,
) -> None:
    office.operators[0].on_call = Answer()
    values = office.asterisk.server.values
    async with office.asterisk.listening(values.application) as agent:
        first = await office.caller.dial("1500")
        await agent.caller(SOON)
        await first.hang_up()
        await office.asterisk.tell_operators("")  # as a restart of Asterisk leaves it
        channel = await office.in_care(agent)
        # Whatever ARI sets, even a variable of its own, takes AstDB from the rest of the dialplan.
        await agent.client.post("channels", channel, "variable", variable="LPSE_STAGE", value="w")
        away = {"context": FALLBACK_CONTEXT, "extension": "1500", "priority": "1"}
        await agent.client.post("channels", channel, "continue", **away)
        taken = await office.operators[0].incoming(SOON)
    await taken.answered(SOON)
    await taken.hang_up()


async def test_an_agent_that_lives_gives_its_caller_more_time(office: BareOffice) -> None:
    values = office.asterisk.server.values
    async with office.asterisk.listening(values.application) as agent:
        channel = await office.in_care(agent)
        longer = {"variable": "TIMEOUT(absolute)", "value": "14400"}
        await agent.client.post("channels", channel, "variable", **longer)
        await asyncio.sleep(values.longest_unanswered_seconds + 0.5)
        care = await agent.client.get("applications", values.application)
        assert channel in care["channel_ids"]


async def test_the_standby_agent_takes_the_caller_before_the_fallback_does(
    office: BareOffice,
) -> None:
    values = office.asterisk.server.values
    async with office.asterisk.listening(values.standby_application) as standby:
        call = await office.caller.dial("1500")
        await standby.caller(SOON)
    await call.hang_up()
    await call.ended(SOON)
    assert call.answered_at is None


async def test_the_fallback_still_works_after_asterisk_and_agent_have_both_restarted(
    office: BareOffice,
) -> None:
    first, _ = office.operators
    first.on_call = Answer()
    # The list is kept by the first call after it was told.
    await office.asterisk.tell_operators("PJSIP/op-101")
    before, _ = await office.connected(office.caller, first)
    await before.hang_up()
    await before.ended(SOON)
    office.asterisk.server.restart()
    # A phone that is not listed counts as unreachable until the agent publishes it again.
    assert "op-101" in office.asterisk.server.command("pjsip list endpoints")
    after, taken = await office.connected(office.caller, first)
    assert await taken.answered(SOON) > await after.answered(SOON)
    await after.hang_up()
    await taken.ended(SOON)
