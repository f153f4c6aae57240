"""Asterisk beyond single calls: what lives there now, and the operators' telephones."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_events import arrival
from agent.asterisk.ari_messages import Channel
from agent.asterisk.errors import AsteriskRefused
from agent.asterisk.phone_accounts import (
    ACCOUNT_FORM,
    ConfigObject,
    PasswordDigest,
    dialled_together,
    phone_account_objects,
)
from agent.domain.identifiers import BridgeId, ChannelId, OperatorId, PlaybackId
from agent.runtime import clock
from agent.runtime.dispatcher import call_of
from agent.runtime.doors import Arrival, Living
from agent.runtime.recorder import OperatorAccount

DYNAMIC = ("asterisk", "config", "dynamic", "res_pjsip")
FALLBACK_CONTEXT = "agent-away"
FALLBACK_VARIABLE = "OPERATORS_PHONES"
"""What the dialplan rings when the agent is away."""

log = structlog.get_logger()


class AriExchange:
    """Implements runtime.doors.Exchange over ARI."""

    def __init__(
        self, client: AriClient, application: str, standby_application: str | None = None
    ) -> None:
        self._ari = client
        self._application = application
        self._standby_application = standby_application
        self._fetched: set[ChannelId] = set()

    async def living(self) -> Living:
        """All channels, those in our application, and bridges of ours that nobody is in."""
        channels, application, bridges = await asyncio.gather(
            self._ari.get("channels"),
            self._ari.get("applications", self._application),
            self._ari.get("bridges"),
        )
        return Living(
            channels=frozenset(ChannelId(c["id"]) for c in channels),
            in_our_care=frozenset(ChannelId(c) for c in application["channel_ids"]),
            empty_bridges=frozenset(
                BridgeId(b["id"]) for b in bridges if call_of(b["id"]) and not b["channels"]
            ),
            answered=frozenset(ChannelId(c["id"]) for c in channels if c["state"] == "Up"),
        )

    async def arrival_of(self, channel: ChannelId) -> Arrival | None:
        """A caller's leg in our application whose StasisStart we did not get."""
        found = await self._found("channels", channel)
        if found is None:
            return None
        return arrival(msgspec.convert(found, Channel), clock.now(), "ARI channels")

    async def caught(self) -> set[ChannelId]:
        """Legs in the standby's application, or watched by it."""
        if self._standby_application is None:
            return set()
        found = await self._found("applications", self._standby_application)
        return {ChannelId(channel) for channel in found["channel_ids"]} if found else set()

    async def fetch_callers(self, knows: Callable[[ChannelId], bool]) -> None:
        """Bring callers into our application whom the standby's caught while ours was closed.

        Each then arrives as any caller does. Raises AsteriskRefused, AsteriskUnreachable.
        """
        caught = await self.caught()
        self._fetched &= caught  # one that moves, or that the application still watches
        for channel in caught - self._fetched:
            if knows(channel) or call_of(channel):
                continue
            self._fetched.add(channel)
            try:
                await self._ari.post(
                    "channels", channel, "move", app=self._application, appArgs="fetched"
                )
            except AsteriskRefused as refused:
                if refused.status not in (404, 409):  # he is gone, from there or altogether
                    raise

    async def send_to_fallback(self, arrival: Arrival) -> None:
        """Send a caller on to the dialplan that reaches operators without us."""
        await self._ari.post(
            "channels",
            arrival.channel,
            "continue",
            context=FALLBACK_CONTEXT,
            extension=arrival.line,
            priority="1",
        )

    async def is_playing(self, playback: PlaybackId) -> bool:
        """Whether Asterisk still knows the playback; it forgets it at its end."""
        return bool(await self._found("playbacks", playback))

    async def hang_up(self, channel: ChannelId) -> None:
        """End a leg that belongs to no call."""
        await self._ari.delete("channels", channel)

    async def remove_bridge(self, bridge: BridgeId) -> None:
        """Remove a bridge that belongs to no call."""
        await self._ari.delete("bridges", bridge)

    async def publish_phones(self, accounts: Sequence[OperatorAccount]) -> None:
        """Write every operator's SIP account, drop those of removed ones, tell the fallback.

        The fallback rings no supervisor.
        """
        for operator in accounts:
            digest = PasswordDigest(operator.digest_sha256, operator.digest_md5)
            for item in phone_account_objects(operator.account, digest):
                await self._write(item)
        wanted = {operator.account for operator in accounts}
        for endpoint in await self._endpoints():
            name = str(endpoint["resource"])
            if ACCOUNT_FORM.fullmatch(name) and name not in wanted:
                for kind in ("endpoint", "aor", "auth"):
                    await self._ari.delete(*DYNAMIC, kind, name)
        answering = [a.account for a in accounts if not a.supervises]
        phones = dialled_together(answering) or "none"
        await self._ari.post("asterisk", "variable", variable=FALLBACK_VARIABLE, value=phones)
        log.info("phones_published", phones=len(wanted))

    async def _write(self, item: ConfigObject) -> None:
        place = (*DYNAMIC, item.object_type, item.object_id)
        if item.object_type != "endpoint":
            # A second PUT adds to what is there. An aor gets the address at which the phone is
            # registered now as one that never expires: a phone that left would count as reachable
            # for ever. An auth gets its algorithms again, until the list is cut off and refused.
            kept = await self._found(*place) or []
            if item.fields.items() <= {f["attribute"]: f["value"] for f in kept}.items():
                return
            await self._ari.delete(*place)
        fields = [{"attribute": k, "value": v} for k, v in item.fields.items()]
        await self._ari.put(*place, body={"fields": fields})

    async def _found(self, *path: str) -> Any:
        """What is there, or None."""
        try:
            return await self._ari.get(*path)
        except AsteriskRefused as refused:
            if refused.status == 404:
                return None
            raise

    async def reachable_phones(self) -> set[OperatorId]:
        """Operators whose telephone answers Asterisk and is in no call of the dialplan's own."""
        return {
            OperatorId(endpoint["resource"])
            for endpoint in await self._endpoints()
            if endpoint["state"] == "online" and all(map(call_of, endpoint["channel_ids"]))
        }

    async def _endpoints(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._ari.get("endpoints", "PJSIP")
        return found
