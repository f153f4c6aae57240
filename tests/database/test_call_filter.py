"""What is typed into the call log's filter: refused with its reason, or a value and never SQL."""

import base64

import pytest

from agent.database.call_filter import CallFilter, FilterInvalid, caller_digits, parsed, rendered
from agent.domain.numbers import NumberInvalid


@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(caller="789"),
        CallFilter(caller="%%%%"),
        CallFilter(name="%"),
        CallFilter(company="..."),
        CallFilter(text="saya tidak bisa"),
        CallFilter(text="a\0b"),
        CallFilter(external="\udcff"),
    ],
)
def test_what_can_find_nothing_is_refused_with_its_reason(wanted: CallFilter) -> None:
    with pytest.raises(FilterInvalid):
        parsed(wanted, None)


@pytest.mark.parametrize("number", ["", "412", "'; DROP TABLE calls", "26-00412-8"])
def test_a_number_of_another_form_is_refused(number: str) -> None:
    for wanted in (CallFilter(form=number), CallFilter(ticket=number)):
        with pytest.raises(NumberInvalid):
            parsed(wanted, None)


@pytest.mark.parametrize(
    "cursor", ["", "x", "%", base64.urlsafe_b64encode(b"2026-03-02T09:00 call-1").decode()]
)
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(FilterInvalid, match="first"):
        parsed(CallFilter(), cursor)


def test_a_number_is_found_by_its_digits_alone() -> None:
    assert caller_digits("+62 (812) 345-678") == caller_digits("0812-345-678") == "812345678"
    assert caller_digits("0012") == "0012"


def test_what_was_typed_is_a_parameter_and_joins_only_what_is_asked() -> None:
    typed = "x'); DROP TABLE calls --"
    question = rendered(parsed(CallFilter(external=typed, deviation=False), None))
    assert (typed in question.values, "DROP" in question.of("call_id")) == (True, False)
    assert "JOIN tickets" in question.after
    assert "JOIN consultations" not in question.after
