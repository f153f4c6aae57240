"""Who calls a made-up office and why: people, companies, problems and courses, drawn by chance.

Shares and times are usulan: no office has published its own. Chance comes in as a `Dice`, so that
the same seed gives the same office.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import Meta

from agent.domain.synthetic import Kind, Plot
from agent.domain.synthetic_ticket import TicketPlot

One = TypeVar("One")

Words = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[^{}%\\\t\n\"@]*$")], ...], Meta(min_length=1)
]


class Dice(Protocol):
    """What is asked of chance; Python's random.Random is one."""

    def random(self) -> float:
        """From 0 to below 1."""

    def choice(self, seq: Sequence[One], /) -> One:
        """One of these."""

    def lognormvariate(self, mu: float, sigma: float) -> float:
        """Times of talk are spread like this: many short, few very long."""

    def randrange(self, stop: int, /) -> int:
        """A whole number from 0 to below stop."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Problems of one kind with what solves them; `weight` says how often it comes."""

    category: str
    application: str
    weight: int
    problems: Words
    solutions: Words


class WordLists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of all made-up texts."""

    first_names: Words
    last_names: Words
    company_forms: Words
    company_words: Words
    institutions: Words
    tails: Words
    solution_tails: Words
    topics: tuple[Topic, ...]


class Person(msgspec.Struct, frozen=True):
    """Somebody who calls, once or often, with his company and institution."""

    values: dict[str, str]


KINDS: dict[Kind, float] = {
    "solved": 0.62,
    "escalated": 0.14,
    "referred": 0.05,
    "dropped_by_caller": 0.04,
    "undecided": 0.01,
    "silent": 0.02,
    "prank": 0.01,
    "wrong_number": 0.02,
    "abandoned_waiting": 0.05,
    "abandoned_in_welcome": 0.04,
}
_USER_TYPES = (("penyedia",) * 15) + ("ppk", "ppk", "pokja", "pp", "pa_kpa")


def draw_plot(dice: Dice, kind: Kind) -> Plot:
    """A course of this kind; about one in twelve breaks a limit of the procedure."""
    late_greeting = dice.random() < 0.03
    late_identity = dice.random() < 0.07
    late_archive = dice.random() < 0.01
    return Plot(
        kind=kind,
        user_type=dice.choice(_USER_TYPES),
        with_npwp=dice.random() < 0.6,
        urgency="M" if dice.random() < 0.2 else "TM",
        impact=dice.choice(("B", "S", "S", "S", "K", "K")),
        ring_s=_seconds(dice, 6, 0.5, 18),
        greeting_s=11 + 5 * dice.random() if late_greeting else _seconds(dice, 2, 0.5, 9),
        identity_s=125 + 80 * dice.random() if late_identity else _seconds(dice, 65, 0.3, 110),
        talk_s=_seconds(dice, 120, 0.7, 1800),
        archive_s=650 + 400 * dice.random() if late_archive else _seconds(dice, 45, 0.8, 480),
    )


def draw_ticket_plot(dice: Dice) -> TicketPlot:
    """Most tickets are confirmed within days; a few stay open."""
    fate = dice.random()
    return TicketPlot(
        taken_h=_seconds(dice, 2, 0.8, 30),
        solved_h=_seconds(dice, 20, 0.9, 300) if fate > 0.02 else None,
        confirmed_h=_seconds(dice, 12, 0.9, 200) if fate > 0.04 else None,
    )


def _seconds(dice: Dice, median: float, spread: float, most: float) -> float:
    """Rounded to a tenth, as no made-up time is truer than that."""
    return round(min(most, median * dice.lognormvariate(0.0, spread)), 1)


def draw_person(dice: Dice, words: WordLists, number: int) -> Person:
    """The person of this number; telephone and NPWP are his alone, and of no real one."""
    name = f"{dice.choice(words.first_names)} {dice.choice(words.last_names)} (contoh)"
    company = (
        f"{dice.choice(words.company_forms)} {dice.choice(words.company_words)} "
        f"{dice.choice(words.company_words)} {number} (contoh)"
    )
    digits = f"{number:08d}"
    return Person(
        {
            "caller_name": name,
            "business_name": company,
            "institution": f"{dice.choice(words.institutions)} (contoh)",
            "npwp": f"0000{number:012d}",
            "phone": f"+62810{digits}",
            "phone_shown": f"+62 810-{digits[:4]}-{digits[4:]}",
        }
    )


def draw_problem(dice: Dice, words: WordLists, topics: Sequence[Topic]) -> dict[str, str]:
    """A problem with its solution; `topics` has each topic as often as it weighs."""
    topic = dice.choice(topics)
    return {
        "category": topic.category,
        "application": topic.application,
        "problem": f"{dice.choice(topic.problems)} {dice.choice(words.tails)}".strip(),
        "solution": f"{dice.choice(topic.solutions)} {dice.choice(words.solution_tails)}".strip(),
    }


def weighed(topics: Sequence[Topic]) -> tuple[Topic, ...]:
    """Each topic as often as it weighs."""
    return tuple(topic for topic in topics for _ in range(topic.weight))
