"""`person …`: a person's data is found, taken out whole, corrected; each use is on record first."""

import json
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from agent.runtime.person_keys import PersonKeys
from tests.commands.shell import Shell
from tests.database.a_person import (
    FIELDS,
    KEPT,
    RATNA,
    SAID,
    left_a_message,
    of_ratna,
    record,
    write_form,
)
from tests.database.stories import MORNING, Story, solved

BY = ("--by", "op-101", "--why", "surat permintaan 12/V")


@pytest.fixture
def office(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Folders for sounds and archived forms."""
    folder = shell.folder / "voicemail"
    folder.mkdir()
    monkeypatch.setenv("LPSE_VOICEMAIL_FOLDER", str(folder))
    return shell


async def ratnas_calls(url: str) -> tuple[Story, Story]:
    """Two of hers and one of somebody else."""
    story, message = of_ratna(1), left_a_message(2)
    await record(url, story, message, solved(3, MORNING + timedelta(hours=2)))
    eyes = await asyncpg.connect(url)
    await write_form(eyes, story, in_log=False)
    await eyes.close()
    return story, message


async def log_of(url: str) -> list[asyncpg.Record]:
    eyes = await asyncpg.connect(url)
    rows = await eyes.fetch("SELECT by, action, forms, person_key, purpose FROM access_log")
    await eyes.close()
    return list(rows)


@pytest.mark.parametrize(
    ("how", "calls"),
    [
        (("--number", "0812-9876-5432"), 2),
        (("--number", "0857 1112 2233"), 1),
        (("--npwp", "33.74.056.708.900001"), 1),
        (("--nik", FIELDS["nik"]), 1),
        (("--email", "ratna.w@MELATI-jaya.example"), 1),
        (("--name", "wulandari"), 1),
        (("--number", "0811 1111 1111"), 0),
    ],
)
async def test_a_person_is_found_by_each_number_and_address_and_it_is_on_record(
    url: str, office: Shell, how: tuple[str, str], calls: int
) -> None:
    await ratnas_calls(url)
    result = await office.run(url, "person", "search", *how, *BY, "--json")
    assert result.exit_code == 0, result.output
    forms = [one["form_number"] for one in json.loads(result.stdout)]
    assert len(forms) == calls
    (line,) = await log_of(url)
    assert (line["by"], line["action"], line["forms"]) == ("op-101", "search", forms)
    assert line["purpose"] == "surat permintaan 12/V"
    assert len(line["person_key"]) == 64
    table = await office.run(url, "person", "search", *how, *BY)
    assert table.exit_code == 0
    assert ("Tidak ada data" in table.stdout) == (calls == 0)


@pytest.mark.parametrize("words", [("search",), ("export",)])
async def test_nothing_is_shown_when_the_log_cannot_be_written(
    url: str, office: Shell, words: tuple[str, ...]
) -> None:
    await ratnas_calls(url)
    eyes = await asyncpg.connect(url)
    await eyes.execute(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'the disk is full' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER no_room BEFORE INSERT ON access_log EXECUTE FUNCTION no_room()"
    )
    await eyes.close()
    to = ("--to", str(office.folder)) if words == ("export",) else ()
    for line in (
        ("person", *words, "--number", str(RATNA.number), *to, *BY),
        ("calls",),
        ("call", "1/2026"),
    ):
        result = await office.run(url, *line)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "disk is full" in result.stderr
    assert not list(office.folder.glob("data-pribadi*"))


async def test_an_export_has_all_that_is_stored_and_who_saw_it(url: str, office: Shell) -> None:
    story, message = await ratnas_calls(url)
    assert message.call.voicemail_recording
    (office.folder / "voicemail" / message.call.voicemail_recording).write_bytes(b"RIFF")
    await office.run(url, "call", "1/2026")
    await office.run(
        url, "person", "correct", story.form_number, "caller_name=Ratna Wulan Dari", *BY
    )
    to = ("--to", str(office.folder))
    result = await office.run(url, "person", "export", "--number", str(RATNA.raw), *to, *BY)
    assert result.exit_code == 0, result.output
    document, text, sound = map(Path, result.stdout.split())
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (document, text, sound))
    assert sound.read_bytes() == b"RIFF"
    told = json.loads(document.read_text())
    assert [one["call"]["form_number"] for one in told["calls"]] == [
        story.form_number,
        message.form_number,
    ]
    whole, readable = document.read_text(), text.read_text()
    for value in (*FIELDS.values(), *SAID.values(), "Ratna Wulan Dari", "Ratna W."):
        assert json.dumps(value)[1:-1] in whole, value
    for value in (*(v for v in FIELDS.values() if v not in KEPT), "Ratna Wulan Dari"):
        assert value in readable, value
    assert told["calls"][0]["consent"]["notice_version"] == "1"
    assert told["calls"][0]["caller"]["raw"] == RATNA.raw
    assert [seen["action"] for seen in told["access"]] == ["read", "correct", "search", "export"]
    assert "system:" in told["access"][0]["by"]
    assert "didengar 2026-03-02 09:00 WIB" in readable
    assert "op-101 diekspor: surat permintaan 12/V" in readable


async def test_a_correction_stands_beside_the_form_which_stays_as_it_was(
    url: str, office: Shell
) -> None:
    story, _ = await ratnas_calls(url)
    eyes = await asyncpg.connect(url)
    before = await eyes.fetch("SELECT * FROM consultation_forms")
    for value in ("ratna@baru.example", "ratna@lagi.example"):
        done = await office.run(url, "person", "correct", "1/2026", f"email={value}", *BY)
        assert done.exit_code == 0, done.output
    assert await eyes.fetch("SELECT * FROM consultation_forms") == before
    rows = await eyes.fetch("SELECT * FROM form_corrections ORDER BY sequence")
    await eyes.close()
    digest = PersonKeys(office.folder / "person.key").digest
    assert [(r["old_digest"], r["new_digest"], r["value"]) for r in rows] == [
        (digest(FIELDS["email"]), digest("ratna@baru.example"), "ratna@baru.example"),
        (digest("ratna@baru.example"), digest("ratna@lagi.example"), "ratna@lagi.example"),
    ]
    again = await office.run(
        url, "person", "search", "--email", "ratna@LAGI.example", *BY, "--json"
    )
    assert [one["form_number"] for one in json.loads(again.stdout)] == [story.form_number]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("correct", "1/2026", "email"), "FIELD=VALUE"),
        (("correct", "1/2026", "nothing=x"), "no such field"),
        (("correct", "1/2026", "category=77"), "take one from the list"),
        (("correct", "1/2026", "problem=password saya Rahasia123"), "password"),
        (("correct", "9/2026", "email=a@b.id"), "No call has the number"),
        (("search",), "Name a person"),
        (("search", "--nik", "1"), "--nik 1"),
        (("search", "--nik", FIELDS["nik"], "--name", "ratna"), "not several"),
        (("export", "--name", "ratna", "--to", "/nowhere"), "no such folder"),
    ],
)
async def test_bad_input_gets_one_sentence_and_changes_nothing(
    url: str, office: Shell, words: tuple[str, ...], sentence: str
) -> None:
    await ratnas_calls(url)
    result = await office.run(url, "person", *words, *BY)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert await log_of(url) == []


@pytest.mark.parametrize(
    "by",
    [
        ("--by", "op-199", "--why", "surat 12"),
        ("--by", "Siti", "--why", "surat 12"),
        ("--by", "op-101", "--why", " "),
        ("--by", "op-101", "--why", "minta 0812-9876-5432"),
        ("--by", "op-101", "--why", "kirim ke ratna@x.id"),
    ],
)
async def test_nobody_looks_without_an_account_and_a_purpose_that_names_nobody(
    url: str, office: Shell, by: tuple[str, ...]
) -> None:
    await ratnas_calls(url)
    result = await office.run(url, "person", "search", "--name", "ratna", *by)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert await log_of(url) == []


async def test_sounds_are_erased_on_request_unless_a_hold_stands(url: str, office: Shell) -> None:
    _, message = await ratnas_calls(url)
    sound = office.folder / "voicemail" / str(message.call.voicemail_recording)
    sound.write_bytes(b"RIFF")
    await office.run(url, "hold", "add", "--number", str(RATNA.raw), *BY)
    held = await office.run(url, "person", "erase-audio", "2/2026", *BY)
    assert (held.exit_code, held.stdout) == (2, "")
    assert sound.exists()
    await office.run(url, "hold", "lift", "1", *BY)
    done = await office.run(url, "person", "erase-audio", "2/2026", *BY)
    assert done.exit_code == 0, done.output
    assert not sound.exists()
    log = json.loads((await office.run(url, "access", "log", "--of", "2/2026", "--json")).stdout)
    assert (log[-1]["action"], log[-1]["purpose"]) == ("erase", "audio: surat permintaan 12/V")
