"""A caller id as the network sent it, made fit to store and to show; it is never trusted."""

from agent.domain.events import Caller
from agent.domain.plain_text import one_line, storable
from agent.domain.telephone import parse_telephone, render_e164, render_shown

SHOWN_LENGTH = 64
RAW_LENGTH = 4096
NOT_GIVEN = "tanpa nomor"
_ANONYMOUS = {"", "anonymous", "unknown", "unavailable", "restricted", "private", "s", "asterisk"}


def parse_caller(number: str | None, name: str | None = None) -> Caller:
    """Raw value kept (without what PostgreSQL cannot hold), number in E.164 where it is one."""
    raw = number or ""
    kept = storable(raw)[:RAW_LENGTH] or None
    plain = one_line(raw)
    if plain.lower() in _ANONYMOUS:
        return Caller(raw=kept, shown=_shown(name) or NOT_GIVEN)
    parsed = parse_telephone(plain)
    if parsed is None:
        return Caller(raw=kept, shown=plain[:SHOWN_LENGTH])
    return Caller(raw=kept, number=render_e164(parsed), shown=render_shown(parsed))


def _shown(name: str | None) -> str | None:
    plain = one_line(name or "")
    return None if plain.lower() in _ANONYMOUS else plain[:SHOWN_LENGTH]
