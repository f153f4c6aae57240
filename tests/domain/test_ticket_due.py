from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.priority import Level, Priority, due
from agent.domain.ticket import Ticket, TicketRefused, TicketStage, decide, replay
from agent.domain.ticket_due import is_overdue, is_response_overdue, level_due, target_at
from agent.domain.ticket_events import AnyTicketEvent, DueSet
from agent.domain.working_time import WorkingTime
from tests.domain.offices import HOURS, TABLE, calendar, office, wib
from tests.domain.ticket_story import event, opened, ticket

OFFICE = office()

# In July 2026; Monday is the 6th. A ticket of medium priority that opens on Monday is due when the
# office closes on Tuesday, one of high priority after three hours.


def late_at(one: Ticket, moment: str) -> bool:
    return is_overdue(one, wib(moment), OFFICE)


def test_without_due_times_nothing_is_late() -> None:
    one = replay([opened(wib("2026-07-06 10:00"))])
    later = wib("2027-07-06 10:00")
    assert target_at(one, later, OFFICE) is None
    assert not is_overdue(one, later, OFFICE)
    assert not is_response_overdue(one, later)
    assert level_due(one, later, OFFICE) is Level.HELPDESK


def test_it_is_late_from_the_first_moment_after_its_target() -> None:
    one = ticket("2026-07-06 10:00", ("2026-07-06 11:00", "taken"))
    assert target_at(one, wib("2026-07-06 12:00"), OFFICE) == wib("2026-07-07 16:00")
    assert not late_at(one, "2026-07-07 16:00")
    assert is_overdue(one, wib("2026-07-07 16:00") + timedelta(microseconds=1), OFFICE)


def test_the_time_of_a_waiting_user_is_not_the_offices() -> None:
    one = ticket(
        "2026-07-06 10:00",
        ("2026-07-06 10:30", "taken"),
        ("2026-07-06 11:00", "asked"),
        ("2026-07-06 14:30", "answered"),  # 2.5 working hours later
        priority="high",
    )
    assert target_at(one, wib("2026-07-06 15:00"), OFFICE) == wib("2026-07-07 08:00")
    assert not late_at(one, "2026-07-07 08:00")
    assert late_at(one, "2026-07-07 08:01")


def test_nothing_becomes_late_while_the_user_is_waited_for() -> None:
    asked = ("2026-07-06 16:00", "asked")
    one = ticket("2026-07-03 10:00", ("2026-07-03 10:30", "taken"), asked)
    # Asked at the very last moment, when the office closes.
    for moment in ("2026-07-06 16:00", "2026-07-06 20:00", "2026-07-07 09:00", "2026-09-01 10:00"):
        assert not late_at(one, moment)
        assert target_at(one, wib(moment), OFFICE) == wib(moment)


def test_a_question_after_the_target_was_missed_excuses_nothing() -> None:
    one = ticket(
        "2026-07-03 10:00",
        ("2026-07-03 10:30", "taken"),
        ("2026-07-06 16:30", "asked"),
        ("2026-07-07 10:00", "answered"),
    )
    for moment in ("2026-07-06 16:40", "2026-07-07 08:00", "2026-07-07 12:00"):
        assert late_at(one, moment)
    assert target_at(one, wib("2026-07-08 12:00"), OFFICE) == wib("2026-07-06 16:00")


def test_a_solved_ticket_is_as_late_as_it_was_when_it_was_solved() -> None:
    taken = ("2026-07-06 10:30", "taken")
    in_time = ticket("2026-07-06 10:00", taken, ("2026-07-07 15:00", "solved"))
    late = ticket("2026-07-06 10:00", taken, ("2026-07-08 15:00", "solved"))
    for moment in ("2026-07-08 15:00", "2026-07-20 10:00", "2026-12-20 10:00"):
        assert not late_at(in_time, moment)
        assert late_at(late, moment)


def test_the_users_time_to_try_the_solution_is_not_counted_when_he_reopens() -> None:
    one = ticket(
        "2026-07-06 10:00",
        ("2026-07-06 10:30", "taken"),
        ("2026-07-07 15:00", "solved"),  # an hour before the target
        ("2026-07-09 10:00", "reopened"),
    )
    assert target_at(one, wib("2026-07-09 10:30"), OFFICE) == wib("2026-07-09 11:00")
    assert not late_at(one, "2026-07-09 11:00")
    assert late_at(one, "2026-07-09 11:01")


def test_a_wait_counts_only_from_where_the_clock_of_the_due_times_starts() -> None:
    one = ticket(
        "2026-07-06 09:00",
        ("2026-07-06 09:30", "taken"),
        ("2026-07-06 10:00", "asked"),
        ("2026-07-06 11:00", "due"),  # anew, from here on
        ("2026-07-06 14:00", "answered"),  # 2 working hours later
        ("2026-07-06 14:30", "asked"),
        ("2026-07-06 15:00", "answered"),
    )
    assert target_at(one, wib("2026-07-06 15:00"), OFFICE) == wib("2026-07-08 10:00")
    one = ticket(
        "2026-07-06 09:00",
        ("2026-07-06 09:30", "taken"),
        ("2026-07-06 10:00", "asked"),
        ("2026-07-06 11:00", "answered"),
        ("2026-07-06 14:00", "due"),
    )
    assert target_at(one, wib("2026-07-06 15:00"), OFFICE) == wib("2026-07-07 16:00")


