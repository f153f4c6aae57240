import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.events import FieldFilled
from agent.domain.form import FormField, parse_form
from agent.domain.form_filling import (
    Change,
    ChangeRefused,
    ConsultationForm,
    fill,
    missing_for,
    prefilled,
)
from agent.settings import DATA

FORM = parse_form(tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8")))
EXAMPLES = tomllib.loads(Path(__file__).with_name("secret_examples.toml").read_text("utf-8"))
START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
TYPED = [field for field in FORM.fields if field.type != "fact"]
FREE = [field for field in TYPED if field.type not in ("choice", "yes_no")]
thoroughly = settings(max_examples=100, deadline=None, derandomize=True)

SUPPLIER = {
    "caller_name": "Budi Santoso",
    "user_type": "penyedia",
    "business_name": "CV Melati",
    "contact_phone": "0811591999",
    "application": "spse",
    "category": "01",
    "problem": "Lupa password, OTP tidak masuk",
}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def change(field: str, text: str, seconds: float = 0, by: str = "sari") -> Change:
    return Change(field=field, text=text, by=by, at=at(seconds))


def taken(form: ConsultationForm, *changes: Change) -> ConsultationForm:
    for one in changes:
        filled = fill(FORM, form, one)
        assert isinstance(filled, FieldFilled), filled
        form = form.after(filled)
    return form


def refused(field: str, text: str) -> ChangeRefused:
    answer = fill(FORM, ConsultationForm(), change(field, text))
    assert isinstance(answer, ChangeRefused), answer
    return answer


def written(values: dict[str, str]) -> ConsultationForm:
    changes = (change(field, text, n) for n, (field, text) in enumerate(values.items()))
    return taken(ConsultationForm(), *changes)


def names(form: ConsultationForm, step: str) -> list[str]:
    return [field.id for field in missing_for(FORM, form, step)]


def test_a_change_is_kept_as_typed_in_its_normal_form_and_with_who_and_when() -> None:
    assert fill(FORM, ConsultationForm(), change("npwp", "01.312.166.0-091.000", 5)) == FieldFilled(
        field="npwp",
        raw="01.312.166.0-091.000",
        value="0013121660091000",
        warnings=("npwp_old_form",),
        by="sari",
        at=at(5),
    )


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("caller_name", "  Budi \t Santoso\n", "Budi Santoso"),
        ("problem", " baris satu \n\n baris dua\n", "baris satu\n\nbaris dua"),
        ("user_type", " penyedia ", "penyedia"),
        ("screenshot_promised", "Ya", "ya"),
        ("screenshot_promised", "no", "tidak"),
        ("nik", "3171 0117 0845 0001", "3171011708450001"),
        ("contact_phone", "62811591999", "+62811591999"),
        ("email", "Budi@GMAIL.com", "Budi@gmail.com"),
        ("tender_code", "10011129000", "10011129000"),
        ("rup_code", "5012-3456", "50123456"),
        ("error_code", "E 4031\n", "E 4031"),
        ("stage_deadline", "25-11-2026 15.00", "2026-11-25T15:00:00+07:00"),
    ],
)
def test_each_type_has_its_normal_form(field: str, text: str, value: str) -> None:
    form = taken(ConsultationForm(), change(field, text))
    assert form.values == {field: value}
    assert form.shown[field].raw == text
    assert form.shown[field].warnings == ()


def test_a_deadline_is_read_by_the_clock_of_the_office() -> None:
    form = taken(ConsultationForm("WIT"), change("stage_deadline", "2026-11-25T15:00"))
    assert form.values["stage_deadline"] == "2026-11-25T15:00:00+09:00"


@pytest.mark.parametrize(
    "field", ["npwp", "nik", "contact_phone", "email", "tender_code", "rup_code", "stage_deadline"]
)
def test_what_looks_wrong_is_taken_all_the_same_with_a_warning_that_has_words(field: str) -> None:
    form = taken(ConsultationForm(), change(field, "tidak jelas"))
    assert form.values[field] == "tidak jelas"
    warnings = form.shown[field].warnings
    assert warnings
    assert all(FORM.warnings[key].id and FORM.warnings[key].en for key in warnings)


