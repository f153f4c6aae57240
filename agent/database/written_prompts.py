"""What the office wrote in place of the prompts' file: every version, and none is ever changed."""

import hashlib

import asyncpg
import msgspec
from msgspec.structs import replace

from agent.database.accounts import keep_act
from agent.database.connect import Connection, connected
from agent.database.errors import PromptChanged
from agent.database.queries import sql
from agent.domain.written_prompt import WrittenPrompt


async def keep_written_prompt(connection: Connection, written: WrittenPrompt) -> None:
    """Keep a version, and that it was written, within the caller's transaction.

    Raises PromptChanged when there is one of this number already, DatabaseUnreachable.
    """
    encoded = msgspec.json.encode(replace(written, at=None), order="sorted")
    sha256 = hashlib.sha256(encoded).hexdigest()
    name = f"{written.prompt} {written.version}"
    try:
        await connection.execute(sql("add_written_prompt"), name, encoded.decode(), sha256)
    except asyncpg.UniqueViolationError as error:
        raise PromptChanged(f"{written.prompt} has a version {written.version}.") from error
    action = "prompt_restored" if written.text is None else "prompt_written"
    await keep_act(connection, written.by, action, written.prompt, {"version": written.version})


async def read_written_prompts(url: str) -> list[WrittenPrompt]:
    """Every version of every prompt, the oldest first. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("all_written_prompts"))
    return [
        replace(msgspec.json.decode(row["content"], type=WrittenPrompt), at=row["loaded_at"])
        for row in rows
    ]
