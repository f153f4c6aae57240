"""Each stored call beside its own log and beside the others that went on at the same time.

What the writer would write of the replayed call is compared with what is there, column by column:
whatever a record comes to hold later is compared without a word here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from agent.database.batch import batch_of
from agent.database.errors import RecordRefused
from agent.database.findings import Finding, Tally
from agent.database.rows import CallRow, ConsultationRow, DeviationRow, FormRow, StepRow, TicketRow
from agent.domain.call import CallUnknown
from agent.domain.events import AnyEvent
from agent.domain.fairness import TOLERANCE, Watch, follow
from agent.domain.numbers import NumberInvalid, YearNumber, parse_ticket_number, render_form_number
from agent.domain.office_time import local
from agent.domain.sop import Sop
from agent.runtime.recorder import Record


class LogRow(msgspec.Struct, frozen=True):
    """One event at its place in the call's log."""

    place: int
    event: AnyEvent
    epoch: int


class WholeCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call with everything that is stored of it, as the query `whole_calls` gives it."""

    call: CallRow
    consultation: ConsultationRow | None
    log: tuple[LogRow, ...] | None
    steps: tuple[StepRow, ...] | None
    deviations: tuple[DeviationRow, ...] | None
    form: FormRow | None
    tickets: tuple[TicketRow, ...] | None


_WHOLE_CALL = msgspec.json.Decoder(WholeCall)
_SEQUENCE = re.compile(r"([0-9]+)/")


class CallCheck:
    """Looks at calls in the order of their arrival and counts what is found."""

    def __init__(self, sops: Mapping[str, Sop], times: Tally) -> None:
        self._sops = sops
        self._watch = Watch()
        self._times = times
        self._log = Tally("log_complete")
        self._judged = Tally("judged_anew")
        self._numbers = Tally("numbers_well_formed")
        self._owners = Tally("one_owner")
        self._operators = Tally("one_call_at_a_time")
        self._turns = Tally("first_come_first_served")

    def findings(self) -> list[Finding]:
        """What was found of all calls; their times are counted where the tables' are."""
        of_each = (self._log, self._judged, self._numbers, self._owners)
        of_many = (self._operators, self._turns)
        return [tally.finding() for tally in (*of_each, *of_many)]

    def look(self, example: str, document: str) -> WholeCall | None:
        """Check one call, shown by this example; None when it cannot be read."""
        try:
            whole = _WHOLE_CALL.decode(document)
        except msgspec.DecodeError:
            self._log.add("unreadable", example)
            return None
        self._check_times(whole, example)
        self._check_numbers(whole, example)
        self._check_owners(whole, example)
        self._check_log(whole, example)
        return whole

    def _check_times(self, whole: WholeCall, example: str) -> None:
        first = min((row.event.at for row in whole.log or ()), default=whole.call.arrived_at)
        if first + TOLERANCE < whole.call.arrived_at:
            self._times.add("event_too_early", example)
        for offer in whole.call.state.offers:
            moments = (offer.offered, offer.answered, offer.connected, offer.ended)
            times = [moment.at for moment in moments if moment]
            if any(later + TOLERANCE < earlier for earlier, later in pairwise(times)):
                self._times.add("offer_out_of_order", example)

    def _check_numbers(self, whole: WholeCall, example: str) -> None:
        call = whole.call.state
        sop, sequence = self._sops.get(call.rules.sop), _SEQUENCE.match(call.form_number)
        year = local(call.arrived.at, call.rules.zone).year
        if sop and call.form_number != (
            sequence and render_form_number(YearNumber(year, int(sequence[1])), sop.office)
        ):
            self._numbers.add("form_misspelt", example)
        for ticket in whole.tickets or ():
            if not _is_ticket_number(ticket.ticket_number):
                self._numbers.add("ticket_misspelt", example)

    def _check_owners(self, whole: WholeCall, example: str) -> None:
        epochs = [*(row.epoch for row in whole.log or ()), whole.call.epoch]
        if any(later < earlier for earlier, later in pairwise(epochs)):
            self._owners.add("former_owner", example)

    def _check_log(self, whole: WholeCall, example: str) -> None:
        stored, log = whole.call, whole.log or ()
        try:
            course = follow((row.place, row.event) for row in log)
        except CallUnknown:
            self._log.add("arrival_missing", example)
            return
        for met in self._watch.look(course):
            by_turn = met.how in self._turns.words.faults | self._turns.words.notes
            (self._turns if by_turn else self._operators).add(met.how, met.form_number)
        last = log[-1]
        if last.place > stored.events:
            self._log.add("record_behind", example)
        gap = len(log) < max(stored.events, last.place)
        call = replace(course.call, events=stored.events) if gap else course.call
        anew = Record(
            call.call_id, call.events, last.event, call, stored.pending, epoch=stored.epoch
        )
        differing = list(self._differing(whole, anew, gap))
        if gap:
            self._log.add("fact_missing" if differing else "detail_shed", example)
            return
        for what in differing:
            self._judged.add(what, example)

    def _differing(self, whole: WholeCall, anew: Record, gap: bool) -> Iterator[str]:
        """Which parts of the record the log does not give; the state may have what was shed."""
        try:
            batch, _ = batch_of([anew], self._sops, {})
        except RecordRefused:
            return  # its procedure is not there, which is said elsewhere
        row = batch.calls[0]
        if gap:
            row = replace(row, state=whole.call.state)
        if row != whole.call:
            yield "call_differs"
        if [whole.consultation] != batch.consultations:
            yield "consultation_differs"
        if whole.form != next(iter(batch.forms), None):
            yield "form_differs"
        if _in_order(whole.steps) != _in_order(batch.steps):
            yield "steps_differ"
        if _in_order(whole.deviations) != _in_order(batch.deviations):
            yield "deviations_differ"
        if list(whole.tickets or ()) != batch.tickets:
            yield "ticket_differs"


def _in_order(rows: Sequence[StepRow] | Sequence[DeviationRow] | None) -> list[object]:
    return sorted(rows or (), key=lambda row: (row.step, getattr(row, "kind", "")))


def _is_ticket_number(text: str) -> bool:
    try:
        return parse_ticket_number(text) == text
    except NumberInvalid:
        return False
