"""One call with everything that is known of it, in any spelling of its numbers."""

import pytest

from agent.database.errors import DatabaseUnreachable, NumberUnknown
from agent.database.reports import read_call
from agent.database.sops import all_sops
from agent.domain.consultation import judge
from agent.domain.numbers import NumberInvalid
from tests.database.agents import running_writer
from tests.database.stories import (
    SOP_NAME,
    Story,
    escalated,
    in_turn,
)


async def record_all(url: str, stories: list[Story]) -> None:
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)


async def test_a_report_is_what_the_procedure_says_of_the_call(url: str) -> None:
    story = escalated(412, greeting_s=12.5)
    await record_all(url, [story])
    report = await read_call(url, story.form_number)
    judgement = judge(story.call, (await all_sops(url))[SOP_NAME])
    assert report.call == story.call
    assert report.outcome == judgement.outcome
    assert report.steps == judgement.steps
    assert report.deviations == judgement.deviations
    assert [logged.event for logged in report.events] == [r.event for r in story.records]
    assert [logged.sequence for logged in report.events] == [r.sequence for r in story.records]


async def test_a_call_is_found_in_any_spelling_of_its_numbers(url: str) -> None:
    story = escalated(412)
    await record_all(url, [story])
    digits = story.ticket_number.replace("-", "")
    for typed in (
        story.form_number,
        story.form_number.lower(),
        " 412 / 2026 ",
        story.ticket_number,
        digits,
        " ".join(digits),
    ):
        assert (await read_call(url, typed)).call.call_id == story.call_id


async def test_numbers_that_mean_no_call_are_refused_by_their_reason(url: str) -> None:
    ticket = escalated(412).ticket_number
    for unknown in ("1/2026", "412/2025", ticket):
        with pytest.raises(NumberUnknown, match=unknown):
            await read_call(url, unknown)
    wrong_digit = f"{ticket[:-1]}{(int(ticket[-1]) + 1) % 10}"
    for nonsense in (wrong_digit, "", "'; DROP TABLE calls", "412", "٤١٢/٢٠٢٦x"):
        with pytest.raises(NumberInvalid):
            await read_call(url, nonsense)


async def test_a_database_without_tables_says_to_migrate(empty_url: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="lpse-agent migrate"):
        await read_call(empty_url, "1/2026")
