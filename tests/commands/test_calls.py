"""`calls`: the list with its filters as people type them."""

import json

import pytest

from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import escalated, in_turn, solved


@pytest.fixture
async def filled(url: str) -> str:
    """Two calls of 2 March 2026, 09:00 WIB."""
    async with running_writer(url) as writer:
        for record in in_turn([escalated(1, greeting_s=12.5), solved(2)]):
            await writer.record(record)
    return url


async def test_people_get_a_table_and_the_way_to_the_next_page(filled: str, shell: Shell) -> None:
    result = await shell.run(filled, "calls")
    assert "0001/FK-TLP/LPSE.BTG/2026" in result.stdout
    assert "2026-03-02 09:00 WIB" in result.stdout
    assert "terjawab" in result.stdout
    first = await shell.run(filled, "calls", "--limit", "1")
    assert "Selanjutnya: --after 0002/FK-TLP/LPSE.BTG/2026" in first.stdout
    second = await shell.run(filled, "calls", "--limit", "1", "--after", "2/2026")
    assert "0001/FK-TLP/LPSE.BTG/2026" in second.stdout
    assert "0002/" not in second.stdout


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("--since 2026-03-02 --until 2026-03-02", [2, 1]),
        ("--since 2026-03-02T09:00 --until 2026-03-02T09:00", []),
        ("--until 2026-03-01", []),
        ("--since 2026-03-02T02:00+00:00", [2, 1]),
        ("--since 2026-03-02T09:00:00.001", []),
        ("--outcome solved", [2]),
        ("--deviation", [1]),
        ("--no-deviation", [2]),
        ("--operator op-101", [2, 1]),
        ("--operator op-102", []),
        ("--caller 0812-3456-789", [2, 1]),
        ("--caller 6789", [2, 1]),
        ("--form 2/2026", [2]),
        ("--deviation-kind time --deviation-step 2", [1]),
        ("--name budi --company melati --text unggah", []),
    ],
)
async def test_each_option_chooses(
    filled: str, shell: Shell, options: str, found: list[int]
) -> None:
    result = await shell.run(filled, "calls", "--json", *options.split())
    assert result.exit_code == 0, result.output
    numbers = [int(call["form_number"][:4]) for call in json.loads(result.stdout)]
    assert numbers == found


async def test_only_the_count_is_told_and_never_as_more_than_it_is(
    filled: str, shell: Shell
) -> None:
    assert (await shell.run(filled, "calls", "--count")).stdout.strip() == "2"
    found = await shell.run(filled, "calls", "--count", "--outcome", "solved", "--json")
    assert json.loads(found.stdout) == {"calls": 1, "exact": True}


async def test_eighty_columns_hold_a_row_without_breaking_a_number(
    filled: str, shell: Shell
) -> None:
    lines = await shell.show(filled, 80, "calls")
    assert max(map(len, lines)) <= 80
    words = set(" ".join(lines).split())
    assert {"0001/FK-TLP/LPSE.BTG/2026", "0002/FK-TLP/LPSE.BTG/2026"} <= words
    assert {"26-00001-", "2026-03-02", "0812-3456-789", "op-101", "terjawab"} <= words | {
        word[:9] for word in words
    }
    assert "penyimpangan" in words


async def test_an_empty_list_says_so(filled: str, shell: Shell) -> None:
    result = await shell.run(filled, "calls", "--operator", "op-102")
    assert result.stdout.strip() == "Tidak ada panggilan yang cocok."


@pytest.mark.parametrize(
    "options",
    [
        "--since yesterday",
        "--until 2026-13-01",
        "--until 9999-12-31",
        "--since 0001-01-01",
        "--since 2026-03-03 --until 2026-03-01",
        "--caller anonymous",
        "--caller 0",
        "--caller 789",
        "--form 2026",
        "--ticket 26-00001-9",
        "--text tidak",
        "--operator Siti",
        "--operator \udcff",
        "--after 77/2026",
        "--after nonsense",
        "--outcome nothing",
        "--limit 0",
    ],
)
async def test_bad_options_are_refused_with_status_two(
    url: str, shell: Shell, options: str
) -> None:
    result = await shell.run(url, "calls", *options.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert result.stderr
