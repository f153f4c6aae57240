"""The office's list of answers: added, changed, retired; never deleted, because forms name them."""

from collections.abc import Callable
from datetime import date, datetime

import msgspec

from agent.database.connect import connected
from agent.database.errors import AnswerUnknown
from agent.database.queries import sql
from agent.domain.answer import Answer


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer in the list, with who made, changed and retired it, and when."""

    id: str
    title: str
    question: str
    answer: str
    category: str | None
    application: str | None
    valid_from: date
    valid_to: date | None
    source: str
    made_by: str
    made_at: datetime
    changed_by: str | None
    changed_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None


async def add_answers(url: str, answers: list[Answer], by: str) -> list[str]:
    """Keep new answers, all or none; answers the ids that were not known before.

    An id that is known is left as it is, so that a file may be imported again. Raises
    DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        added = [
            await connection.fetchval(sql("add_answer"), *msgspec.structs.astuple(answer), by)
            for answer in answers
        ]
    return [one for one in added if one]


async def change_answer(url: str, id_: str, by: str, change: Callable[[Answer], Answer]) -> Answer:
    """Write an answer anew, as `change` makes it of the old one; what `change` raises is raised.

    Raises AnswerUnknown, DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        row = await connection.fetchrow(sql("read_answer"), id_)
        if row is None:
            raise _unknown(id_)
        changed = change(msgspec.convert(dict(row), Answer))
        await connection.execute(sql("change_answer"), *msgspec.structs.astuple(changed), by)
    return changed


async def retire_answer(url: str, id_: str, by: str) -> str:
    """Suggest an answer no more; answers its title. Raises AnswerUnknown, DatabaseUnreachable."""
    async with connected(url) as connection:
        title = await connection.fetchval(sql("retire_answer"), id_, by)
    if title is None:
        raise _unknown(id_)
    return str(title)


async def list_answers(url: str, valid_on: date | None = None) -> list[KeptAnswer]:
    """All answers by id, or those that are valid on a day. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("list_answers"), valid_on)
    return [msgspec.convert(dict(row), KeptAnswer) for row in rows]


def _unknown(id_: str) -> AnswerUnknown:
    return AnswerUnknown(f"There is no answer {id_}, or it is retired: see `answer list`.")
