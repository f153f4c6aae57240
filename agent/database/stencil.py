"""A told call as text for COPY, with slots for what is each call's own: so a million are written.

The rows are those that the writer would write. A copy of the call has other times, all moved by the
same whole seconds, and its own numbers and words in the place of the marks.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from agent.database.batch import batch_of
from agent.database.connect import Connection
from agent.domain.call_state import Call
from agent.domain.sop import Sop
from agent.domain.synthetic import Told
from agent.domain.ticket import Ticket
from agent.domain.ticket_events import AnyTicketEvent
from agent.runtime.recorder import Record

_MARK = re.compile(r"@@(\w+)@@")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")

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


class Stencil(msgspec.Struct, frozen=True):
    """Lines for each table, with slots; `moments` fill the slots t0, t1, …

    The operator is taken from `offered_s` to `over_s`, seconds after the arrival; None when no
    operator is.
    """

    call: Call
    columns: dict[str, tuple[str, ...]]
    lines: dict[str, str]
    moments: tuple[datetime, ...]
    offered_s: float | None
    over_s: float

    def filled(self, start: datetime, values: Mapping[str, str]) -> dict[str, str]:
        """The lines of a call that arrives at this moment, which is whole seconds after ours."""
        moved = start - self.call.arrived.at
        slots = dict(values)
        for place, moment in enumerate(self.moments):
            slots[f"t{place}"] = f"{(moment + moved).isoformat()[:-6]}Z"
        return {table: lines % slots for table, lines in self.lines.items()}


async def copy_rows(
    connection: Connection, columns: Mapping[str, tuple[str, ...]], lines: Mapping[str, str]
) -> None:
    """Write lines of any number of calls; `columns` names those of each table."""

    async def source(text: str) -> AsyncIterator[bytes]:
        yield text.encode()

    for table in TABLES:
        if lines.get(table):
            text = source(lines[table])
            await connection.copy_to_table(table, source=text, columns=columns[table])


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
    if ticket:
        columns |= {"tickets": TICKET_COLUMNS, "ticket_events": TICKET_EVENT_COLUMNS}
        rows["tickets"] = [_ticket_row(batch.tickets[0].issued_at, ticket[1])]
        rows["ticket_events"] = [
            (ticket[1].ticket_number, place, event.at, event.by, type(event).__name__, event)
            for place, event in enumerate(ticket[0], start=1)
        ]
    moments: dict[str, int] = {}

    def slot(found: re.Match[str]) -> str:
        return f"%(t{moments.setdefault(found[0], len(moments))})s"

    lines = {}
    for table, of_table in rows.items():
        arrays = [(table, column) in ARRAYS for column in columns[table]]
        text = "".join("\t".join(map(_copied, row, arrays)) + "\n" for row in of_table)
        text = _MARK.sub(r"%(\1)s", text.replace("%", "%%"))
        lines[table] = _MOMENT.sub(slot, text)
    call = records[-1].call
    offered = call.offers[0].offered.at if call.offers else None
    ends = [call.ended, *(offer.ended for offer in call.offers)]
    over = max(end.at for end in ends if end)
    return Stencil(
        call,
        columns,
        lines,
        tuple(datetime.fromisoformat(text) for text in moments),
        (offered - call.arrived.at).total_seconds() if offered else None,
        (over - call.arrived.at).total_seconds(),
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
