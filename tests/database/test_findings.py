"""What was found is one sentence, with counts and a few examples."""

import pytest

from agent.database.findings import LARGEST_SAMPLE, PROMISES, Tally


def test_a_promise_that_holds_is_its_own_sentence() -> None:
    finding = Tally("one_consultation").finding()
    assert finding.holds
    assert finding.sentence == "Every call has exactly one consultation under one form number."
    assert (finding.examples, finding.counts) == ((), {})


def test_what_breaks_it_is_counted_and_shown_by_a_few_examples() -> None:
    tally = Tally("archived_in_time")
    tally.add("open", "0001/2026")
    for number in range(2, 30):
        tally.add("not_archived", f"{number:04d}/2026")
    tally.add("not_archived", "0002/2026")
    finding = tally.finding()
    assert not finding.holds
    assert finding.sentence == (
        "Broken: every ended call has its archived form: 29 without it for too long. "
        "Noted: 1 still open."
    )
    assert finding.counts == {"open": 1, "not_archived": 29}
    assert len(finding.examples) == LARGEST_SAMPLE
    assert finding.examples[:2] == ("0002/2026", "0003/2026")


def test_what_is_only_noted_does_not_break_it() -> None:
    tally = Tally("archived_in_time")
    tally.add("open", "0001/2026")
    tally.measure("offered", 7)
    finding = tally.finding()
    assert finding.holds
    assert finding.sentence == "Every ended call has its archived form. Noted: 1 still open."
    assert (finding.examples, finding.counts) == (("0001/2026",), {"offered": 7, "open": 1})


def test_a_word_that_is_not_the_promises_own_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="overtaken"):
        Tally("one_consultation").add("overtaken", "0001/2026")


def test_a_word_means_a_fault_or_a_note_and_every_sentence_begins_with_a_capital() -> None:
    for promise, words in PROMISES.items():
        assert words.faults, promise
        assert not words.faults.keys() & words.notes.keys()
        assert words.sentence[0].isupper()
        assert not words.sentence.endswith(".")
