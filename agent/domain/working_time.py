"""Working time of one office: its hours, its closures, and the calendar of the country.

Hours and calendar are handed in as data, each with a version. Islamic dates move and joint leave is
decided anew every year, so another calendar may give another answer to the same question; who keeps
an answer keeps the versions with it.
"""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from agent.domain.office_time import ZONES, local

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
"""As date.weekday() counts them."""

LocalTime = Annotated[time, Meta(tz=False)]
Text = Annotated[str, Meta(min_length=1)]
Span = tuple[datetime, datetime]

ONE_DAY = timedelta(days=1)
LONGEST_RAMADAN = timedelta(days=30)


class OfficeHoursInvalid(ValueError):
    """This does not describe an office's hours; the message names the place and the mistake.

    `mistake` is a word for those who tell it in another language, `place` a day or a season.
    """

    def __init__(self, message: str, mistake: str = "unreadable", place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.mistake = mistake
        self.place = place


class CalendarEnds(ValueError):
    """The calendar does not reach this day, so nobody knows whether the office is open."""


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when to when the office is open on one day, by its own wall clock; within one day."""

    opens: LocalTime
    closes: LocalTime
    breaks: tuple[tuple[LocalTime, LocalTime], ...] = ()

    @property
    def spans(self) -> tuple[tuple[time, time], ...]:
        """The open times between the breaks, in order."""
        begins = (self.opens, *(ends for _, ends in self.breaks))
        ends = (*(begins for begins, _ in self.breaks), self.closes)
        return tuple(zip(begins, ends, strict=True))


class WeekHours(Hours, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours of some days of the week."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)]


class ExtraDay(Hours, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day with hours of its own, whatever the week, the calendar and the season say."""

    on: date
    reason: Text
    source: Text


class Closure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days on which the office is closed although the calendar does not say so."""

    first: date
    last: date
    reason: Text
    source: Text


class RamadanPeriod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first and last day of the office's Ramadan hours, as its government announced them."""

    first: date
    last: date
    source: Text


class OfficeHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of one office's hours."""

    office: Text
    version: Text
    source: Text
    regular: Annotated[tuple[WeekHours, ...], Meta(min_length=1)]
    ramadan: tuple[WeekHours, ...] = ()
    ramadan_periods: tuple[RamadanPeriod, ...] = ()
    closures: tuple[Closure, ...] = ()
    extra_days: tuple[ExtraDay, ...] = ()

    @property
    def name(self) -> str:
        """Office and version, as this version is kept."""
        return f"{self.office} {self.version}"


class Period(msgspec.Struct, frozen=True):
    """Days from the first to the last, both included."""

    first: date
    last: date


class Holiday(msgspec.Struct, frozen=True):
    """A day on which offices of the whole country are closed; `joint_leave` is cuti bersama."""

    on: date
    name: str
    kind: Literal["public", "joint_leave"]


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The country's holidays and fasting months within the days that it covers."""

    version: str
    covers: Period
    holidays: tuple[Holiday, ...]
    ramadan: tuple[Period, ...]


def parse_office_hours(content: object) -> OfficeHours:
    """The hours out of their data file. Raises OfficeHoursInvalid with the place that is wrong."""
    try:
        hours = msgspec.convert(content, OfficeHours)
    except msgspec.ValidationError as error:
        raise OfficeHoursInvalid(str(error)) from error
    for season, week in (("regular", hours.regular), ("ramadan", hours.ramadan)):
        for day_hours in week:
            _check_hours(f"{season}, {day_hours.days[0]}", day_hours)
        days = [day for day_hours in week for day in day_hours.days]
        for day in days:
            if days.count(day) > 1:
                raise OfficeHoursInvalid("appears twice", "day_twice", f"{season}, {day}")
    if hours.ramadan and _days_of(hours.ramadan) != _days_of(hours.regular):
        message = "must name the same days of the week as regular"
        raise OfficeHoursInvalid(message, "ramadan_days", "ramadan")
    _check_exceptions(hours)
    return hours


def _check_hours(place: str, hours: Hours) -> None:
    if hours.opens >= hours.closes:
        message = "closes must be later than opens, on the same day"
        raise OfficeHoursInvalid(message, "closes_first", place)
    if any(begins >= ends for begins, ends in hours.spans):
        message = "breaks must lie between opens and closes, in order"
        raise OfficeHoursInvalid(message, "break_outside", place)
    if any(begins >= ends for begins, ends in hours.breaks):
        raise OfficeHoursInvalid("a break must end after it begins", "break_backwards", place)


def _days_of(week: tuple[WeekHours, ...]) -> set[Weekday]:
    return {day for hours in week for day in hours.days}


def _check_exceptions(hours: OfficeHours) -> None:
    for closure in hours.closures:
        if closure.last < closure.first:
            place = f"closures, {closure.first}"
            raise OfficeHoursInvalid("last is before first", "last_first", place)
    for period in hours.ramadan_periods:
        if not ONE_DAY <= period.last - period.first + ONE_DAY <= LONGEST_RAMADAN:
            place = f"ramadan_periods, {period.first}"
            raise OfficeHoursInvalid("must be 1 to 30 days", "ramadan_length", place)
    seen: set[date] = set()
    for extra in hours.extra_days:
        place = f"extra_days, {extra.on}"
        _check_hours(place, extra)
        if extra.on in seen:
            raise OfficeHoursInvalid("appears twice", "day_twice", place)
        if any(closure.first <= extra.on <= closure.last for closure in hours.closures):
            raise OfficeHoursInvalid("is among the closures too", "closed_and_open", place)
        seen.add(extra.on)


class WorkingTime:
    """The arithmetic of one office's working time; `zone` is WIB, WITA or WIT.

    Moments handed in must carry a zone (ValueError otherwise); answers are in the office's own.
    Every question raises CalendarEnds when its answer lies beyond the calendar.
    """

    def __init__(self, hours: OfficeHours, calendar: Calendar, zone: str) -> None:
        self.hours = hours
        self.calendar = calendar
        self.zone = zone
        self._regular = _by_weekday(hours.regular)
        self._fasting = _by_weekday(hours.ramadan) if hours.ramadan else self._regular
        self._ramadan = _announced(calendar.ramadan, hours.ramadan_periods)
        self._closed = {holiday.on for holiday in calendar.holidays}
        self._extra = {extra.on: extra for extra in hours.extra_days}

    @property
    def name(self) -> str:
        """Office, version of its hours and zone, as who keeps an answer refers to them."""
        return f"{self.hours.name} {self.zone}"

    def open_on(self, day: date) -> tuple[Span, ...]:
        """When the office is open on this day, in order; nothing when it is closed."""
        if not self.calendar.covers.first <= day <= self.calendar.covers.last:
            raise CalendarEnds(f"calendar {self.calendar.version} does not cover {day}")
        hours = self._extra.get(day) or self._usual(day)
        if hours is None:
            return ()
        zone = ZONES[self.zone]
        return tuple(
            (datetime.combine(day, begins, zone), datetime.combine(day, ends, zone))
            for begins, ends in hours.spans
        )

    def _usual(self, day: date) -> Hours | None:
        if day in self._closed or _within(day, self.hours.closures):
            return None
        week = self._fasting if _within(day, self._ramadan) else self._regular
        return week.get(day.weekday())

    def working_seconds_between(self, begins: datetime, ends: datetime) -> float:
        """Seconds of working time from one moment to a later one; 0 when it is not later."""
        begins, ends = self._here(begins), self._here(ends)
        total = timedelta()
        day = begins.date()
        while day <= ends.date():
            for opens, closes in self.open_on(day):
                total += max(timedelta(), min(closes, ends) - max(opens, begins))
            day += ONE_DAY
        return total.total_seconds()

    def add_working_time(self, begins: datetime, seconds: float) -> datetime:
        """The earliest moment at which so many seconds of working time are over.

        So a task that is full at closing time is due when the office closes, not when it opens
        next. Raises ValueError when the seconds are negative.
        """
        left = timedelta(seconds=seconds)
        if left < timedelta():
            raise ValueError(f"{seconds} seconds of working time cannot be added")
        begins = self._here(begins)
        if not left:
            return begins
        day = begins.date()
        while True:
            for opens, closes in self.open_on(day):
                room = closes - max(opens, begins)
                if left <= room:
                    return max(opens, begins) + left
                left -= max(timedelta(), room)
            day += ONE_DAY

    def end_of_working_day(self, begins: datetime, days: int) -> datetime:
        """When the office closes `days` working days after the one of this moment.

        The day of the moment is the first one that has working time left; 0 is its own end.
        """
        begins = self._here(begins)
        day = begins.date()
        while True:
            spans = self.open_on(day)
            if spans and spans[-1][1] > begins:
                if days <= 0:
                    return spans[-1][1]
                days -= 1
            day += ONE_DAY

    def _here(self, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError(f"{at} has no zone")
        return local(at, self.zone)


def _by_weekday(week: tuple[WeekHours, ...]) -> dict[int, Hours]:
    return {WEEKDAYS.index(day): hours for hours in week for day in hours.days}


def _announced(
    expected: tuple[Period, ...], announced: tuple[RamadanPeriod, ...]
) -> tuple[Period | RamadanPeriod, ...]:
    """The fasting months: what was announced stands in place of what was expected about then."""
    return *announced, *(
        period
        for period in expected
        if all(period.last < real.first or real.last < period.first for real in announced)
    )


def _within(day: date, periods: tuple[Period | RamadanPeriod | Closure, ...]) -> bool:
    return any(period.first <= day <= period.last for period in periods)
