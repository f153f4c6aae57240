"""`answer add|import|list|change|retire` as people type them."""

import json
from pathlib import Path

import pytest

from tests.commands.shell import Shell

FILE = "agent/data/answers/usulan-1.toml"
ADD = ("answer", "add", "jam", "--title", "Jam layanan", "--question", "Kapan buka?")
REST = ("--answer", "Senin sampai Jumat.", "--source", "SK Kepala", "--by", "Dewi")


async def listed(url: str, shell: Shell, *options: str) -> list[dict[str, object]]:
    result = await shell.run(url, "answer", "list", "--json", *options)
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


async def test_an_answer_is_added_changed_and_retired_and_stays_in_the_list(
    url: str, shell: Shell
) -> None:
    assert (await shell.run(url, *ADD, *REST, "--from", "2026-01-01")).exit_code == 0
    again = await shell.run(url, *ADD, *REST)
    assert again.exit_code == 2
    assert "There is an answer jam already" in again.stderr
    changed = await shell.run(url, "answer", "change", "jam", "--title", "Jam buka", "--by", "Budi")
    assert changed.exit_code == 0
    (one,) = await listed(url, shell, "--valid")
    assert (one["title"], one["made_by"], one["changed_by"]) == ("Jam buka", "Dewi", "Budi")
    assert (one["valid_from"], one["answer"]) == ("2026-01-01", "Senin sampai Jumat.")
    table = await shell.run(url, "answer", "list")
    assert "2026-01-01 – seterusnya" in table.stdout
    assert (await shell.run(url, "answer", "retire", "jam")).exit_code == 0
    assert await listed(url, shell, "--valid") == []
    assert "ditarik" in (await shell.run(url, "answer", "list")).stdout


async def test_what_was_written_over_is_told_in_the_history(url: str, shell: Shell) -> None:
    await shell.run(url, *ADD, *REST)
    await shell.run(url, "answer", "change", "jam", "--title", "Jam buka", "--by", "Budi")
    told = await shell.run(url, "answer", "history", "jam")
    assert told.exit_code == 0, told.output
    newest, oldest = told.stdout.split("1. ditambah")
    assert "2. diubah" in newest and "oleh Budi" in newest and "Judul: Jam buka" in newest
    assert "Sumber" not in newest, "which nobody changed"
    assert "oleh Dewi" in oldest and "Judul: Jam layanan" in oldest
    result = await shell.run(url, "answer", "history", "jam", "--json")
    assert [one["changed"] for one in json.loads(result.stdout)] == [["title"], []]
    unknown = await shell.run(url, "answer", "history", "tidak-ada")
    assert unknown.exit_code != 0
    assert "tidak-ada" in unknown.stderr


async def test_answers_are_found_by_words_with_typing_errors(url: str, shell: Shell) -> None:
    await shell.run(url, "answer", "import", FILE)
    found = [one["id"] for one in await listed(url, shell, "--search", "lupa paswod")]
    assert set(found) >= {"usulan-lupa-password-spse", "usulan-lupa-password-inaproc"}
    valid = [one["id"] for one in await listed(url, shell, "--valid", "--search", "lupa paswod")]
    assert "usulan-lupa-password-spse" not in valid, "it is over"
    assert valid[0] == "usulan-lupa-password-inaproc"
    assert await listed(url, shell, "--search", "zzzz") == []


async def test_a_file_is_imported_once(url: str, shell: Shell) -> None:
    first = await shell.run(url, "answer", "import", FILE)
    assert "16 answers are new, 0 were known" in first.stdout
    second = await shell.run(url, "answer", "import", FILE)
    assert "0 answers are new, 16 were known" in second.stdout
    assert len(await listed(url, shell)) == 16
    assert len(await listed(url, shell, "--valid")) == 14


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[[answers", "is not TOML"),
        (b"\xff", "cannot be read"),
        (b'[[answers]]\nid = "a"', "missing required field"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_in_one_sentence(
    url: str, shell: Shell, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "answers.toml"
    file.write_bytes(content)
    result = await shell.run(url, "answer", "import", str(file))
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert await listed(url, shell) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*ADD, *REST, "--from", "kemarin"), "write a day as"),
        ((*ADD, *REST, "--from", "2026-02-01", "--to", "2026-01-01"), "before valid_from"),
        ((*ADD, "--answer", "Password: Rahasia#1", *REST[2:]), "one-time code"),
        (("answer", "add", "Jam Buka", *ADD[3:], *REST), "small letters"),
        (("answer", "change", "jam"), "Nothing to change"),
        (("answer", "change", "jam", "--title", "x"), "There is no answer jam"),
        (("answer", "retire", "jam"), "There is no answer jam"),
        (("answer", "import", "/nowhere.toml"), "cannot be read"),
    ],
)
async def test_bad_input_is_refused_with_status_two(
    url: str, shell: Shell, words: tuple[str, ...], said: str
) -> None:
    result = await shell.run(url, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Rahasia" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
