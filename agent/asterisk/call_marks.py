"""What a caller's channel itself tells of his call: enough to go on when the record is lost.

The variables are reported, so one GET of all channels reads them of every call. They are set only
while no prompt plays on the channel, because Asterisk holds the command back until it has ended.
"""

import re
from collections.abc import Mapping

from agent.domain.call_state import Call
from agent.domain.identifiers import CallId, ChannelId, OperatorId
from agent.runtime.doors import CallMarks

LONGEST_TALK = {"TIMEOUT(absolute)": str(4 * 3600)}
"""Seconds that a conversation may last; the dialplan's own bound is for callers who wait."""

_CALL_ID = re.compile(r"[0-9a-f]{1,32}")
"""A call's form is filed by this name, so a channel may tell no other."""


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
