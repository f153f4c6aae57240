"""Calls to numbers that do not exist here: whoever makes them tries to call out at our cost.

Asterisk refuses them before there is a channel, so neither ARI nor the journal of calls tells of
them. Its log does. What was dialled is a stranger's text and is not told on.
"""

import re
from pathlib import Path

import msgspec

_REFUSED = re.compile(
    rb"\[([\d-]+ [\d:]+)\.\d+\] NOTICE\[\d+\] res_pjsip_session\.c:"
    rb" +([\w-]+): Call \(\w+:([\w.:\[\]]+):\d+\) to extension '"
)


class RefusedCall(msgspec.Struct, frozen=True):
    """When, by the clock of Asterisk's machine; from which telephone or trunk, and its address."""

    at: str
    device: str
    address: str


def refused_calls(log: Path) -> list[RefusedCall]:
    """All that this log of Asterisk's (logger.conf: messages) tells, in order. Raises OSError."""
    with log.open("rb") as lines:
        found = (_REFUSED.match(line) for line in lines)
        return [RefusedCall(*(told.decode() for told in one.groups())) for one in found if one]
