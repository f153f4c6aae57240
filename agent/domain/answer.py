"""The office's own answers: what one has to tell, and what it must not hold."""

import re
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from agent.domain.plain_text import many_lines, one_paragraph, storable
from agent.domain.secret_words import tells_secret

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = {"id": 60, "title": 200, "question": 1000, "answer": 4000, "source": 500}
_LONGEST_CODE = 40

Reason = Literal["file", "id", "length", "codes", "days", "secret"]


class AnswerInvalid(ValueError):
    """This is no answer that can be kept; the message says which part of it and why."""

    def __init__(self, message: str, reason: Reason = "file") -> None:
        super().__init__(message)
        self.reason: Reason = reason


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer to a question that callers ask; valid from the first to the last day, both whole.

    `id` is what a form refers to: small letters, digits and hyphens.
    """

    id: str
    title: str
    question: str
    answer: str
    category: str | None = None
    application: str | None = None
    valid_from: date
    valid_to: date | None = None
    source: str


def is_answer_id(text: str) -> bool:
    """Whether an answer may be called so."""
    return _ID.fullmatch(text) is not None and len(text) <= _LONGEST["id"]


def checked(answer: Answer) -> Answer:
    """The answer with tidy texts. Raises AnswerInvalid."""
    tidy = replace(
        answer,
        title=one_paragraph(storable(answer.title)),
        question=one_paragraph(storable(answer.question)),
        answer=many_lines(storable(answer.answer)),
        category=one_paragraph(storable(answer.category or "")) or None,
        application=one_paragraph(storable(answer.application or "")) or None,
        source=one_paragraph(storable(answer.source)),
    )
    if not _ID.fullmatch(tidy.id):
        raise AnswerInvalid(
            f"id {tidy.id!r}: small letters, digits and hyphens, e.g. reset-password-inaproc",
            "id",
        )
    for part, longest in _LONGEST.items():
        if not 0 < len(getattr(tidy, part)) <= longest:
            raise AnswerInvalid(f"{tidy.id}: {part} must have 1 to {longest} characters", "length")
    if any(len(code or "") > _LONGEST_CODE for code in (tidy.category, tidy.application)):
        raise AnswerInvalid(
            f"{tidy.id}: category and application have at most {_LONGEST_CODE}", "codes"
        )
    if tidy.valid_to and tidy.valid_to < tidy.valid_from:
        raise AnswerInvalid(f"{tidy.id}: valid_to is before valid_from", "days")
    if any(map(tells_secret, (tidy.title, tidy.question, tidy.answer, tidy.source))):
        raise AnswerInvalid(
            f"{tidy.id}: the text seems to tell a password, PIN or one-time code; remove it, "
            "because answers are read by many",
            "secret",
        )
    return tidy


def parse_answers(content: dict[str, Any]) -> list[Answer]:
    """The answers of a file ([[answers]] in TOML), all or none. Raises AnswerInvalid."""
    try:
        file = msgspec.convert(content, _AnswerFile)
    except msgspec.ValidationError as error:
        raise AnswerInvalid(str(error)) from error
    answers = [checked(answer) for answer in file.answers]
    ids = [answer.id for answer in answers]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise AnswerInvalid(f"{', '.join(twice)}: stands twice in the file")
    return answers


class _AnswerFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answers: tuple[Answer, ...]
