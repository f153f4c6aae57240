"""Two versions of an office's decision side by side: what came, what went, what is otherwise."""

from typing import Any, Literal

import msgspec

KEYS = ("first", "on", "days", "level", "id")
"""What tells one entry of a list from the others, so that an added one moves no other."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is not the same; `where` leads to it from the top."""

    where: tuple[str, ...]
    change: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None


def compare_decisions(before: object, after: object) -> list[Difference]:
    """Every value that differs but the version itself, in the order of the later one."""
    old, new = dict(_values((), before)), dict(_values((), after))
    return [
        Difference(
            where=where,
            change="added" if where not in old else "removed" if where not in new else "changed",
            before=old.get(where),
            after=new.get(where),
        )
        for where in [*new, *(where for where in old if where not in new)]
        if old.get(where) != new.get(where) and where != ("version",)
    ]


def _values(where: tuple[str, ...], part: Any) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(part, dict):
        return [pair for name, one in part.items() for pair in _values((*where, str(name)), one)]
    if isinstance(part, list | tuple):
        if all(not isinstance(one, dict) for one in part):
            return [(where, ", ".join(_text(one) for one in part))] if part else []
        return [
            pair
            for place, one in enumerate(part)
            for pair in _values((*where, _name(one, place)), one)
        ]
    return [] if part is None else [(where, _text(part))]


def _name(entry: Any, place: int) -> str:
    for key in KEYS:
        if isinstance(entry, dict) and key in entry:
            return _text(entry[key])
    return str(place + 1)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "–".join(_text(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
