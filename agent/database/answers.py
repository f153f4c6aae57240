"""The office's list of answers: added, changed, retired; never deleted, because forms name them.

Each of these, and the line of the audit log that tells of it, are one transaction.
"""

from collections.abc import Callable
from datetime import date, datetime

import asyncpg
import msgspec

from agent.database.accounts import keep_act
from agent.database.connect import Connection, connected
from agent.database.errors import AnswerChanged, AnswerUnknown
from agent.database.queries import sql
from agent.domain.answer import Answer, is_answer_id


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

    @property
    def since(self) -> datetime:
        """Since when it is as it is."""
        return self.changed_at or self.made_at


async def add_answers(url: str, answers: list[Answer], by: str) -> list[str]:
    """Keep new answers, all or none; answers the ids that were not known before.

    An id that is known is left as it is, so that a file may be imported again. Raises
    DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        tried = [
            await connection.fetchval(sql("add_answer"), *msgspec.structs.astuple(answer), by)
            for answer in answers
        ]
        added = [one for one in tried if one]
        for one in added:
            await keep_act(connection, by, "answer_added", one)
    return added


async def change_answer(
    url: str,
    id_: str,
    by: str,
    change: Callable[[Answer], Answer],
    based_on: datetime | None = None,
) -> Answer:
    """Write an answer anew, as `change` makes it of the old one; what `change` raises is raised.

    `based_on` is since when the answer was as who writes it has read it. Raises AnswerChanged when
    somebody wrote it meanwhile, AnswerUnknown, DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        row = await _locked(connection, id_, based_on)
        old = {name: row[name] for name in Answer.__struct_fields__}
        changed = change(msgspec.convert(old, Answer))
        await connection.execute(sql("change_answer"), *msgspec.structs.astuple(changed), by)
        await keep_act(connection, by, "answer_changed", id_)
    return changed


async def retire_answer(url: str, id_: str, by: str, based_on: datetime | None = None) -> str:
    """Suggest an answer no more; answers its title. `based_on` as for a change.

    Raises AnswerChanged when somebody wrote it meanwhile, AnswerUnknown, DatabaseUnreachable.
    """
    if not is_answer_id(id_):
        raise AnswerUnknown("There is no such answer: see `answer list`.")
    async with connected(url) as connection, connection.transaction():
        await _locked(connection, id_, based_on)
        title = await connection.fetchval(sql("retire_answer"), id_, by)
        await keep_act(connection, by, "answer_retired", id_)
    return str(title)


async def list_answers(url: str, valid_on: date | None = None) -> list[KeptAnswer]:
    """All answers by id, or those that are valid on a day. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("list_answers"), valid_on)
    return [msgspec.convert(dict(row), KeptAnswer) for row in rows]


async def _locked(connection: Connection, id_: str, based_on: datetime | None) -> asyncpg.Record:
    """The answer as it is, which nobody else writes before this transaction ends."""
    row = await connection.fetchrow(sql("read_answer"), id_)
    if row is None:
        raise AnswerUnknown(f"There is no answer {id_}, or it is retired: see `answer list`.")
    if based_on is not None and row["since"] != based_on:
        raise AnswerChanged(f"The answer {id_} was changed meanwhile: read it again.")
    return row
