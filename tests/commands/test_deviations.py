"""`deviation list|show|explain|decide`: departures from the procedure, and what is said of them."""

import json
from datetime import timedelta

import asyncpg
import pytest

from agent.commands.accountable import system_user
from agent.database.equipment import compute_equipment
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import MORNING, Story, escalated, solved

EXPLAIN = ("deviation", "explain", "412/2026", "2", "--by", "op-101", "--text")
DECIDE = ("deviation", "decide", "412/2026", "2", "excused", "--by", "Kepala Bidang", "--text")


@pytest.fixture
async def filled(url: str) -> str:
    """412 is greeted late at 09:00 WIB on 2 March 2026; 413 is sound; 414 is never archived."""
    forgotten = Story(414, MORNING + timedelta(minutes=20))
    forgotten.arrive()
    forgotten.hang_up(forgotten.channel)
    late = escalated(412, greeting_s=12.5)
    async with running_writer(url) as writer:
        for story in (late, solved(413, MORNING + timedelta(minutes=10)), forgotten):
            for record in story.records:
                await writer.record(record)
    await compute_equipment(url, "WIB", MORNING + timedelta(hours=1))
    return url


async def said(url: str, shell: Shell) -> None:
    for words in ((*EXPLAIN, "Headset rusak\nsejak pagi"), (*DECIDE, "Gangguan alat")):
        result = await shell.run(url, *words)
        assert result.exit_code == 0, result.output
        assert "Tercatat: langkah 2, waktu." in result.stdout


async def test_programs_get_deviations_with_standing_and_words(filled: str, shell: Shell) -> None:
    result = await shell.run(filled, "deviation", "list", "--json")
    told = json.loads(result.stdout)
    [one] = told["deviations"]
    assert (one["form_number"], one["kind"], one["step"], one["operator"]) == (
        "0412/FK-TLP/LPSE.BTG/2026",
        "time",
        "2",
        "op-101",
    )
    assert (one["limit_s"], one["measured_s"], one["excess_s"]) == (10.0, 12.59, 2.59)
    assert (one["standing"], one["open_again"], one["words"]) == ("open", False, [])
    [missing] = told["equipment"]
    assert (missing["kind"], missing["subject"], missing["ended_at"]) == (
        "archive",
        "2026-03-02",
        None,
    )
    assert missing["began_at"].endswith("+07:00")
    await said(filled, shell)
    [one] = json.loads((await shell.run(filled, "deviation", "list", "--json")).stdout)[
        "deviations"
    ]
    assert one["standing"] == "excused"
    assert [word["text"] for word in one["words"]] == ["Headset rusak\nsejak pagi", "Gangguan alat"]
    assert one["words"][1]["measured_s"] == 12.59


async def test_the_list_is_of_what_was_asked_for(filled: str, shell: Shell) -> None:
    for options, forms in (
        ("", 1),
        ("--operator op-101", 1),
        ("--operator op-102", 0),
        ("--from 2026-03-02 --to 2026-03-02", 1),
        ("--from 2026-03-03", 0),
        ("--state open", 1),
        ("--state explained", 0),
        ("--state decided", 0),
        ("--state all", 1),
    ):
        result = await shell.run(filled, "deviation", "list", *options.split(), "--json")
        assert len(json.loads(result.stdout)["deviations"]) == forms, options


async def test_what_is_decided_is_not_open_any_more(filled: str, shell: Shell) -> None:
    before = (await shell.run(filled, "deviation", "list", "--state", "open")).stdout
    assert "terbuka" in before
    assert "pengarsipan tidak berjalan" in before
    await said(filled, shell)
    after = (
        await shell.run(filled, "deviation", "list", "--state", "open", "--operator", "op-101")
    ).stdout
    assert after == "Tidak ada penyimpangan yang cocok.\n"
    decided = (await shell.run(filled, "deviation", "list", "--state", "decided")).stdout
    assert "dapat dimaklumi" in decided
    assert "pengarsipan tidak berjalan" not in decided, "nobody decides about equipment"


async def test_eighty_columns_break_no_number(filled: str, shell: Shell) -> None:
    await said(filled, shell)
    lines = await shell.show(filled, 80, "deviation", "list")
    assert max(map(len, lines)) <= 80
    shown = " ".join(lines).split()
    assert "0412/FK-TLP/LPSE.BTG/2026" in shown
    assert "op-101" in shown


async def test_a_call_shows_what_was_said_beside_its_deviation(filled: str, shell: Shell) -> None:
    await said(filled, shell)
    for words in (("call", "412/2026"), ("deviation", "show", "412/2026")):
        shown = (await shell.run(filled, *words)).stdout
        deviation, _, rest = shown.partition("Penyimpangan")[2].partition(
            "Penjelasan dan keputusan"
        )
        assert "waktu: dipenuhi terlambat" in deviation
        assert "dapat dimaklumi" in deviation
        assert all(told in rest for told in ("Headset rusak", "sejak pagi", "Kepala Bidang"))
    told = json.loads((await shell.run(filled, "call", "412/2026", "--json")).stdout)
    assert [word["by"] for word in told["deviation_words"]] == ["op-101", "Kepala Bidang"]


