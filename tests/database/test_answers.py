"""The list of answers: whole files, changes, and what is retired but never gone."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from agent.database.answers import add_answers, change_answer, list_answers, retire_answer
from agent.database.errors import AnswerUnknown
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


async def test_what_is_not_there_or_retired_is_told(url: str) -> None:
    await add_answers(url, [answer()], "Dewi")
    await retire_answer(url, "jam-layanan", "Budi")
    for unknown in ("jam-layanan", "none"):
        with pytest.raises(AnswerUnknown, match=unknown):
            await retire_answer(url, unknown, "Budi")
        with pytest.raises(AnswerUnknown, match=unknown):
            await change_answer(url, unknown, "Budi", lambda old: old)
