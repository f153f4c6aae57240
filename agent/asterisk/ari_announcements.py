"""Rings an idle telephone of the office and leaves it to the dialplan, which plays one file to it.

The channel is in nobody's application: no call is told of it, and it ends with the file also when
this process is gone.
"""

import secrets
from pathlib import Path
from typing import Literal

from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskRefused
from agent.domain.identifiers import OperatorId

CONTEXT, SOUND_VARIABLE = "announcement", "ANNOUNCEMENT"
"""As dialplan/extensions.conf has them."""
RINGS_S = 25
SHOWN = '"Uji suara" <>'


class AriAnnouncements:
    """Implements runtime.doors.Announcer over ARI."""

    def __init__(self, client: AriClient) -> None:
        self._ari = client

    async def announce(self, phone: OperatorId, sound: Path) -> Literal["idle", "busy", "away"]:
        """As runtime.doors.Announcer says. Raises AsteriskRefused, AsteriskUnreachable."""
        try:
            endpoint = await self._ari.get("endpoints", "PJSIP", phone)
        except AsteriskRefused as refused:
            if refused.status == 404:
                return "away"
            raise
        if endpoint["state"] != "online":
            return "away"
        if endpoint["channel_ids"]:
            return "busy"
        await self._ari.create(
            "channels",
            f"announcement-{secrets.token_hex(8)}",
            body={"variables": {SOUND_VARIABLE: str(sound)}},
            endpoint=f"PJSIP/{phone}",
            context=CONTEXT,
            extension="s",
            priority="1",
            callerId=SHOWN,
            timeout=str(RINGS_S),
        )
        return "idle"
