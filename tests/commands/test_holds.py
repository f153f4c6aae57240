"""`hold add|list|lift`: what nobody may erase."""

import json

import pytest

from tests.commands.shell import Shell
from tests.database.a_person import RATNA, of_ratna, record

BY = ("--by", "op-101", "--why", "perkara 7")


async def test_a_hold_on_a_form_and_one_on_a_person_are_listed_and_lifted(
    url: str, shell: Shell
) -> None:
    await record(url, of_ratna(1))
    first = await shell.run(url, "hold", "add", "1/2026", *BY, "--json")
    assert json.loads(first.stdout) == {"hold": 1}
    second = await shell.run(url, "hold", "add", "--number", str(RATNA.raw), *BY)
    assert "nomor 2" in second.stdout
    lifted = await shell.run(url, "hold", "lift", "1", "--by", "op-102", "--why", "selesai")
    assert lifted.exit_code == 0, lifted.output
    told = json.loads((await shell.run(url, "hold", "list", "--json")).stdout)
    assert [(h["id"], h["form_number"], h["of_person"], h["lifted_by"]) for h in told] == [
        (2, None, True, None),
        (1, "0001/FK-TLP/LPSE.BTG/2026", False, "op-102"),
    ]
    assert all(value not in json.dumps(told) for value in (RATNA.raw, RATNA.number))
    assert "satu orang" in (await shell.run(url, "hold", "list")).stdout
    log = json.loads((await shell.run(url, "access", "log", "--of", "1/2026", "--json")).stdout)
    assert [(line["action"], line["by"]) for line in log] == [
        ("hold", "op-101"),
        ("lift", "op-102"),
    ]
    again = await shell.run(url, "hold", "lift", "1", *BY)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "No hold 1 stands" in again.stderr


@pytest.mark.parametrize("words", [(), ("1/2026", "--number", "0812"), ("9/2026",)])
async def test_a_hold_is_on_one_form_or_one_person_that_is_there(
    url: str, shell: Shell, words: tuple[str, ...]
) -> None:
    await record(url, of_ratna(1))
    result = await shell.run(url, "hold", "add", *words, *BY)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
