"""An answer that can be kept, and what is refused with its reason."""

import tomllib
from datetime import date
from typing import Any

import pytest

from agent.domain.answer import Answer, AnswerInvalid, checked, is_answer_id, parse_answers
from agent.domain.form import parse_form
from agent.settings import DATA

FILE = DATA / "answers" / "usulan-1.toml"


def answer(**changes: Any) -> Answer:
    parts: dict[str, Any] = {
        "id": "jam-layanan",
        "title": "Jam  layanan",
        "question": "Kapan buka?",
        "answer": "Senin sampai Jumat.\nPukul 07.30 WIB.\n",
        "valid_from": date(2026, 1, 1),
        "source": "SK Kepala",
    }
    return Answer(**parts | changes)


def test_an_id_is_small_letters_digits_and_hyphens() -> None:
    assert all(map(is_answer_id, ("jam", "jam-2", "a" * 60)))
    for none in ("", "Jam", "jam-", "a b", "a\x00b", "jam\n", "a" * 61):
        assert not is_answer_id(none), none


def test_texts_are_kept_tidy_and_an_answer_may_have_lines() -> None:
    kept = checked(answer(category="", application=" spse "))
    assert kept.title == "Jam layanan"
    assert kept.answer == "Senin sampai Jumat.\nPukul 07.30 WIB."
    assert (kept.category, kept.application) == (None, "spse")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "Jam Layanan"}, "small letters"),
        ({"id": "a" * 61}, "id must have"),
        ({"title": " "}, "title must have"),
        ({"answer": "x" * 4001}, "answer must have"),
        ({"source": "\x00"}, "source must have"),
        ({"category": "9" * 41}, "category"),
        ({"valid_to": date(2025, 1, 1)}, "before valid_from"),
        ({"answer": "Password sementara: Rahasia#1"}, "password, PIN or one-time code"),
        ({"question": "OTP saya 482913"}, "password, PIN or one-time code"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_reason(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(AnswerInvalid, match=said):
        checked(answer(**changes))


def test_a_file_is_taken_whole_or_not_at_all() -> None:
    with pytest.raises(AnswerInvalid, match="twice"):
        one = {"id": "a", "title": "t", "question": "q", "answer": "j", "source": "s"}
        parse_answers({"answers": [one | {"valid_from": date(2026, 1, 1)}] * 2})
    with pytest.raises(AnswerInvalid, match="valid_from"):
        parse_answers({"answers": [one]})
    with pytest.raises(AnswerInvalid, match="answers"):
        parse_answers({})


def test_the_set_that_comes_with_the_program_is_usulan_and_fits_the_form() -> None:
    answers = parse_answers(tomllib.loads(FILE.read_text("utf-8")))
    form = parse_form(
        tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8"))
    )
    assert len(answers) >= 15
    for one in answers:
        assert one.source.startswith("usulan"), one.id
        assert one.category in form.lists["category"], one.id
        assert one.application is None or one.application in form.lists["application"], one.id


def test_what_was_right_before_inaproc_has_an_end() -> None:
    answers = parse_answers(tomllib.loads(FILE.read_text("utf-8")))
    ended = [one for one in answers if one.valid_to]
    assert ended
    assert all(one.valid_to and one.valid_to.year == 2023 for one in ended)
    for one in ended:
        assert "sebelum akun INAPROC" in one.title
