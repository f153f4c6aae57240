"""Rows against the real tables: fields equal columns, and what may be missing may be missing."""

import re
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from agent.database.connect import Connection
from agent.database.queries import sql
from agent.database.rows import (
    CallRow,
    ConsultationRow,
    DeviationRow,
    EventRow,
    FormRow,
    StepRow,
    TicketRow,
)

ROWS: dict[str, type[Any]] = {
    "call_events": EventRow,
    "calls": CallRow,
    "consultations": ConsultationRow,
    "consultation_forms": FormRow,
    "consultation_steps": StepRow,
    "deviations": DeviationRow,
    "tickets": TicketRow,
}

WRITTEN_BY_OTHERS = {
    "tickets": [
        "events",
        "stage",
        "level",
        "priority",
        "holder",
        "first_response_at",
        "target_at",
        "stage_closes_at",
        "solved_at",
        "confirmed_at",
        "external_number",
        "first_taken_at",
        "user_acts_since",
    ],
    "deviations": ["arrived_at", "standing"],
}
"""Columns of a ticket that its log gives, when the call may long be over; and of a deviation those
that the table keeps itself, so that it is found."""

COLUMNS = """
SELECT column_name AS name, data_type AS kind, is_nullable = 'YES' AS may_be_missing
FROM information_schema.columns
WHERE table_name = $1 AND is_generated = 'NEVER' AND column_name <> ALL ($2)
ORDER BY ordinal_position
"""


def kind_of(hint: object) -> str:
    """The column type that a field's type needs; what has parts is kept as a document."""
    given = [part for part in get_args(hint) if part is not NoneType] or [hint]
    plain = getattr(given[0], "__supertype__", given[0])
    if get_origin(hint) is tuple:
        return "ARRAY" if plain is int else "jsonb"
    as_document = get_origin(hint) is dict or not isinstance(plain, type)
    if as_document or len(given) > 1 or issubclass(plain, msgspec.Struct):
        return "jsonb"
    kinds = {datetime: "timestamp with time zone", int: "integer", float: "double precision"}
    return "text" if issubclass(plain, str) else kinds[plain]


@pytest.mark.parametrize("table", ROWS)
async def test_fields_equal_columns_in_name_type_and_in_what_may_be_missing(
    table: str, connection: Connection
) -> None:
    columns = await connection.fetch(COLUMNS, table, WRITTEN_BY_OTHERS.get(table, []))
    assert [tuple(column) for column in columns] == [
        (name, kind_of(hint), NoneType in get_args(hint))
        for name, hint in get_type_hints(ROWS[table]).items()
    ]


def test_every_table_that_a_call_fills_has_its_row() -> None:
    filled = set(re.findall(r"INSERT INTO (\w+)", sql("record_batch")))
    assert filled == {*ROWS, "feed_events"}, "the feed is made of the events by the query itself"
