"""F26: whoever tries to call out at the office's cost gets no line."""

import asyncio
import json
import re
from collections import Counter

import msgspec
import pjsua2
import pytest

from agent.asterisk.refused_calls import refused_calls
from deploy.sip_phone import Answer, RingForever, SipCall
from tests.faults.stranger import Stranger
from tests.journeys.bare_caller import BareCaller
from tests.journeys.office import PATIENTLY, SOON, Office, until

STRANGER, TRUNK = "127.0.0.66", "127.0.0.4"
ABROAD = "0085298765432"
PREMIUM = "0809123456"

PROMISE = "nobody gets a line out: no channel but the helpdesk's own, whatever is dialled or sent"

CALLED_OUT = [
    ABROAD,
    "+6285298765432",
    PREMIUM,
    "112",
    "9" + ABROAD,
    "500&PJSIP%2Ftrunk%2Fsip%3A00123%40127.0.0.4",
    "1500&PJSIP/trunk",
    "PJSIP/trunk",
    "Local%2F1500%40from-trunk",
    "1500,1,Dial(PJSIP/trunk)",
    "$%7BEXTEN%7D",
    "op-101",
    "penelepon",
    *"shitaofTehrs",
]
"""Numbers, device names, dialplan syntax and the dialplan's special extensions."""


class Ledger:
    """The channels that Asterisk has made since, by its own journal."""

    def __init__(self, office: Office) -> None:
        assert office.site.asterisk
        self._file = office.site.asterisk.log_folder / "cel-custom/cel.jsonl"
        self._begins = self._file.stat().st_size if self._file.exists() else 0

    def channels(self) -> Counter[str]:
        """How many of each endpoint: PJSIP/trunk, PJSIP/op-101."""
        if not self._file.exists():
            return Counter()
        with self._file.open("rb") as file:
            file.seek(self._begins)
            rows = [msgspec.json.decode(line) for line in file if b"CHAN_START" in line]
        return Counter(row["channame"].rpartition("-")[0] for row in rows)


@pytest.fixture
def ledger(office: Office) -> Ledger:
    return Ledger(office)


async def only_callers_have_a_line(office: Office, ledger: Ledger) -> None:
    """One who dials the helpdesk has, which shows that the journal would name others too."""
    caller = await BareCaller.at(office.site.sip_server, TRUNK)
    try:
        assert await caller.call(office.site.values.helpdesk_number, b"<sip:0812@127.0.0.4>") == 200
    finally:
        caller.close()

    async def is_known() -> bool:
        return bool(ledger.channels())

    await until("the caller is in the journal", is_known)
    assert ledger.channels() == {"PJSIP/trunk": 1}


async def transfer(call: SipCall, number: str) -> None:
    """Ask Asterisk by REFER to connect the other side with a number."""
    to = f"<sip:{number}@{TRUNK}>"
    await call.phones.ask(lambda: call.library.xfer(to, pjsua2.CallOpParam(True)))


@pytest.mark.fault("F26", PROMISE)
@pytest.mark.parametrize("address", [STRANGER, TRUNK], ids=["a stranger", "the trunk"])
async def test_no_number_but_the_helpdesks_gives_a_line(
    office: Office, ledger: Ledger, address: str
) -> None:
    refused = 404 if address == TRUNK else 401
    with Stranger(office.site.sip_server, address) as fraud:
        for number in CALLED_OUT:
            assert fraud.status(fraud.request("INVITE", number)) == refused, number
    await only_callers_have_a_line(office, ledger)


