import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.plain_text import many_lines, one_line, one_paragraph, storable

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=90)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a b ", "a b"),
        ("a  \u2003 b", "a b"),
        ("a\x1b[31mb\x7f", "a[31mb"),
        ("\u202eabc\u202c", "abc"),
        ("e\u0301", "é"),
        ("\ud800a", "?a"),
        ("\n", ""),
    ],
)
def test_one_line_is_printable(text: str, line: str) -> None:
    assert one_line(text) == line


def test_in_a_paragraph_breaks_and_tabs_part_words() -> None:
    assert one_paragraph(" insert\tor\r\nupdate\u2028x\x00y ") == "insert or update xy"
    assert one_line("08\n11\t2") == "08112"


def test_many_lines_keep_their_breaks_and_lose_the_empty_ends() -> None:
    assert many_lines("\n  a\tc \r\n\n b\x00 \n\n") == "a c\n\nb"
    assert many_lines(" \n ") == ""


def test_what_postgresql_cannot_hold_is_not_stored() -> None:
    assert storable("a\x00\nb\ud800") == "a\nb?"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(ANY_TEXT)
def test_any_text_can_be_stored_and_shown(text: str) -> None:
    assert "\x00" not in storable(text)
    storable(text).encode()
    assert storable(storable(text)) == storable(text)
    for line in (one_line(text), one_paragraph(text), *many_lines(text).split("\n")):
        assert all(unicodedata.category(c)[0] != "C" for c in line)
        assert one_line(line) == line
