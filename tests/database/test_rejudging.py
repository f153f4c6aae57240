"""A stored call beside what its log gives; which parts differ is tried in test_call_check.py."""

import msgspec
import pytest

from agent.database.connect import Connection
from agent.database.rejudging import (
    CALLS_AT_A_TIME,
    WholeCall,
    judgement_differences,
    parse_whole_call,
    rejudge,
    stored_calls,
)
from agent.database.sops import read_sops
from tests.database.agents import running_writer
from tests.database.broken_promises import MINUTE, by_hand, three_calls
from tests.database.stories import MORNING, abandoned, escalated


async def whole_calls(connection: Connection) -> list[WholeCall]:
    return [
        parse_whole_call(document) async for _, document, _ in stored_calls(connection, None, None)
    ]


@pytest.fixture
async def kept(url: str) -> None:
    """Three calls, one of them with a late greeting."""
    async with running_writer(url) as writer:
        for story in [escalated(4, MORNING + 30 * MINUTE, greeting_s=12.5), *three_calls()]:
            for record in story.records:
                await writer.record(record)


@pytest.mark.usefixtures("kept")
async def test_calls_come_in_the_order_of_their_arrival_within_the_time_asked_for(
    connection: Connection,
) -> None:
    async def names(*period: object) -> list[str]:
        found = stored_calls(connection, *period)  # type: ignore[arg-type]
        return [example.partition("/")[0] async for example, _, _ in found]

    assert await names(None, None) == ["0001", "0002", "0003", "0004"]
    second = MORNING + 10 * MINUTE
    assert await names(second, second + MINUTE) == ["0002"]


async def test_no_page_loses_or_repeats_a_call(url: str, connection: Connection) -> None:
    many = CALLS_AT_A_TIME * 2 + 1
    async with running_writer(url) as writer:
        for number in range(1, many + 1):
            # Always two at one moment.
            for record in abandoned(number, MORNING + number // 2 * MINUTE).records[:1]:
                await writer.record(record)
    found = [whole.call.call_id for whole in await whole_calls(connection)]
    assert len(found) == len(set(found)) == many


@pytest.mark.usefixtures("kept")
async def test_a_sound_call_is_what_its_log_gives(connection: Connection) -> None:
    sops = await read_sops(connection)
    for whole in await whole_calls(connection):
        anew = rejudge(whole, sops)
        assert anew.rows is not None
        assert (anew.gap, anew.differing) == (False, ())
        assert judgement_differences(whole, anew.rows) == []
        assert rejudge(whole, {}).rows is None


@pytest.mark.usefixtures("kept")
async def test_every_difference_is_one_line_with_both_values(connection: Connection) -> None:
    await by_hand(
        connection,
        """UPDATE consultations SET outcome = 'undecided' WHERE call_id = 'call-4';
        UPDATE consultation_steps SET seconds = 1, evidence = '[]'
        WHERE (call_id, step) = ('call-4', '2');
        DELETE FROM consultation_steps WHERE (call_id, step) = ('call-4', '5');
        UPDATE deviations SET measured_s = 20, events = '{7}' WHERE call_id = 'call-4';
        INSERT INTO deviations VALUES
        ('call-4', 'output', '3', NULL, NULL, NULL, 'op-101', 'identity_not_recorded', '{1}', now())
        """,
    )
    whole = (await whole_calls(connection))[-1]
    anew = rejudge(whole, await read_sops(connection))
    assert anew.rows is not None
    assert anew.differing == ("consultation_differs", "steps_differ", "deviations_differ")
    told = judgement_differences(whole, anew.rows)
    events = anew.rows.deviations[0].events
    proof = ", ".join(str(one) for one in events)
    assert told == [
        "consultation: outcome undecided → escalated",
        "step 2: seconds 1.0 → 12.59",
        f"step 2: evidence [] → [{proof}]",
        "step 5: is missing",
        "deviation 2 (time): measured_s 20.0 → 12.59",
        f"deviation 2 (time): events [7] → [{proof}]",
        "deviation 3 (output): is not what the log gives",
    ]


async def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(msgspec.DecodeError):
        parse_whole_call('{"call": 1}')
