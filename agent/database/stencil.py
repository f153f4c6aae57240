"""A told call as text for COPY, with slots for what is each call's own: so a million are written.

The rows are those that the writer would write. A copy of the call has other times, all moved by the
same whole seconds, and its own numbers and words in the place of the marks.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agent.database.batch import batch_of
from agent.database.connect import Connection
from agent.domain.call_state import Call
from agent.domain.sop import Sop
from agent.domain.synthetic import Told, mark
from agent.domain.ticket import Ticket
from agent.domain.ticket_events import AnyTicketEvent
from agent.runtime.recorder import Record

_MARK = re.compile(r"@@(\w+)@@")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_DAY_S = 24 * 3600
_CLOCK = [
    f"T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(_DAY_S)
]
"""Every second of a day: a stencil has up to a hundred moments, and each call other ones."""

OF_BATCH = {
    "calls": "calls",
    "events": "call_events",
    "consultations": "consultations",
    "forms": "consultation_forms",
    "steps": "consultation_steps",
    "deviations": "deviations",
}
"""Each list of a batch and the table of its rows; a ticket's tell more than the call's record."""
TABLES = (*OF_BATCH.values(), "tickets", "ticket_events")
"""In the order in which their rows refer to each other."""
ARRAYS = {("deviations", "events")}
"""Columns that are an array of numbers; all others with parts are JSON."""
TICKET_COLUMNS = (
    "ticket_number",
    "call_id",
    "issued_at",
    "events",
    "stage",
    "level",
    "priority",
    "holder",
    "first_taken_at",
    "user_acts_since",
    "solved_at",
    "confirmed_at",
)
TICKET_EVENT_COLUMNS = ("ticket_number", "sequence", "at", "by", "event", "body")


class Lines(msgspec.Struct, frozen=True):
    """Lines of one table: `pieces` of text, and between them the values of these slots."""

    pieces: list[str]
    slots: list[str]

    def filled(self, values: Mapping[str, str]) -> str:
        """The lines with their values."""
        text = self.pieces.copy()
        text[1::2] = [values[slot] for slot in self.slots]
        return "".join(text)


class Moment(msgspec.Struct, frozen=True):
    """Whole seconds from the midnight (UTC) before the arrival, and the part of a second with Z."""

    second: int
    rest: str


class Stencil(msgspec.Struct, frozen=True):
    """Lines for each table, with slots; `moments` fill the slots t0, t1, …

    The operator is taken from `offered_s` to `over_s`, seconds after the arrival; None when no
    operator is.
    """

    call: Call
    columns: dict[str, tuple[str, ...]]
    lines: dict[str, Lines]
    moments: dict[str, Moment]
    offered_s: float | None
    over_s: float

    def filled(self, start: datetime, values: Mapping[str, str]) -> dict[str, str]:
        """The lines of a call that arrives at this moment, which is whole seconds after ours."""
        midnight = _midnight(self.call.arrived.at)
        moved = round((start - self.call.arrived.at).total_seconds())
        days: dict[int, str] = {}
        slots = dict(values)
        for slot, moment in self.moments.items():
            day, second = divmod(moment.second + moved, _DAY_S)
            if day not in days:
                days[day] = (midnight + timedelta(days=day)).date().isoformat()
            slots[slot] = days[day] + _CLOCK[second] + moment.rest
        return {table: lines.filled(slots) for table, lines in self.lines.items()}


async def copy_rows(
    connection: Connection,
    columns: Mapping[str, tuple[str, ...]],
    lines: Mapping[str, str],
    *,
    frozen: bool = False,
) -> None:
    """Write lines of any number of calls; `columns` names those of each table.

    `frozen` spares the database to write every page once more when it is vacuumed; the transaction
    must have emptied the tables.
    """

    async def source(text: str) -> AsyncIterator[bytes]:
        yield text.encode()

    for table in TABLES:
        if lines.get(table):
            text = source(lines[table])
            await connection.copy_to_table(
                table, source=text, columns=columns[table], freeze=frozen
            )


def stencil_of(
    told: Iterable[Told],
    sops: Mapping[str, Sop],
    ticket: tuple[tuple[AnyTicketEvent, ...], Ticket] | None,
) -> Stencil:
    """The stencil of a call and of its ticket's life, where it has one."""
    records = [
        Record(one.call.call_id, one.call.events, one.event, one.call, one.effects) for one in told
    ]
    batch, _ = batch_of(records, sops, {})
    rows: dict[str, list[tuple[Any, ...]]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    for name, table in OF_BATCH.items():
        for row in getattr(batch, name):
            columns[table] = row.__struct_fields__
            rows.setdefault(table, []).append(msgspec.structs.astuple(row))
    call = records[-1].call
    if "deviations" in rows:
        # The table's own trigger, which would have filled it in, is switched off meanwhile.
        columns["deviations"] += ("arrived_at",)
        rows["deviations"] = [(*row, call.arrived.at) for row in rows["deviations"]]
    if ticket:
        columns |= {"tickets": TICKET_COLUMNS, "ticket_events": TICKET_EVENT_COLUMNS}
        rows["tickets"] = [_ticket_row(batch.tickets[0].issued_at, ticket[1])]
        rows["ticket_events"] = [
            (ticket[1].ticket_number, place, event.at, event.by, type(event).__name__, event)
            for place, event in enumerate(ticket[0], start=1)
        ]
    moments: dict[str, int] = {}

    def slot(found: re.Match[str]) -> str:
        return mark(f"t{moments.setdefault(found[0], len(moments))}")

    lines = {}
    for table, of_table in rows.items():
        arrays = [(table, column) in ARRAYS for column in columns[table]]
        text = "".join("\t".join(map(_copied, row, arrays)) + "\n" for row in of_table)
        pieces = _MARK.split(_MOMENT.sub(slot, text))
        lines[table] = Lines(pieces, pieces[1::2])
    offered = call.offers[0].offered.at if call.offers else None
    ends = [call.ended, *(offer.ended for offer in call.offers)]
    over = max(end.at for end in ends if end)
    return Stencil(
        call,
        columns,
        lines,
        {f"t{place}": _moment(text, call.arrived.at) for text, place in moments.items()},
        (offered - call.arrived.at).total_seconds() if offered else None,
        (over - call.arrived.at).total_seconds(),
    )


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(text: str, arrived_at: datetime) -> Moment:
    at = datetime.fromisoformat(text)
    whole = at.replace(microsecond=0)
    return Moment(
        round((whole - _midnight(arrived_at)).total_seconds()),
        f".{at.microsecond:06}Z" if at.microsecond else "Z",
    )


def _ticket_row(issued_at: datetime, ticket: Ticket) -> tuple[Any, ...]:
    return (
        ticket.ticket_number,
        ticket.call_id,
        issued_at,
        ticket.events,
        ticket.stage,
        ticket.level,
        ticket.choice.priority,
        ticket.holder,
        ticket.first_taken_at,
        ticket.user_acts_since,
        ticket.solved_at,
        ticket.confirmed_at,
    )


def _copied(value: object, as_array: bool) -> str:
    """One value as COPY's text form takes it; what has parts is an array or JSON."""
    if value is None:
        return r"\N"
    if isinstance(value, datetime):
        return msgspec.json.encode(value.astimezone(UTC)).decode()[1:-1]
    if isinstance(value, str):
        text = str(value)
    else:
        text = msgspec.json.encode(value).decode()
        if as_array:
            text = "{" + text[1:-1] + "}"
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
