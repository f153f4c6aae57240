"""Every version of a prompt is kept as it was written, and none is written twice."""

import pytest

from agent.database.connect import Connection
from agent.database.errors import PromptChanged
from agent.database.office_files import office_files
from agent.database.written_prompts import keep_written_prompt, read_written_prompts
from agent.domain.written_prompt import WrittenPrompt, newest


def written(version: int, text: str | None, prompt: str = "connecting") -> WrittenPrompt:
    return WrittenPrompt(prompt=prompt, version=version, text=text, by="ratna")


async def test_every_version_is_read_again_with_its_writer_and_time(
    connection: Connection, url: str
) -> None:
    assert await read_written_prompts(url) == []
    for one in (written(1, "Halo."), written(2, None), written(1, "Mohon tunggu.", "please_wait")):
        await keep_written_prompt(connection, one)
    kept = await read_written_prompts(url)
    assert [(k.prompt, k.version, k.text, k.by) for k in kept] == [
        ("connecting", 1, "Halo.", "ratna"),
        ("connecting", 2, None, "ratna"),
        ("please_wait", 1, "Mohon tunggu.", "ratna"),
    ]
    assert all(k.at is not None for k in kept)
    assert newest(kept)["connecting"].text is None
    assert await office_files(url, "form") == {}, "the other decisions are as they were"


async def test_two_who_write_the_same_version_are_told_so(connection: Connection, url: str) -> None:
    await keep_written_prompt(connection, written(1, "Halo."))
    with pytest.raises(PromptChanged):
        await keep_written_prompt(connection, written(1, "Selamat datang."))
    assert [one.text for one in await read_written_prompts(url)] == ["Halo."]
    assert await connection.fetchval("SELECT count(*) FROM audit_log") == 1


async def test_a_version_and_that_it_was_written_are_kept_together_or_not_at_all(
    connection: Connection, url: str
) -> None:
    for version, text in ((1, "Halo."), (2, None)):
        async with connection.transaction():
            await keep_written_prompt(connection, written(version, text))
    with pytest.raises(ConnectionError):
        async with connection.transaction():
            await keep_written_prompt(connection, written(3, "Mohon tunggu."))
            raise ConnectionError
    acts = await connection.fetch("SELECT action, by, subject, detail FROM audit_log ORDER BY id")
    assert [tuple(act) for act in acts] == [
        ("prompt_written", "ratna", "connecting", '{"version": 1}'),
        ("prompt_restored", "ratna", "connecting", '{"version": 2}'),
    ]
    assert len(await read_written_prompts(url)) == 2
