from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.office_time import ZONES
from agent.domain.working_time import (
    Calendar,
    CalendarEnds,
    Closure,
    Holiday,
    OfficeHours,
    OfficeHoursInvalid,
    Period,
    WorkingTime,
    parse_office_hours,
)
from tests.domain.offices import HOURS, calendar, hours_content, office, wib

HOUR = 3600.0


def hours_between(working_time: WorkingTime, begins: str, ends: str) -> float:
    return working_time.working_seconds_between(wib(begins), wib(ends)) / HOUR


# The office of the data file, in July 2026 (Monday is the 6th) and in Ramadan.


def test_a_week_has_the_hours_of_the_regulation() -> None:
    assert hours_between(office(), "2026-07-06 00:00", "2026-07-13 00:00") == 37.5
    assert hours_between(office(), "2026-02-23 00:00", "2026-03-02 00:00") == 32.5


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        ("2026-07-06 07:30", "2026-07-06 16:00", 7.5),  # Monday
        ("2026-07-06 00:00", "2026-07-06 08:00", 0.5),
        ("2026-07-06 11:00", "2026-07-06 14:00", 2),  # over the break
        ("2026-07-06 12:10", "2026-07-06 12:50", 0),  # within it
        ("2026-07-10 11:00", "2026-07-10 14:00", 1.5),  # over Friday's longer break
        ("2026-07-10 16:00", "2026-07-13 08:00", 1),  # over a weekend
        ("2026-07-11 08:00", "2026-07-12 20:00", 0),  # on a weekend
        ("2026-02-18 15:00", "2026-02-19 09:00", 2),  # into Ramadan: closes at 16, opens at 8
        ("2026-02-20 11:00", "2026-02-20 13:00", 1),  # Friday in Ramadan
        ("2026-03-20 15:00", "2026-03-23 08:00", 1),  # out of Ramadan
        ("2026-07-06 10:00", "2026-07-06 10:00", 0),
        ("2026-07-06 10:00", "2026-07-06 09:00", 0),  # the wrong way round
    ],
)
def test_working_time_is_what_the_office_is_open(begins: str, ends: str, hours: float) -> None:
    assert hours_between(office(), begins, ends) == hours


@pytest.mark.parametrize(
    ("begins", "hours", "over"),
    [
        ("2026-07-06 08:00", 3, "2026-07-06 11:00"),
        ("2026-07-06 10:00", 3, "2026-07-06 14:00"),  # over the break
        ("2026-07-06 13:00", 3, "2026-07-06 16:00"),  # to closing time, not to the next opening
        ("2026-07-06 15:00", 3, "2026-07-07 09:30"),
        ("2026-07-10 15:00", 3, "2026-07-13 09:00"),  # over a weekend
        ("2026-07-11 15:00", 3, "2026-07-13 10:30"),  # from a Saturday
        ("2026-07-11 15:00", 0, "2026-07-11 15:00"),  # nothing takes no time, also when closed
        ("2026-02-18 15:00", 3, "2026-02-19 10:00"),  # into Ramadan
        ("2026-07-06 07:30", 37.5, "2026-07-10 16:30"),
    ],
)
def test_time_is_added_where_the_office_is_open(begins: str, hours: float, over: str) -> None:
    assert office().add_working_time(wib(begins), hours * HOUR) == wib(over)


@pytest.mark.parametrize(
    ("begins", "days", "over"),
    [
        ("2026-07-06 10:00", 0, "2026-07-06 16:00"),
        ("2026-07-06 15:59", 0, "2026-07-06 16:00"),
        ("2026-07-06 16:00", 0, "2026-07-07 16:00"),  # nothing is left of this day
        ("2026-07-06 12:30", 0, "2026-07-06 16:00"),  # in the break
        ("2026-07-11 09:00", 0, "2026-07-13 16:00"),
        ("2026-07-09 10:00", 1, "2026-07-10 16:30"),
        ("2026-07-10 10:00", 1, "2026-07-13 16:00"),
        ("2026-07-06 10:00", 5, "2026-07-13 16:00"),
        ("2026-02-18 10:00", 1, "2026-02-19 15:00"),
    ],
)
def test_working_days_end_when_the_office_closes(begins: str, days: int, over: str) -> None:
    assert office().end_of_working_day(wib(begins), days) == wib(over)


