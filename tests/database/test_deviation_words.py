"""What people say about deviations is kept, only ever added to, and changes nothing computed."""

import asyncio

import asyncpg
import pytest

from agent.database.connect import Connection
from agent.database.deviation_words import (
    STATES,
    DeviationFilter,
    decide,
    explain,
    list_deviations,
)
from agent.database.errors import DeviationUnknown, NumberUnknown, OperatorUnknown
from agent.database.recompute import recompute
from agent.database.reports import read_call
from agent.domain.deviation_words import WordRefused, standing_of
from agent.domain.identifiers import OperatorId
from tests.database.agents import running_writer
from tests.database.broken_promises import MINUTE
from tests.database.stories import MORNING, Story, escalated, solved

NOW = MORNING + 60 * MINUTE
BOSS = "Kepala Bidang"


def left_before_hearing(number: int) -> Story:
    """No ticket came in eleven minutes and nobody heard the numbers: two deviations of a step."""
    story = Story(number, MORNING + number * MINUTE, operator="op-102")
    story.arrive()
    story.hear_prompts()
    story.ring()
    operator = story.answer()
    story.greet()
    story.press("*3*8")
    story.now += 11 * MINUTE
    story.hang_up(story.channel)
    story.hang_up(operator)
    story.archive()
    return story


@pytest.fixture
async def filled(url: str) -> str:
    """1 is late in step 2 (op-101), 20 in step 8 twice (op-102), 40 is as it should be."""
    stories = [
        escalated(1, greeting_s=12.5),
        left_before_hearing(20),
        solved(40, MORNING + 40 * MINUTE),
    ]
    async with running_writer(url) as writer:
        for story in stories:
            for record in story.records:
                await writer.record(record)
    return url


async def listed(url: str, **wanted: object) -> list[tuple[str, str, str]]:
    found = (await list_deviations(url, DeviationFilter(**wanted))).deviations  # type: ignore[arg-type]
    return [
        (one.form_number.partition("/")[0], one.deviation.step, one.deviation.kind) for one in found
    ]


LATE, OVERTIME, UNHEARD = ("0001", "2", "time"), ("0020", "8", "time"), ("0020", "8", "output")


async def test_deviations_are_listed_newest_first_by_operator_and_time(filled: str) -> None:
    assert await listed(filled) == [OVERTIME, UNHEARD, LATE]
    assert await listed(filled, operator=OperatorId("op-101")) == [LATE]
    assert await listed(filled, since=MORNING + MINUTE) == [OVERTIME, UNHEARD]
    assert await listed(filled, until=MORNING + MINUTE) == [LATE]
    first = await list_deviations(filled, DeviationFilter(), limit=1)
    assert [one.form_number[:4] for one in first.deviations] == ["0020"] * 2, "of one call, all"
    assert first.following
    rest = await list_deviations(filled, DeviationFilter(), first.following, limit=1)
    assert [one.form_number[:4] for one in rest.deviations] == ["0001"]
    assert rest.following is None


async def test_what_was_said_stands_in_the_list_and_in_the_call_in_its_order(filled: str) -> None:
    await explain(filled, "1/2026", "2", None, "Headset rusak", "op-101", NOW)
    await decide(filled, "1/2026", "2", None, "upheld", "Tidak dilaporkan", BOSS, NOW + MINUTE)
    await decide(filled, "1/2026", "2", None, "excused", "Ada laporan", BOSS, NOW + 2 * MINUTE)
    report = await read_call(filled, "1/2026")
    assert [(word.role, word.verdict, word.text) for word in report.words] == [
        ("explanation", None, "Headset rusak"),
        ("decision", "upheld", "Tidak dilaporkan"),
        ("decision", "excused", "Ada laporan"),
    ]
    assert [word.at for word in report.words] == [NOW, NOW + MINUTE, NOW + 2 * MINUTE]
    [one] = [o for o in (await list_deviations(filled, DeviationFilter())).deviations if o.words]
    assert one.words == report.words
    assert report.words[0].is_about(one.deviation)
    assert standing_of(one.deviation, one.words).state == "excused"


async def test_each_state_has_those_that_the_rules_put_there(
    filled: str, connection: Connection
) -> None:
    async def by_the_rules() -> dict[str, list[tuple[str, str, str]]]:
        found: dict[str, list[tuple[str, str, str]]] = {state: [] for state in STATES}
        for one in (await list_deviations(filled, DeviationFilter())).deviations:
            place = one.form_number.partition("/")[0], one.deviation.step, one.deviation.kind
            standing = standing_of(one.deviation, one.words)
            found["all"].append(place)
            found["open" if standing.is_open else "decided"].append(place)
            if standing.state == "explained":
                found["explained"].append(place)
        return found

    async def as_the_rules_say(**wanted: list[tuple[str, str, str]]) -> None:
        seen = {state: await listed(filled, state=state) for state in STATES}
        assert seen == await by_the_rules()
        assert seen == {"all": [OVERTIME, UNHEARD, LATE], "explained": [], "decided": []} | wanted

    await as_the_rules_say(open=[OVERTIME, UNHEARD, LATE])
    await explain(filled, "1/2026", "2", None, "Headset rusak", "op-101", NOW)
    await as_the_rules_say(open=[OVERTIME, UNHEARD, LATE], explained=[LATE])
    await decide(filled, "1/2026", "2", None, "excused", "Baik", BOSS, NOW)
    await decide(filled, "20/2026", "8", "output", "upheld", "Tidak", BOSS, NOW)
    await as_the_rules_say(open=[OVERTIME], decided=[UNHEARD, LATE])
    await explain(filled, "1/2026", "2", None, "Masih rusak", "op-101", NOW)
    await as_the_rules_say(open=[OVERTIME], decided=[UNHEARD, LATE])
    for change in (
        "UPDATE deviations SET measured_s = 13 WHERE call_id = 'call-1'",
        "UPDATE deviations SET limit_s = 9 WHERE call_id = 'call-1'",
        "UPDATE deviations SET reason = 'not_met_in_time' WHERE call_id = 'call-1'",
    ):
        await connection.execute(change)
        await as_the_rules_say(open=[OVERTIME, LATE], decided=[UNHEARD])
        await explain(filled, "1/2026", "2", None, "Lagi", "op-101", NOW)
        await as_the_rules_say(open=[OVERTIME, LATE], explained=[LATE], decided=[UNHEARD])
        await decide(filled, "1/2026", "2", None, "excused", "Baik", BOSS, NOW)
        await as_the_rules_say(open=[OVERTIME], decided=[UNHEARD, LATE])


