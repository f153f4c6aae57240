"""The call log: every filter alone and together, pages, the bounded count, and what is refused."""

from datetime import timedelta

import pytest

from agent.database.call_filter import CallFilter, make_cursor
from agent.database.call_search import (
    CallCount,
    CallSummary,
    count_calls,
    cursor_after,
    find_calls,
)
from agent.database.connect import Connection
from agent.database.errors import DatabaseUnreachable, NumberUnknown
from agent.domain.consultation import Outcome
from agent.domain.events import Caller
from agent.domain.identifiers import OperatorId
from tests.database.agents import running_writer
from tests.database.form_stories import record_all, told_records
from tests.database.stories import MORNING, Story, abandoned, escalated, in_turn, solved


async def record(url: str, stories: list[Story]) -> None:
    async with running_writer(url) as writer:
        for one in in_turn(stories):
            await writer.record(one)


def hour(number: int) -> timedelta:
    return timedelta(hours=number)


async def found(url: str, wanted: CallFilter) -> list[str]:
    return [summary.call_id for summary in (await find_calls(url, wanted)).calls]


async def test_what_the_telephone_tells_finds_its_calls_newest_first(url: str) -> None:
    stranger = Story(4, MORNING + hour(4), caller=Caller(raw="anonymous"))
    stranger.arrive()
    short = Story(5, MORNING + hour(5), caller=Caller(raw="100200"))
    short.arrive()
    stories = [
        escalated(1, MORNING + hour(1), greeting_s=12.0),
        solved(2, MORNING + hour(2), operator="op-102"),
        abandoned(3, MORNING + hour(3)),
        stranger,
        short,
    ]
    await record(url, stories)
    for wanted, calls in {
        CallFilter(): [5, 4, 3, 2, 1],
        CallFilter(since=MORNING + hour(2), until=MORNING + hour(3)): [2],
        CallFilter(operator=OperatorId("op-102")): [2],
        CallFilter(outcome=Outcome.ABANDONED_WAITING): [3],
        CallFilter(outcome=Outcome.IN_PROGRESS): [5, 4],
        CallFilter(deviation=True): [1],
        CallFilter(deviation=False): [5, 4, 3, 2],
        CallFilter(deviation_kind="time"): [1],
        CallFilter(deviation_step="2"): [1],
        CallFilter(deviation_kind="time", deviation_step="2"): [1],
        CallFilter(deviation_kind="output", deviation_step="2"): [],
        CallFilter(form=stories[1].form_number): [2],
        CallFilter(form="2/2025"): [],
        CallFilter(ticket=stories[0].ticket_number): [1],
        CallFilter(caller="100200"): [5],
        CallFilter(caller="9999"): [],
    }.items():
        assert await found(url, wanted) == [f"call-{call}" for call in calls], wanted
    for typed in ("0812-3456-789", "+62 812 3456 789", "628123456789", "56789", "6789"):
        assert await found(url, CallFilter(caller=typed)) == ["call-3", "call-2", "call-1"]


async def test_what_the_form_tells_finds_its_calls(url: str, connection: Connection) -> None:
    await record_all(
        url,
        told_records(1),
        told_records(
            2, "escalated", MORNING + hour(1), caller_name="Siti Nur'aini", npwp="0098765432101000",
            business_name="PT Mawar-Indah", category="09", problem="Sertifikat TLS kedaluwarsa",
        ),
        told_records(3, start=MORNING + hour(2), application="sirup", solution="Kunci diganti"),
    )  # fmt: skip
    await connection.execute("UPDATE tickets SET external_number = 'LKPP-7'")
    for wanted, calls in {
        CallFilter(name="hartono"): [3, 1],
        CallFilter(name="RUDI har"): [3, 1],
        CallFilter(name="hartono budi"): [],
        CallFilter(name="nur'aini"): [2],
        CallFilter(company="mawar"): [2],
        CallFilter(company="melat"): [3, 1],
        CallFilter(npwp="00.123.456.7-890.1000"): [3, 1],
        CallFilter(npwp="0098765432101000"): [2],
        CallFilter(external="LKPP-7"): [2],
        CallFilter(category="09"): [2],
        CallFilter(application="sirup"): [3],
        CallFilter(text="unggah"): [3, 1],
        CallFilter(text="saya tidak bisa mengunggah"): [3, 1],
        CallFilter(text="unggah kunci"): [3],
        CallFilter(text="kedaluwarsa"): [2],
        CallFilter(name="rudi", text="unggah", application="sirup", company="melati"): [3],
        CallFilter(name="rudi", outcome=Outcome.ESCALATED): [],
    }.items():
        assert await found(url, wanted) == [f"call-{call}" for call in calls], wanted
    first = (await find_calls(url, CallFilter(category="09"))).calls[0]
    assert (first.caller_name, first.company) == ("Siti Nur'aini", "PT Mawar-Indah")
    await connection.execute(
        "UPDATE consultation_steps SET state = 'unmet' WHERE (call_id, step) = ('call-1', '6')"
    )
    assert await found(url, CallFilter(unmet_step="6")) == ["call-1"]
    assert await found(url, CallFilter(unmet_step="3")) == []


