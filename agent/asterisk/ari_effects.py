"""The domain's wishes as ARI commands; ids of our own make every repeat recognisable."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import structlog

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_supervision import AriSupervision
from agent.asterisk.call_marks import LONGEST_TALK, longest_wait, render_marks
from agent.asterisk.errors import AsteriskRefused
from agent.domain.call_state import Call
from agent.domain.effects import (
    AnswerCaller,
    AnyEffect,
    ConnectLegs,
    HangUp,
    MarkTalk,
    PlayPrompt,
    RemoveBridge,
    RingCaller,
    RingOperator,
    RingSupervisor,
    StopPrompt,
    Supervise,
)
from agent.domain.events import CallerAnswered
from agent.runtime import clock
from agent.runtime.doors import DONE, Performed
from agent.runtime.errors import EffectFailed

RING_GUARD_S = 3
"""How much longer Asterisk rings than we do: it only guards against our own death."""

log = structlog.get_logger()

Sound = Callable[[PlayPrompt], Awaitable[tuple[Path, timedelta]]]
"""Turns a prompt into a file (path without extension) and its length. Raises EffectFailed."""


class AriEffects:
    """Fulfils wishes about channels, prompts and bridges."""

    def __init__(
        self, client: AriClient, application: str, sound: Sound, talk_detection: str, epoch: int
    ) -> None:
        self._ari = client
        self._supervision = AriSupervision(client, application)
        self._application = application
        self._sound = sound
        self._talk_detection = talk_detection
        self._epoch = epoch

    async def perform(self, call: Call, effect: AnyEffect) -> Performed:
        """Fulfil one wish. Raises EffectFailed."""
        match effect:
            case AnswerCaller():
                await self._answer(call, effect)
                return Performed(event=CallerAnswered(at=clock.now(), channel=effect.channel))
            case PlayPrompt():
                return await self._play(effect)
            case StopPrompt():
                await self._ari.delete("playbacks", effect.playback)
            case RingCaller():
                await self._ring_caller(effect)
            case RingOperator():
                await self._ring(call, effect)
            case ConnectLegs():
                await self._connect(call, effect)
            case MarkTalk():
                await self._mark("channels", effect.channel, call, **LONGEST_TALK)
                await self._mark("bridges", effect.bridge, call)
            case RingSupervisor():
                await self._supervision.ring(call.call_id, effect)
            case Supervise():
                await self._supervision.bring(effect)
            case HangUp():
                await self._ari.delete("channels", effect.channel, reason=effect.reason)
            case RemoveBridge():
                await self._ari.delete("bridges", effect.bridge)
            case _:
                raise EffectFailed(f"{type(effect).__name__} is not for Asterisk")
        return DONE

    async def _answer(self, call: Call, effect: AnswerCaller) -> None:
        # A caller who entered through Stasis() gives no cause of hang-up unless asked for.
        subscribe = self._ari.post(
            "applications",
            self._application,
            "subscription",
            eventSource=f"channel:{effect.channel}",
        )
        answer = self._ari.post("channels", effect.channel, "answer")
        await asyncio.gather(subscribe, answer, self._mark_waiting(call))

    async def _play(self, effect: PlayPrompt) -> Performed:
        path, length = await self._sound(effect)
        await self._ari.create(
            "channels", effect.channel, "play", effect.playback, media=f"sound:{path}"
        )
        return Performed(prompt_length=length)

    async def _ring(self, call: Call, effect: RingOperator) -> None:
        number = call.caller.number or ""
        shown = effect.caller_shown.replace('"', "").replace("<", "").replace(">", "")
        await self._ari.create(
            "channels",
            effect.channel,
            body={"variables": {"TALK_DETECT(set)": self._talk_detection}},
            endpoint=f"PJSIP/{effect.operator}",
            app=self._application,
            appArgs=f"operator,{call.call_id}",
            callerId=f'"{shown}" <{number}>',
            timeout=str(int(effect.ring_seconds) + RING_GUARD_S),
            originator=effect.caller_channel,
        )

    async def _connect(self, call: Call, effect: ConnectLegs) -> None:
        await self._ari.create("bridges", effect.bridge, type="mixing,dtmf_events")
        await self._stop_ringing(effect)
        await self._ari.post(
            "bridges",
            effect.bridge,
            "addChannel",
            channel=f"{effect.caller},{effect.operator}",
            absorbDTMF="true",
        )

    async def _ring_caller(self, effect: RingCaller) -> None:
        if effect.leaves:  # he would hear nothing there, alone
            with contextlib.suppress(AsteriskRefused):  # he never was, or is no longer in it
                await self._ari.post(
                    "bridges", effect.leaves, "removeChannel", channel=effect.channel
                )
        await self._ari.post("channels", effect.channel, "ring")

    async def _mark_waiting(self, call: Call) -> None:
        """A call goes on without: the caller reaches an operator sooner by the dialplan alone."""
        try:
            await self._mark("channels", call.channel, call, **longest_wait(call.rules))
        except EffectFailed as error:
            log.warning("call_not_marked", call=call.call_id, reason=str(error))

    async def _mark(self, kind: str, name: str, call: Call, **unreported: str) -> None:
        """Write on a channel or bridge whose it is."""
        marks = render_marks(call, self._epoch, **unreported)
        await self._ari.post(kind, name, "variables", body=marks)

    async def _stop_ringing(self, effect: ConnectLegs) -> None:
        try:
            await self._ari.delete("channels", effect.caller, "ring")
        except AsteriskRefused as refused:
            if refused.status != 409:  # 409: he is not in our care any more, the bridge will tell
                raise
