"""After every fault: what people lived through, what is on record and what still lives must agree.

I1 one record for every call · I2 its times in order · I3 and true · I4 nobody in two calls ·
I5 numbers unique and closed · I6 first come, first served · I7 nothing left over · I8 no caller in
silence · I9 nothing personal in the log · I10 no command of an agent that does not own the calls.

I2, I4 to I6 and I10 are promises of the record alone: they are asked as `lpse-agent verify` does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from agent.database.reports import CallReport
from agent.database.verification import verify
from agent.domain.call_state import Call, Moment
from agent.domain.consultation import RECONCILED
from deploy.sip_phone import SAMPLES_PER_SECOND, read_samples
from tests.faults.bounds import bound
from tests.faults.history import NEVER, Dialled, FarLeg, History, Leg

TIME_ERROR, LENGTH_ERROR = "time error at most s", "duration error at most s"
PROMISED = {TIME_ERROR: 0.05, LENGTH_ERROR: 0.1}
CLOCKS_AGREE = timedelta(seconds=bound(PROMISED[TIME_ERROR], 0.25))
"""The telephones of a test share their processor with it, and often with other tests too."""
LENGTHS_AGREE = timedelta(seconds=bound(PROMISED[LENGTH_ERROR], 0.3))
CROSSING = timedelta(milliseconds=100)
"""How long a 200 and a CANCEL may be under way at once, on a loaded machine's loopback."""
RINGING_PAUSE_S = 4.0
"""Indonesia's ringing tone is silent for so long between two rings (dialplan/indications.conf)."""
SILENCE_S = RINGING_PAUSE_S + 2.0
QUIET = 50.0
"""Root mean square below which a stretch of 16-bit samples is silence."""
WINDOW = SAMPLES_PER_SECOND // 50
OF_TIME = ("I2", "I3", "I6")
"""What only true times can show; who came first is told by them too."""
INVARIANTS = {
    "times_in_order": "I2",
    "one_call_at_a_time": "I4",
    "numbers_closed": "I5",
    "first_come_first_served": "I6",
    "one_owner": "I10",
}


@dataclass(frozen=True)
class Breach:
    """A promise that was not kept."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


def of_the_telephones(
    history: History, reports: list[CallReport]
) -> tuple[list[Breach], dict[str, float]]:
    """What breaks when people's memory is held against the record, and what was measured."""
    measured: dict[str, float] = {}
    breaches = [
        *one_record_each(history, reports),
        *times_are_true(history, reports, measured),
        *nobody_in_two_calls(history),
        *nobody_in_silence(history, reports, measured),
    ]
    return breaches, measured


async def of_the_record(url: str) -> list[Breach]:
    """I2, I4, I5, I6 and I10: what the database promises by itself. Raises DatabaseUnreachable."""
    findings = await verify(url)
    return [
        Breach(INVARIANTS.get(f.promise, "record"), f.sentence) for f in findings if not f.holds
    ]


def one_record_each(history: History, reports: Iterable[CallReport]) -> list[Breach]:
    """I1: one record for every call that was answered, none for a call that nobody made."""
    records: defaultdict[str, list[CallReport]] = defaultdict(list)
    for report in reports:
        records[report.call.caller.raw or ""].append(report)
    breaches = []
    for dialled in history.callers:
        found = records.pop(dialled.number, [])
        wanted = dialled.call.answered_at is not None
        if len(found) > 1:
            forms = ", ".join(report.call.form_number for report in found)
            breaches.append(Breach("I1", f"one call has {len(found)} records: {forms}"))
        elif wanted and not found:
            breaches.append(Breach("I1", f"no record of the call dialled at {dialled.dialled_at}"))
    for number, unknown in records.items():
        forms = ", ".join(report.call.form_number for report in unknown)
        breaches.append(Breach("I1", f"nobody made the call of {forms} ({number})"))
    return breaches


def logs_are_whole(reports: Iterable[CallReport]) -> list[Breach]:
    """I1, of the events: those of a call are numbered without a gap up to the last."""
    return [
        Breach("I1", f"{report.call.form_number}: its log has gaps")
        for report in reports
        if [e.sequence for e in report.events] != list(range(1, report.call.events + 1))
    ]


