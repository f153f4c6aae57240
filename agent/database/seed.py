"""Any number of made-up consultations, for benches and for trying out, into an empty database.

The same seed and last day give the same calls. Nobody is in two calls at once, and the numbers of
every year are closed, so that `verify` holds of them what it holds of real ones.
"""

import asyncio
import heapq
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias

import msgspec

from agent.database.archive_chain import chain_all_archived
from agent.database.bare_tables import bare
from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseInUse
from agent.database.queries import sql
from agent.database.sops import load_sop, read_sops
from agent.database.stencil import TABLES, Stencil, copy_rows, stencil_of
from agent.domain.form import FormDefinition
from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.office_time import ZONES
from agent.domain.priority import Choice, PriorityTable
from agent.domain.sop import Sop
from agent.domain.synthetic import OFFICE, Told, tell
from agent.domain.synthetic_cast import (
    KINDS,
    WordLists,
    draw_person,
    draw_plot,
    draw_problem,
    draw_ticket_plot,
    weighed,
)
from agent.domain.synthetic_days import arrivals, counts_of_days
from agent.domain.synthetic_ticket import tell_ticket
from agent.domain.ticket_opening import choose
from agent.domain.working_time import WorkingTime

MOST_CONSULTATIONS = 20_000_000
CALLS_AT_A_TIME = 2000
FEWEST_COURSES, MOST_COURSES = 20, 240
"""Different ones for each of the day's three greetings."""
CALLS_OF_A_COURSE = 40
GREETED = ((11, 9), (15, 12), (24, 16))
"""Until which hour a greeting is said, and an hour in which its courses are told."""
STATEMENT_S, WHOLE_S = 3600.0, 24 * 3600.0
TALK_S = 300.0
"""What a call takes of an operator, on average."""
PAUSE_S = 3.0
TURN_S = 0.0002
WRITTEN = (*TABLES, "archive_entries", "solved_texts")
MOST_OPERATORS = 100
"""Real ones begin with op-101."""


_Filled: TypeAlias = tuple[Stencil, dict[str, str]]


class _Chunk(msgspec.Struct, frozen=True):
    """So many calls as lines for each table, with its columns."""

    calls: int
    columns: dict[str, tuple[str, ...]]
    lines: dict[str, str]


class SeedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is made up: so many consultations within the years that end with the day `until`."""

    consultations: int
    years: int
    until: date
    seed: int

    @property
    def first(self) -> date:
        """The first day."""
        return self.until - timedelta(days=round(365.25 * self.years) - 1)


class MadeUpOffice(msgspec.Struct, frozen=True, kw_only=True):
    """What made-up calls share with real ones: procedure (as its file), form, hours, priorities."""

    sop: Mapping[str, Any]
    form: FormDefinition
    priorities: PriorityTable
    working_time: WorkingTime
    words: WordLists


async def seed(
    url: str, plan: SeedPlan, office: MadeUpOffice, progress: Callable[[int], None]
) -> dict[str, int]:
    """Fill the database, all or nothing; `progress` hears how many calls more are written.

    Answers how many rows each table got. Raises DatabaseInUse when it holds calls or reserved
    numbers, DatabaseUnreachable.
    """
    async with connected(url) as connection:
        await _refuse_used(connection)
    sop = await load_sop(url, marked(office.sop))
    rows = dict.fromkeys(TABLES, 0)
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        made = _MadeUp(plan, office, sop, await read_sops(connection))
        async with connection.transaction():
            await connection.executemany(sql("add_former_operator"), made.operators())
            async with bare(connection, WRITTEN):
                # Nobody else can write a call now; before, somebody may have.
                await _refuse_used(connection)
                await connection.execute(f"TRUNCATE {', '.join(WRITTEN)}")
                await _copy_all(connection, made.calls(), rows, progress)
                # The planner must know by now that the tables are no longer empty.
                await connection.execute("ANALYZE")
                await chain_all_archived(connection)
                await connection.execute(sql("keep_solved_texts"))
            await connection.execute(sql("keep_words_of_solved_texts"))
        await connection.execute("VACUUM ANALYZE")
    return rows


def marked(sop: Mapping[str, Any]) -> dict[str, Any]:
    """The procedure of an office that there is not, so that no number is taken for a real one."""
    return {
        **sop,
        "document": f"{sop['document']} (contoh)",
        "office": OFFICE,
        "office_name": f"{sop['office_name']} (contoh)",
    }


async def _refuse_used(connection: Connection) -> None:
    if await connection.fetchval(sql("is_in_use")):
        raise DatabaseInUse(
            "This database holds calls or reserved numbers: made-up consultations are put into "
            "an empty one only. Make a new database and name it by DATABASE_URL."
        )


async def _copy_all(
    connection: Connection,
    calls: Iterator[_Filled],
    rows: dict[str, int],
    progress: Callable[[int], None],
) -> None:
    """While the database takes some calls, the next ones are made up."""
    usual = sys.getswitchinterval()
    # A socket takes a fifth of a megabyte at once: whoever sends must not wait long for his turn.
    sys.setswitchinterval(TURN_S)
    try:
        made = await asyncio.to_thread(_chunk, calls)
        while made.calls:
            async with asyncio.TaskGroup() as both:
                following = both.create_task(asyncio.to_thread(_chunk, calls))
                await copy_rows(connection, made.columns, made.lines, frozen=True)
            for table, text in made.lines.items():
                rows[table] += text.count("\n")
            progress(made.calls)
            made = following.result()
    finally:
        sys.setswitchinterval(usual)


def _chunk(calls: Iterator[_Filled]) -> _Chunk:
    columns: dict[str, tuple[str, ...]] = {}
    lines: dict[str, list[str]] = {}
    count = 0
    for stencil, of_call in islice(calls, CALLS_AT_A_TIME):
        count += 1
        columns |= stencil.columns
        for table, text in of_call.items():
            lines.setdefault(table, []).append(text)
    return _Chunk(count, columns, {table: "".join(texts) for table, texts in lines.items()})


class _MadeUp:
    """The calls of a plan, in the order of their arrival."""

    def __init__(
        self, plan: SeedPlan, office: MadeUpOffice, sop: Sop, sops: Mapping[str, Sop]
    ) -> None:
        self._plan = plan
        self._office = office
        self._dice = random.Random(plan.seed)  # noqa: S311 nothing here is a secret
        self._zone = office.working_time.zone
        courses = min(MOST_COURSES, max(FEWEST_COURSES, plan.consultations // CALLS_OF_A_COURSE))
        self._stencils = [
            [self._stencil(hour, sop, sops) for _ in range(courses)] for _, hour in GREETED
        ]
        self._people = [
            draw_person(self._dice, office.words, number + 1)
            for number in range(max(1, plan.consultations // 6))
        ]
        self._days = counts_of_days(
            self._dice, office.working_time, plan.first, plan.until, plan.consultations
        )
        busiest = max(count for _, count in self._days)
        # Four full hours of each are slack enough.
        self._operators = min(MOST_OPERATORS, 3 + round(busiest * TALK_S / 3600 / 4))
        self._numbers: dict[tuple[str, int], int] = {}

    def operators(self) -> list[tuple[str, str]]:
        """Accounts and names; they are of former operators, whom no telephone belongs to."""
        return [
            (f"op-{place}", f"Petugas {place} (contoh)") for place in range(1, self._operators + 1)
        ]

    def calls(self) -> Iterator[_Filled]:
        """Every call with the lines of each table."""
        free = [(datetime.min.replace(tzinfo=UTC), *one) for one in self.operators()]
        topics = weighed(self._office.words.topics)
        number = 0
        for day, count in self._days:
            last = datetime.min.replace(tzinfo=UTC)
            spans = self._office.working_time.open_on(day)
            for planned in arrivals(self._dice, spans, count):
                # Where all are busy the call comes a little later, still in turn.
                start = max(planned.astimezone(UTC), last, _whole_second_after(free[0][0]))
                last, number = start, number + 1
                stencil = self._dice.choice(self._stencils[self._greeting(start)])
                busy = timedelta(seconds=stencil.over_s + PAUSE_S)
                _, account, name = free[0]
                if stencil.offered_s is not None:
                    heapq.heapreplace(free, (start + busy, account, name))
                person = self._people[
                    int(len(self._people) * self._dice.random() * self._dice.random())
                ]
                values = {
                    **person.values,
                    **draw_problem(self._dice, self._office.words, topics),
                    "call": f"contoh-{number}",
                    "operator": account,
                    "operator_name": name,
                    "form": render_form_number(self._next("form", day.year), OFFICE),
                }
                if "tickets" in stencil.lines:
                    values["ticket"] = render_ticket_number(self._next("ticket", day.year))
                yield stencil, stencil.filled(start, values)

    def _greeting(self, at: datetime) -> int:
        hour = at.astimezone(ZONES[self._zone]).hour
        return next(place for place, (until, _) in enumerate(GREETED) if hour < until)

    def _next(self, kind: str, year: int) -> YearNumber:
        sequence = self._numbers.get((kind, year), 0) + 1
        self._numbers[kind, year] = sequence
        return YearNumber(year, sequence)

    def _stencil(self, hour: int, sop: Sop, sops: Mapping[str, Sop]) -> Stencil:
        kind = self._dice.choice(
            [k for k, share in KINDS.items() for _ in range(round(share * 100))]
        )
        plot = draw_plot(self._dice, kind)
        start = datetime(2026, 3, 2, hour, tzinfo=ZONES[self._zone]).astimezone(UTC)
        told = tell(plot, start, self._zone, sop.name, self._office.form)
        if kind != "escalated":
            return stencil_of(told, sops, None)
        choice = self._choice(plot.urgency, plot.impact)
        life = tell_ticket(draw_ticket_plot(self._dice), _reserved_at(told), choice)
        return stencil_of(told, sops, life)

    def _choice(self, urgency: str, impact: str) -> Choice:
        return choose({"urgency": urgency, "impact": impact}, self._office.priorities, "agent")


def _reserved_at(told: tuple[Told, ...]) -> datetime:
    reserved = told[-1].call.ticket_reserved
    assert reserved is not None, "an escalated call has its ticket"
    return reserved.at


def _whole_second_after(at: datetime) -> datetime:
    return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
