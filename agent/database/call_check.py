"""Each stored call beside its own log and beside the others that went on at the same time."""

import re
from collections.abc import Mapping
from itertools import pairwise

import msgspec

from agent.database.findings import Finding, Tally
from agent.database.rejudging import WholeCall, parse_whole_call, rejudge
from agent.domain.call import CallUnknown
from agent.domain.fairness import TOLERANCE, Watch
from agent.domain.numbers import NumberInvalid, YearNumber, parse_ticket_number, render_form_number
from agent.domain.office_time import local
from agent.domain.sop import Sop

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
            whole = parse_whole_call(document)
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
        try:
            anew = rejudge(whole, self._sops)
        except CallUnknown:
            self._log.add("arrival_missing", example)
            return
        for met in self._watch.look(anew.course):
            by_turn = met.how in self._turns.words.faults | self._turns.words.notes
            (self._turns if by_turn else self._operators).add(met.how, met.form_number)
        if whole.log and whole.log[-1].place > whole.call.events:
            self._log.add("record_behind", example)
        if anew.gap:
            self._log.add("fact_missing" if anew.differing else "detail_shed", example)
            return
        for what in anew.differing:
            self._judged.add(what, example)


def _is_ticket_number(text: str) -> bool:
    try:
        return parse_ticket_number(text) == text
    except NumberInvalid:
        return False
