"""A filled stencil is what the writer would have written of the same call."""

from datetime import timedelta

import pytest

from agent.database.connect import Connection
from agent.database.sops import all_sops
from agent.database.stencil import copy_rows, stencil_of
from agent.domain.synthetic import Kind, tell
from agent.domain.synthetic_ticket import TicketPlot, tell_ticket
from tests.database.form_stories import record_all, told_records
from tests.database.stories import MORNING, SOP_NAME
from tests.domain.made_up import FORM, PRIORITIES, plot

TABLES = (
    "calls",
    "call_events",
    "consultations",
    "consultation_forms",
    "consultation_steps",
    "deviations",
)
VALUES = {
    "call": "call-7",
    "form": "0007/FK-TLP/LPSE.BTG/2026",
    "ticket": "26-00007-8",
    "operator": "op-101",
    "operator_name": "Siti Aminah",
    "phone": "+628123456789",
    "phone_shown": "+62 812-345-6789",
    "caller_name": "Rudi Hartono",
    "business_name": "CV Melati",
    "institution": "Dinas Kesehatan",
    "npwp": "0012345678901000",
    "application": "spse",
    "category": "06",
    "problem": "Gagal 100% mengunggah",
    "solution": "Versi Apendo disesuaikan",
}


async def written(connection: Connection) -> dict[str, list[str]]:
    """Every row of a call's tables as JSON; what is no longer the same is seen at once."""
    return {
        table: [
            row["content"]
            for row in await connection.fetch(
                f"SELECT to_jsonb({table}) AS content FROM {table} ORDER BY 1"  # noqa: S608
            )
        ]
        for table in TABLES
    }


@pytest.mark.parametrize("kind", ["solved", "escalated", "abandoned_waiting", "prank"])
async def test_its_rows_are_those_of_the_writer(
    url: str, connection: Connection, kind: Kind
) -> None:
    start = MORNING + timedelta(days=3, minutes=7, seconds=11)
    sops = await all_sops(url)
    told = tell(plot(kind), MORNING, "WIB", SOP_NAME, FORM)
    life = None
    if kind == "escalated":
        choice = PRIORITIES.choose("urgent", "medium")
        life = tell_ticket(TicketPlot(taken_h=1.0, solved_h=2.0), told[-1].event.at, choice)
    stencil = stencil_of(told, sops, life)
    async with connection.transaction():
        await copy_rows(connection, stencil.columns, stencil.filled(start, VALUES))
        by_stencil = await written(connection)
        tickets = await connection.fetch("SELECT * FROM tickets")
    assert [ticket["stage"] for ticket in tickets] == (["solved"] if life else [])
    assert by_stencil["calls"]
    await _empty(connection)
    await record_all(url, told_records(7, kind, start, problem=VALUES["problem"]))
    assert by_stencil == await written(connection)


async def _empty(connection: Connection) -> None:
    """As before the copy; the logs' own guards are put aside for it."""
    guards = await connection.fetch(
        "SELECT tgname, tgrelid::regclass::text AS of FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgname LIKE '%append_only'"
    )
    for state in ("DISABLE", "ENABLE"):
        for guard in guards:
            await connection.execute(f"ALTER TABLE {guard['of']} {state} TRIGGER {guard['tgname']}")
        if state == "DISABLE":
            await connection.execute("TRUNCATE calls CASCADE")


async def test_the_operator_is_taken_from_the_offer_until_his_leg_is_gone(url: str) -> None:
    told = tell(plot(), MORNING, "WIB", SOP_NAME, FORM)
    stencil = stencil_of(told, await all_sops(url), None)
    offer = told[-1].call.offers[0]
    assert offer.ended is not None
    assert stencil.offered_s == (offer.offered.at - MORNING).total_seconds()
    assert stencil.over_s == (offer.ended.at - MORNING).total_seconds()
    early = tell(plot("abandoned_in_welcome"), MORNING, "WIB", SOP_NAME, FORM)
    assert stencil_of(early, await all_sops(url), None).offered_s is None
