"""What the tests of made-up calls tell them by: the files that come with the program."""

import random
import tomllib
from datetime import UTC, datetime
from typing import Any

import msgspec

from agent.domain.form import parse_form
from agent.domain.priority import parse_priority_table
from agent.domain.sop import parse_sop
from agent.domain.synthetic import Kind, Plot
from agent.domain.synthetic_cast import WordLists
from agent.settings import DATA


def read(path: str) -> dict[str, Any]:
    return tomllib.loads((DATA / path).read_text("utf-8"))


SOP = parse_sop(read("sop/SOP-LPSE.BTG-017.toml"))
FORM = parse_form(read("form/formulir-konsultasi-1.toml"))
PRIORITIES = parse_priority_table(read("priority/usulan-1.toml"))
WORDS = msgspec.convert(read("synthetic/id.toml"), WordLists)


def dice(seed: int = 1) -> random.Random:
    return random.Random(seed)  # noqa: S311 nothing here is a secret


MORNING = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 09:00 WIB


def plot(kind: Kind = "solved", **changes: Any) -> Plot:
    """A course without a deviation."""
    parts: dict[str, Any] = {
        "ring_s": 5.0,
        "greeting_s": 3.0,
        "identity_s": 80.0,
        "talk_s": 100.0,
        "archive_s": 40.0,
    }
    return Plot(kind=kind, **parts | changes)
