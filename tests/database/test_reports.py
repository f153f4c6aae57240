"""What people ask: lists by every filter, pages, and one call in any spelling of its numbers."""

from datetime import timedelta

import pytest

from agent.database.errors import DatabaseUnreachable, NumberUnknown
from agent.database.reports import CallFilter, list_calls, read_call
from agent.database.sops import all_sops
from agent.domain.consultation import Outcome, judge
from agent.domain.events import Caller
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import NumberInvalid
from tests.database.agents import running_writer
from tests.database.stories import (
    MORNING,
    SOP_NAME,
    Story,
    abandoned,
    escalated,
    in_turn,
    solved,
)


async def record_all(url: str, stories: list[Story]) -> None:
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)


def hour(number: int) -> timedelta:
    return timedelta(hours=number)


async def test_each_filter_finds_its_calls_newest_first(url: str) -> None:
    stranger = Story(4, MORNING + hour(4), caller=Caller(raw="anonymous"))
    stranger.arrive()
    stories = [
        escalated(1, MORNING + hour(1), greeting_s=12.0),
        solved(2, MORNING + hour(2), operator="op-102"),
        abandoned(3, MORNING + hour(3)),
        stranger,
    ]
    await record_all(url, stories)

    async def found(wanted: CallFilter) -> list[str]:
        return [summary.call_id for summary in await list_calls(url, wanted)]

    assert await found(CallFilter()) == ["call-4", "call-3", "call-2", "call-1"]
    period = CallFilter(since=MORNING + hour(2), until=MORNING + hour(3))
    assert await found(period) == ["call-2"]
    assert await found(CallFilter(operator=OperatorId("op-102"))) == ["call-2"]
    assert await found(CallFilter(outcome=Outcome.ABANDONED_WAITING)) == ["call-3"]
    assert await found(CallFilter(outcome=Outcome.IN_PROGRESS)) == ["call-4"]
    assert await found(CallFilter(deviation=True)) == ["call-1"]
    assert await found(CallFilter(deviation=False)) == ["call-4", "call-3", "call-2"]
    for typed in ("0812-3456-789", "+62 812 3456 789", "628123456789", "56789"):
        assert await found(CallFilter(caller=typed)) == ["call-3", "call-2", "call-1"]
    assert await found(CallFilter(caller="999%")) == []


async def test_pages_follow_each_other_without_gap_or_repeat(url: str) -> None:
    # Two calls each at the same moment: the order must not depend on the time alone.
    stories = [abandoned(number, MORNING + hour(number // 2)) for number in range(1, 8)]
    await record_all(url, stories)
    pages: list[str] = []
    after = None
    while page := await list_calls(url, CallFilter(), after, limit=3):
        pages += [summary.form_number for summary in page]
        after = page[-1].form_number
    assert len(pages) == len(set(pages)) == len(stories)
    assert pages == [s.form_number for s in await list_calls(url, CallFilter())]
    with pytest.raises(NumberUnknown):
        await list_calls(url, CallFilter(), "999/2026")


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
        await list_calls(empty_url, CallFilter())
