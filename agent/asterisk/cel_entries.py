"""Lines of Asterisk's own journal (CEL, channel event logging) as entries of the ledger.

dialplan/cel_custom.conf names the fields. Asterisk escapes quotes, but no backslash and no line
break: a caller can break the JSON of his lines, and the lines. The fields that no stranger writes
stand first and last; they are read even then, and he cannot write them for want of a quote.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from agent.domain.identifiers import ChannelId
from agent.runtime.doors import LedgerEntry

Kind = Literal["began", "answered", "joined", "left", "hung_up", "ended", "marked"]
_KINDS: dict[str, Kind] = {
    "CHAN_START": "began",
    "ANSWER": "answered",
    "BRIDGE_ENTER": "joined",
    "BRIDGE_EXIT": "left",
    "HANGUP": "hung_up",
    "CHAN_END": "ended",
    "USER_DEFINED": "marked",
}
_SAFE_HEAD = re.compile(
    r'\{"eventenum":"(?P<eventenum>\w+)","userdeftype":"(?P<userdeftype>\w*)",'
    r'"eventtime":"(?P<eventtime>[\d.]+)","uniqueid":"(?P<uniqueid>[\w.-]+)",'
    r'"linkedid":"(?P<linkedid>[\w.-]+)","channame":"(?P<channame>[\w/.:-]*)",'
    r'"peer":"(?P<peer>[\w/.:-]*)","context":"(?P<context>[\w-]*)"'
)
_SAFE_TAIL = re.compile(r',"eventextra":("(?:[^"\\]|\\.)*")\}$')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LineUnreadable(ValueError):
    """This is no line of the journal, or a torn one."""


def parse_line(line: bytes) -> LedgerEntry | None:
    """One line; None for a kind that is not used. Raises LineUnreadable."""
    text = line.decode("utf-8", "replace")
    fields = _fields(text)
    kind = _KINDS.get(str(fields.get("eventenum")))
    if kind is None:
        return None
    try:
        seconds, micros = str(fields["eventtime"]).split(".")
        at = _EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros))
        extra = _extra(str(fields.get("eventextra") or ""))
        return LedgerEntry(
            at=at,
            kind=kind,
            channel=ChannelId(str(fields["uniqueid"])),
            linked=ChannelId(str(fields["linkedid"])),
            device=str(fields["channame"]),
            context=str(fields["context"]),
            line=str(fields.get("exten") or "")[:32],
            number=str(fields.get("num") or ""),
            shown=str(fields.get("name") or ""),
            cause=extra.get("hangupcause"),
            ended_by=str(extra.get("hangupsource") or ""),
            bridge=str(extra.get("bridge_id") or ""),
            mark=str(fields.get("userdeftype") or ""),
            note=str(extra.get("extra") or ""),
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise LineUnreadable(text[:40]) from error


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text, strict=False)
    except ValueError as error:
        head, tail = _SAFE_HEAD.match(text), _SAFE_TAIL.search(text)
        if head is None:
            raise LineUnreadable(text[:40]) from error
        # Without a tail it is the part of a line before a caller's line break.
        extra = json.loads(tail[1], strict=False) if tail else ""
        return {**head.groupdict(), "eventextra": extra}
    if not isinstance(fields, dict):
        raise LineUnreadable(text[:40])
    return fields


def _extra(text: str) -> dict[str, Any]:
    try:
        extra = json.loads(text) if text else {}
    except ValueError:
        return {}
    return extra if isinstance(extra, dict) else {}
