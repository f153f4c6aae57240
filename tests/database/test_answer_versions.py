"""Nothing that was ever written as an answer is lost, whichever way it was written."""

import asyncio
from datetime import date

import asyncpg
import pytest
from msgspec.structs import replace

from agent.database.answer_versions import read_versions
from agent.database.answers import add_answers, change_answer, retire_answer
from agent.database.connect import Connection
from agent.database.errors import AnswerUnknown
from agent.database.migrations import read_migrations
from agent.domain.answer import Answer
from tests.database.form_stories import answer_parts

ANSWER = Answer(**answer_parts())
ID = ANSWER.id


async def test_each_act_is_a_version_with_who_and_what_became_other(url: str) -> None:
    await add_answers(url, [ANSWER, Answer(**answer_parts(id="b"))], "Dewi")
    ends = date(2026, 12, 31)
    await change_answer(
        url, ID, "Budi", lambda old: replace(old, answer="Setiap hari.", valid_to=ends)
    )
    await retire_answer(url, ID, "Siti")
    retired, changed, added = await read_versions(url, ID)
    assert [(one.version, one.act, one.by) for one in (added, changed, retired)] == [
        (1, "added", "Dewi"),
        (2, "changed", "Budi"),
        (3, "retired", "Siti"),
    ]
    assert (added.answer, changed.answer, retired.answer) == (
        "Senin sampai Jumat.",
        "Setiap hari.",
        "Setiap hari.",
    )
    assert (added.changed, changed.changed, retired.changed) == ((), ("answer", "valid_to"), ())
    assert added.at < changed.at < retired.at
    assert [one.version for one in await read_versions(url, "b")] == [1]


async def test_a_known_id_that_is_imported_again_is_no_version(url: str) -> None:
    await add_answers(url, [ANSWER], "Dewi")
    await add_answers(url, [replace(ANSWER, title="Lain")], "Budi")
    assert [one.by for one in await read_versions(url, ID)] == ["Dewi"]


async def test_of_many_who_write_at_once_every_text_is_kept(url: str) -> None:
    await add_answers(url, [ANSWER], "Dewi")
    titles = [f"Judul {n}" for n in range(8)]
    await asyncio.gather(
        *(
            change_answer(url, ID, "Budi", lambda old, title=title: replace(old, title=title))
            for title in titles
        )
    )
    versions = await read_versions(url, ID)
    assert [one.version for one in versions] == list(range(9, 0, -1))
    assert {one.title for one in versions} == {*titles, "Jam layanan"}


async def test_versions_are_only_ever_added_to(url: str, connection: Connection) -> None:
    await add_answers(url, [ANSWER], "Dewi")
    for statement in (
        "UPDATE answer_versions SET title = 'lain'",
        "DELETE FROM answer_versions",
        "TRUNCATE answer_versions",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)


async def test_what_is_no_answer_is_told(url: str) -> None:
    for unknown in ("none", "Not an id", "a\x00b"):
        with pytest.raises(AnswerUnknown):
            await read_versions(url, unknown)


async def test_answers_from_before_have_what_stands_there_as_their_first_version(
    empty_url: str,
) -> None:
    connection = await asyncpg.connect(empty_url)
    for migration in read_migrations():
        if "keep_every_version_of_an_answer" in migration.name:
            await connection.execute(
                "INSERT INTO answers (id, title, question, answer, valid_from, source, made_by)"
                "VALUES ('a', 'A', 'A?', 'Ya.', '2020-01-01', 'SK', 'Dewi'),"
                "       ('b', 'B', 'B?', 'Ya.', '2020-01-01', 'SK', 'Dewi'),"
                "       ('c', 'C', 'C?', 'Ya.', '2020-01-01', 'SK', 'Dewi');"
                "UPDATE answers SET changed_by = 'Budi', changed_at = now() WHERE id <> 'a';"
                "UPDATE answers SET retired_by = 'Siti', retired_at = now() WHERE id = 'c'"
            )
        await connection.execute(migration.sql)
    await connection.close()
    known = [(await read_versions(empty_url, id_))[0] for id_ in "abc"]
    assert [(one.version, one.act, one.by) for one in known] == [
        (1, "added", "Dewi"),
        (1, "changed", "Budi"),
        (1, "retired", "Siti"),
    ]