def test_a_solution_while_the_user_was_waited_for_is_one_wait() -> None:
    one = ticket(
        "2026-07-06 10:00",
        ("2026-07-06 10:30", "taken"),
        ("2026-07-06 11:00", "asked"),
        ("2026-07-07 11:00", "solved"),
        ("2026-07-08 11:00", "reopened"),
        priority="high",
    )
    assert len(one.waits) == 1
    assert target_at(one, wib("2026-07-08 11:00"), OFFICE) == wib("2026-07-08 14:00")


def test_no_wait_moves_a_target_beyond_the_tender_stage() -> None:
    begins, closes = "2026-07-06 09:00", "2026-07-06 11:30"
    one = ticket(
        begins,
        ("2026-07-06 09:10", "taken"),
        ("2026-07-06 09:30", "asked"),
        ("2026-07-06 11:00", "answered"),
        priority="high",
        closes=closes,
    )
    assert target_at(one, wib("2026-07-06 11:10"), OFFICE) == wib(closes)
    assert not late_at(one, closes)
    assert late_at(one, "2026-07-06 11:31")


def test_a_stage_that_closes_while_the_user_is_waited_for_is_not_the_offices_fault() -> None:
    told = [("2026-07-06 09:10", "taken"), ("2026-07-06 11:00", "asked")]
    closes = "2026-07-06 11:30"
    one = ticket("2026-07-06 09:00", *told, priority="high", closes=closes)
    assert not late_at(one, "2026-07-06 11:31")
    assert not late_at(one, "2026-07-08 10:00")
    told.append(("2026-07-07 10:00", "answered"))
    one = ticket("2026-07-06 09:00", *told, priority="high", closes=closes)
    # Half an hour was left.
    assert target_at(one, wib("2026-07-07 10:10"), OFFICE) == wib("2026-07-07 10:30")


@pytest.mark.parametrize(
    ("told", "moment", "late"),
    [
        ([], "2026-07-06 16:00", False),
        ([], "2026-07-06 16:01", True),
        ([("2026-07-06 15:59", "taken")], "2026-07-20 10:00", False),
        ([("2026-07-06 16:01", "taken")], "2026-07-06 16:01", True),
        (
            [("2026-07-06 11:00", "taken"), ("2026-07-06 12:00", "to lkpp")],
            "2026-07-20 10:00",
            False,
        ),
    ],
)
def test_the_first_response_is_that_somebody_takes_it(
    told: list[tuple[str, str]], moment: str, late: bool
) -> None:
    assert is_response_overdue(ticket("2026-07-06 10:00", *told), wib(moment)) is late


def test_where_the_call_was_the_response_none_is_late() -> None:
    one = ticket("2026-07-06 10:00", priority="high")
    assert not is_response_overdue(one, wib("2026-07-20 10:00"))


@pytest.mark.parametrize(
    ("priority", "moment", "level"),
    [
        ("high", "2026-07-06 10:00", Level.ADMIN_PPE),
        ("high", "2026-07-06 10:59", Level.ADMIN_PPE),
        ("high", "2026-07-06 11:00", Level.LKPP),
        ("medium", "2026-07-06 14:59", Level.HELPDESK),
        ("medium", "2026-07-06 15:00", Level.ADMIN_PPE),
        ("medium", "2026-07-07 10:00", Level.LKPP),
        ("low", "2026-07-08 15:59", Level.HELPDESK),
        ("low", "2026-07-20 10:00", Level.ADMIN_PPE),
    ],
)
def test_a_ticket_belongs_higher_with_its_age(
    priority: Priority, moment: str, level: Level
) -> None:
    one = ticket("2026-07-06 10:00", priority=priority)
    assert level_due(one, wib(moment), OFFICE) is level


def test_a_ticket_that_a_person_sent_up_is_not_sent_down_by_its_age() -> None:
    one = ticket("2026-07-06 10:00", ("2026-07-06 10:30", "to lkpp"))
    assert level_due(one, wib("2026-07-06 15:00"), OFFICE) is Level.LKPP


def test_a_ticket_that_was_sent_back_down_is_not_sent_up_again_by_its_age() -> None:
    back = [("2026-07-06 10:30", "to lkpp"), ("2026-07-06 11:00", "to admin_ppe")]
    one = ticket("2026-07-06 10:00", *back)
    assert level_due(one, wib("2026-07-20 15:00"), OFFICE) is Level.ADMIN_PPE


def test_a_wait_for_the_user_moves_the_escalation() -> None:
    told = [("2026-07-06 10:30", "taken"), ("2026-07-06 14:00", "asked")]  # 3 of 4 hours gone
    one = ticket("2026-07-06 10:00", *told)
    assert level_due(one, wib("2026-07-20 10:00"), OFFICE) is Level.HELPDESK
    one = ticket("2026-07-06 10:00", *told, ("2026-07-07 09:00", "answered"))
    assert level_due(one, wib("2026-07-07 09:59"), OFFICE) is Level.HELPDESK
    assert level_due(one, wib("2026-07-07 10:00"), OFFICE) is Level.ADMIN_PPE


