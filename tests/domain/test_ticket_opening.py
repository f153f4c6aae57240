"""What a form says of its ticket: priority, stage deadline, and the facts that messages tell."""

import tomllib
from datetime import UTC, datetime

import pytest

from agent.domain.form import parse_form
from agent.domain.priority import Priority
from agent.domain.ticket_opening import FACTS, address_in, case_facts, choose, stage_deadline
from agent.settings import DATA
from tests.domain.offices import TABLE

FORM = parse_form(tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8")))


@pytest.mark.parametrize(
    ("urgency", "impact", "priority"),
    [
        ("M", "B", "high"),
        ("M", "S", "high"),
        ("M", "K", "medium"),
        ("TM", "B", "medium"),
        ("TM", "K", "low"),
        (None, None, "medium"),
    ],
)
def test_the_table_gives_the_priority_of_the_forms_codes(
    urgency: str | None, impact: str | None, priority: Priority
) -> None:
    choice = choose({"urgency": urgency, "impact": impact}, TABLE, "op-101")
    assert (choice.priority, choice.override, choice.table) == (priority, None, TABLE.version)


def test_a_priority_on_the_form_overrides_the_table_and_says_so() -> None:
    choice = choose({"urgency": "TM", "impact": "K", "priority": "T"}, TABLE, "op-101")
    assert choice.priority == "high"
    assert choice.override and choice.override.by == "op-101"
    same = choose({"urgency": "TM", "impact": "K", "priority": "R"}, TABLE, "op-101")
    assert same.override is None, "it says what the table says"


@pytest.mark.parametrize(
    ("values", "assumed"),
    [
        ({"urgency": "M", "impact": "B"}, ()),
        ({"urgency": "M"}, ("impact",)),
        ({"impact": None, "urgency": "?"}, ("urgency", "impact")),
    ],
)
def test_what_nobody_told_is_on_record_as_assumed(
    values: dict[str, str | None], assumed: tuple[str, ...]
) -> None:
    choice = choose(values, TABLE, "op-101")
    assert choice.assumed == assumed
    if "impact" in assumed:
        assert choice.impact == "medium"
    if "urgency" in assumed:
        assert choice.urgency == "not_urgent"


def test_only_a_deadline_that_was_understood_binds() -> None:
    assert stage_deadline({"stage_deadline": "2026-11-25T15:00:00+07:00"}) == datetime(
        2026, 11, 25, 8, 0, tzinfo=UTC
    )
    for text in (None, "besok sore", "2026-11-25", "2026-11-25T15:00:00"):
        assert stage_deadline({"stage_deadline": text}) is None


def test_messages_tell_choices_by_their_words_and_nothing_that_is_empty() -> None:
    values = {
        "caller_name": "Budi",
        "application": "spse",
        "category": "06",
        "email": None,
        "institution": "Dinas PU",
    }
    assert case_facts(values, FORM) == {
        "caller_name": "Budi",
        "application": "SPSE",
        "category": "Unggah dokumen kualifikasi/penawaran (Apendo/Spamkodok)",
        "company": "Dinas PU",
    }


def test_every_field_that_a_message_tells_is_on_the_form() -> None:
    assert all(FORM.field(name) for name in (*FACTS, "business_name", "institution"))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("budi@contoh.co.id", "budi@contoh.co.id"),
        ("Budi@Contoh.CO.ID", "Budi@contoh.co.id"),
        ("budi di contoh", None),
        ("budi@contoh", None),
        ("", None),
        (None, None),
    ],
)
def test_only_what_mail_can_be_sent_to_is_an_address(
    written: str | None, address: str | None
) -> None:
    assert address_in(written) == address