async def test_a_step_with_two_deviations_asks_which_is_meant(filled: str) -> None:
    with pytest.raises(DeviationUnknown, match="--kind time or output"):
        await explain(filled, "20/2026", "8", None, "Sistem lambat", "op-102", NOW)
    word = await explain(filled, "20/2026", "8", "output", "Sistem lambat", "op-102", NOW)
    assert word.kind == "output"


async def test_who_may_not_speak_leaves_nothing(filled: str) -> None:
    with pytest.raises(WordRefused, match="not_his_own"):
        await explain(filled, "1/2026", "2", None, "x", "op-102", NOW)
    for name in ("op-101", "Siti Aminah", "siti aminah"):
        with pytest.raises(WordRefused, match="his_own"):
            await decide(filled, "1/2026", "2", None, "excused", "x", name, NOW)
    with pytest.raises(OperatorUnknown):
        await decide(filled, "1/2026", "2", None, "excused", "x", "op-999", NOW)
    with pytest.raises(WordRefused, match="secret"):
        await explain(filled, "1/2026", "2", None, "OTP 482913", "op-101", NOW)
    for number, step in (("1/2026", "3"), ("40/2026", "2"), ("1/2026", "'; --")):
        with pytest.raises(DeviationUnknown):
            await explain(filled, number, step, None, "x", "op-101", NOW)
    with pytest.raises(NumberUnknown):
        await explain(filled, "99/2026", "2", None, "x", "op-101", NOW)
    assert (await read_call(filled, "1/2026")).words == ()


async def test_words_are_only_ever_added(filled: str, connection: Connection) -> None:
    await explain(filled, "1/2026", "2", None, "Headset rusak", "op-101", NOW)
    for statement in (
        "UPDATE deviation_words SET text = 'lain'",
        "DELETE FROM deviation_words",
        "TRUNCATE deviation_words CASCADE",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)


async def test_a_word_and_its_line_in_the_audit_log_are_kept_together(
    filled: str, connection: Connection
) -> None:
    await explain(filled, "1/2026", "2", None, "Antre", "op-101", NOW, "siti")
    await decide(filled, "1/2026", "2", None, "excused", "Benar", BOSS, NOW)
    acts = await connection.fetch("SELECT by, action, subject FROM audit_log ORDER BY id")
    assert [tuple(act) for act in acts] == [
        ("siti", "deviation_explained", "1/2026"),
        (BOSS, "deviation_decided", "1/2026"),
    ]
    await connection.execute(
        "ALTER TABLE audit_log ADD CONSTRAINT no_room CHECK (by = 'x') NOT VALID"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await explain(filled, "1/2026", "2", None, "Antre lagi", "op-101", NOW)
    assert len((await read_call(filled, "1/2026")).words) == 2


async def test_two_who_speak_at_once_are_both_heard(filled: str) -> None:
    speaking = (
        decide(filled, "1/2026", "2", None, "excused", f"Alasan {n}", f"Atasan {n}", NOW)
        for n in range(8)
    )
    await asyncio.gather(*speaking)
    words = (await read_call(filled, "1/2026")).words
    assert {word.by for word in words} == {f"Atasan {n}" for n in range(8)}


async def test_words_change_nothing_that_is_computed_and_outlive_their_deviation(
    filled: str, connection: Connection
) -> None:
    before = (await read_call(filled, "1/2026")).deviations
    await explain(filled, "1/2026", "2", None, "Headset rusak", "op-101", NOW)
    await decide(filled, "1/2026", "2", None, "upheld", "Tidak", BOSS, NOW)
    assert (await read_call(filled, "1/2026")).deviations == before
    assert {one.ending async for one in recompute(filled, None, None)} == {"same"}
    await connection.execute("DELETE FROM deviations WHERE call_id = 'call-1'")
    report = await read_call(filled, "1/2026")
    assert (report.deviations, len(report.words)) == ((), 2)
    assert (report.words[0].measured_s, report.words[0].reason) == (12.59, "met_late")
    repaired = [one.ending async for one in recompute(filled, None, None, repair=True)]
    assert repaired == ["repaired", "same", "same"]
    report = await read_call(filled, "1/2026")
    assert standing_of(report.deviations[0], report.words).state == "upheld"