def test_a_calendar_that_changes_gives_another_due_time_and_the_history_keeps_both() -> None:
    begins = wib("2026-05-26 10:00")
    old = WorkingTime(HOURS, calendar(date(2026, 5, 27), version="old"), "WIB")
    new = WorkingTime(HOURS, calendar(date(2026, 5, 28), version="new"), "WIB")
    history: list[AnyTicketEvent] = [
        opened(begins),
        DueSet(at=begins, by="agent", due=due(TABLE, "medium", begins, old)),
        DueSet(at=begins, by="agent", due=due(TABLE, "medium", begins, new)),
    ]
    dues = [one.due for one in (replay(history[:2]), replay(history)) if one.due]
    assert [(one.calendar, one.target_at) for one in dues] == [
        ("old", wib("2026-05-28 16:00")),
        ("new", wib("2026-05-27 16:00")),
    ]


# Promises for any history.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["taken", "asked", "answered", "solved", "reopened", "to lkpp"]),
        st.one_of(st.integers(0, 300), st.integers(0, 6000)),
    ),
    max_size=14,
)


def history_of(
    begins: datetime, priority: Priority, stage: datetime | None, steps: list[tuple[str, int]]
) -> list[Ticket]:
    """The ticket after each event that was not refused."""
    times = due(TABLE, priority, begins, OFFICE, stage)
    tickets = [replay([opened(begins, priority), DueSet(at=begins, by="agent", due=times)])]
    at = begins
    for name, minutes in steps:
        at += timedelta(minutes=minutes)
        try:
            tickets.append(decide(tickets[-1], event(name, at)))
        except TicketRefused:
            at -= timedelta(minutes=minutes)
    return tickets


def last_at(one: Ticket) -> datetime:
    """A moment that is not before the ticket's last change of whose turn it is."""
    waits = [moment for wait in one.waits for moment in (wait.begins_at, wait.ends_at) if moment]
    return max([one.opened_at, one.first_taken_at or one.opened_at, *waits])


BEGINS = st.integers(0, 5 * 24 * 60).map(
    lambda minutes: wib("2026-07-03 00:00") + timedelta(minutes=minutes)
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    begins=BEGINS,
    priority=st.sampled_from(["high", "medium", "low"]),
    stage_minutes=st.none() | st.integers(1, 3000),
    steps=STEPS,
    looks=st.lists(st.integers(0, 5000), max_size=3),
)
def test_what_is_late_stays_late_and_no_target_moves_back(
    begins: datetime,
    priority: Priority,
    stage_minutes: int | None,
    steps: list[tuple[str, int]],
    looks: list[int],
) -> None:
    stage = begins + timedelta(minutes=stage_minutes) if stage_minutes else None
    tickets = history_of(begins, priority, stage, steps)
    late = False
    target = begins
    for one, following in zip(tickets, [*tickets[1:], None], strict=True):
        begun = last_at(one)
        until = last_at(following) if following else begun + timedelta(days=9)
        moments = sorted({begun, until, *(begun + timedelta(minutes=look) for look in looks)})
        for at in (moment for moment in moments if moment <= until):
            now = target_at(one, at, OFFICE)
            assert now is not None
            assert now >= target
            late, was, target = is_overdue(one, at, OFFICE), late, now
            assert late >= was


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    begins=BEGINS,
    priority=st.sampled_from(["high", "medium", "low"]),
    steps=STEPS,
    later=st.integers(0, 4000),
)
def test_late_means_that_the_offices_own_time_is_used_up(
    begins: datetime, priority: Priority, steps: list[tuple[str, int]], later: int
) -> None:
    """Counted the other way round: all working time less the user's, against what is given."""
    one = history_of(begins, priority, None, steps)[-1]
    at = last_at(one) + timedelta(minutes=later)
    assert one.due is not None
    given_s = OFFICE.working_seconds_between(begins, one.due.target_at)
    of_user_s = sum(
        OFFICE.working_seconds_between(wait.begins_at, wait.ends_at or at) for wait in one.waits
    )
    used_s = OFFICE.working_seconds_between(begins, at) - of_user_s
    if used_s > given_s:
        assert is_overdue(one, at, OFFICE)
    if is_overdue(one, at, OFFICE):
        assert used_s >= given_s


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    begins=BEGINS,
    priority=st.sampled_from(["high", "medium", "low"]),
    steps=STEPS,
    later=st.integers(0, 4000),
)
def test_a_level_is_never_lower_and_never_asked_of_a_ticket_that_waits_for_the_user(
    begins: datetime, priority: Priority, steps: list[tuple[str, int]], later: int
) -> None:
    one = history_of(begins, priority, None, steps)[-1]
    level = level_due(one, last_at(one) + timedelta(minutes=later), OFFICE)
    assert list(Level).index(level) >= list(Level).index(one.level)
    if one.stage in (TicketStage.WAITING_FOR_USER, TicketStage.SOLVED):
        assert level is one.level
