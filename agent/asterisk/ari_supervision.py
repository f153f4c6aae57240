"""A supervisor's leg at Asterisk: rung, and brought to where he hears and is heard as he should be.

To listen he shares a bridge of his own with a snoop channel, which hears what the operator says and
hears; to whisper the snoop channel also speaks into the operator's ear. One that only listens has
no way to speak, so that no mistake of ours can make the supervisor heard.
"""

import asyncio

from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskRefused
from agent.domain.effects import RingSupervisor, Supervise
from agent.domain.identifiers import ChannelId

RING_GUARD_S = 3
"""How much longer Asterisk rings than the call's own clock, which ends it."""
TRIES, PAUSE_S = 20, 0.05
"""A snoop channel is in our application only moments after Asterisk says that it is made."""


class AriSupervision:
    """Fulfils the wishes about supervisors. Everything raises EffectFailed."""

    def __init__(self, client: AriClient, application: str) -> None:
        self._ari = client
        self._application = application

    async def ring(self, call_id: str, effect: RingSupervisor) -> None:
        """Ring his telephone; his speech is looked for nowhere, it is not the operator's."""
        await self._ari.create(
            "channels",
            effect.channel,
            endpoint=f"PJSIP/{effect.supervisor}",
            app=self._application,
            appArgs=f"supervisor,{call_id}",
            callerId=f'"{effect.form_number}" <>',
            timeout=str(int(effect.ring_seconds) + RING_GUARD_S),
            originator=effect.caller_channel,
        )

    async def bring(self, effect: Supervise) -> None:
        """Bring him into his mode; a repeat finds it done."""
        if effect.drops:
            await self._ari.delete("channels", effect.drops)
        if effect.listens is None:
            await self._add(effect.conversation, effect.channel)
            return
        await self._ari.create("bridges", effect.bridge, type="mixing")
        if not await self._lives(effect.listens):
            await self._ari.post(
                "channels",
                effect.operator,
                "snoop",
                effect.listens,
                app=self._application,
                spy="both",
                whisper="out" if effect.mode == "whisper" else "none",
            )
        await self._add(effect.bridge, effect.channel)
        for tries_left in reversed(range(TRIES)):
            try:
                await self._add(effect.bridge, effect.listens)
            except AsteriskRefused:
                if not tries_left:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return

    async def _add(self, bridge: str, channel: str) -> None:
        """Into this bridge, out of any other; his keys are heard by nobody."""
        await self._ari.post("bridges", bridge, "addChannel", channel=channel, absorbDTMF="true")

    async def _lives(self, channel: ChannelId) -> bool:
        """Whether it was made before: Asterisk has no word of its own for that (it answers 500)."""
        try:
            await self._ari.get("channels", channel)
        except AsteriskRefused as refused:
            if refused.status == 404:
                return False
            raise
        return True
