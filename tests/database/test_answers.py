"""The list of answers: whole files, changes, and what is retired but never gone."""

from datetime import date
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from agent.database.answers import add_answers, change_answer, list_answers, retire_answer
from agent.database.connect import Connection
from agent.database.errors import AnswerChanged, AnswerUnknown
from agent.domain.answer import Answer, AnswerInvalid, checked
from tests.database.form_stories import answer_parts


def answer(**changes: Any) -> Answer:
    return Answer(**answer_parts(**changes))


async def test_new_answers_are_kept_and_known_ones_left_as_they_are(url: str) -> None:
    assert await add_answers(url, [answer(), answer(id="b")], "Dewi") == ["jam-layanan", "b"]
    assert await add_answers(url, [answer(title="Lain"), answer(id="c")], "Budi") == ["c"]
    kept = {one.id: one for one in await list_answers(url)}
    assert kept["jam-layanan"].title == "Jam layanan"
    assert (kept["jam-layanan"].made_by, kept["c"].made_by) == ("Dewi", "Budi")


async def test_a_change_keeps_who_made_it_and_tells_who_changed_it(url: str) -> None:
    await add_answers(url, [answer()], "Dewi")
    ends = date(2026, 12, 31)
    await change_answer(url, "jam-layanan", "Budi", lambda old: replace(old, valid_to=ends))
    (kept,) = await list_answers(url)
    assert (kept.made_by, kept.changed_by, kept.valid_to) == ("Dewi", "Budi", ends)
    assert kept.changed_at is not None


async def test_a_change_that_is_refused_changes_nothing(url: str) -> None:
    await add_answers(url, [answer()], "Dewi")
    told = "OTP: 482913"
    with pytest.raises(AnswerInvalid):
        await change_answer(
            url, "jam-layanan", "Budi", lambda old: checked(replace(old, answer=told))
        )
    (kept,) = await list_answers(url)
    assert (kept.answer, kept.changed_at) == ("Senin sampai Jumat.", None)


async def test_a_retired_answer_stays_in_the_list_and_is_valid_no_more(url: str) -> None:
    await add_answers(url, [answer(), answer(id="b", valid_to=date(2025, 1, 1))], "Dewi")
    today = date(2026, 3, 2)
    assert [one.id for one in await list_answers(url, today)] == ["jam-layanan"]
    assert await retire_answer(url, "jam-layanan", "Budi") == "Jam layanan"
    assert await list_answers(url, today) == []
    retired = {one.id: one.retired_by for one in await list_answers(url)}
    assert retired == {"jam-layanan": "Budi", "b": None}


async def test_what_was_written_since_it_was_read_is_not_retired(url: str) -> None:
    await add_answers(url, [answer()], "Dewi")
    (read,) = await list_answers(url)
    await change_answer(url, "jam-layanan", "Siti", lambda old: replace(old, title="Jam buka"))
    with pytest.raises(AnswerChanged):
        await retire_answer(url, "jam-layanan", "Budi", read.since)
    (now,) = await list_answers(url)
    assert (now.title, now.retired_at) == ("Jam buka", None)
    assert await retire_answer(url, "jam-layanan", "Budi", now.since) == "Jam buka"


async def test_what_is_not_there_or_retired_is_told(url: str) -> None:
    await add_answers(url, [answer()], "Dewi")
    await retire_answer(url, "jam-layanan", "Budi")
    for unknown in ("jam-layanan", "none"):
        with pytest.raises(AnswerUnknown, match=unknown):
            await retire_answer(url, unknown, "Budi")
        with pytest.raises(AnswerUnknown, match=unknown):
            await change_answer(url, unknown, "Budi", lambda old: old)


async def test_each_act_is_on_record_once_and_what_changed_nothing_is_not(
    url: str, connection: Connection
) -> None:
    await add_answers(url, [answer(), answer(id="b")], "Dewi")
    await add_answers(url, [answer(title="Lain")], "Budi")
    await change_answer(url, "b", "Budi", lambda old: replace(old, title="Lain"))
    await retire_answer(url, "b", "Siti")
    with pytest.raises(AnswerUnknown):
        await retire_answer(url, "b", "Siti")
    acts = await connection.fetch("SELECT by, action, subject FROM audit_log ORDER BY id")
    assert [tuple(act) for act in acts] == [
        ("Dewi", "answer_added", "jam-layanan"),
        ("Dewi", "answer_added", "b"),
        ("Budi", "answer_changed", "b"),
        ("Siti", "answer_retired", "b"),
    ]


async def test_an_act_without_its_line_in_the_log_is_not_kept(
    url: str, connection: Connection
) -> None:
    await add_answers(url, [answer()], "Dewi")
    before = await list_answers(url)
    await connection.execute(
        "ALTER TABLE audit_log ADD CONSTRAINT no_room CHECK (by = 'x') NOT VALID"
    )
    for act in (
        lambda: add_answers(url, [answer(id="b"), answer(id="c")], "Budi"),
        lambda: change_answer(url, "jam-layanan", "Budi", lambda old: replace(old, title="Lain")),
        lambda: retire_answer(url, "jam-layanan", "Budi"),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await act()
        assert await list_answers(url) == before
    assert await connection.fetchval("SELECT count(*) FROM answer_versions") == 1
