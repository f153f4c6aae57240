"""What went wrong, as programs and people are told it (RFC 9457)."""

import json

from agent.catalogue import read_words
from agent.web.problems import PROBLEM, Refused, problem, told


def body_of(answer: object) -> dict[str, object]:
    text = getattr(answer, "text", None)
    assert isinstance(text, str)
    found: dict[str, object] = json.loads(text)
    return found


def test_a_problem_has_a_word_for_programs_and_a_sentence_for_people() -> None:
    answer = problem(409, "field_changed", "Isian ini baru saja diubah.", field="problem")
    assert (answer.status, answer.content_type) == (409, PROBLEM)
    assert body_of(answer) == {
        "type": "/docs#problem-field_changed",
        "title": "field_changed",
        "status": 409,
        "detail": "Isian ini baru saja diubah.",
        "field": "problem",
    }


def test_a_refusal_is_told_in_the_readers_language_or_in_its_own_words() -> None:
    words = read_words()
    refused = Refused(404, "ticket_unknown")
    assert body_of(told(refused, words["id"]))["detail"] == "Tiket itu tidak ada."
    assert body_of(told(refused, words["en"]))["detail"] == "There is no such ticket."
    assert body_of(told(Refused(422, "x", "Own words."), words["id"]))["detail"] == "Own words."
