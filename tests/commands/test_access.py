"""`access log`, and that `call` and `calls` leave their line in it."""

import json

from tests.commands.shell import Shell
from tests.database.a_person import of_ratna, record
from tests.database.stories import abandoned


async def test_whoever_reads_a_call_or_a_list_is_on_record_once_for_each_command(
    url: str, shell: Shell
) -> None:
    await record(url, of_ratna(1), abandoned(2))
    for words in (("call", "1/2026"), ("calls",), ("calls", "--json"), ("call", "2/2026")):
        assert (await shell.run(url, *words)).exit_code == 0
    result = await shell.run(url, "access", "log", "--of", "1/2026", "--json")
    lines = json.loads(result.stdout)
    assert [(line["action"], line["purpose"]) for line in lines] == [
        ("read", "lpse-agent call"),
        ("read", "lpse-agent calls"),
        ("read", "lpse-agent calls"),
    ]
    assert all(line["by"].startswith("system:") for line in lines)
    table = (await shell.run(url, "access", "log", "--of", "1/2026")).stdout
    assert table.count("dibaca") == 3
    unknown = await shell.run(url, "access", "log", "--of", "9/2026")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
