"""Named SQL: each query stands in sql/queries/<subject>.sql under its name and purpose."""

import re
from functools import cache

import msgspec

from agent.settings import ROOT

_HEAD = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)


class Query(msgspec.Struct, frozen=True):
    """One query with its name and its line of purpose."""

    name: str
    purpose: str
    sql: str


@cache
def all_queries() -> dict[str, Query]:
    """Every query of sql/queries by its name. Raises ValueError when a name stands twice."""
    found: dict[str, Query] = {}
    for file in sorted((ROOT / "sql" / "queries").glob("*.sql")):
        _, *parts = _HEAD.split(file.read_text())
        for name, purpose, sql in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            if name in found:
                raise ValueError(f"the query {name} stands twice, again in {file.name}")
            found[name] = Query(name, purpose, sql.strip())
    return found


def sql(name: str) -> str:
    """The text of the query of this name."""
    return all_queries()[name].sql
