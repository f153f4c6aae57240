"""When made-up calls come: on working days within the office's hours, more on some than others."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from agent.domain.synthetic_cast import Dice
from agent.domain.working_time import ONE_DAY, Span, WorkingTime

# Monday to Sunday, January to December, and the hours of a day: how much comes against the average.
WEEKDAYS = (1.15, 1.1, 1.0, 0.95, 0.8, 0.3, 0.3)
MONTHS = (0.7, 0.9, 1.1, 1.1, 1.0, 0.95, 1.05, 1.05, 1.05, 1.2, 1.3, 1.2)
HOURS = {7: 0.5, 8: 1.1, 9: 1.6, 10: 1.5, 11: 1.1, 12: 0.7, 13: 1.1, 14: 1.0, 15: 0.7}
_ANY_HOUR = 0.5
_LAST_CALL = timedelta(minutes=1)


def counts_of_days(
    dice: Dice, working_time: WorkingTime, first: date, last: date, calls: int
) -> list[tuple[date, int]]:
    """How many calls come on each working day; together exactly `calls`."""
    days: list[tuple[date, float]] = []
    day = first
    while day <= last:
        if working_time.open_on(day):
            chance = 0.7 + 0.6 * dice.random()
            days.append((day, WEEKDAYS[day.weekday()] * MONTHS[day.month - 1] * chance))
        day += ONE_DAY
    whole = sum(weight for _, weight in days)
    share, ends = 0.0, []
    for _, weight in days:
        share += weight
        ends.append(round(calls * share / whole))
    return [
        (day, end - begin) for (day, _), begin, end in zip(days, [0, *ends], ends, strict=False)
    ]


def arrivals(dice: Dice, spans: tuple[Span, ...], count: int) -> Iterator[datetime]:
    """Moments of one day at whole seconds, in order; more in the morning than at noon."""
    seconds: list[datetime] = []
    most = max(HOURS.values())
    length = sum((closes - opens - _LAST_CALL).total_seconds() for opens, closes in spans)
    while len(seconds) < count:
        at = _within(spans, dice.randrange(int(length)))
        if dice.random() * most < HOURS.get(at.hour, _ANY_HOUR):
            seconds.append(at)
    return iter(sorted(seconds))


def _within(spans: tuple[Span, ...], second: int) -> datetime:
    """The moment so many open seconds after the day's beginning."""
    for opens, closes in spans:
        length = int((closes - opens - _LAST_CALL).total_seconds())
        if second < length:
            return opens + timedelta(seconds=second)
        second -= length
    return spans[-1][1] - _LAST_CALL
