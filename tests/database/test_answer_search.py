"""Answers found by words as people type them, those too that are over or retired."""

import tomllib
from datetime import date

import pytest

from agent.database.answer_search import search_answers
from agent.database.answers import add_answers, retire_answer
from agent.domain.answer import parse_answers
from agent.settings import DATA

SPSE, INAPROC = "usulan-lupa-password-spse", "usulan-lupa-password-inaproc"
TODAY = date(2026, 3, 2)


@pytest.fixture
async def filled(url: str) -> str:
    """The answers that come with the program."""
    content = tomllib.loads((DATA / "answers" / "usulan-1.toml").read_text("utf-8"))
    await add_answers(url, parse_answers(content), "Dewi")
    return url


async def ids(url: str, typed: str, valid_on: date | None = None) -> list[str]:
    return [one.id for one in await search_answers(url, typed, valid_on)]


@pytest.mark.parametrize(
    "typed", ["lupa password", "LUPA  Password!", "passwordnya lupa", "lupa paswod", "lupa passw"]
)
async def test_words_are_found_in_any_form_and_with_typing_errors(filled: str, typed: str) -> None:
    assert set((await ids(filled, typed))[:2]) == {SPSE, INAPROC}


async def test_on_a_day_only_what_is_valid_then_is_found(filled: str) -> None:
    assert SPSE not in await ids(filled, "lupa password", TODAY)
    assert SPSE in await ids(filled, "lupa password", date(2020, 1, 1))
    await retire_answer(filled, INAPROC, "Budi")
    assert INAPROC not in await ids(filled, "lupa password", TODAY)
    assert INAPROC in await ids(filled, "lupa password")


async def test_one_more_word_narrows(filled: str) -> None:
    assert len(await ids(filled, "password")) > len(await ids(filled, "lupa password spse")) >= 1
    assert await ids(filled, "lupa zzzzzz") == []


async def test_an_answer_is_found_first_by_its_id(filled: str) -> None:
    assert (await ids(filled, SPSE))[0] == SPSE
    assert (await ids(filled, f" {INAPROC} "))[0] == INAPROC


@pytest.mark.parametrize("typed", ["", "  ", "yang", "'; --", "a & !b | (", "\x00", "%", "é\ud800"])
async def test_any_text_may_be_typed(filled: str, typed: str) -> None:
    assert len(await ids(filled, typed)) <= 16


async def test_no_more_are_answered_than_are_asked_for(filled: str) -> None:
    assert len(await search_answers(filled, "password", limit=1)) == 1
