"""One call for people, also at a terminal of 80 columns."""

import re

import pytest

from agent.commands.timeline import timeline_of
from agent.database.reports import read_call
from agent.domain.events import PromptFinished
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import Story, escalated, solved


@pytest.fixture
async def late(url: str) -> Story:
    """An escalated call whose greeting came late."""
    story = escalated(412, greeting_s=12.5)
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    return story


def words_of(lines: list[str]) -> str:
    """What the cells say, without lines drawn between them and their wrapping."""
    return " ".join(re.sub(r"[^\w*#:.,()/+-]", " ", " ".join(lines)).split())


async def test_eighty_columns_break_no_number_no_time_and_no_word(
    url: str, shell: Shell, late: Story
) -> None:
    lines = await shell.show(url, 80, "call", "412/2026")
    assert max(map(len, lines)) <= 80
    shown = set(" ".join(lines).split())
    wide = (await shell.run(url, "call", "412/2026")).stdout
    # Where a word is broken, its halves are words that the wide page does not have.
    assert not {word for word in shown - set(wide.split()) if re.search(r"\w", word)}
    assert late.form_number in shown
    assert late.ticket_number in shown


async def test_every_step_shows_its_limit_its_time_and_the_proof_of_both_ends(
    url: str, shell: Shell, late: Story
) -> None:
    for lines in (
        (await shell.run(url, "call", "412/2026")).stdout.splitlines(),
        await shell.show(url, 80, "call", "412/2026"),
    ):
        steps = words_of(lines).partition("Langkah SOP")[2].partition("Penyimpangan")[0]
        for one in (await read_call(url, "412/2026")).steps:
            assert all(f"#{proof.event}" in steps for proof in one.evidence)
            assert all(f"{proof.at:%M:%S.%f}"[:-3] in steps for proof in one.evidence)
        for said in ("10 dtk 12,590 dtk terpenuhi", "600 dtk 6,420 dtk", "tidak berlaku"):
            assert said in steps


async def test_a_deviation_is_one_row_with_all_that_proves_it(
    url: str, shell: Shell, late: Story
) -> None:
    shown = (await shell.run(url, "call", "412/2026")).stdout
    row = next(line for line in shown.splitlines() if "dipenuhi terlambat" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    proofs = [proof for one in (await read_call(url, "412/2026")).steps for proof in one.evidence]
    answered = next(p.event for p in proofs if p.fact == "clock_started" and "State" in p.source)
    spoke = next(p.event for p in proofs if p.fact == "operator_spoke")
    assert cells == [
        "2",
        "waktu: dipenuhi terlambat",
        "10 dtk",
        "12,590 dtk",
        "2,590 dtk",
        "op-101",
        f"#{answered} #{spoke}",
    ]


async def test_who_was_rung_is_proved_by_his_answer_and_not_by_his_hanging_up(
    url: str, shell: Shell, late: Story
) -> None:
    shown = (await shell.run(url, "call", "412/2026")).stdout
    row = next(line for line in shown.splitlines() if "diangkat setelah 3,200 dtk" in line)
    answer = next(
        line for line in timeline_of(await read_call(url, "412/2026")) if "mengangkat" in line.text
    )
    assert answer.evidence in row


async def test_numbers_cut_off_by_a_hang_up_are_not_called_heard(url: str, shell: Shell) -> None:
    whole = escalated(7)
    story = Story(7)
    heard = next(  # the first prompt of the numbers ends; the caller's does not
        place
        for place, record in enumerate(whole.records)
        if any(p.prompt == "numbers" and p.heard for p in record.call.playbacks)
    )
    for record in whole.records[: heard + 1]:
        story.tell(0, record.event)
    story.now = whole.records[heard].event.at
    cut = next(p.playback for p in story.call.playing(story.channel) if p.prompt == "numbers")
    told = PromptFinished(at=story.now, source="ARI", playback=cut, result="stopped")
    story.tell(0.1, told)
    story.hang_up(story.channel)
    story.hang_up(story.call.offers[-1].channel)
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    shown = (await shell.run(url, "call", "7/2026")).stdout
    assert "Operator op-101 mendengar nomor sampai akhir pada" in shown
    assert "Penelepon tidak mendengar nomor sampai akhir" in shown


async def test_a_call_as_it_should_be_says_that_nothing_deviated(url: str, shell: Shell) -> None:
    async with running_writer(url) as writer:
        for record in solved(2).records:
            await writer.record(record)
    result = await shell.run(url, "call", "2/2026")
    assert "Penyimpangan: tidak ada" in result.stdout
    assert "Hasil       terjawab (solved)" in result.stdout
