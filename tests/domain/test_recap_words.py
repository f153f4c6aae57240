import tomllib
from typing import Any, get_args

import pytest

from agent.domain.consultation import Outcome, Reason
from agent.domain.recap_words import RecapWordsInvalid, parse_recap_words
from agent.domain.words import DEVIATION_STANDINGS, REASONS
from agent.settings import DATA


@pytest.fixture
def content() -> dict[str, Any]:
    return tomllib.loads((DATA / "papers" / "recap.toml").read_text())


def test_the_offices_words_are_whole(content: dict[str, Any]) -> None:
    words = parse_recap_words(content)
    assert set(words.outcomes) == set(Outcome)
    assert set(words.reasons) == set(REASONS) == set(get_args(Reason))
    assert words.text("excused") == DEVIATION_STANDINGS["excused"]
    assert words.text("period", first="1", last="2") == "1 s.d. 2"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("outcomes", "silent"),
        ("columns", "deviations"),
        ("figures", "abandoned"),
        ("steps", "7"),
        ("reasons", "solution_not_recorded"),
        ("reasons", "not_handed_over"),
        ("texts", "upheld"),
        ("equipment_kinds", "archive"),
    ],
)
def test_a_word_that_is_missing_is_named(content: dict[str, Any], table: str, key: str) -> None:
    del content[table][key]
    with pytest.raises(RecapWordsInvalid, match=f"{table}: {key}"):
        parse_recap_words(content)


def test_a_formula_that_counts_what_nobody_counts_is_refused(content: dict[str, Any]) -> None:
    content["figures"]["answered"]["counts"] = "{part} ÷ {received}"
    with pytest.raises(RecapWordsInvalid, match="received"):
        parse_recap_words(content)


def test_a_year_has_twelve_months(content: dict[str, Any]) -> None:
    content["months"].pop()
    with pytest.raises(RecapWordsInvalid, match="12"):
        parse_recap_words(content)
    content["surplus"] = 1
    with pytest.raises(RecapWordsInvalid, match="surplus"):
        parse_recap_words(content)
