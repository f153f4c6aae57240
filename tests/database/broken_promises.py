"""Ways to break the promises of the record: by an owner's hand, or by what calls were themselves.

Each stands under the word by which it is counted, with the promises that it breaks.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.database.connect import Connection
from agent.domain.consultation import RECONCILED
from tests.database.stories import MORNING, Story, abandoned, escalated, solved

NOON = MORNING + timedelta(hours=3)
MINUTE = timedelta(minutes=1)


async def by_hand(connection: Connection, statements: str) -> None:
    """Do what an owner can: neither keys nor the append-only log forbid it to him."""
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(statements)
    await connection.execute("RESET session_replication_role")


def three_calls() -> list[Story]:
    """One after the other: an escalated one, a solved one and one that nobody reached."""
    return [escalated(1), solved(2, MORNING + 10 * MINUTE), abandoned(3, MORNING + 20 * MINUTE)]


# By hand: what is broken in the tables

BROKEN_BY_HAND: dict[str, tuple[set[str], str]] = {
    "guard_missing": (
        {"guards_in_place"},
        "ALTER TABLE tickets DROP CONSTRAINT second_ticket_of_a_call",
    ),
    "guard_switched_off": (
        {"guards_in_place"},
        "ALTER TABLE call_events DISABLE TRIGGER call_events_append_only",
    ),
    "procedure_changed": (
        {"procedures_unchanged"},
        "UPDATE sop_revisions SET content = jsonb_set(content, '{title}', '\"Lain\"')",
    ),
    "without_consultation": (
        {"one_consultation", "outcomes_add_up", "judged_anew"},
        """DELETE FROM consultation_steps WHERE call_id = 'call-3';
        DELETE FROM consultations WHERE call_id = 'call-3'""",
    ),
    "without_outcome": (
        {"one_consultation", "outcomes_add_up", "judged_anew", "no_orphans"},
        "DELETE FROM consultations WHERE call_id = 'call-3'",
    ),
    "unknown_outcome": (
        {"outcomes_add_up", "judged_anew"},
        "UPDATE consultations SET outcome = 'lost' WHERE call_id = 'call-2'",
    ),
    "ended_in_progress": (
        {"outcomes_add_up", "judged_anew"},
        "UPDATE consultations SET outcome = 'in_progress' WHERE call_id = 'call-2'",
    ),
    "outcome_too_early": (
        {"outcomes_add_up", "judged_anew", "times_in_order"},
        "UPDATE calls SET stage = 'talking' WHERE call_id = 'call-2'",
    ),
    "queued_too_early": (
        {"times_in_order", "judged_anew"},
        "UPDATE calls SET queued_at = arrived_at - interval '2 s' WHERE call_id = 'call-2'",
    ),
    "answered_too_early": (
        {"times_in_order", "judged_anew"},
        "UPDATE calls SET answered_at = queued_at - interval '2 s' WHERE call_id = 'call-2'",
    ),
    "decided_too_early": (
        {"times_in_order", "judged_anew"},
        "UPDATE consultations SET decided_at = '2026-03-01' WHERE call_id = 'call-2'",
    ),
    "ended_too_early": (
        {"times_in_order", "judged_anew"},
        "UPDATE calls SET ended_at = answered_at - interval '2 s' WHERE call_id = 'call-2'",
    ),
    "archived_too_early": (
        {"times_in_order", "judged_anew"},
        "UPDATE consultations SET archived_at = '2026-03-01' WHERE call_id = 'call-2'",
    ),
    "end_without_time": (
        {"times_in_order", "judged_anew"},
        "UPDATE calls SET ended_at = NULL WHERE call_id = 'call-2'",
    ),
    "archive_without_time": (
        {"times_in_order", "judged_anew"},
        """UPDATE consultations SET archived_at = NULL, archive_sha256 = NULL
        WHERE call_id = 'call-2'""",
    ),
    "former_owner": (
        {"one_owner"},
        "UPDATE call_events SET epoch = 2 WHERE call_id = 'call-2' AND sequence = 3",
    ),
    "form_twice": (
        {"guards_in_place", "numbers_closed", "judged_anew"},
        """ALTER TABLE consultations DROP CONSTRAINT form_number_twice CASCADE;
        ALTER TABLE consultations DROP CONSTRAINT form_sequence_twice;
        UPDATE consultations SET form_number = '0001/FK-TLP/LPSE.BTG/2026'""",
    ),
    "ticket_twice": (
        {"guards_in_place", "numbers_closed", "tickets_of_escalated", "judged_anew"},
        """ALTER TABLE tickets DROP CONSTRAINT ticket_number_twice CASCADE;
        ALTER TABLE tickets DROP CONSTRAINT ticket_sequence_twice;
        INSERT INTO tickets (ticket_number, call_id, issued_at)
        SELECT ticket_number, 'call-2', issued_at FROM tickets""",
    ),
    "ticket_missing": (
        {"tickets_of_escalated", "judged_anew"},
        "DELETE FROM tickets",
    ),
    "ticket_unwanted": (
        {"tickets_of_escalated", "judged_anew"},
        "INSERT INTO tickets VALUES ('26-00002-9', DEFAULT, DEFAULT, 'call-2', now())",
    ),
    "ticket_of_another": (
        {"tickets_of_escalated", "judged_anew"},
        "UPDATE consultations SET ticket_number = '26-00009-3' WHERE call_id = 'call-1'",
    ),
    "ticket_log_broken": (
        {"tickets_as_logged"},
        """INSERT INTO ticket_events SELECT ticket_number, 1, now(), 'x', 'TicketTaken',
        '{"event": "TicketTaken", "at": "2026-03-02T02:00:00Z", "by": "x"}' FROM tickets""",
    ),
    "ticket_otherwise": ({"tickets_as_logged"}, "UPDATE tickets SET stage = 'solved'"),
    "standing_differs": (
        {"deviations_as_said", "judged_anew"},
        """INSERT INTO deviations
        SELECT call_id, 'time', '2', 10, 11, 1, 'op-101', 'met_late', '{1}', arrived_at, 'decision'
        FROM calls WHERE call_id = 'call-2'""",
    ),
    "arrival_differs": (
        {"deviations_as_said", "judged_anew"},
        """INSERT INTO deviations VALUES
        ('call-2', 'time', '2', 10, 11, 1, 'op-101', 'met_late', '{1}', '2026-03-01')""",
    ),
    "event_orphaned": ({"no_orphans"}, "DELETE FROM calls WHERE call_id = 'call-3'"),
    "consultation_orphaned": ({"no_orphans"}, "DELETE FROM calls WHERE call_id = 'call-3'"),
    "step_orphaned": (
        {"one_consultation", "outcomes_add_up", "judged_anew", "no_orphans"},
        "DELETE FROM consultations WHERE call_id = 'call-3'",
    ),
    "deviation_orphaned": (
        {"no_orphans"},
        """INSERT INTO deviations VALUES
        ('call-9', 'time', '2', 10, 11, 1, 'op-101', 'met_late', '{1}', now())""",
    ),
    "ticket_orphaned": (
        {"no_orphans"},
        "INSERT INTO tickets VALUES ('26-00009-3', DEFAULT, DEFAULT, 'call-9', now())",
    ),
    "procedure_unknown": ({"no_orphans"}, "DELETE FROM sop_revisions"),
    "arrival_missing": (
        {"log_complete"},
        "DELETE FROM call_events WHERE (call_id, sequence) = ('call-2', 1)",
    ),
    "fact_missing": (
        {"log_complete"},
        "DELETE FROM call_events WHERE call_id = 'call-2' AND event = 'OperatorSpoke'",
    ),
    "record_behind": (
        {"log_complete", "judged_anew"},
        "UPDATE calls SET events = events - 1 WHERE call_id = 'call-2'",
    ),
    "unreadable": (
        {"log_complete"},
        """UPDATE call_events SET body = '{"event": "Nonsense"}'
        WHERE (call_id, sequence) = ('call-2', 2)""",
    ),
    "call_differs": (
        {"judged_anew"},
        "UPDATE calls SET operator = 'op-102' WHERE call_id = 'call-2'",
    ),
    "consultation_differs": (
        {"judged_anew"},
        "UPDATE consultations SET outcome = 'undecided' WHERE call_id = 'call-2'",
    ),
    "steps_differ": (
        {"judged_anew"},
        "UPDATE consultation_steps SET seconds = 1 WHERE (call_id, step) = ('call-2', '2')",
    ),
    "deviations_differ": (
        {"judged_anew"},
        """INSERT INTO deviations
        SELECT call_id, 'time', '2', 10, 11, 1, 'op-101', 'met_late', '{1}', arrived_at
        FROM calls WHERE call_id = 'call-2'""",
    ),
    "form_differs": (
        {"judged_anew"},
        "INSERT INTO consultation_forms VALUES ('call-2', 'formulir-konsultasi-1', '{}', now())",
    ),
    "ticket_differs": ({"judged_anew"}, "UPDATE tickets SET issued_at = now()"),
}


# By the calls themselves: what is broken in their story


def with_an_event_before_its_arrival() -> list[Story]:
    story = Story()
    story.arrive()
    story.now = MORNING - MINUTE
    story.hear_prompts()
    story.now = MORNING + MINUTE
    story.hang_up(story.channel)
    story.archive()
    return [story]


def answered_before_he_was_offered() -> list[Story]:
    story = Story()
    story.arrive()
    story.hear_prompts()
    story.ring()
    story.now -= timedelta(seconds=10)
    operator = story.answer()
    story.now += MINUTE
    story.hang_up(story.channel)
    story.hang_up(operator)
    story.archive()
    return [story]


def without_its_form(ended: datetime) -> list[Story]:
    story = Story(1, ended - MINUTE)
    story.arrive()
    story.now = ended
    story.hang_up(story.channel)
    return [story]


def still_talking(since: datetime, keys: str = "") -> list[Story]:
    story = Story(1, since)
    story.arrive()
    story.hear_prompts()
    story.ring()
    story.answer()
    story.press(keys)
    return [story]


def still_waiting(since: datetime) -> list[Story]:
    story = Story(1, since)
    story.arrive()
    return [story]


def archived_after(delay: timedelta) -> list[Story]:
    story = Story()
    story.arrive()
    story.hang_up(story.channel)
    story.now += delay
    story.archive()
    return [story]


class OfAnotherOffice(Story):
    """A call whose form is numbered by somebody else's habit."""

    @property
    def form_number(self) -> str:
        return "0001/FK-TLP/LPSE.LAIN/2026"


