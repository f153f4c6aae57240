"""What a caller's channel itself tells of his call: enough to go on when the record is lost.

The variables are reported, so one GET of all channels reads them of every call. They are set only
while no prompt plays on the channel, because Asterisk holds the command back until it has ended.
"""

import math
import re
from collections.abc import Mapping

from agent.domain.call_state import Call
from agent.domain.identifiers import CallId, ChannelId, OperatorId
from agent.domain.rules import CallRules
from agent.runtime.doors import CallMarks

LONGEST_TALK = {"TIMEOUT(absolute)": str(4 * 3600)}
"""Seconds that a conversation may last."""
LONGEST_ABSENCE_S = 120.0
"""For an agent that dies while callers wait and comes back. Afterwards they reach an operator by
the dialplan alone."""

_CALL_ID = re.compile(r"[0-9a-f]{1,32}")
"""A call's form is filed by this name, so a channel may tell no other."""


def longest_wait(rules: CallRules) -> dict[str, str]:
    """Seconds until Asterisk sends on a caller who was answered and whom no agent connected.

    More than the agent lets anybody wait, the last ringing included. The dialplan's own bound is
    for those whom no agent answers.
    """
    most = rules.longest_wait_seconds + rules.ring_seconds + LONGEST_ABSENCE_S
    return {"TIMEOUT(absolute)": str(math.ceil(most))}


def render_marks(call: Call, epoch: int, **unreported: str) -> dict[str, object]:
    """The body of a POST of channel variables, by the owner of this epoch.

    `unreported` variables are for Asterisk alone.
    """
    offer = call.offer
    marks = {
        "LPSE_CALL": call.call_id,
        "LPSE_FORM": call.form_number,
        "LPSE_STAGE": call.stage,
        "LPSE_OPERATOR": offer.operator if offer else "",
        "LPSE_LEG": offer.channel if offer else "",
        "LPSE_EPOCH": str(epoch),
    }
    reported = {k: {"value": v, "report_events": True} for k, v in marks.items()}
    return {"variables": {**reported, **unreported}}


def parse_marks(variables: Mapping[str, str]) -> CallMarks | None:
    """The marks among a channel's reported variables; None when it was never marked."""
    call, form = variables.get("LPSE_CALL"), variables.get("LPSE_FORM")
    if not call or not form or not _CALL_ID.fullmatch(call):
        return None
    operator, leg = variables.get("LPSE_OPERATOR"), variables.get("LPSE_LEG")
    return CallMarks(
        CallId(call),
        form,
        OperatorId(operator) if operator else None,
        ChannelId(leg) if leg else None,
    )
