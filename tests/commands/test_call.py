"""`call NUMBER` for people and for programs."""

import json

from agent.commands.timeline import timeline_of
from agent.database.reports import read_call
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import Story, abandoned, escalated

KEYS = [
    "form_number",
    "ticket_number",
    "outcome",
    "operator",
    "caller",
    "opened_at",
    "answered_at",
    "ended_at",
    "steps",
    "deviations",
    "deviation_words",
    "sources",
    "supervisions",
    "events",
    "archive_sha256",
]
STEP_KEYS = [
    "step",
    "activity",
    "state",
    "limit_s",
    "started_at",
    "met_at",
    "seconds",
    "evidence",
    "deviation",
]


async def record_all(url: str, story: Story) -> None:
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)


async def test_programs_get_one_object_with_times_in_the_offices_zone(
    url: str, shell: Shell
) -> None:
    story = escalated(412, greeting_s=12.5)
    await record_all(url, story)
    result = await shell.run(url, "call", story.ticket_number, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert list(told) == KEYS
    assert all(list(step) == STEP_KEYS for step in told["steps"])
    assert [step["step"] for step in told["steps"]] == ["1", "1a", *"2345678"]
    assert told["form_number"] == "0412/FK-TLP/LPSE.BTG/2026"
    assert (told["outcome"], told["operator"]) == ("escalated", "op-101")
    assert told["opened_at"] == "2026-03-02T09:00:00.000000+07:00"
    assert told["sources"]["opened_at"] == "ARI StasisStart"
    assert told["sources"]["answered_at"] == "ARI ChannelStateChange"
    assert told["sources"]["step 8 met_at"] == "ARI PlaybackFinished"
    greeting = next(step for step in told["steps"] if step["step"] == "2")
    assert greeting["state"] == "met"
    assert greeting["deviation"] == told["deviations"][0]
    assert greeting["deviation"]["excess_s"] == round(greeting["seconds"] - 10, 6)
    assert told["events"] == len(story.records)
    assert told["archive_sha256"] == "ab" * 32


async def test_people_read_every_line_with_its_evidence(url: str, shell: Shell) -> None:
    story = escalated(412, greeting_s=12.5)
    await record_all(url, story)
    result = await shell.run(url, "call", "412/2026")
    assert result.exit_code == 0, result.output
    for line in timeline_of(await read_call(url, "412/2026")):
        assert line.text in result.stdout
        assert line.evidence in result.stdout
    for words in (
        story.ticket_number,
        "dieskalasi",
        "09:00:00.000 WIB",
        "12,590 dtk",
        "2,590 dtk",
        "dipenuhi terlambat",
        "diangkat setelah 3,200 dtk, berbicara",
        "Operator op-101 mendengar nomor sampai akhir",
        "Penelepon mendengar nomor sampai akhir",
    ):
        assert words in result.stdout


async def test_a_call_without_operator_shows_who_was_rung(url: str, shell: Shell) -> None:
    story = abandoned(7)
    await record_all(url, story)
    result = await shell.run(url, "call", "7/2026")
    assert result.exit_code == 0, result.output
    assert "penelepon menutup saat menunggu" in result.stdout
    assert "dibatalkan" in result.stdout
    assert "Penyimpangan: tidak ada" in result.stdout


async def test_a_call_that_goes_on_can_be_read(url: str, shell: Shell) -> None:
    story = Story(9)
    story.arrive()
    story.hear_prompts()
    story.ring()
    await record_all(url, story)
    result = await shell.run(url, "call", "9/2026")
    assert result.exit_code == 0, result.output
    assert "masih berlangsung" in result.stdout
    assert "masih berdering" in result.stdout
    told = json.loads((await shell.run(url, "call", "9/2026", "--json")).stdout)
    assert (told["outcome"], told["ended_at"]) == ("in_progress", None)


async def test_bad_input_gets_one_sentence_and_status_two(url: str, shell: Shell) -> None:
    for number in ("1/2026", "26-00412-1", "nonsense", ""):
        result = await shell.run(url, "call", number)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert len(result.stderr.strip().splitlines()) == 1


async def test_a_database_out_of_reach_gets_one_sentence_and_status_one(shell: Shell) -> None:
    result = await shell.run("postgresql://nobody@127.0.0.1:1/none", "call", "1/2026")
    assert result.exit_code == 1
    assert "is PostgreSQL running at DATABASE_URL?" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


async def test_a_database_that_was_never_migrated_says_how_to(empty_url: str, shell: Shell) -> None:
    result = await shell.run(empty_url, "call", "1/2026")
    assert result.exit_code == 1
    assert "run `lpse-agent migrate`" in result.stderr
