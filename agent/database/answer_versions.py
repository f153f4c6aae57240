"""What an answer ever was: each version as it was written, by whom and when; only ever added to.

The table `answers` keeps them by itself (sql/migrations), whoever writes and by whichever way.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from agent.database.connect import connected
from agent.database.errors import AnswerUnknown
from agent.database.queries import sql
from agent.domain.answer import is_answer_id

Act = Literal["added", "changed", "retired"]
PARTS = (
    "title",
    "question",
    "answer",
    "source",
    "category",
    "application",
    "valid_from",
    "valid_to",
)


class AnswerVersion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it stood after somebody's act, and which of its parts that act made another."""

    id: str
    version: int
    act: Act
    by: str
    at: datetime
    title: str
    question: str
    answer: str
    category: str | None
    application: str | None
    valid_from: date
    valid_to: date | None
    source: str
    changed: tuple[str, ...] = ()
    """Names of parts; none of the first version that is known."""


async def read_versions(url: str, id_: str) -> list[AnswerVersion]:
    """Every version, the newest first, also of one that is retired.

    Raises AnswerUnknown, DatabaseUnreachable.
    """
    if not is_answer_id(id_):
        raise AnswerUnknown("There is no such answer: see `answer list`.")
    async with connected(url) as connection:
        rows = await connection.fetch(sql("read_answer_versions"), id_)
    if not rows:
        raise AnswerUnknown(f"There is no answer {id_}: see `answer list`.")
    return [
        msgspec.convert(
            {
                **row,
                "changed": [part for part in PARTS if before and row[part] != before[part]],
            },
            AnswerVersion,
        )
        for row, before in zip(rows, [*rows[1:], None], strict=True)
    ]
