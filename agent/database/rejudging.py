"""A stored call and what its own log gives when it is replayed.

What the writer would write of the replayed call is compared with what is there, column by column:
whatever a record comes to hold later is compared without a word here.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from agent.database.batch import Batch, batch_of
from agent.database.connect import Connection
from agent.database.errors import RecordRefused
from agent.database.queries import sql
from agent.database.rows import CallRow, ConsultationRow, DeviationRow, FormRow, StepRow, TicketRow
from agent.domain.events import AnyEvent
from agent.domain.fairness import Course, follow
from agent.domain.sop import Sop
from agent.runtime.recorder import Record

Part = Literal[
    "call_differs",
    "consultation_differs",
    "form_differs",
    "steps_differ",
    "deviations_differ",
    "ticket_differs",
]
"""Parts of a record, by the words under which `verify` counts them."""


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


CALLS_AT_A_TIME = 50

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_WHOLE_CALL = msgspec.json.Decoder(WholeCall)


async def stored_calls(
    connection: Connection, since: datetime | None, until: datetime | None
) -> AsyncGenerator[tuple[str, str, bool], None]:
    """Every call as it arrived: its name to people, its document, whether it was erased."""
    page = await connection.prepare(sql("whole_calls"))
    after = since or _FIRST, ""
    while rows := await page.fetch(*after, until or _LAST, CALLS_AT_A_TIME):
        for row in rows:
            yield row["example"], row["document"], row["erased"]
        after = rows[-1]["arrived_at"], rows[-1]["call_id"]


def parse_whole_call(document: str) -> WholeCall:
    """A call as the database gives it. Raises msgspec.DecodeError when it cannot be read."""
    return _WHOLE_CALL.decode(document)


class Rejudged(msgspec.Struct, frozen=True):
    """A call after the events of its log, and the rows that the writer would write of it.

    Without `rows` its procedure is not there. With a gap the log alone may not give the record:
    what differs then is no proof against it.
    """

    course: Course
    gap: bool
    rows: Batch | None
    differing: tuple[Part, ...]


def rejudge(whole: WholeCall, sops: Mapping[str, Sop]) -> Rejudged:
    """Replay a call's log, judge it by the procedure it ran under, and compare.

    Raises CallUnknown when the log does not begin with the call's arrival.
    """
    stored, log = whole.call, whole.log or ()
    course = follow((row.place, row.event) for row in log)
    last = log[-1]
    gap = len(log) < max(stored.events, last.place)
    call = replace(course.call, events=stored.events) if gap else course.call
    anew = Record(call.call_id, call.events, last.event, call, stored.pending, epoch=stored.epoch)
    try:
        rows, _ = batch_of([anew], sops, {})
    except RecordRefused:
        return Rejudged(course, gap, None, ())  # its procedure is not there: said elsewhere
    return Rejudged(course, gap, rows, tuple(_differing(whole, rows, gap)))


def _differing(whole: WholeCall, anew: Batch, gap: bool) -> Iterator[Part]:
    """Which parts of the record the log does not give; the state may have what was shed."""
    row = replace(anew.calls[0], state=whole.call.state) if gap else anew.calls[0]
    if row != whole.call:
        yield "call_differs"
    if [whole.consultation] != anew.consultations:
        yield "consultation_differs"
    if whole.form != next(iter(anew.forms), None):
        yield "form_differs"
    if _in_order(whole.steps) != _in_order(anew.steps):
        yield "steps_differ"
    if _in_order(whole.deviations) != _in_order(anew.deviations):
        yield "deviations_differ"
    if list(whole.tickets or ()) != anew.tickets:
        yield "ticket_differs"


def judgement_differences(whole: WholeCall, anew: Batch) -> list[str]:
    """Outcome, steps and deviations that are not what the log gives, one line each.

    `stored → recomputed`; no line tells who the people were.
    """
    stored = [whole.consultation] if whole.consultation else []
    pairs: tuple[tuple[str, Sequence[Any], Sequence[Any]], ...] = (
        ("consultation", stored, anew.consultations),
        ("step", whole.steps or (), anew.steps),
        ("deviation", whole.deviations or (), anew.deviations),
    )
    return [line for what, known, new in pairs for line in _lines(what, known, new)]


def _lines(what: str, stored: Sequence[Any], anew: Sequence[Any]) -> Iterator[str]:
    known = {_name(what, row): row for row in stored}
    given = {_name(what, row): row for row in anew}
    for name in sorted(known.keys() | given.keys()):
        if name not in given:
            yield f"{name}: is not what the log gives"
        elif name not in known:
            yield f"{name}: is missing"
        else:
            for field in given[name].__struct_fields__:
                before, now = getattr(known[name], field), getattr(given[name], field)
                if before != now:
                    yield f"{name}: {field} {_shown(before)} → {_shown(now)}"


def _name(what: str, row: Any) -> str:
    if what == "consultation":
        return what
    return f"{what} {row.step}" + (f" ({row.kind})" if what == "deviation" else "")


def _shown(value: object) -> str:
    """A column in short; of evidence only which events it names."""
    if isinstance(value, tuple):
        return f"[{', '.join(str(getattr(one, 'event', one)) for one in value)}]"
    return "–" if value is None else str(value)


def _in_order(rows: Sequence[StepRow] | Sequence[DeviationRow] | None) -> list[object]:
    return sorted(rows or (), key=lambda row: (row.step, getattr(row, "kind", "")))
