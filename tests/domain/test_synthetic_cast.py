"""Made-up people, problems and courses: alike for the same seed, and never taken for real ones."""

from collections import Counter

import msgspec
import pytest

from agent.domain.secret_words import tells_secret
from agent.domain.synthetic_cast import (
    KINDS,
    WordLists,
    draw_person,
    draw_plot,
    draw_problem,
    draw_ticket_plot,
    weighed,
)
from tests.domain.made_up import FORM, WORDS, dice


def test_the_same_seed_draws_the_same() -> None:
    def drawn(seed: int) -> list[object]:
        thrown = dice(seed)
        return [
            draw_plot(thrown, "solved"),
            draw_ticket_plot(thrown),
            draw_person(thrown, WORDS, 7),
            draw_problem(thrown, WORDS, WORDS.topics),
        ]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_every_person_is_marked_and_has_numbers_of_his_own() -> None:
    thrown = dice()
    people = [draw_person(thrown, WORDS, number).values for number in range(1, 200)]
    for one in people:
        for field in ("caller_name", "business_name", "institution"):
            assert one[field].endswith("(contoh)")
        assert one["phone"].startswith("+62810")
        assert (len(one["npwp"]), one["npwp"][:4]) == (16, "0000")
    assert len({one["phone"] for one in people}) == len({one["npwp"] for one in people}) == 199


def test_shares_are_whole_and_every_topic_stands_on_the_form() -> None:
    assert sum(KINDS.values()) == pytest.approx(1.0)
    for topic in WORDS.topics:
        assert topic.category in FORM.lists["category"]
        assert topic.application in FORM.lists["application"]
        assert not any(map(tells_secret, (*topic.problems, *topic.solutions)))


def test_a_topic_comes_as_often_as_it_weighs() -> None:
    counted = Counter(topic.category for topic in weighed(WORDS.topics))
    assert counted["01"] == 16
    assert counted["16"] == 2


def test_about_one_course_in_ten_breaks_a_limit() -> None:
    thrown = dice()
    late = sum(
        plot.greeting_s > 10 or plot.identity_s > 120 or plot.archive_s > 600
        for plot in (draw_plot(thrown, "solved") for _ in range(2000))
    )
    assert 100 < late < 320


@pytest.mark.parametrize("word", ["{x}", "50%", 'a"b', "a\\b", "@@x@@", "a\tb"])
def test_words_that_would_break_a_row_are_refused(word: str) -> None:
    content = msgspec.to_builtins(WORDS)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(content | {"tails": [word]}, WordLists)