class OfAnotherYear(Story):
    """A call whose form counts in the year before."""

    @property
    def form_number(self) -> str:
        return "0001/FK-TLP/LPSE.BTG/2025"


class WithAWrongDigit(Story):
    """A call whose ticket cannot be typed in."""

    @property
    def ticket_number(self) -> str:
        right = super().ticket_number
        return f"{right[:-1]}{(int(right[-1]) + 1) % 10}"


def leaves_at_once(story: Story) -> list[Story]:
    story.arrive()
    story.hang_up(story.channel)
    story.archive()
    return [story]


def with_a_wrong_ticket() -> list[Story]:
    story = WithAWrongDigit()
    story.arrive()
    story.hear_prompts()
    story.ring()
    operator = story.answer()
    story.press("*8")
    story.give_ticket()
    story.hang_up(story.channel)
    story.hang_up(operator)
    story.archive()
    return [story]


def at_the_same_time() -> list[Story]:
    return [solved(1), solved(2, MORNING + timedelta(seconds=5))]


def rung_together() -> list[Story]:
    stories = [Story(number, MORNING + timedelta(seconds=number)) for number in (1, 2)]
    for story in stories:
        story.arrive()
        story.hear_prompts()
        operator = story.ring()
        story.now += MINUTE
        story.hang_up(story.channel)
        story.hang_up(operator)
        story.archive()
    return stories


