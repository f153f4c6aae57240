"""`deviation recompute`: nothing to say on sound data, else one line for each difference."""

import json
from typing import get_args

import asyncpg
import pytest

from agent.commands.deviation_recompute import TOLD
from agent.database.recompute import Ending
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.broken_promises import by_hand, three_calls

SPOILT = """
UPDATE consultations SET outcome = 'undecided' WHERE call_id = 'call-2';
INSERT INTO deviations
VALUES ('call-3', 'time', '2', 10, 11, 1, 'op-101', 'met_late', '{1}', now())
"""
LINES = [
    "0002/FK-TLP/LPSE.BTG/2026: consultation: outcome undecided → solved",
    "0003/FK-TLP/LPSE.BTG/2026: deviation 2 (time): is not what the log gives",
]


@pytest.fixture
async def filled(url: str) -> str:
    """Three calls of 2 March 2026: 09:00, 09:10 and 09:20 WIB."""
    async with running_writer(url) as writer:
        for story in three_calls():
            for record in story.records:
                await writer.record(record)
    return url


async def spoil(url: str, statements: str = SPOILT) -> None:
    connection = await asyncpg.connect(url)
    await by_hand(connection, statements)
    await connection.close()


async def test_sound_data_has_status_zero_and_one_sentence(filled: str, shell: Shell) -> None:
    for options in ((), ("--repair",)):
        ended = await shell.start(filled, "deviation", "recompute", *options)
        assert (ended.status, ended.err) == (0, "")
        assert ended.out == "Nothing differs, nothing was changed; judged anew: 3.\n"


async def test_differences_are_named_one_line_each_and_repaired_when_asked(
    filled: str, shell: Shell
) -> None:
    await spoil(filled)
    for _again in range(2):
        result = await shell.run(filled, "deviation", "recompute")
        assert result.exit_code == 1
        assert result.stdout.splitlines() == [*LINES, "2 of 3 consultations differ."]
    result = await shell.run(filled, "deviation", "recompute", "--repair")
    assert result.exit_code == 0
    told = [line for line in result.stdout.splitlines() if "written anew" not in line]
    assert told == LINES
    assert result.stdout.splitlines()[-1] == "2 of 3 consultations differ, 2 of them written anew."
    assert (await shell.run(filled, "deviation", "recompute")).exit_code == 0


async def test_what_cannot_be_repaired_keeps_status_one_and_says_why(
    filled: str, shell: Shell
) -> None:
    await spoil(filled, "DELETE FROM call_events WHERE event = 'OperatorSpoke'")
    result = await shell.run(filled, "deviation", "recompute", "--repair")
    assert result.exit_code == 1
    assert result.stdout.count("left alone, because facts are missing in its log") == 2


async def test_programs_get_one_object(filled: str, shell: Shell) -> None:
    await spoil(filled)
    result = await shell.run(filled, "deviation", "recompute", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["consultations"] == 3
    assert [(one["ending"], len(one["differences"])) for one in told["differing"]] == [
        ("differs", 1),
        ("differs", 1),
    ]


async def test_a_period_limits_what_is_judged(filled: str, shell: Shell) -> None:
    await spoil(filled)
    for options, status in (
        ("--from 2026-03-02T09:05 --to 2026-03-02T09:15", 1),
        ("--to 2026-03-02T09:05", 0),
        ("--from 2026-03-03", 0),
        ("--from yesterday", 2),
    ):
        result = await shell.run(filled, "deviation", "recompute", *options.split())
        assert result.exit_code == status, options


def test_every_ending_but_those_that_need_no_word_has_one() -> None:
    assert set(TOLD) == set(get_args(Ending)) - {"same", "differs"}
