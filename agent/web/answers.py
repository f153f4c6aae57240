"""The office's own answers to what callers ask: read by all who answer, written by a few."""

from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from agent.database.answer_search import search_answers
from agent.database.answer_versions import read_versions
from agent.database.answers import (
    KeptAnswer,
    add_answers,
    change_answer,
    list_answers,
    retire_answer,
)
from agent.database.errors import AnswerChanged
from agent.domain.answer import Answer, AnswerInvalid, checked
from agent.domain.office_time import local
from agent.domain.rights import Right
from agent.runtime import clock
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused

SEE = (Right.DESK, Right.ANSWERS)

Id = Annotated[str, Meta(max_length=60)]
Short = Annotated[str, Meta(max_length=1000)]
Long = Annotated[str, Meta(max_length=8000)]


class AnswersAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those that are valid today or all that ever were; with these words in any of their forms."""

    state: Literal["valid", "all"] = "valid"
    text: Annotated[str, Meta(max_length=200)] = ""


class WrittenAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All parts of an answer; it is valid from today on where no day is named."""

    title: Short
    question: Short
    answer: Long
    source: Short
    category: Id | None = None
    application: Id | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class NewAnswer(WrittenAnswer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id` is what forms refer to: small letters, digits and hyphens."""

    id: Id


class ChangedAnswer(WrittenAnswer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`based_on`: `changed_at`, or else `made_at`, of what was read before it was written anew."""

    based_on: datetime


class RetiredAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`based_on` as for a changed answer."""

    based_on: datetime


def answer_operations(parts: Parts) -> list[Operation]:
    """Reading, adding, changing, retiring; each change is on record."""
    url = parts.pool.url

    async def read(_asking: Asking, asked: AnswersAsked) -> list[KeptAnswer]:
        return await found(parts, asked)

    async def add(asking: Asking, asked: NewAnswer) -> Answer:
        wanted = _checked(parts, asked.id, asked)
        if not await add_answers(url, [wanted], asking.who.account):
            raise Refused(409, "answer_known")
        return wanted

    async def change(asking: Asking, asked: ChangedAnswer) -> Answer:
        known = asking.path("answer")
        wanted = _checked(parts, known, asked)
        by = asking.who.account
        try:
            await change_answer(url, known, by, lambda _old: wanted, asked.based_on)
        except AnswerChanged as error:
            now = (await read_versions(url, known))[0]
            texts = {"now": msgspec.to_builtins(now), "yours": msgspec.to_builtins(wanted)}
            raise Refused(409, "answer_changed", **texts) from error
        return wanted

    async def retire(asking: Asking, asked: RetiredAnswer) -> None:
        known, by = asking.path("answer"), asking.who.account
        try:
            await retire_answer(url, known, by, asked.based_on)
        except AnswerChanged as error:
            now = msgspec.to_builtins((await read_versions(url, known))[0])
            raise Refused(409, "answer_changed_not_retired", now=now) from error

    return [
        Operation(
            name="listAnswers", method="GET", path="/answers", right=SEE,
            summary="The office's answers with their sources and the days on which they are valid.",
            perform=read, asked=AnswersAsked, answered=list[KeptAnswer],
        ),
        Operation(
            name="addAnswer", method="POST", path="/answers", right=Right.ANSWERS,
            summary="A new answer; one that tells a password or one-time code is refused.",
            perform=add, asked=NewAnswer, answered=Answer, status=201, refuses=(409, 422),
        ),
        Operation(
            name="changeAnswer", method="PUT", path="/answers/{answer}", right=Right.ANSWERS,
            summary="An answer written anew, if nobody has written it meanwhile.",
            perform=change, asked=ChangedAnswer, answered=Answer, refuses=(404, 409, 422),
        ),
        Operation(
            name="retireAnswer", method="DELETE", path="/answers/{answer}", right=Right.ANSWERS,
            summary="Suggested no more, if nobody wrote it meanwhile; forms that name it still do.",
            perform=retire, asked=RetiredAnswer, refuses=(404, 409),
        ),
    ]  # fmt: skip


def answer_pages(parts: Parts) -> list[Page]:
    """The list, with what is needed to write in it for who may."""

    async def show(asking: Asking) -> Shown:
        typed = {key: value for key, value in asking.request.query.items() if value}
        lists = parts.forms[parts.form].lists
        values = {
            "typed": {"state": "valid", "text": ""} | typed,
            "answers": await found(parts, msgspec.convert(typed, AnswersAsked)),
            "writes": asking.who.may(Right.ANSWERS),
            "lists": {name: lists.get(name, {}) for name in ("category", "application")},
            "here": f"/answers?{urlencode(typed)}" if typed else "/answers",
        }
        return Shown("answers.html", values)

    return [Page(path="/answers", right=SEE, show=show, menu="menu.answers")]


async def found(parts: Parts, asked: AnswersAsked) -> list[KeptAnswer]:
    """By id, or the best first; an office has hundreds at most. Raises DatabaseUnreachable."""
    day = _today(parts) if asked.state == "valid" else None
    if asked.text.strip():
        return await search_answers(parts.pool.url, asked.text, day)
    return await list_answers(parts.pool.url, day)


def _checked(parts: Parts, known: str, asked: WrittenAnswer) -> Answer:
    try:
        return checked(
            Answer(
                id=known,
                title=asked.title,
                question=asked.question,
                answer=asked.answer,
                category=asked.category,
                application=asked.application,
                valid_from=asked.valid_from or _today(parts),
                valid_to=asked.valid_to,
                source=asked.source,
            )
        )
    except AnswerInvalid as error:
        raise Refused(422, f"answer_{error.reason}") from error


def _today(parts: Parts) -> date:
    return local(clock.now(), parts.settings.zone).date()
