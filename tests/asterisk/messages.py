"""Events as Asterisk 22 writes them, with the fields that nobody here reads."""

import json
from typing import Any

CALLERS_LEG = "1795338000.7"
OPERATORS_LEG = "lpse-0123456789abcdef-o1"
PLAYBACK = "lpse-0123456789abcdef-p3"
AT = "2026-11-23T02:00:00.213+0000"


def channel(name: str = CALLERS_LEG, state: str = "Ring", **changes: object) -> dict[str, Any]:
    """A leg as ARI describes it."""
    return {
        "id": name,
        "name": "PJSIP/trunk-00000007",
        "state": state,
        "protocol_id": "4e5f@127.0.0.2",
        "caller": {"name": "Wartel", "number": "0811234567"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {"context": "helpdesk", "exten": "1500", "priority": 3, "app_name": "Stasis"},
        "creationtime": "2026-11-23T02:00:00.000+0000",
        "language": "id",
        **changes,
    }


def message(kind: str, **fields: object) -> str:
    """One event as it comes over the socket."""
    common = {
        "type": kind,
        "timestamp": AT,
        "asterisk_id": "02:42:ac:11:00:02",
        "application": "lpse-helpdesk",
    }
    return json.dumps({**common, **fields})


def playback(state: str = "playing") -> dict[str, Any]:
    """A prompt as ARI describes it."""
    return {
        "id": PLAYBACK,
        "media_uri": "sound:/var/x",
        "target_uri": f"channel:{CALLERS_LEG}",
        "language": "id",
        "state": state,
    }


EVERY_KIND = {
    "StasisStart": message("StasisStart", channel=channel(), args=[]),
    "ChannelStateChange": message("ChannelStateChange", channel=channel(state="Up")),
    "ChannelHangupRequest": message("ChannelHangupRequest", channel=channel(), cause=16),
    "ChannelDestroyed": message(
        "ChannelDestroyed", channel=channel(), cause=16, cause_txt="Normal Clearing"
    ),
    "ChannelEnteredBridge": message(
        "ChannelEnteredBridge", channel=channel(), bridge={"id": "lpse-0123456789abcdef"}
    ),
    "ChannelDtmfReceived": message(
        "ChannelDtmfReceived", channel=channel(), digit="8", duration_ms=120
    ),
    "ChannelTalkingStarted": message("ChannelTalkingStarted", channel=channel()),
    "PlaybackStarted": message("PlaybackStarted", playback=playback()),
    "PlaybackFinished": message("PlaybackFinished", playback=playback("done")),
    "ChannelUserevent": message("ChannelUserevent", eventname="echo-1", userevent={}),
    "ApplicationReplaced": message("ApplicationReplaced"),
}