async def test_words_about_what_is_no_longer_so_say_so(filled: str, shell: Shell) -> None:
    await said(filled, shell)
    connection = await asyncpg.connect(filled)
    await connection.execute("UPDATE deviations SET measured_s = 13")
    shown = (await shell.run(filled, "deviation", "show", "412/2026")).stdout
    assert "terbuka kembali" in shown
    assert "(tentang nilai sebelumnya: 12,590 dtk" in shown
    [one] = json.loads((await shell.run(filled, "deviation", "list", "--json")).stdout)[
        "deviations"
    ]
    assert (one["standing"], one["open_again"]) == ("open", True)
    await connection.execute("DELETE FROM deviations")
    await connection.close()
    shown = (await shell.run(filled, "deviation", "show", "412/2026")).stdout
    assert "Penyimpangan: tidak ada" in shown
    assert "(tentang penyimpangan yang sudah ditarik: dipenuhi terlambat)" in shown
    told = json.loads((await shell.run(filled, "deviation", "show", "412/2026", "--json")).stdout)
    assert (told["deviations"], len(told["withdrawn"])) == ([], 2)


async def test_who_looks_is_on_record_with_what_was_shown(filled: str, shell: Shell) -> None:
    for words in (
        ("list",),
        ("list", "--json"),
        ("list", "--operator", "op-102"),
        ("show", "412/2026"),
        ("show", "413/2026", "--json"),
        ("show", "999/2026"),
    ):
        await shell.run(filled, "deviation", *words)
    connection = await asyncpg.connect(filled)
    rows = await connection.fetch("SELECT * FROM access_log ORDER BY at")
    await connection.close()
    assert [(row["purpose"], [form[:4] for form in row["forms"]]) for row in rows] == [
        ("lpse-agent deviation list", ["0412"]),
        ("lpse-agent deviation list", ["0412"]),
        ("lpse-agent deviation list", []),
        ("lpse-agent deviation show", ["0412"]),
        ("lpse-agent deviation show", ["0413"]),
    ]
    assert {(row["by"], row["action"]) for row in rows} == {(system_user(), "read")}


async def test_nothing_is_shown_when_the_log_cannot_be_written(filled: str, shell: Shell) -> None:
    connection = await asyncpg.connect(filled)
    await connection.execute(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'the disk is full' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER no_room BEFORE INSERT ON access_log EXECUTE FUNCTION no_room()"
    )
    await connection.close()
    for words in (("list",), ("list", "--json"), ("show", "412/2026")):
        result = await shell.run(filled, "deviation", *words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "the disk is full" in result.stderr


REFUSED: list[tuple[tuple[str, ...], str]] = [
    ((*EXPLAIN, "Kata sandinya adalah Rahasia123!"), "kata sandi, PIN atau kode OTP"),
    ((*EXPLAIN, "  "), "tidak boleh kosong"),
    ((*EXPLAIN[:5], "op-102", "--text", "x"), "Hanya operator yang bertanggung jawab"),
    ((*DECIDE[:6], "op-101", "--text", "x"), "Penyimpangan sendiri"),
    ((*DECIDE[:6], "Siti Aminah", "--text", "x"), "Penyimpangan sendiri"),
    ((*DECIDE[:6], "op-999", "--text", "x"), "There is no operator op-999"),
    (("deviation", "explain", "413/2026", *EXPLAIN[3:], "x"), "has no deviation in step 2"),
    ((*EXPLAIN, "x", "--kind", "output"), "has no output deviation in step 2"),
    (("deviation", "show", "999/2026"), "No call has the number"),
    (("deviation", "list", "--operator", "Siti"), "an account looks like op-101"),
    (("deviation", "list", "--from", "kemarin"), "write a day as"),
]


async def test_what_is_refused_is_refused_in_one_sentence_and_not_repeated(
    filled: str, shell: Shell
) -> None:
    for words, sentence in REFUSED:
        result = await shell.run(filled, *words)
        assert (result.exit_code, result.stdout) == (2, ""), words
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert "Rahasia123" not in result.stderr
    told = json.loads((await shell.run(filled, "deviation", "list", "--json")).stdout)
    assert told["deviations"][0]["words"] == []


async def test_a_verdict_is_one_of_two_words(filled: str, shell: Shell) -> None:
    result = await shell.run(filled, *DECIDE[:4], "maybe", *DECIDE[5:], "x")
    assert result.exit_code == 2
    assert "excused" in result.stderr
    assert "upheld" in result.stderr
