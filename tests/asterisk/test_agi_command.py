"""No text makes an AGI line that Asterisk reads as anything but the arguments that were meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.asterisk.agi_command import (
    LONGEST_ARGUMENT,
    LONGEST_LINE,
    MOST_ARGUMENTS,
    encode_command,
)
from agent.asterisk.errors import AgiArgumentRefused
from tests.asterisk.agi_arguments import AsteriskDies, arguments, commands

ANY_SIGN = st.characters(exclude_categories=[])
# Signs that mean something to Asterisk come often, those of a hundred scripts now and then.
NASTY_SIGN = st.sampled_from('"\\ \t\n\r\0\x7fab${}[],;&|é\u202e\u00a0😀') | ANY_SIGN
TEXTS = st.lists(st.text(NASTY_SIGN, max_size=60) | st.text('"\\', max_size=1_100), max_size=40)
PRINTABLE = st.text(ANY_SIGN.filter(str.isprintable) | st.sampled_from('"\\ '), max_size=60)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(TEXTS)
def test_whatever_text_goes_in_asterisk_reads_these_arguments_or_nothing_is_sent(
    texts: list[str],
) -> None:
    try:
        line = encode_command(*texts)
    except AgiArgumentRefused as refused:
        assert not any(len(text) > 3 and text in str(refused) for text in texts)
        return
    assert line.endswith(b"\n")
    assert len(line) <= LONGEST_LINE
    assert line[:-1].decode().isprintable()
    (command,) = commands(line)
    assert arguments(command) == [text.encode() for text in texts]
    assert len(texts) <= MOST_ARGUMENTS


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(PRINTABLE, min_size=1, max_size=MOST_ARGUMENTS))
def test_printable_text_within_the_limits_is_never_refused(texts: list[str]) -> None:
    (command,) = commands(encode_command(*texts))
    assert arguments(command) == [text.encode() for text in texts]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", b'""'),
        ("Bu Siti", b'"Bu Siti"'),
        ('a"b', rb'"a\"b"'),
        ("a\\", rb'"a\\"'),
        ('\\"', rb'"\\\""'),
        ("${SHELL(id)}", b'"${SHELL(id)}"'),
        ("Kalimantan é 😀", '"Kalimantan é 😀"'.encode()),
    ],
)
def test_an_argument_stands_in_quotes_with_quotes_and_backslashes_escaped(
    text: str, line: bytes
) -> None:
    assert encode_command("NOOP", text) == b'"NOOP" ' + line + b"\n"


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ud800"]
)
def test_a_character_that_cannot_be_printed_is_refused_wherever_it_stands(sign: str) -> None:
    for text in (sign, f"a{sign}", f"{sign}b", f"a{sign}b"):
        with pytest.raises(AgiArgumentRefused, match="argument 2 holds a character"):
            encode_command("NOOP", text)


def test_each_limit_holds_to_the_byte() -> None:
    assert encode_command("a" * LONGEST_ARGUMENT)
    assert encode_command("é" * (LONGEST_ARGUMENT // 2))
    for text in ("a" * (LONGEST_ARGUMENT + 1), "é" * (LONGEST_ARGUMENT // 2 + 1), "a" * 9_000):
        with pytest.raises(AgiArgumentRefused, match="argument 1 has"):
            encode_command(text)
    assert encode_command(*["a"] * MOST_ARGUMENTS)
    with pytest.raises(AgiArgumentRefused, match="33 arguments"):
        encode_command(*["a"] * (MOST_ARGUMENTS + 1))
    with pytest.raises(AgiArgumentRefused, match="0 arguments"):
        encode_command()
    # Quotes count double; both together would be longer than Asterisk reads as one command.
    longest = ('"' * 999, '"' * 999, '"' * 999, "a" * 991, "a" * 1_000)
    assert len(encode_command(*longest)) == LONGEST_LINE
    with pytest.raises(AgiArgumentRefused, match="a line of 8001 bytes"):
        encode_command(*longest[:-2], "a" * 992, "a" * 1_000)


def test_the_reading_that_these_tests_trust_knows_what_kills_asterisk() -> None:
    assert arguments(b'a "b c"d\\" \\\\') == [b"a", b'b cd"', b"\\"]
    assert len(arguments(b" ".join([b'"a"'] * 127))) == 127
    with pytest.raises(AsteriskDies):
        arguments(b" ".join([b'"a"'] * 128))
    assert len(arguments(b" ".join([b"a"] * 300))) == 127
    assert commands(b"a\nb\0c\n") == [b"a", b"b"]
    assert [len(c) for c in commands(b"a" * 9_000 + b"\n")] == [8191, 809]