async def test_pages_follow_each_other_without_gap_or_repeat(url: str) -> None:
    # Two calls each at the same moment: the order must not depend on the time alone.
    await record(url, [abandoned(number, MORNING + hour(number // 2)) for number in range(1, 8)])
    pages: list[CallSummary] = []
    following = None
    while True:
        page = await find_calls(url, CallFilter(), following, limit=3)
        pages += page.calls
        following = page.following
        if following is None:
            break
    whole = await find_calls(url, CallFilter(), limit=7)
    assert whole.following is None
    assert tuple(pages) == whole.calls
    assert len(pages) == len({call.call_id for call in pages}) == 7
    assert await cursor_after(url, pages[2].form_number) == make_cursor(
        pages[2].arrived_at, pages[2].call_id
    )
    with pytest.raises(NumberUnknown):
        await cursor_after(url, "999/2026")


async def test_words_are_found_over_the_years_newest_first_and_page_by_page(
    url: str, connection: Connection
) -> None:
    days = (0, 0, 1, 5, 30, 31, 200, 700, 900)
    calls = [
        told_records(number, start=MORNING - timedelta(days=day, minutes=number))
        for number, day in enumerate(days, start=1)
    ]
    await record_all(url, *reversed(calls), told_records(10, "prank", MORNING - hour(1)))
    # As a program left it that did not know the day yet.
    await connection.execute(
        "UPDATE consultation_forms SET arrived_at = NULL WHERE call_id = $1", "call-3"
    )
    for wanted in (
        CallFilter(name="rudi"),
        CallFilter(text="unggah", company="melati"),
        CallFilter(outcome=Outcome.SOLVED),
        CallFilter(text="unggah", outcome=Outcome.SOLVED, category="06"),
    ):
        seen: list[str] = []
        page = await find_calls(url, wanted, limit=2)
        while page.following:
            seen += [call.call_id for call in page.calls]
            page = await find_calls(url, wanted, page.following, limit=2)
        seen += [call.call_id for call in page.calls]
        assert seen == [f"call-{number}" for number in range(1, 10)], wanted
        assert await count_calls(url, wanted) == CallCount(9, exact=True)
    month = {"since": MORNING - timedelta(days=31), "until": MORNING - timedelta(days=1)}
    bounded = CallFilter(name="rudi", since=month["since"], until=month["until"])
    assert await found(url, bounded) == ["call-3", "call-4", "call-5"]
    assert await count_calls(url, bounded) == CallCount(3, exact=True)
    assert await found(url, CallFilter(name="rudi", until=MORNING - timedelta(days=300))) == [
        "call-8",
        "call-9",
    ]
    assert await found(url, CallFilter(name="rudi", since=MORNING + hour(9))) == []


async def test_last_digits_may_begin_with_a_zero(url: str) -> None:
    caller = Caller(raw="08123450012", number="+628123450012", shown="0812-345-0012")
    other = Story(2, caller=caller)
    other.arrive()
    await record(url, [abandoned(1), other])
    assert await found(url, CallFilter(caller="0012")) == ["call-2"]


async def test_a_count_is_exact_or_says_that_there_are_more(url: str) -> None:
    await record(url, [abandoned(number) for number in range(1, 6)])
    assert await count_calls(url, CallFilter()) == CallCount(5, exact=True)
    assert await count_calls(url, CallFilter(), most=5) == CallCount(5, exact=True)
    assert await count_calls(url, CallFilter(), most=4) == CallCount(4, exact=False)
    assert await count_calls(url, CallFilter(caller="0000")) == CallCount(0, exact=True)


async def test_a_count_that_takes_too_long_is_not_waited_for(
    url: str, connection: Connection
) -> None:
    async with connection.transaction():
        await connection.execute("LOCK TABLE calls")
        assert await count_calls(url, CallFilter()) == CallCount(None, exact=False)


async def test_a_database_without_tables_says_to_migrate(empty_url: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="lpse-agent migrate"):
        await find_calls(empty_url, CallFilter())


async def test_any_words_are_only_words(url: str) -> None:
    await record_all(url, told_records(1))
    for typed in ("x' | 'rudi", "rudi:*", "!rudi", "\\'rudi", "rudi <-> x"):
        assert len(await found(url, CallFilter(name=typed))) in (0, 1)
    assert await found(url, CallFilter(name="x' | 'rudi")) == []
    assert await found(url, CallFilter(text="unggah | tidakada")) == []
