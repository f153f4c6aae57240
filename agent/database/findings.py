"""The promises that a record keeps, as data, and what was found of each.

What breaks a promise is counted under a word of its own, and so is what only looks like it: a note.
Examples are form numbers where there is one, never anything that tells who the people were.
"""

from collections import Counter
from typing import Literal

import msgspec

LARGEST_SAMPLE = 10

Promise = Literal[
    "guards_in_place",
    "procedures_unchanged",
    "one_consultation",
    "outcomes_add_up",
    "times_in_order",
    "archived_in_time",
    "none_endless",
    "numbers_closed",
    "numbers_well_formed",
    "tickets_of_escalated",
    "tickets_as_logged",
    "deviations_as_said",
    "no_orphans",
    "log_complete",
    "judged_anew",
    "one_owner",
    "one_call_at_a_time",
    "first_come_first_served",
    "documents_kept",
]


class Words(msgspec.Struct, frozen=True):
    """A promise as a sentence, what breaks it and what is only noted, each in words."""

    sentence: str
    faults: dict[str, str]
    notes: dict[str, str] = {}


PROMISES: dict[Promise, Words] = {
    "guards_in_place": Words(
        "The database's own guards are in place: keys, references, the log that is only added to",
        {"guard_missing": "missing", "guard_switched_off": "switched off"},
    ),
    "procedures_unchanged": Words(
        "Every procedure is still what consultations ran under",
        {"procedure_changed": "changed"},
    ),
    "one_consultation": Words(
        "Every call has exactly one consultation under one form number",
        {"without_consultation": "without a consultation"},
    ),
    "outcomes_add_up": Words(
        "The outcomes add up to the calls offered",
        {
            "unknown_outcome": "of an outcome that there is not",
            "ended_in_progress": "ended, but in progress by their outcome",
            "outcome_too_early": "with an outcome before their end",
            "without_outcome": "without an outcome",
        },
    ),
    "times_in_order": Words(
        "Times are in order: arrived, queued, answered, ended, archived; nothing is before arrival",
        {
            "queued_too_early": "queued before they arrived",
            "answered_too_early": "answered before they were queued",
            "decided_too_early": "decided before they were answered",
            "ended_too_early": "ended before what came before",
            "archived_too_early": "archived before their end",
            "end_without_time": "whose stage and end do not agree",
            "archive_without_time": "whose stage and archiving do not agree",
            "event_too_early": "with an event before their arrival",
            "offer_out_of_order": "with an operator's times out of order",
        },
    ),
    "archived_in_time": Words(
        "Every ended call has its archived form",
        {"not_archived": "without it for too long"},
        {"open": "still open", "archived_late": "archived late"},
    ),
    "none_endless": Words(
        "No call goes on for longer than a call can",
        {"endless_wait": "without an operator", "endless_talk": "with an operator"},
    ),
    "numbers_closed": Words(
        "No form or ticket number was given twice, and none of a year is missing",
        {
            "form_twice": "form numbers given twice",
            "ticket_twice": "ticket numbers given twice",
            "form_missing": "gaps in the form numbers",
            "ticket_missing": "gaps in the ticket numbers",
        },
        {"set_aside": "set aside and not given yet"},
    ),
    "numbers_well_formed": Words(
        "Form numbers are of their office and year, and the check digits of tickets are right",
        {"form_misspelt": "other form numbers", "ticket_misspelt": "wrong ticket numbers"},
    ),
    "tickets_of_escalated": Words(
        "Every escalated call has its own ticket, and no other call has one",
        {
            "ticket_missing": "escalated without a ticket",
            "ticket_unwanted": "with a ticket, but not escalated",
            "ticket_of_another": "whose form names another ticket than theirs",
        },
        {"ticket_awaited": "whose ticket is on its way"},
    ),
    "tickets_as_logged": Words(
        "Every ticket is what its own log gives when replayed",
        {
            "ticket_log_broken": "with a log that cannot be",
            "ticket_otherwise": "that are something else",
        },
    ),
    "deviations_as_said": Words(
        "Every deviation is listed at its call's arrival, as open as what was said of it leaves it",
        {
            "standing_differs": "listed as something else",
            "arrival_differs": "listed at another time",
        },
    ),
    "no_orphans": Words(
        "Every row belongs to a call, and every call to a known procedure",
        {
            "event_orphaned": "calls of which only events are there",
            "consultation_orphaned": "consultations without a call",
            "step_orphaned": "consultations of which only steps are there",
            "deviation_orphaned": "consultations of which only deviations are there",
            "ticket_orphaned": "tickets without a consultation",
            "procedure_unknown": "under a procedure that there is not",
        },
    ),
    "log_complete": Words(
        "Every call's log begins with its arrival, is numbered without a gap and can be read",
        {
            "arrival_missing": "without their arrival",
            "fact_missing": "with a gap where a fact of the consultation was",
            "record_behind": "whose record knows less events than their log",
            "unreadable": "that cannot be read",
        },
        {"detail_shed": "without detail, and judged the same"},
    ),
    "judged_anew": Words(
        "Record, outcome, steps, deviations and ticket are what the log gives when replayed",
        {
            "call_differs": "with another record",
            "consultation_differs": "with another outcome, decision or archive",
            "steps_differ": "with other steps",
            "deviations_differ": "with other deviations",
            "form_differs": "with another form",
            "ticket_differs": "with another ticket",
        },
    ),
    "one_owner": Words(
        "Every call was one owner's after the other: nobody recorded in a call that was another's",
        {"former_owner": "with an event of a former owner"},
    ),
    "one_call_at_a_time": Words(
        "No operator was in two calls at once, and no telephone rung for two",
        {"in_two_calls": "with an operator in two calls", "rung_for_two": "rung with another one"},
        {"end_found_later": "beside a call whose end was only found later"},
    ),
    "first_come_first_served": Words(
        "Nobody who waited was overtaken by one who came later",
        {"overtaken": "overtaken"},
        {"passed_over": "passed over for an operator who had not answered them"},
    ),
    "documents_kept": Words(
        "Every archived form is in the archive with the hash on record, and no erased one is",
        {
            "document_missing": "not there",
            "document_changed": "with another content",
            "document_left": "there although erased",
        },
    ),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One promise looked at; examples (at most ten) are of what breaks it, or else of its notes.

    `outcomes_add_up` also counts the calls offered and those of each outcome.
    """

    promise: Promise
    holds: bool
    sentence: str
    examples: tuple[str, ...] = ()
    counts: dict[str, int] = {}


class Tally:
    """Counts what breaks a promise and what is noted, and keeps a few examples of each."""

    def __init__(self, promise: Promise) -> None:
        self.promise = promise
        self.words = PROMISES[promise]
        self.counts: Counter[str] = Counter()
        self._measured: dict[str, int] = {}
        self._samples: dict[bool, list[str]] = {True: [], False: []}

    def add(self, what: str, example: str) -> None:
        """Count one of these, which must be a word of the promise."""
        assert what in self.words.faults or what in self.words.notes, what
        self.counts[what] += 1
        sample = self._samples[what in self.words.faults]
        if len(sample) < LARGEST_SAMPLE and example not in sample:
            sample.append(example)

    def measure(self, what: str, count: int) -> None:
        """Keep a count that neither breaks the promise nor is noted."""
        self._measured[what] = count

    def finding(self) -> Finding:
        """What was found, as one sentence."""
        faults = self._told(self.words.faults)
        notes = self._told(self.words.notes)
        sentence = self.words.sentence
        if faults:
            sentence = f"Broken: {sentence[0].lower()}{sentence[1:]}: {faults}"
        if notes:
            sentence = f"{sentence}. Noted: {notes}"
        return Finding(
            promise=self.promise,
            holds=not faults,
            sentence=f"{sentence}.",
            examples=tuple(self._samples[bool(faults)]),
            counts={**self._measured, **self.counts},
        )

    def _told(self, words: dict[str, str]) -> str:
        return ", ".join(
            f"{self.counts[what]} {told}" for what, told in words.items() if self.counts[what]
        )
