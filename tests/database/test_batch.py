"""Which rows an event changes: what the database holds already is not sent again."""

import tomllib

import pytest

from agent.database.batch import Written, batch_of
from agent.database.errors import RecordRefused
from agent.domain.identifiers import CallId
from agent.domain.sop import Sop, parse_sop
from agent.settings import DATA
from tests.database.stories import SOP_NAME, abandoned, escalated, in_turn


@pytest.fixture(scope="module")
def sops() -> dict[str, Sop]:
    """The delivered procedure."""
    content = tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text())
    return {SOP_NAME: parse_sop(content)}


def test_each_event_sends_only_the_steps_that_it_changed(sops: dict[str, Sop]) -> None:
    story = escalated()
    written: dict[CallId, Written] = {}
    changed = {}
    consultations = 0
    for record in story.records:
        batch, holds = batch_of([record], sops, written)
        written |= holds
        consultations += len(batch.consultations)
        name = f"{record.sequence} {type(record.event).__name__}"
        changed[name] = [row.step for row in batch.steps]
    assert changed["1 CallArrived"] == ["1", "1a", *"2345678"]
    assert changed["2 CallerAnswered"] == []
    assert changed["13 OperatorSpoke"] == ["2", "3"]
    assert changed["31 FormArchived"] == ["7"]
    assert consultations == 5  # opened, decided, ticket, ended, archived


def test_a_batch_holds_every_event_but_only_the_last_state_of_a_call(
    sops: dict[str, Sop],
) -> None:
    stories = [escalated(1), abandoned(2)]
    records = list(in_turn(stories))
    batch, holds = batch_of(records[::-1], sops, {})
    assert len(batch.events) == len(records)
    assert {row.call_id: row.state for row in batch.calls} == {
        story.call_id: story.call for story in stories
    }
    assert set(holds) == {story.call_id for story in stories}
    assert [row.ticket_number for row in batch.tickets] == [stories[0].ticket_number]


def test_old_news_brings_its_event_and_nothing_else(sops: dict[str, Sop]) -> None:
    story = escalated()
    _, written = batch_of(story.records[-1:], sops, {})
    batch, holds = batch_of(story.records[:-1], sops, written)
    assert len(batch.events) == len(story.records) - 1
    assert (batch.calls, batch.steps, batch.judged, holds) == ([], [], [], {})


def test_a_call_under_an_unknown_procedure_is_refused() -> None:
    with pytest.raises(RecordRefused, match=SOP_NAME):
        batch_of(escalated().records[:1], {}, {})