def test_a_holiday_is_no_working_time() -> None:
    monday = date(2026, 7, 6)
    assert office(monday).open_on(monday) == ()
    assert office(monday).add_working_time(wib("2026-07-03 16:00"), HOUR) == wib("2026-07-07 08:00")


def test_a_holiday_moved_after_the_fact_gives_another_answer_and_the_old_calendar_the_old() -> None:
    begins = wib("2026-05-26 15:00")
    old = WorkingTime(HOURS, calendar(date(2026, 5, 27), version="old"), "WIB")
    new = WorkingTime(HOURS, calendar(date(2026, 5, 28), version="new"), "WIB")
    assert old.add_working_time(begins, 3 * HOUR) == wib("2026-05-28 09:30")
    assert new.add_working_time(begins, 3 * HOUR) == wib("2026-05-27 09:30")
    assert old.add_working_time(begins, 3 * HOUR) == wib("2026-05-28 09:30")


def changed(**changes: object) -> OfficeHours:
    return parse_office_hours(hours_content() | changes)


def test_a_closure_of_the_office_is_no_working_time() -> None:
    closed = {
        "first": date(2026, 7, 7),
        "last": date(2026, 7, 8),
        "reason": "pindah kantor",
        "source": "surat",
    }
    there = office(hours=changed(closures=[closed]))
    assert hours_between(there, "2026-07-06 00:00", "2026-07-13 00:00") == 37.5 - 15


def extra(on: str, opens: int, closes: int) -> dict[str, Any]:
    return {
        "on": date.fromisoformat(on),
        "opens": time(opens),
        "closes": time(closes),
        "reason": "layanan tetap buka",
        "source": "surat tugas",
    }


def test_an_extra_day_has_its_own_hours_whatever_week_calendar_and_season_say() -> None:
    days = [
        extra("2026-07-11", 8, 12),  # a Saturday
        extra("2026-12-24", 9, 11),  # a holiday
        extra("2026-02-23", 7, 8),  # in Ramadan
    ]
    there = office(date(2026, 12, 24), hours=changed(extra_days=days))
    assert hours_between(there, "2026-07-11 00:00", "2026-07-12 00:00") == 4
    assert hours_between(there, "2026-12-24 00:00", "2026-12-25 00:00") == 2
    assert hours_between(there, "2026-02-23 00:00", "2026-02-24 00:00") == 1


def test_ramadan_as_announced_takes_the_place_of_the_expected() -> None:
    # A day later than the calendar's 19 February to 20 March 2026.
    announced = {
        "first": date(2026, 2, 20),
        "last": date(2026, 3, 20),
        "source": "surat edaran",
    }
    there = office(hours=changed(ramadan_periods=[announced]))
    assert there.open_on(date(2026, 2, 19))[0][0] == wib("2026-02-19 07:30")
    assert there.open_on(date(2026, 2, 20))[0][0] == wib("2026-02-20 08:00")
    # What was announced for other years changes nothing in this one.
    before = announced | {"first": date(2025, 3, 1), "last": date(2025, 3, 30)}
    after = announced | {"first": date(2027, 2, 8), "last": date(2027, 3, 9)}
    there = office(hours=changed(ramadan_periods=[before, after]))
    for day in ("2025-03-03", "2026-02-19", "2026-03-20", "2027-03-09"):
        assert there.open_on(date.fromisoformat(day))[0][0] == wib(f"{day} 08:00")


def test_an_office_without_ramadan_hours_keeps_its_own() -> None:
    there = office(hours=changed(ramadan=[]))
    assert hours_between(there, "2026-02-23 00:00", "2026-03-02 00:00") == 37.5


def test_beyond_the_calendar_nothing_is_guessed() -> None:
    there = office()
    last = wib("2027-12-31 15:30")  # a Friday
    assert there.add_working_time(last, HOUR) == wib("2027-12-31 16:30")
    with pytest.raises(CalendarEnds, match="calendar one does not cover 2028-01-01"):
        there.add_working_time(last, HOUR + 1)
    with pytest.raises(CalendarEnds, match="2028-01-01"):
        there.working_seconds_between(last, wib("2028-01-01 00:00"))
    with pytest.raises(CalendarEnds, match="2024-12-31"):
        there.working_seconds_between(wib("2024-12-31 23:00"), last)
    with pytest.raises(CalendarEnds):
        there.end_of_working_day(last, 1)