def test_the_latest_change_counts_and_an_empty_text_clears() -> None:
    form = taken(
        ConsultationForm(),
        change("caller_name", "Budi", 1),
        change("caller_name", "Budi Santoso", 2, by="dewi"),
        change("email", "x", 3),
        change("email", " \n", 4),
        change("outcome", "prank", 5),
        change("outcome", "", 6),
        change("screenshot_promised", "", 7),
    )
    assert form.values == {
        "caller_name": "Budi Santoso",
        "email": None,
        "outcome": None,
        "screenshot_promised": None,
    }
    assert form.shown["caller_name"].by == "dewi"
    assert form.shown["email"].warnings == ()


def test_what_postgresql_cannot_hold_is_not_kept() -> None:
    form = taken(ConsultationForm(), change("caller_name", "Bu\x00di\ud800\u202e"))
    assert form.shown["caller_name"].raw == "Budi?\u202e"
    assert form.values == {"caller_name": "Budi?"}


@pytest.mark.parametrize("text", EXAMPLES["secret"])
def test_a_secret_is_refused_and_repeated_nowhere(text: str) -> None:
    answer = refused("problem", text)
    assert answer.reason == "secret"
    assert answer.sentence.id.startswith("Mohon maaf, isian Uraian permasalahan tampaknya memuat")
    assert answer.sentence.en.startswith("Sorry, Description of the problem seems to contain")
    assert text not in msgspec.json.encode(answer).decode()


@pytest.mark.parametrize("text", EXAMPLES["harmless"])
def test_a_problem_with_a_password_is_taken(text: str) -> None:
    taken(ConsultationForm(), change("problem", text), change("solution", text))


@pytest.mark.parametrize("field", [field.id for field in FREE])
def test_no_field_into_which_one_types_takes_a_secret(field: str) -> None:
    assert refused(field, "OTP 482913").reason == "secret"
    assert refused(field, "kata sandi: rahasia").reason == "secret"


@pytest.mark.parametrize("field", TYPED, ids=lambda field: field.id)
def test_each_field_has_a_longest_text(field: FormField) -> None:
    name, limit = field.id, field.limit
    answer = refused(name, "x" * (limit + 1))
    assert answer.reason == "too_long"
    assert f"{limit} karakter" in answer.sentence.id
    longest = fill(FORM, ConsultationForm(), change(name, "x" * limit))
    assert not isinstance(longest, ChangeRefused) or longest.reason != "too_long"


def test_an_unknown_field_or_choice_and_a_fact_are_refused() -> None:
    assert refused("spse_password", "x").reason == "unknown_field"
    assert refused("spse_password", "x").field == ""
    assert refused("category", "18").reason == "unknown_choice"
    assert refused("user_type", "Penyedia").reason == "unknown_choice"
    assert refused("screenshot_promised", "mungkin").reason == "not_yes_or_no"
    assert refused("form_number", "0001/FK-TLP/LPSE.BTG/2026").reason == "fact_typed"
    assert refused("deviations", "").reason == "fact_typed"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("moon", "x"),
        ("category", "x"),
        ("screenshot_promised", "x"),
        ("operator", "x"),
        ("problem", "OTP 1234"),
        ("problem", "x" * 4001),
    ],
)
def test_a_refusal_is_one_sentence_in_each_language_without_a_gap(field: str, text: str) -> None:
    answer = refused(field, text)
    for words in (answer.sentence.id, answer.sentence.en):
        assert words.count(".") == 1
        assert words.endswith(".")
        assert "{" not in words
        assert text not in words.split()
    assert answer.sentence.id.startswith("Mohon maaf,")


def test_a_refused_change_leaves_everything_else() -> None:
    form = written(SUPPLIER)
    before = form.values
    assert isinstance(fill(FORM, form, change("problem", "password: melati9")), ChangeRefused)
    assert form.values == before


def test_a_form_begins_with_what_the_call_tells() -> None:
    changes = prefilled(FORM, {"caller_number": "62811591999", "operator": "sari"}, "agent", at(0))
    assert changes == (Change(field="contact_phone", text="62811591999", by="agent", at=at(0)),)
    assert taken(ConsultationForm(), *changes).values == {"contact_phone": "+62811591999"}
    assert prefilled(FORM, {}, "agent", at(0)) == ()


