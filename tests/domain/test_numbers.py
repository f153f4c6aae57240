import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.numbers import (
    NumberInvalid,
    YearNumber,
    parse_form_number,
    parse_ticket_number,
    render_form_number,
    render_spoken,
    render_ticket_number,
)

SEQUENCES = (*range(1, 400), 4_711, 9_999, 10_000, 54_321, 99_999, 100_000, 123_456, 1_000_000)


def is_ticket(digits: str) -> bool:
    try:
        parse_ticket_number(digits)
    except NumberInvalid:
        return False
    return True


def test_a_form_number_is_written_in_government_style() -> None:
    assert render_form_number(YearNumber(2026, 123), "LPSE.BTG") == "0123/FK-TLP/LPSE.BTG/2026"
    assert render_form_number(YearNumber(2027, 1), "LPSE.BTG") == "0001/FK-TLP/LPSE.BTG/2027"
    assert render_form_number(YearNumber(2026, 12_345), "X") == "12345/FK-TLP/X/2026"


def test_a_ticket_number_is_year_sequence_and_check_digit() -> None:
    assert render_ticket_number(YearNumber(2026, 412)) == "26-00412-0"
    assert render_ticket_number(YearNumber(2100, 1)).startswith("00-00001-")
    assert render_ticket_number(YearNumber(2026, 123_456)).startswith("26-123456-")


def test_places_of_one_year_are_in_order() -> None:
    assert YearNumber(2026, 99) < YearNumber(2026, 100) < YearNumber(2027, 1)


@pytest.mark.parametrize("year", [2026, 2030, 2099])
def test_every_ticket_number_is_understood_and_no_two_are_alike(year: int) -> None:
    written = [render_ticket_number(YearNumber(year, sequence)) for sequence in SEQUENCES]
    assert len(set(written)) == len(SEQUENCES)
    assert [parse_ticket_number(number) for number in written] == written


@pytest.mark.parametrize("year", [2026, 2099])
def test_the_check_digit_catches_every_single_wrong_digit(year: int) -> None:
    for sequence in SEQUENCES:
        digits = render_ticket_number(YearNumber(year, sequence)).replace("-", "")
        for place, right in enumerate(digits):
            for wrong in "0123456789".replace(right, ""):
                assert not is_ticket(digits[:place] + wrong + digits[place + 1 :])


@pytest.mark.parametrize("year", [2026, 2099])
def test_the_check_digit_catches_every_swap_of_neighbours(year: int) -> None:
    for sequence in SEQUENCES:
        digits = render_ticket_number(YearNumber(year, sequence)).replace("-", "")
        for place in range(len(digits) - 1):
            left, right = digits[place], digits[place + 1]
            if left != right:
                assert not is_ticket(digits[:place] + right + left + digits[place + 2 :])


@settings(deadline=None, derandomize=True)
@given(
    st.integers(2000, 2099),
    st.integers(1, 9_999_999),
    st.lists(st.sampled_from(["", " ", "-", ".", "/", "–", "\t", "\u00a0"]), min_size=12),
)
def test_signs_between_the_digits_do_not_matter(year: int, sequence: int, signs: list[str]) -> None:
    written = render_ticket_number(YearNumber(year, sequence))
    digits = written.replace("-", "")
    spelled = "".join(a + b for a, b in zip(digits, signs, strict=False))
    assert parse_ticket_number(spelled) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "26-00412-4",
        "26-00412",
        "0123/FK-TLP/LPSE.BTG/2026",
        "26-00412-0a",
        "x26-00412-0",
        "26_00412_0",
        "26-00412-0\x00",
        "２６-００４１２-０",
        "٢٦-٠٠٤١٢-٠",
        "26-000412-0",
        "9" * 100_000,
    ],
)
def test_what_is_no_ticket_number_is_refused(text: str) -> None:
    with pytest.raises(NumberInvalid):
        parse_ticket_number(text)


def test_a_sequence_with_a_needless_zero_is_refused_whatever_its_check_digit() -> None:
    assert not any(is_ticket(f"26000412{check}") for check in range(10))


@pytest.mark.parametrize(
    "typed",
    ["0123/FK-TLP/LPSE.BTG/2026", " 0123 / fk-tlp / lpse.btg / 2026 ", "123/2026", "0123/2026"],
)
def test_a_form_number_is_understood_in_any_spelling(typed: str) -> None:
    assert parse_form_number(typed) == YearNumber(2026, 123)


@pytest.mark.parametrize(
    "typed", ["", "123", "/2026", "123/26", "x/2026", "123/2026/1", "26-00412-7"]
)
def test_what_is_no_form_number_is_refused(typed: str) -> None:
    with pytest.raises(NumberInvalid):
        parse_form_number(typed)


@given(st.integers(1, 999_999), st.integers(2000, 2100))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_what_is_written_is_understood(sequence: int, year: int) -> None:
    number = YearNumber(year, sequence)
    assert parse_form_number(render_form_number(number, "LPSE.BTG")) == number


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("26-00412-7", "26 - 00 412 - 7"),
        ("26-123456-7", "26 - 123 456 - 7"),
        ("0123/FK-TLP/LPSE.BTG/2026", "0123 / FK - TLP / LPSE . BTG / 2026"),
    ],
)
def test_a_number_is_read_as_it_was_heard(number: str, spoken: str) -> None:
    assert render_spoken(number) == spoken
    assert spoken.replace(" ", "") == number
