"""F27, F28, F30: names and numbers that no honest telephone sends, from the line to the shell.

The agent learns them from ARI; when it is away, from Asterisk's journal. The pages of F30 are in
test_pages.py.
"""

import asyncio
import json
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

import pytest

from agent.asterisk.caller_id import NOT_GIVEN, SHOWN_LENGTH
from agent.database.reports import CallReport
from agent.database.verification import verify
from agent.domain.consultation import Outcome
from tests.journeys.bare_caller import BareCaller
from tests.journeys.office import PATIENTLY, Office, until

TRUNK = "127.0.0.5"
PHRASES = {
    "4 kB": b"panjang" * 585,
    "emoji": "🙂🏴‍☠️ ramah".encode(),
    "right to left": "\u202eterbalik\u202c \u2066isolasi\u2069".encode(),
    "a decomposed letter": "Re\u0301ne\u0301".encode(),
    "a zero": b"nol\0sesudah",
    "new lines": b"baris\r\nagi_key: x\nlain",
    "an escape code": "\x1b[2J\x1b[31mmerah\x9b0m\x07".encode(),
    "no UTF-8, half a surrogate pair among it": b"\xff\xed\xa0\x80\xc3 rusak",
    "SQL": b"'); DROP TABLE calls; --",
    "SQL that is always true": b"' OR '1'='1' --",
    "a backslash": b'garis\\ "miring"',
    "a formula": b"=cmd|' /C calc'!A0",
    "a script": b"<script>alert(1)</script>",
}
TRACES = "panjangp isolasi sesudah agi_key 31mmerah rusak DROP '1'='1' miring calc'! alert(1)"


def as_name(phrase: bytes) -> bytes:
    """From whom, when he hides his number."""
    quoted = phrase.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"%s" <sip:anonymous@anonymous.invalid>' % quoted


def as_number(phrase: bytes) -> bytes:
    """From whom, when his telephone company lets him choose."""
    return b"<sip:%s@%s>" % (quote(phrase, safe="").encode(), TRUNK.encode())


EVERY_WAY = [
    # SIP has no line break in a name: Asterisk does not even read such a packet.
    *(as_name(phrase) for phrase in PHRASES.values() if b"\n" not in phrase),
    *(as_number(phrase) for phrase in PHRASES.values()),
]


async def called(
    office: Office, identities: list[bytes], meanwhile: Callable[[], None] = lambda: None
) -> list[CallReport]:
    """The records of callers who come all at once and leave when they are answered."""
    before = await office.calls()
    url, number = office.site.database_url, office.site.values.helpdesk_number
    callers = [await BareCaller.at(office.site.sip_server, TRUNK) for _ in identities]
    try:
        dialled = (c.call(number, one) for c, one in zip(callers, identities, strict=True))
        assert set(await asyncio.gather(*dialled)) == {200}
    finally:
        for caller in callers:
            caller.close()
    await asyncio.to_thread(meanwhile)

    async def all_recorded() -> bool:
        return await office.calls() >= before + len(identities)

    await until("all are on record", all_recorded, PATIENTLY)
    forms = await office.form_numbers()
    assert len(forms) == before + len(identities)
    broken = [finding.sentence for finding in await verify(url) if not finding.holds]
    assert not broken
    return [await office.archived(form, PATIENTLY) for form in forms[: len(identities)]]


def is_plain(text: str) -> bool:
    """Whether nothing in it commands a terminal or turns its direction."""
    return all(sign == "\n" or unicodedata.category(sign)[0] != "C" for sign in text)


@pytest.mark.fault(
    "F28",
    "any text for a caller's name or number, the agent there or away: he is served, has one record,"
    " is shown as one printable line of at most 64 signs, and is in no log of ours",
)
@pytest.mark.parametrize("is_away", [False, True], ids=["the agent there", "the agent away"])
async def test_a_caller_is_served_and_shown_plainly_whatever_he_is_called(
    office: Office, is_away: bool
) -> None:
    if is_away:
        office.site.stop_agent(kill=True)
    come_back = office.site.start_agent if is_away else lambda: None
    try:
        reports = await called(office, EVERY_WAY, come_back)
    finally:
        if office.site.agent_process_id is None:
            await asyncio.to_thread(office.site.start_agent)
    for report in reports:
        shown = report.call.caller.shown
        assert report.outcome == Outcome.ABANDONED_IN_WELCOME
        assert (report.call.by_exchange is not None) == is_away
        assert 0 < len(shown) <= SHOWN_LENGTH
        assert is_plain(shown)
        assert "\n" not in shown
        assert unicodedata.is_normalized("NFC", shown)
    shown_of_all = [report.call.caller.shown for report in reports]
    assert shown_of_all.count("Réné") == shown_of_all.count("terbalik isolasi") == 2
    # ARI tells no number that is no UTF-8; a line of the journal loses what breaks it.
    assert shown_of_all.count(NOT_GIVEN) <= (3 if is_away else 1)
    logs = (office.site.agent_log, office.site.folder / "postgres" / "postgres.log")
    for log in logs:
        text = log.read_text(errors="replace")
        assert not [trace for trace in TRACES.split() if trace in text], log


@pytest.mark.fault(
    "F27", "SQL for a caller's name or number is stored as it came, and every table is as it was"
)
async def test_sql_is_a_name_like_any_other(office: Office) -> None:
    dropping, always = PHRASES["SQL"], PHRASES["SQL that is always true"]
    reports = await called(office, [as_name(dropping), as_number(always)])
    callers = [report.call.caller for report in reports]
    assert {caller.shown for caller in callers} == {dropping.decode(), always.decode()}
    assert {caller.raw for caller in callers} == {"anonymous", always.decode()}


@pytest.mark.fault(
    "F30",
    "markup, formulas, escape codes and directions in a caller's name reach a terminal as plain"
    " text only",
)
async def test_what_commands_print_of_a_caller_commands_nothing(office: Office) -> None:
    wanted = ("a script", "a formula", "an escape code", "right to left", "new lines")
    reports = await called(office, [as_number(PHRASES[name]) for name in wanted])
    raw = {report.call.caller.raw for report in reports}
    assert raw == {PHRASES[name].decode() for name in wanted}, "kept as it came"
    shown = {report.call.caller.shown for report in reports}

    async def printed(*arguments: str) -> str:
        text = await asyncio.to_thread(office.site.command, *arguments)
        assert is_plain(text), arguments
        return text

    listed = json.loads(await printed("calls", "--json", "--limit", str(len(wanted))))
    assert {call["caller"] for call in listed} == shown
    assert "<script>alert(1)</script>" in await printed("calls")
    worst = next(r.call for r in reports if "\x1b" in (r.call.caller.raw or ""))
    assert worst.caller.shown in await printed("call", worst.form_number)
