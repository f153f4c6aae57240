"""What the office says in place of the prompts' file, in every version that it ever wrote."""

from collections.abc import Iterable
from datetime import datetime

import msgspec


class WrittenPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one prompt; without a text the file's own words count again."""

    prompt: str
    version: int
    text: str | None
    by: str
    at: datetime | None = None
    """None as long as it is not kept."""


def newest(written: Iterable[WrittenPrompt]) -> dict[str, WrittenPrompt]:
    """The version of each prompt that counts."""
    found: dict[str, WrittenPrompt] = {}
    for one in written:
        if one.prompt not in found or found[one.prompt].version < one.version:
            found[one.prompt] = one
    return found