def times_are_true(
    history: History, reports: Iterable[CallReport], measured: dict[str, float]
) -> list[Breach]:
    """I3: answers and ends are on record at the moment at which the telephones had them.

    So are the lengths of call, wait and talk, which two small errors could make wrong together. An
    end that was only found later is not; its source says so.
    """
    breaches, errors, length_errors = [], [0.0], [0.0]
    unclaimed = {account: list(calls) for account, calls in history.operators.items()}

    def compare(report: CallReport, what: str, moment: Moment | None, at: datetime | None) -> None:
        if moment is None or at is None or moment.source == RECONCILED:
            return
        errors.append(abs((moment.at - at).total_seconds()))
        if errors[-1] > CLOCKS_AGREE.total_seconds():
            form = report.call.form_number
            off = f"{what} is {errors[-1]:.3f} s off by the word of {moment.source}"
            breaches.append(Breach("I3", f"{form}: {off}"))

    for report in reports:
        call = report.call
        try:
            caller = history.of(call.caller.raw or "")
        except KeyError:
            continue  # I1 tells of it
        compare(report, "the caller's answer", call.caller_answered, caller.call.answered_at)
        if not caller.cut_off:
            compare(report, "the caller's end", call.caller_gone, caller.call.ended_at)
        talked_to: Leg | FarLeg | None = None
        for offer in call.offers:
            if offer.answered is None or offer.operator in history.unwatched:
                continue
            answered_at = offer.answered.at
            legs = [leg for leg in unclaimed.get(offer.operator, []) if leg.answered_at]
            leg = min(legs, key=lambda one: _apart(one.answered_at, answered_at), default=None)
            if leg is None:
                breaches.append(
                    Breach("I3", f"{call.form_number}: {offer.operator} never answered")
                )
            else:
                unclaimed[offer.operator].remove(leg)
                compare(report, "the operator's answer", offer.answered, leg.answered_at)
                talked_to = leg if offer == call.conversation else talked_to
        for what, error_s in _length_errors(call, caller, talked_to):
            length_errors.append(error_s)
            if error_s > LENGTHS_AGREE.total_seconds():
                breaches.append(Breach("I3", f"{call.form_number}: {what} is {error_s:.3f} s off"))
    measured[TIME_ERROR], measured[LENGTH_ERROR] = max(errors), max(length_errors)
    left = [
        leg
        for operator, legs in unclaimed.items()
        for leg in legs
        if leg.answered_at and not _crossed(operator, leg, reports)
    ]
    if left:
        when = ", ".join(f"{leg.answered_at:%H:%M:%S.%f} to {leg.ended_at}" for leg in left)
        breaches.append(Breach("I3", f"answers of operators that are on no record: {when}"))
    return breaches


def _length_errors(
    call: Call, dialled: Dialled, operator: Leg | FarLeg | None
) -> Iterator[tuple[str, float]]:
    """By how many seconds call, wait and talk are longer or shorter on record than they were."""
    caller = dialled.call
    ends = [moment for moment in (call.caller_gone, call.operator_gone) if moment]
    over = min(ends, key=lambda moment: moment.at, default=None)
    lived: list[tuple[str, Moment | None, Moment | None, datetime | None, datetime | None]] = []
    if not dialled.cut_off:
        answered_at, gone_at = caller.answered_at, caller.ended_at
        lived.append(("the call", call.caller_answered, call.caller_gone, answered_at, gone_at))
    if operator and call.conversation:
        met, met_at = call.conversation.answered, operator.answered_at
        lived.append(("the wait", call.caller_answered, met, caller.answered_at, met_at))
        if not dialled.cut_off and caller.ended_at and operator.ended_at:
            lived.append(("the talk", met, over, met_at, min(caller.ended_at, operator.ended_at)))
    for what, begun, ended, began_at, ended_at in lived:
        if begun and ended and began_at and ended_at and ended.source != RECONCILED:
            yield what, abs(((ended.at - begun.at) - (ended_at - began_at)).total_seconds())


