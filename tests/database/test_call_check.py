"""A stored call beside its own log: whatever a call was told, its record is what that gives."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.database.call_check import CallCheck
from agent.database.connect import Connection
from agent.database.findings import Finding, Tally
from agent.database.queries import sql
from agent.database.sops import read_sops
from agent.database.verification import verify
from tests.database.agents import running_writer
from tests.database.stories import Story, abandoned, escalated, in_turn, solved
from tests.databases import database


@pytest.fixture
async def document(url: str, connection: Connection) -> dict[str, Any]:
    """An escalated call as one document."""
    async with running_writer(url) as writer:
        for record in escalated().records:
            await writer.record(record)
    at = escalated().records[0].event.at
    rows = await connection.fetch(sql("whole_calls"), at, "", escalated().now, 10)
    assert len(rows) == 1
    assert rows[0]["example"] == "0001/FK-TLP/LPSE.BTG/2026"
    return msgspec.json.decode(rows[0]["document"], type=dict[str, Any])


async def looked_at(connection: Connection, document: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What is counted of a document that perhaps was changed, by promise."""
    times = Tally("times_in_order")
    check = CallCheck(await read_sops(connection), times)
    check.look("0001/2026", msgspec.json.encode(document).decode())
    found: list[Finding] = [times.finding(), *check.findings()]
    return {finding.promise: finding.counts for finding in found if finding.counts}


async def test_a_call_as_it_was_recorded_has_nothing_to_be_said_of(
    connection: Connection, document: dict[str, Any]
) -> None:
    assert await looked_at(connection, document) == {}


async def test_columns_that_this_program_does_not_know_are_passed_over(
    connection: Connection, document: dict[str, Any]
) -> None:
    for part in (document["call"], document["consultation"], *document["steps"]):
        part["of_a_later_version"] = 1
    assert await looked_at(connection, document) == {}


async def test_a_gap_is_judged_by_whether_the_judgement_stays(
    connection: Connection, document: dict[str, Any]
) -> None:
    whole = document["log"]
    spared = set()
    for gone in range(1, len(whole)):
        document["log"] = [row for place, row in enumerate(whole) if place != gone]
        counts = await looked_at(connection, document)
        if counts == {"log_complete": {"detail_shed": 1}}:
            spared.add(whole[gone]["event"]["event"])
        else:
            assert counts["log_complete"] == {"fact_missing": 1}
    assert "OperatorRinging" in spared
    assert not spared & {"OperatorAnswered", "OperatorSpoke", "TicketReserved", "FormArchived"}


@st.composite
def spoilt_stories(draw: st.DrawFn) -> list[Story]:
    """Calls of which events are lost, repeated and overtaken on their way."""
    spoilt = []
    tellers = draw(
        st.lists(st.sampled_from([escalated, solved, abandoned]), min_size=1, max_size=6)
    )
    for number, tell in enumerate(tellers, start=1):
        arrival, *events = (record.event for record in tell(number).records)
        story = Story(number)
        for event in [arrival, *draw(st.lists(st.sampled_from(events), max_size=40))]:
            story.tell(0, event)
        spoilt.append(story)
    return spoilt


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stories=spoilt_stories())
async def test_whatever_is_lost_or_repeated_the_record_is_what_the_log_gives(
    server_url: str, template: str, stories: list[Story]
) -> None:
    async with database(server_url, template) as url:
        async with running_writer(url) as writer:
            for record in in_turn(stories):
                await writer.record(record)
        findings = {one.promise: one for one in await verify(url)}
        for promise in ("one_consultation", "log_complete", "judged_anew", "no_orphans"):
            assert findings[promise].holds, findings[promise]