def test_what_step_3_lacks_depends_on_who_calls() -> None:
    always = ["caller_name", "user_type", "contact_phone", "application", "category", "problem"]
    assert names(ConsultationForm(), "3") == always
    assert names(written({"user_type": "penyedia"}), "3") == [
        "caller_name",
        "business_name",
        *always[2:],
    ]
    assert "institution" in names(written({"user_type": "ppk"}), "3")
    assert "business_name" not in names(written({"user_type": "ppk"}), "3")
    for nobody in ("publik", "lainnya"):
        assert names(written({"user_type": nobody}), "3") == ["caller_name", *always[2:]]
    assert names(written(SUPPLIER), "3") == []
    assert names(written({"caller_name": " "}), "3") == always


def test_what_other_steps_lack() -> None:
    assert names(ConsultationForm(), "6") == ["solution"]
    assert names(ConsultationForm(), "8") == ["email"]
    assert names(ConsultationForm(), "5") == []
    assert names(written({"solution": "Reset melalui INAPROC"}), "6") == []


def completed(*changes: Change) -> list[tuple[str, ...]]:
    """The steps that lack nothing after each change."""
    form, found = ConsultationForm(), []
    for one in changes:
        filled = fill(FORM, form, one)
        assert isinstance(filled, FieldFilled), filled
        found.append(filled.complete)
        form = form.after(filled)
    return found


def test_each_change_says_which_steps_lack_nothing_any_more() -> None:
    identity = [change(field, text) for field, text in SUPPLIER.items()]
    solution, email = change("solution", "Reset lewat INAPROC"), change("email", "b@c.id")
    assert completed(*identity, solution, email) == [
        *([()] * 6),
        ("3",),
        ("3", "6"),
        ("3", "6", "8"),
    ]


def test_a_field_that_is_cleared_or_asked_for_later_is_lacked_again() -> None:
    identity = [change(field, text) for field, text in SUPPLIER.items()]
    later = [change("problem", ""), change("problem", "Gagal"), change("user_type", "ppk")]
    assert completed(*identity, *later, change("institution", "Dinas PU"))[6:] == [
        ("3",),
        (),
        ("3",),
        (),
        ("3",),
    ]


def test_only_the_outcomes_field_tells_the_outcome() -> None:
    told = fill(FORM, ConsultationForm(), change("outcome", "prank"))
    other = fill(FORM, ConsultationForm(), change("application", "spse"))
    assert isinstance(told, FieldFilled) and told.tells_outcome
    assert isinstance(other, FieldFilled) and not other.tells_outcome


ANY_CHANGE = st.builds(
    change,
    st.sampled_from([field.id for field in FORM.fields] + ["moon"]),
    st.text(st.characters(exclude_categories=[]), max_size=30)
    | st.sampled_from([*SUPPLIER.values(), "ppk", "ya", "", *EXAMPLES["secret"]]),
    st.integers(0, 100),
)


@thoroughly
@given(st.lists(ANY_CHANGE, max_size=25))
def test_whatever_is_typed_the_form_can_be_stored_and_proves_what_it_shows(
    changes: list[Change],
) -> None:
    form = ConsultationForm()
    for one in changes:
        before = form
        answer = fill(FORM, form, one)
        if isinstance(answer, ChangeRefused):
            assert form is before
            continue
        form = form.after(answer)
        answer.raw.encode()
        assert "\x00" not in answer.raw
        assert answer.value is None or answer.value.strip()
        assert (answer.field, answer.by, answer.at) == (one.field, one.by, one.at)
        assert ("3" in answer.complete) is (not missing_for(FORM, form, "3"))
    stored = msgspec.json.encode(form)
    assert msgspec.json.decode(stored, type=ConsultationForm) == form


def test_what_is_retired_can_be_read_and_not_chosen_any_more() -> None:
    retired = replace(FORM, offered={"category": ("02", "01")})
    for code, is_taken in (("01", True), ("14", False)):
        change = Change(field="category", text=code, by="op-101", at=at(0))
        assert isinstance(fill(retired, ConsultationForm(), change), FieldFilled) is is_taken
        assert isinstance(fill(FORM, ConsultationForm(), change), FieldFilled)