def _crossed(operator: str, leg: Leg | FarLeg, reports: Iterable[CallReport]) -> bool:
    """Whether he picked up in the very moment in which his ring was withdrawn.

    His telephone says 200 while Asterisk's CANCEL is on the way, and is sent home at once: Asterisk
    knows of no answer, the caller hears nothing of it, and the record has the end of the ring; or,
    where the dialplan rang two telephones at once, the answer of the other, who was quicker.
    """
    if leg.ended_at is None or leg.answered_at is None:
        return False
    withdrawn = [
        offer.ended.at
        for report in reports
        for offer in report.call.offers
        if offer.operator == operator and not offer.answered and offer.ended
    ]
    quicker = [
        offer.answered.at
        for report in reports
        for offer in report.call.offers
        if report.call.by_exchange and offer.operator != operator and offer.answered
    ]
    brief = leg.ended_at - leg.answered_at <= CROSSING
    return brief and any(_apart(leg.answered_at, at) <= CROSSING for at in withdrawn + quicker)


def nobody_in_two_calls(history: History) -> list[Breach]:
    """I4, as the telephones saw it: an operator's conversations never overlap.

    An exchange that died said goodbye to nobody: what it carried ended then.
    """
    breaches = []
    for account, calls in history.operators.items():
        talks = sorted(
            (at, min([c.ended_at or NEVER, *(died for died in history.deaths if died > at)]))
            for c in calls
            if (at := c.answered_at)
        )
        for (_, ended_at), (answered_at, _) in pairwise(talks):
            if answered_at < ended_at:
                breaches.append(Breach("I4", f"{account} was in two calls at {answered_at}"))
    return breaches


def nobody_in_silence(
    history: History, reports: Iterable[CallReport], measured: dict[str, float]
) -> list[Breach]:
    """I8: until an operator is there a caller hears something, or a ringing tone's pause."""
    breaches, longest = [], 0.0
    connected = {
        report.call.caller.raw: report.call.caller_connected.at
        for report in reports
        if report.call.caller_connected
    }
    for dialled in history.callers:
        if dialled.by_fallback or dialled.cut_off or dialled.call.ended_at is None:
            continue
        silence_s = longest_silence(dialled.call, connected.get(dialled.number))
        longest = max(longest, silence_s)
        if silence_s > SILENCE_S + history.away_s:
            what = f"the caller of {dialled.dialled_at} heard nothing for {silence_s:.1f} s"
            breaches.append(Breach("I8", what))
    measured["silence at most s"] = longest
    return breaches


def longest_silence(leg: Leg, until: datetime | None) -> float:
    """Seconds; of what a telephone heard from its answer to a moment, or to the end."""
    if leg.heard_since is None or not leg.heard.exists():
        return 0.0
    samples = read_samples(leg.heard)
    if until:
        heard_s = max(0.0, (until - leg.heard_since).total_seconds())
        samples = samples[: int(heard_s * SAMPLES_PER_SECOND)]
    count = len(samples) // WINDOW
    windows = samples[: count * WINDOW].reshape(count, WINDOW)
    loud = np.flatnonzero(np.sqrt((windows**2).mean(axis=1)) > QUIET) if count else []
    edges = np.concatenate(([-1], loud, [count]))
    return float(np.diff(edges).max() - 1) * WINDOW / SAMPLES_PER_SECOND


def nothing_personal(log: str, secrets: Iterable[str]) -> list[Breach]:
    """I9: no number, name or password of anybody stands in a log; said without repeating it."""
    return [
        Breach("I9", f"a log shows {secret[:2]}… ({len(secret)} signs)")
        for secret in sorted(set(secrets))
        if secret in log
    ]


def traces_of(callers: Iterable[Dialled]) -> set[str]:
    """In what forms a caller could be found in a log: his name, his number however written."""
    traces = set()
    for dialled in callers:
        traces |= traces_of_number(dialled.number) | ({dialled.name} if dialled.name else set())
    return {trace for trace in traces if len(trace) > 3}


def traces_of_number(number: str) -> set[str]:
    """The digits that are in every way of writing it."""
    digits = number.removeprefix("+").removeprefix("0").removeprefix("62")
    return {digits, f"{digits[:3]}-{digits[3:7]}"}


def _apart(one: datetime | None, other: datetime) -> timedelta:
    assert one is not None
    return abs(one - other)
