import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.asterisk.caller_id import NOT_GIVEN, RAW_LENGTH, SHOWN_LENGTH, parse_caller
from agent.domain.events import Caller


@pytest.mark.parametrize(
    ("sent", "number", "shown"),
    [
        ("62811234567", "+62811234567", "+62 811-234-567"),
        ("+62811234567", "+62811234567", "+62 811-234-567"),
        ("0811234567", "+62811234567", "+62 811-234-567"),
        ("0811-234-567", "+62811234567", "+62 811-234-567"),
        ("081123456789", "+6281123456789", "+62 811-2345-6789"),
        ("6281123456789", "+6281123456789", "+62 811-2345-6789"),
        ("0285391234", "+62285391234", "+62 285 391234"),
        ("62285391234", "+62285391234", "+62 285 391234"),
        ("(0285) 391-234", "+62285391234", "+62 285 391234"),
        ("1500200", "+621500200", "+62 1 500 200"),
        ("+12025550143", "+12025550143", "+1 202-555-0143"),
    ],
)
def test_a_number_is_kept_raw_and_understood_however_the_trunk_writes_it(
    sent: str, number: str, shown: str
) -> None:
    assert parse_caller(sent) == Caller(raw=sent, number=number, shown=shown)


@pytest.mark.parametrize("sent", ["144", "112", "101", "6281", "5", "99999999999999999999999"])
def test_a_number_that_is_nobodys_telephone_is_shown_as_it_came(sent: str) -> None:
    assert parse_caller(sent) == Caller(raw=sent, number=None, shown=sent)


@pytest.mark.parametrize("sent", ["anonymous", "Anonymous", "ANONYMOUS", "restricted", "unknown"])
def test_a_caller_who_hides_his_number_has_none(sent: str) -> None:
    assert parse_caller(sent) == Caller(raw=sent, number=None, shown=NOT_GIVEN)


@pytest.mark.parametrize("sent", [None, "", "  ", "\x00", "\r\n", "\u202e\u200b"])
def test_nothing_to_show_is_no_number(sent: str | None) -> None:
    caller = parse_caller(sent)
    assert (caller.number, caller.shown) == (None, NOT_GIVEN)


def test_without_a_number_the_name_is_shown() -> None:
    assert parse_caller("", "Wartel\nBatang").shown == "WartelBatang"
    assert parse_caller("anonymous", "Dinas PU").shown == "Dinas PU"
    assert parse_caller(None, "anonymous").shown == NOT_GIVEN
    assert parse_caller(None, "x" * 4096).shown == "x" * SHOWN_LENGTH
    assert parse_caller("0811234567", "Presiden").shown == "+62 811-234-567"


def test_four_kilobytes_are_kept_raw_and_cut_for_show() -> None:
    caller = parse_caller("9" * 4096)
    assert caller.raw == "9" * RAW_LENGTH
    assert caller.shown == "9" * SHOWN_LENGTH
    assert parse_caller("9" * 100_000).raw == "9" * RAW_LENGTH


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("ab\ncd", "abcd"),
        ("a\tb\x1b[31mc\x7f", "ab[31mc"),
        ("\u202e123abc", "123abc"),
        ("\u2066abc\u2069", "abc"),
        ("a\u200bb", "ab"),
        ("e\u0301", "é"),
        ("a  \u2003 b", "a b"),
        ("😀 Budi", "😀 Budi"),
        ("<script>", "<script>"),
        ('"x" <sip:1@2>', '"x" <sip:1@2>'),
        ("\ud800abc", "?abc"),
        ("'; DROP TABLE calls; --", "'; DROP TABLE calls; --"),
    ],
)
def test_only_printable_characters_of_one_line_are_shown(sent: str, shown: str) -> None:
    assert parse_caller(sent).shown == shown


def test_a_hidden_character_does_not_hide_a_number() -> None:
    for sent in ("0811\x00234567", "0811\n234567", "\u202a0811234567\u202c"):
        assert parse_caller(sent).number == "+62811234567"


def test_what_postgresql_cannot_hold_is_not_kept() -> None:
    assert parse_caller("a\x00b").raw == "ab"
    assert parse_caller("\ud800b").raw == "?b"
    assert parse_caller("a\nb").raw == "a\nb"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.text(st.characters(exclude_categories=[]), max_size=90) | st.none(),
    st.text(st.characters(exclude_categories=[]), max_size=90) | st.none(),
)
def test_whatever_the_network_sends_can_be_stored_and_shown(
    number: str | None, name: str | None
) -> None:
    caller = parse_caller(number, name)
    assert caller.shown
    assert len(caller.shown) <= SHOWN_LENGTH
    assert all(unicodedata.category(c)[0] != "C" for c in caller.shown)
    assert "\x00" not in (caller.raw or "")
    assert caller.number is None or caller.number[1:].isdigit()
    assert msgspec.json.decode(msgspec.json.encode(caller), type=Caller) == caller
