"""`verify`: one sentence for each promise, status 0 only when all are kept."""

import hashlib
import json
from datetime import timedelta

import pytest

from agent.database.connect import Connection
from agent.database.findings import PROMISES
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.broken_promises import three_calls
from tests.database.stories import Story, in_turn


@pytest.fixture
async def filled(url: str) -> str:
    """Three calls of 2 March 2026: 09:00, 09:10 and 09:20 WIB."""
    async with running_writer(url) as writer:
        await writer.reserve("form", 2026, 20)
        await writer.reserve("ticket", 2026, 20)
        for record in in_turn(three_calls()):
            await writer.record(record)
    return url


async def test_a_record_that_keeps_its_promises_ends_with_status_zero(
    filled: str, shell: Shell
) -> None:
    ended = await shell.start(filled, "verify")
    assert (ended.status, ended.err) == (0, "")
    lines = [line for line in ended.out.splitlines() if not line.startswith(" ")]
    assert lines.pop() == "All are kept; calls looked at: 3."
    assert len(lines) == len(PROMISES) - 1  # no archive was asked for
    assert {line[0] for line in lines} == {"✓"}
    assert all(line.endswith(".") for line in lines)


async def test_a_broken_promise_is_shown_with_its_form_number_and_status_one(
    filled: str, connection: Connection, shell: Shell
) -> None:
    await connection.execute("UPDATE calls SET operator = 'op-102' WHERE call_id = 'call-2'")
    ended = await shell.start(filled, "verify")
    assert ended.status == 1
    lines = ended.out.splitlines()
    [sentence] = [line for line in lines if line.startswith("✗")]
    assert sentence.endswith("1 with another record.")
    assert lines[lines.index(sentence) + 1].strip() == "0002/FK-TLP/LPSE.BTG/2026"
    assert lines[-1] == f"1 of {len(PROMISES) - 1} promises are broken; calls looked at: 3."
    assert "8123456" not in ended.out.replace("-", "")


async def test_programs_get_every_finding(
    filled: str, connection: Connection, shell: Shell
) -> None:
    await connection.execute("UPDATE calls SET operator = 'op-102' WHERE call_id = 'call-2'")
    ended = await shell.run(filled, "verify", "--json")
    assert ended.exit_code == 1
    told = json.loads(ended.stdout)
    assert [one["promise"] for one in told if not one["holds"]] == ["judged_anew"]
    assert all(list(one) == ["promise", "holds", "sentence", "examples", "counts"] for one in told)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ("--until 2026-03-01", 0),
        ("--to 2026-03-01", 0),
        ("--since 2026-03-02T09:15", 0),
        ("--from 2026-03-02T09:10 --to 2026-03-02T09:15", 1),
        ("--since 2026-03-02 --until 2026-03-02", 1),
    ],
)
async def test_a_period_limits_what_is_looked_at(
    filled: str, connection: Connection, shell: Shell, options: str, status: int
) -> None:
    await connection.execute("UPDATE calls SET operator = 'op-102' WHERE call_id = 'call-2'")
    assert (await shell.run(filled, "verify", *options.split())).exit_code == status


async def test_the_archive_is_compared_when_it_is_asked_for(
    filled: str, connection: Connection, shell: Shell
) -> None:
    forms = shell.folder / "archive" / "forms"
    forms.mkdir(parents=True)
    for number in (1, 2, 3):
        (forms / f"{number}.json").write_text("a form")
    sha256 = hashlib.sha256(b"a form").hexdigest()
    await connection.execute("UPDATE consultations SET archive_sha256 = $1", sha256)
    (forms / "3.json").write_text("another form")
    told = json.loads((await shell.run(filled, "verify", "--archive", "--json")).stdout)
    [finding] = [one for one in told if one["promise"] == "documents_kept"]
    assert finding["counts"] == {"document_changed": 1}
    assert finding["examples"] == ["0003/FK-TLP/LPSE.BTG/2026"]


async def test_how_long_archiving_may_take_is_the_offices_choice(url: str, shell: Shell) -> None:
    story = Story()
    story.arrive()
    story.hang_up(story.channel)
    story.now += timedelta(minutes=5)
    story.archive()
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    late = []
    for minutes in ("4", "6"):
        ended = await shell.run(url, "verify", "--json", "--minutes", minutes)
        counts = {one["promise"]: one["counts"] for one in json.loads(ended.stdout)}
        late.append(counts["archived_in_time"])
    assert late == [{"archived_late": 1}, {}]


@pytest.mark.parametrize(
    "options",
    ["--since yesterday", "--since 2026-03-03 --until 2026-03-01", "--minutes 0"],
)
async def test_bad_options_are_refused_with_status_two(
    url: str, shell: Shell, options: str
) -> None:
    result = await shell.run(url, "verify", *options.split())
    assert result.exit_code == 2
    assert result.stderr


async def test_a_database_that_is_away_or_older_is_said_in_one_sentence(
    empty_url: str, shell: Shell
) -> None:
    for url, said in (("postgresql://x@127.0.0.1:1/x", "PostgreSQL"), (empty_url, "migrate")):
        ended = await shell.start(url, "verify")
        assert (ended.status, ended.out) == (1, "")
        assert said in ended.err
        assert len(ended.err.splitlines()) == 1
