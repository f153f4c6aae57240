"""How many operators the measured load needs in each hour of the week, by Erlang's C formula."""

from typing import Annotated

import msgspec
from msgspec import Meta

from agent.domain.rights import Right
from agent.domain.staffing import Staff, StaffingGoal, StaffingInvalid, week_needed
from agent.domain.statistics import HOURS, Statistics
from agent.web.charts.heat_map import heat_map
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.period import PeriodAsked, SpansAsked, period_of
from agent.web.problems import Refused
from agent.web.shown_numbers import Numbers
from agent.web.statistics import chart_words, counted, weekdays

WRAP_UP_S = 60.0
"""Writing after a call, where nobody says how long a call takes; it is not on record by itself."""
TALK_S = 180.0
"""Where the period has no call from which it could be known."""


class StaffingAsked(PeriodAsked, frozen=True, forbid_unknown_fields=True):
    """The goal: so many of a hundred callers are answered within so many seconds.

    `handling_s` is what one call takes of an operator; by default the measured mean talk and a
    minute of writing.
    """

    percent: Annotated[float, Meta(gt=0, lt=100)] = 80.0
    within_s: Annotated[float, Meta(ge=0, le=3600)] = 20.0
    handling_s: Annotated[float, Meta(gt=0, le=3600)] | None = None


class HourNeeded(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of an ordinary week; weekdays from 1, Monday; seconds, shares between 0 and 1."""

    weekday: int
    hour: int
    calls: float
    operators: int
    level: float
    occupancy: float
    wait_s: float


class Staffing(msgspec.Struct, frozen=True, kw_only=True):
    """The staff of a week, of every hour in which anybody called."""

    percent: float
    within_s: float
    handling_s: float
    measured_talk_s: float | None
    hours: list[HourNeeded]


def staffing_operations(parts: Parts) -> list[Operation]:
    """Reading the staff that is needed."""

    async def read(_asking: Asking, asked: StaffingAsked) -> Staffing:
        found = await _counted(parts, asked)
        goal = _goal(found, asked)
        return Staffing(
            percent=asked.percent,
            within_s=asked.within_s,
            handling_s=goal.handling_s,
            measured_talk_s=_talk(found),
            hours=[
                _hour(day, hour, staff)
                for day, hours in enumerate(_week(found, goal))
                for hour, staff in enumerate(hours)
                if staff.calls
            ],
        )

    return [
        Operation(
            name="readStaffing", method="GET", path="/staffing", right=Right.CALLS,
            summary="Operators needed in each hour of the week (Erlang C) for a period's load.",
            perform=read, asked=StaffingAsked, answered=Staffing, refuses=(422,),
        )
    ]  # fmt: skip


def staffing_pages(parts: Parts) -> list[Page]:
    """The week as tables of hours."""

    async def show(asking: Asking) -> Shown:
        given = {key: value for key, value in asking.request.query.items() if value}
        asked = msgspec.convert(given, StaffingAsked, strict=False)
        found = await _counted(parts, asked)
        goal, words, numbers = _goal(found, asked), asking.words, Numbers(asking.words)
        week = _week(found, goal)
        days, hours = weekdays(words), _worked(found)
        needed: list[list[float]] = [[float(s.operators) for s in day] for day in week]
        busy = [[100 * s.occupancy for s in day] for day in week]
        waits = [[s.wait_s for s in day] for day in week]
        values = {
            "share": numbers.count(asked.percent),
            "within": numbers.count(asked.within_s),
            "handling": numbers.count(goal.handling_s),
        }
        charts = [
            heat_map(
                chart_words(words, name, f"staffing.{name}_title", f"staffing.{note}", **values),
                days,
                load,
                numbers.count,
                hours,
            ).markup
            for name, note, load in (
                ("needed", "needed_note", needed),
                ("load", "needed_note", found.hourly_load),
                ("occupancy", "occupancy_note", busy),
                ("wait", "wait_note", waits),
            )
        ]
        return Shown(
            "staffing.html",
            {
                "found": found,
                "asked": asked,
                "goal": goal,
                "charts": charts,
                "measured": words(
                    "staffing.measured",
                    talk=numbers.seconds(_talk(found)),
                    wrap_up=numbers.count(WRAP_UP_S),
                ),
            },
        )

    return [Page(path="/staffing", right=Right.CALLS, show=show, menu="menu.staffing")]


async def _counted(parts: Parts, asked: PeriodAsked) -> Statistics:
    period = period_of(asked, parts.settings.zone)
    return await counted(parts, period, SpansAsked(grain="month"))


def _goal(found: Statistics, asked: StaffingAsked) -> StaffingGoal:
    handling = asked.handling_s or (_talk(found) or TALK_S) + WRAP_UP_S
    return StaffingGoal(asked.percent / 100, asked.within_s, min(handling, 3600.0))


def _talk(found: Statistics) -> float | None:
    return found.talks.total_s / found.talks.count if found.talks.count else None


def _week(found: Statistics, goal: StaffingGoal) -> tuple[tuple[Staff, ...], ...]:
    try:
        return week_needed(found.hourly_load, goal)
    except StaffingInvalid as error:
        raise Refused(422, "staffing_invalid", str(error)) from error


def _hour(day: int, hour: int, staff: Staff) -> HourNeeded:
    return HourNeeded(
        weekday=day + 1,
        hour=hour,
        calls=staff.calls,
        operators=staff.operators,
        level=staff.level,
        occupancy=staff.occupancy,
        wait_s=staff.wait_s,
    )


def _worked(found: Statistics) -> range:
    """From the first to the last hour in which anybody called; an office's day where nobody did."""
    hours = [hour for hour in range(HOURS) if any(day[hour] for day in found.load)]
    return range(min(hours), max(hours) + 1) if hours else range(8, 16)