def in_another_call_before_the_end_was_found() -> list[Story]:
    first = still_talking(MORNING)[0]
    first.now += 30 * MINUTE
    for channel in (first.channel, first.call.offers[-1].channel):
        first.hang_up(channel, source=RECONCILED)
    first.archive()
    return [first, solved(2, MORNING + 10 * MINUTE)]


def waits_for_a_minute(*, failed_by: str | None = None) -> Story:
    """He comes first, is perhaps failed by an operator, and is answered after a minute."""
    story = Story(1)
    story.arrive()
    story.hear_prompts()
    if failed_by:
        story.hang_up(story.ring(failed_by), cause=17)
    story.now = MORNING + MINUTE
    story.ring("op-102")
    operator = story.answer()
    story.hang_up(story.channel)
    story.hang_up(operator)
    story.archive()
    return story


def comes_ten_seconds_later() -> Story:
    return solved(2, MORNING + timedelta(seconds=10))


BROKEN_BY_CALLS: dict[str, tuple[str, Callable[[], list[Story]]]] = {
    "event_too_early": ("times_in_order", with_an_event_before_its_arrival),
    "offer_out_of_order": ("times_in_order", answered_before_he_was_offered),
    "not_archived": ("archived_in_time", lambda: without_its_form(NOON - 11 * MINUTE)),
    "endless_wait": ("none_endless", lambda: still_waiting(NOON - 21 * MINUTE)),
    "endless_talk": ("none_endless", lambda: still_talking(NOON - timedelta(hours=9))),
    "form_misspelt": (
        "numbers_well_formed",
        lambda: leaves_at_once(OfAnotherOffice()),
    ),
    "ticket_misspelt": ("numbers_well_formed", with_a_wrong_ticket),
    "in_two_calls": ("one_call_at_a_time", at_the_same_time),
    "rung_for_two": ("one_call_at_a_time", rung_together),
    "overtaken": (
        "first_come_first_served",
        lambda: [waits_for_a_minute(), comes_ten_seconds_later()],
    ),
}

NOTED: dict[str, tuple[str, Callable[[], list[Story]]]] = {
    "open": ("archived_in_time", lambda: without_its_form(NOON - 9 * MINUTE)),
    "archived_late": ("archived_in_time", lambda: archived_after(11 * MINUTE)),
    "set_aside": ("numbers_closed", three_calls),
    "ticket_awaited": (
        "tickets_of_escalated",
        lambda: still_talking(NOON - 5 * MINUTE, keys="*8"),
    ),
    "end_found_later": ("one_call_at_a_time", in_another_call_before_the_end_was_found),
    "passed_over": (
        "first_come_first_served",
        lambda: [waits_for_a_minute(failed_by="op-101"), comes_ten_seconds_later()],
    ),
}