@pytest.mark.fault("F26", PROMISE)
@pytest.mark.parametrize("address", [STRANGER, TRUNK], ids=["a stranger", "the trunk"])
async def test_no_other_request_makes_a_call(office: Office, ledger: Ledger, address: str) -> None:
    more = (
        f"Refer-To: <sip:{ABROAD}@{TRUNK}>\r\nReferred-By: <sip:op-101@{TRUNK}>\r\nEvent: refer\r\n"
    )
    with Stranger(office.site.sip_server, address) as fraud:
        for method in ("REFER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "UPDATE", "INFO"):
            status = fraud.status(fraud.request(method, more=more))
            assert status is not None, method
            assert status >= 400, method
    await only_callers_have_a_line(office, ledger)


@pytest.mark.fault("F26", PROMISE)
@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
async def test_nobody_learns_which_accounts_there_are(office: Office, method: str) -> None:
    known = office.site.command("operator", "list", "--json")
    assert "op-101" in known
    answers = {}
    with Stranger(office.site.sip_server, STRANGER) as guesser:
        for account in ("op-101", "op-999", "nobody"):
            answer = guesser.ask(guesser.request(method, user=account))
            assert answer
            challenge = re.findall(r"(?m)^(?:SIP/2.0|WWW-Authenticate:) .*$", answer)
            answers[account] = [re.sub('(nonce|opaque)="[^"]*"', "", line) for line in challenge]
    assert answers["op-999"] == answers["nobody"] == answers["op-101"]


@pytest.mark.fault("F26", PROMISE)
async def test_an_operators_telephone_dials_nobody(office: Office, ledger: Ledger) -> None:
    async with office.on_duty(RingForever()) as [phone]:
        for number in (
            office.site.values.helpdesk_number,
            ABROAD,
            PREMIUM,
            "op-102",
            "*72" + ABROAD,
        ):
            call = await phone.dial(number)
            await call.ended(within=SOON)
            assert (call.answered_at, call.end_code) == (None, 404), number
    await only_callers_have_a_line(office, ledger)


@pytest.mark.fault(
    "F26",
    "who dials another number, from the trunk or an operator's telephone, is told of: within a"
    " minute by an alarm in the agent's log and a counter, and by lpse-agent doctor with the last"
    " one's telephone and address",
)
async def test_whoever_dials_another_number_is_told_of(office: Office) -> None:
    """The agent looks every minute, and a fresh one at once."""
    assert office.site.asterisk
    log = office.site.asterisk.log_folder / "messages"
    before = len(refused_calls(log))

    async def told(count: int) -> bool:
        return len(refused_calls(log)) >= before + count

    with Stranger(office.site.sip_server, TRUNK) as fraud:
        for number in (ABROAD, "%0a%0d", "x%27)%20rejected"):
            assert fraud.status(fraud.request("INVITE", number)) == 404
    await until("the trunk's calls are told of", lambda: told(3))
    async with office.on_duty(RingForever()) as [phone]:
        call = await phone.dial(PREMIUM)
        await call.ended(within=SOON)
        await until("the telephone's call is told of", lambda: told(4))
    known = [(refused.device, refused.address) for refused in refused_calls(log)[before:]]
    assert known == [("trunk", TRUNK)] * 3 + [(phone.user, "127.0.0.1")]

    office.site.stop_agent()
    logged = office.site.agent_log.stat().st_size
    await asyncio.to_thread(office.site.start_agent)

    async def counted() -> bool:
        counted = await asyncio.to_thread(office.measured, "lpse_calls_out_refused_total")
        return counted == before + 4

    await until("the agent counts them", counted)
    with office.site.agent_log.open() as lines:
        lines.seek(logged)
        [alarm] = [line for line in lines if "calls_out_refused" in line]
    assert {phone.user, "trunk"} <= set(json.loads(alarm)["devices"])
    assert not [said for said in (ABROAD, PREMIUM, TRUNK) if said in alarm]


@pytest.mark.fault("F26", PROMISE)
async def test_neither_keys_nor_transfers_lead_out_of_a_call(
    office: Office, ledger: Ledger
) -> None:
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        for leg in (talk.caller, talk.operator):
            await leg.press(f"**{ABROAD}#", by="info")
            await leg.press("#1" + PREMIUM, by="info")
            await transfer(leg, ABROAD)
            await transfer(leg, office.site.values.helpdesk_number)
        await asyncio.sleep(1)
        assert not talk.caller.ended_at, "who asked for it in vain talks on"
        assert not talk.operator.ended_at
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
    report = await office.archived(talk.form, within=PATIENTLY)
    operator = report.call.offers[-1].operator
    assert ledger.channels() == {"PJSIP/trunk": 1, f"PJSIP/{operator}": 1}