def test_an_office_that_never_opens_again_is_told_and_not_awaited() -> None:
    closed = {
        "first": date(2026, 1, 1),
        "last": date(2099, 1, 1),
        "reason": "dibubarkan",
        "source": "perda",
    }
    with pytest.raises(CalendarEnds):
        office(hours=changed(closures=[closed])).add_working_time(wib("2026-07-06 08:00"), 1)


def test_a_moment_without_a_zone_and_negative_time_are_refused() -> None:
    nowhere = datetime(2026, 7, 6, 8)  # noqa: DTZ001  what is to be refused
    with pytest.raises(ValueError, match="has no zone"):
        office().add_working_time(nowhere, 1)
    with pytest.raises(ValueError, match="has no zone"):
        office().working_seconds_between(nowhere, wib("2026-07-06 09:00"))
    with pytest.raises(ValueError, match="has no zone"):
        office().end_of_working_day(nowhere, 1)
    with pytest.raises(ValueError, match="cannot be added"):
        office().add_working_time(wib("2026-07-06 08:00"), -1)


def test_it_is_named_by_office_version_and_zone() -> None:
    assert office(zone="WIT").name == "LPSE.BTG usulan-1 WIT"


# Promises for any calendar, zone and moment.

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Of 2026, often where something begins or ends."""
    on = draw(DAYS)
    at = draw(
        st.one_of(
            st.sampled_from([time(h, m) for h in (0, 7, 8, 11, 12, 13, 15, 16) for m in (0, 30)]),
            st.times(),
        )
    )
    return datetime.combine(on, at, ZONES[draw(st.sampled_from(sorted(ZONES)))])


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    begins = draw(DAYS)
    return calendar(
        *draw(st.sets(DAYS, max_size=40)),
        ramadan=[Period(begins, begins + timedelta(days=draw(st.integers(28, 29))))],
    )


@st.composite
def offices(draw: st.DrawFn) -> WorkingTime:
    zone = draw(st.sampled_from(sorted(ZONES)))
    closures = tuple(
        Closure(first=first, last=first + timedelta(days=days), reason="tutup", source="surat")
        for first, days in draw(st.lists(st.tuples(DAYS, st.integers(0, 10)), max_size=2))
    )
    hours = msgspec.structs.replace(HOURS, closures=closures)
    return WorkingTime(hours, draw(calendars()), zone)


SECONDS = st.integers(0, 200 * 3600)
PROMISED: Callable[[Any], Any] = settings(max_examples=60, deadline=None, derandomize=True)


@PROMISED
@given(there=offices(), one=moments(), other=moments())
def test_working_time_is_never_negative_and_never_more_than_the_time_itself(
    there: WorkingTime, one: datetime, other: datetime
) -> None:
    worked = there.working_seconds_between(one, other)
    assert 0 <= worked <= max(0.0, (other - one).total_seconds())


@PROMISED
@given(there=offices(), three=st.tuples(moments(), moments(), moments()))
def test_working_time_adds_up(
    there: WorkingTime, three: tuple[datetime, datetime, datetime]
) -> None:
    one, two, last = sorted(three)
    parts = there.working_seconds_between(one, two) + there.working_seconds_between(two, last)
    assert parts == pytest.approx(there.working_seconds_between(one, last), abs=1e-6)


@PROMISED
@given(there=offices(), begins=moments(), seconds=SECONDS)
def test_what_was_added_is_what_lies_between_and_ends_in_working_time(
    there: WorkingTime, begins: datetime, seconds: int
) -> None:
    over = there.add_working_time(begins, seconds)
    assert there.working_seconds_between(begins, over) == seconds
    if seconds:
        # It is the earliest such moment: just before it the office was at work.
        before = over - timedelta(microseconds=1)
        assert there.working_seconds_between(before, over) > 0


@PROMISED
@given(there=offices(), begins=moments(), first=SECONDS, then=SECONDS)
def test_time_added_in_two_parts_is_the_time_added_at_once(
    there: WorkingTime, begins: datetime, first: int, then: int
) -> None:
    in_parts = there.add_working_time(there.add_working_time(begins, first), then)
    assert in_parts == there.add_working_time(begins, first + then)


@PROMISED
@given(there=offices(), one=moments(), other=moments(), seconds=SECONDS)
def test_who_begins_later_is_never_due_earlier(
    there: WorkingTime, one: datetime, other: datetime, seconds: int
) -> None:
    early, late = sorted((one, other))
    assert there.add_working_time(early, seconds) <= there.add_working_time(late, seconds)
    for days in (0, 1, 5):
        ends = there.end_of_working_day(early, days)
        assert early < ends <= there.end_of_working_day(late, days)
        assert ends < there.end_of_working_day(early, days + 1)


@PROMISED
@given(there=offices(), begins=moments(), more=st.sets(DAYS, min_size=1, max_size=5))
def test_holidays_added_after_the_fact_never_make_a_thing_due_earlier(
    there: WorkingTime, begins: datetime, more: set[date]
) -> None:
    known = there.calendar
    added = (*known.holidays, *(Holiday(on, "baru", "joint_leave") for on in more))
    later = WorkingTime(there.hours, msgspec.structs.replace(known, holidays=added), there.zone)
    for hours in (3, 37):
        due, moved = (w.add_working_time(begins, hours * HOUR) for w in (there, later))
        assert due <= moved
        if all(on > due.date() for on in more):
            assert due == moved  # what lies beyond the due time does not move it
    end = begins + timedelta(days=20)
    assert later.working_seconds_between(begins, end) <= there.working_seconds_between(begins, end)


@PROMISED
@given(known=calendars(), begins=moments(), seconds=SECONDS)
def test_zones_differ_by_whole_hours_the_whole_year_round(
    known: Calendar, begins: datetime, seconds: int
) -> None:
    """No daylight saving: the same wall clock in another zone is the same moment, hours earlier."""
    wall = begins.replace(tzinfo=None)
    dues = [
        WorkingTime(HOURS, known, zone).add_working_time(wall.replace(tzinfo=ZONES[zone]), seconds)
        for zone in ("WIB", "WITA", "WIT")
    ]
    assert len({due.replace(tzinfo=None) for due in dues}) == 1
    assert dues[0] - dues[1] == dues[1] - dues[2] == timedelta(hours=1)


@PROMISED
@given(there=offices(), begins=moments(), seconds=SECONDS)
def test_a_moment_means_the_same_in_whichever_zone_it_is_written(
    there: WorkingTime, begins: datetime, seconds: int
) -> None:
    over = there.add_working_time(begins, seconds)
    assert over == there.add_working_time(begins.astimezone(UTC), seconds)
    assert over.tzinfo is ZONES[there.zone]
    end = begins + timedelta(days=9)
    assert there.working_seconds_between(begins, end) == there.working_seconds_between(
        begins.astimezone(UTC), end.astimezone(UTC)
    )


def is_at_work(there: WorkingTime, at: datetime) -> bool:
    """Whether the office is open: the rule of the data file once more, in other words."""
    here = at.astimezone(ZONES[there.zone])
    on, weekday, clock = here.date(), here.weekday(), (here.hour, here.minute)
    closures = any(c.first <= on <= c.last for c in there.hours.closures)
    if weekday >= 5 or closures or any(h.on == on for h in there.calendar.holidays):
        return False
    friday = weekday == 4
    if any(p.first <= on <= p.last for p in there.calendar.ramadan):
        pause = (11, 30) <= clock < (12, 30) if friday else (12, 0) <= clock < (12, 30)
        return (8, 0) <= clock < ((15, 30) if friday else (15, 0)) and not pause
    pause = (11, 30) <= clock < (13, 0) if friday else (12, 0) <= clock < (13, 0)
    return (7, 30) <= clock < ((16, 30) if friday else (16, 0)) and not pause


@settings(max_examples=20, deadline=None, derandomize=True)
@given(there=offices(), begins=moments(), minutes=st.integers(0, 8 * 24 * 60))
def test_counting_minute_by_minute_gives_the_same(
    there: WorkingTime, begins: datetime, minutes: int
) -> None:
    begins = begins.replace(second=0, microsecond=0)
    end = begins + timedelta(minutes=minutes)
    counted = sum(is_at_work(there, begins + timedelta(minutes=n)) for n in range(minutes))
    assert there.working_seconds_between(begins, end) == counted * 60


# The data file and its mistakes.


def test_the_hours_survive_being_kept_as_json() -> None:
    kept = msgspec.json.decode(msgspec.json.encode(HOURS))
    assert parse_office_hours(kept) == HOURS


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"office": ""}, "at `$.office`"),
        ({"version": 1}, "at `$.version`"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"regular": []}, "at `$.regular`"),
        ({"ramadan": {}}, "at `$.ramadan`"),
        (
            {"closures": [{"first": date(2026, 1, 2), "last": date(2026, 1, 2), "reason": "x"}]},
            "missing required field `source` - at `$.closures[0]`",
        ),
        (
            {
                "closures": [
                    {
                        "first": date(2026, 1, 2),
                        "last": date(2026, 1, 1),
                        "reason": "x",
                        "source": "x",
                    }
                ]
            },
            "closures, 2026-01-02: last is before first",
        ),
        (
            {
                "ramadan_periods": [
                    {"first": date(2026, 2, 19), "last": date(2026, 3, 21), "source": "x"}
                ]
            },
            "ramadan_periods, 2026-02-19: must be 1 to 30 days",
        ),
        (
            {
                "ramadan_periods": [
                    {"first": date(2026, 2, 19), "last": date(2026, 2, 18), "source": "x"}
                ]
            },
            "ramadan_periods, 2026-02-19: must be 1 to 30 days",
        ),
        (
            {"extra_days": [extra("2026-07-11", 8, 12), extra("2026-07-11", 8, 13)]},
            "extra_days, 2026-07-11: appears twice",
        ),
        (
            {"extra_days": [extra("2026-07-11", 12, 8)]},
            "extra_days, 2026-07-11: closes must be later than opens, on the same day",
        ),
        (
            {
                "extra_days": [extra("2026-07-11", 8, 12)],
                "closures": [
                    {
                        "first": date(2026, 7, 10),
                        "last": date(2026, 7, 12),
                        "reason": "x",
                        "source": "x",
                    }
                ],
            },
            "extra_days, 2026-07-11: is among the closures too",
        ),
    ],
)
def test_a_file_that_describes_no_hours_is_refused_in_one_sentence(
    change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(OfficeHoursInvalid) as refused:
        changed(**change)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"opens": "half past seven"}, "at `$.regular[0].opens`"),
        ({"opens": "07:30:00+07:00"}, "at `$.regular[0].opens`"),
        ({"opens": time(16)}, "regular, monday: closes must be later than opens, on the same day"),
        ({"closes": time(0)}, "regular, monday: closes must be later than opens, on the same day"),
        ({"days": []}, "at `$.regular[0].days`"),
        ({"days": ["someday"]}, "at `$.regular[0].days[0]`"),
        ({"days": ["monday", "friday"]}, "regular, friday: appears twice"),
        ({"days": ["monday", "monday"]}, "regular, monday: appears twice"),
        ({"days": ["monday"]}, "ramadan: must name the same days of the week as regular"),
        ({"breaks": [[time(12)]]}, "at `$.regular[0].breaks[0]`"),
        (
            {"breaks": [[time(13), time(12)]]},
            "regular, monday: a break must end after it begins",
        ),
        (
            {"breaks": [[time(7), time(8)]]},
            "regular, monday: breaks must lie between opens and closes, in order",
        ),
        (
            {"breaks": [[time(15), time(16)]]},
            "regular, monday: breaks must lie between opens and closes, in order",
        ),
        (
            {"breaks": [[time(13), time(14)], [time(9), time(10)]]},
            "regular, monday: breaks must lie between opens and closes, in order",
        ),
    ],
)
def test_hours_that_cannot_be_are_refused_in_one_sentence(
    change: dict[str, Any], sentence: str
) -> None:
    wrong = hours_content()
    wrong["regular"][0] |= change
    with pytest.raises(OfficeHoursInvalid) as refused:
        parse_office_hours(wrong)
    assert sentence in str(refused.value)


def test_something_that_is_no_table_is_refused() -> None:
    nonsense: tuple[object, ...] = (None, [], "hours", 17)
    for wrong in nonsense:
        with pytest.raises(OfficeHoursInvalid):
            parse_office_hours(wrong)
