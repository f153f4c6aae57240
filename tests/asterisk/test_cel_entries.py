import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.asterisk.cel_entries import LineUnreadable, parse_line
from agent.runtime.doors import LedgerEntry

JOURNALS = sorted((Path(__file__).parent / "journals").glob("*.jsonl"))


def line(**fields: str) -> bytes:
    """A line as Asterisk writes it: quotes are escaped, backslashes are not."""
    known = {
        "eventenum": "HANGUP",
        "userdeftype": "",
        "eventtime": "1795581495.576418",
        "uniqueid": "1795581495.0",
        "linkedid": "1795581495.0",
        "channame": "PJSIP/trunk-00000000",
        "peer": "",
        "context": "from-trunk",
        "exten": "1500",
        "num": "081200000001",
        "name": "",
        "eventextra": '{"hangupcause":16,"hangupsource":"PJSIP/op-101-00000002","dialstatus":""}',
        **fields,
    }
    told = (f'"{name}":"' + value.replace('"', '\\"') + '"' for name, value in known.items())
    return b"{" + ",".join(told).encode("utf-8", "surrogateescape") + b"}"


def parsed(raw: bytes) -> LedgerEntry:
    entry = parse_line(raw)
    assert entry
    return entry


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda path: path.stem)
def test_every_line_that_a_real_asterisk_wrote_is_read(journal: Path) -> None:
    lines = journal.read_bytes().splitlines()
    entries = [entry for raw in lines if (entry := parse_line(raw))]
    unused = sum(json.loads(raw)["eventenum"] == "LINKEDID_END" for raw in lines)
    assert len(entries) == len(lines) - unused
    assert {entry.kind for entry in entries} >= {"began", "answered", "hung_up", "ended", "marked"}


def test_a_line_tells_its_moment_to_the_microsecond_and_who_hung_up() -> None:
    entry = parsed(line())
    assert entry.at == datetime(2026, 11, 25, 4, 38, 15, 576418, tzinfo=UTC)
    assert (entry.kind, entry.cause, entry.ended_by) == ("hung_up", 16, "PJSIP/op-101-00000002")


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_caller_writes_his_line_is_read_or_refused_but_its_head_is_never_wrong(
    number: str, name: str
) -> None:
    try:
        entry = parsed(line(num=number, name=name))
    except LineUnreadable:
        return
    assert entry.channel == "1795581495.0"
    assert entry.kind == "hung_up"


@pytest.mark.parametrize(
    "name",
    ["\\", 'a\\"b', "\\u", '","uniqueid":"1.1', "x\ty", "\x01", '","eventextra":"{}"}', '\\",{"'],
)
def test_a_name_that_breaks_the_json_does_not_cost_the_line(name: str) -> None:
    entry = parsed(line(name=name))
    assert (entry.channel, entry.cause) == ("1795581495.0", 16)
    assert entry.ended_by == "PJSIP/op-101-00000002"


def test_a_name_with_control_characters_is_kept_as_it_came() -> None:
    assert parsed(line(name="\x1b[2J\t\r", num="\x07")).shown == "\x1b[2J\t\r"


def test_a_line_break_that_a_caller_sends_costs_what_is_behind_it_and_not_the_line() -> None:
    first, second = line(num="0812\r\nx").split(b"\n")
    assert (parsed(first).kind, parsed(first).channel) == ("hung_up", "1795581495.0")
    with pytest.raises(LineUnreadable):
        parse_line(second)


def test_a_caller_cannot_write_a_line_of_the_journal() -> None:
    forged = line(uniqueid="1.1", num="").decode()
    for raw in line(num=f"0812\n{forged}\n").split(b"\n")[1:]:
        with pytest.raises(LineUnreadable):
            parse_line(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"{}x", line()[:150], line()[40:], line(eventtime="soon"), b"\xff"],
)
def test_what_is_no_whole_line_is_refused(raw: bytes) -> None:
    with pytest.raises(LineUnreadable):
        parse_line(raw)


def test_a_kind_that_is_not_used_is_passed_over() -> None:
    assert parse_line(line(eventenum="LINKEDID_END", eventextra="")) is None
    assert parse_line(b"{}") is None
