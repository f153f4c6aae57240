"""A made-up call, told event by event through the call machine, so that its record is a true one.

What happens in it and how long each part takes is a plot; who calls, with what problem and under
which numbers stays open: a mark stands there, which whoever writes the call replaces.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from agent.domain.call import decide
from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    Caller,
    CallerAnswered,
    FieldFilled,
    FormArchived,
    FormFinished,
    LegConnected,
    LegHungUp,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    OperatorSpoke,
    PromptFinished,
    PromptStarted,
    TicketReserved,
)
from agent.domain.form import FormDefinition
from agent.domain.form_filling import Change, fill
from agent.domain.identifiers import CallId, ChannelId, OperatorId, operator_channel
from agent.domain.rules import CallRules

Kind = Literal[
    "solved",
    "referred",
    "escalated",
    "dropped_by_caller",
    "undecided",
    "silent",
    "prank",
    "wrong_number",
    "abandoned_waiting",
    "abandoned_in_welcome",
]

LINE = "contoh"
"""The line on which no real call comes."""
OFFICE = "LPSE.CONTOH"


def mark(name: str) -> str:
    """What stands for a value that is the call's own."""
    return f"@@{name}@@"


CALL = CallId(mark("call"))
OPERATOR = OperatorId(mark("operator"))

_SAMPLES = {
    "caller_name": "Budi Santoso",
    "business_name": "CV Melati",
    "institution": "Dinas Kesehatan",
    "npwp": "0012345678901000",
    "contact_phone": "081234567890",
    "application": "spse",
    "category": "06",
    "problem": "Unggah penawaran gagal",
    "solution": "Versi Apendo disesuaikan",
}
"""What the form's checks are given in place of a mark."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """The course of a call; seconds for each part of it."""

    kind: Kind
    user_type: str = "penyedia"
    with_npwp: bool = True
    urgency: str = "TM"
    impact: str = "S"
    ring_s: float
    greeting_s: float
    identity_s: float
    talk_s: float
    archive_s: float


class Told(msgspec.Struct, frozen=True):
    """One event with the call after it and what the call machine wished then."""

    event: AnyEvent
    call: Call
    effects: tuple[AnyEffect, ...]


def tell(
    plot: Plot, start: datetime, zone: str, sop: str, form: FormDefinition
) -> tuple[Told, ...]:
    """The whole call, from its arrival to its archived form."""
    return tuple(_Teller(start, zone, sop, form).tell(plot))


class _Teller:
    def __init__(self, start: datetime, zone: str, sop: str, form: FormDefinition) -> None:
        self._now = start
        self._form = form
        self._call: Call | None = None
        self._told: list[Told] = []
        self._rules = CallRules(sop=sop, zone=zone, form=form.name, archive_after_seconds=480.0)
        self._channel = ChannelId(CALL)
        self._leg = operator_channel(CALL, 1)

    def tell(self, plot: Plot) -> list[Told]:
        self._arrive()
        if plot.kind == "abandoned_in_welcome":
            self._after(min(plot.ring_s, 4.0))._hang_up(self._channel)
        else:
            self._hear(3.2)
            self._hear(6.1, started=True)
            self._ring()
            if plot.kind == "abandoned_waiting":
                self._after(plot.ring_s)._hang_up(self._channel)
                self._after(0.2)._hang_up(self._leg, 26)
            else:
                self._talk(plot)
        self._after(plot.archive_s)._event(
            lambda at: FormArchived(at=at, path=f"contoh/{mark('call')}.pdf", sha256="0" * 64)
        )
        return self._told

    def _talk(self, plot: Plot) -> None:
        self._after(plot.ring_s)._answer(plot.greeting_s)
        nobody = plot.kind in ("silent", "prank", "wrong_number")
        if not nobody:
            self._after(plot.identity_s)._identity(plot)
        self._after(plot.talk_s)
        if plot.kind in ("solved", "referred"):
            self._fill("solution", mark("solution"))
        if plot.kind not in ("dropped_by_caller", "undecided"):
            self._fill(self._form.outcome.field, plot.kind)
        if plot.kind == "escalated":
            self._fill("urgency", plot.urgency)
            self._fill("impact", plot.impact)
            self._after(0.3)._event(lambda at: TicketReserved(at=at, ticket_number=mark("ticket")))
            self._after(21.0)._finish_all()
        operator_first = nobody or plot.kind == "undecided"
        legs = (self._leg, self._channel) if operator_first else (self._channel, self._leg)
        self._after(6.0)._hang_up(legs[0])
        self._after(0.3)._hang_up(legs[1])
        if plot.kind in ("solved", "referred", "escalated"):
            self._after(0.5)._event(lambda at: FormFinished(at=at, by=OPERATOR))

    def _arrive(self) -> None:
        caller = Caller(raw=mark("phone"), number=mark("phone"), shown=mark("phone_shown"))
        self._event(
            lambda at: CallArrived(
                at=at,
                source="contoh",
                call_id=CALL,
                channel=self._channel,
                caller=caller,
                line=LINE,
                form_number=mark("form"),
                rules=self._rules,
            )
        )
        self._after(0.1)._event(lambda at: CallerAnswered(at=at, channel=self._channel))

    def _ring(self) -> None:
        self._after(0.2)._event(
            lambda at: OperatorOffered(at=at, operator=OPERATOR, name=mark("operator_name"))
        )
        self._after(0.3)._event(lambda at: OperatorRinging(at=at, channel=self._leg))

    def _answer(self, greeting_s: float) -> None:
        self._event(lambda at: OperatorAnswered(at=at, channel=self._leg))
        self._event(lambda at: OperatorLegReady(at=at, channel=self._leg))
        self._finish_all("stopped")
        for leg in (self._channel, self._leg):
            self._event(lambda at, leg=leg: LegConnected(at=at, channel=leg))  # type: ignore[misc]
        self._after(greeting_s)._event(lambda at: OperatorSpoke(at=at, channel=self._leg))

    def _identity(self, plot: Plot) -> None:
        self._fill("caller_name", mark("caller_name"))
        self._fill("user_type", plot.user_type)
        of = "business_name" if plot.user_type == "penyedia" else "institution"
        self._fill(of, mark(of))
        if plot.with_npwp and plot.user_type == "penyedia":
            self._fill("npwp", mark("npwp"))
        for field in ("application", "category", "contact_phone", "problem"):
            self._fill(field, mark("phone" if field == "contact_phone" else field))

    def _fill(self, field: str, text: str) -> None:
        """By the form's own rules, so that the steps that are complete are known."""
        assert self._call is not None
        sample = _SAMPLES.get(field, text)
        change = Change(field=field, text=sample, by=OPERATOR, at=self._now)
        filled = fill(self._form, self._call.form, change)
        assert isinstance(filled, FieldFilled), filled
        self._event(lambda _at: replace(filled, raw=text, value=text, warnings=()))

    def _hear(self, seconds: float, started: bool = False) -> None:
        """The oldest prompt that plays is heard to its end."""
        assert self._call is not None
        playback = next(p.playback for p in self._call.playbacks if p.finished is None)
        if started:
            self._event(lambda at: PromptStarted(at=at, playback=playback))
        self._after(seconds)._event(
            lambda at: PromptFinished(at=at, playback=playback, result="done")
        )

    def _finish_all(self, result: Literal["done", "stopped"] = "done") -> None:
        assert self._call is not None
        for one in [p for p in self._call.playbacks if p.finished is None]:
            playback = one.playback
            self._event(
                lambda at, playback=playback: PromptFinished(  # type: ignore[misc]
                    at=at, playback=playback, result=result
                )
            )

    def _hang_up(self, leg: ChannelId, cause: int = 16) -> None:
        self._event(lambda at: LegHungUp(at=at, source="contoh", channel=leg, cause=cause))

    def _after(self, seconds: float) -> "_Teller":
        self._now += timedelta(seconds=seconds)
        return self

    def _event(self, event_at: Callable[[datetime], AnyEvent]) -> None:
        event = event_at(self._now)
        decision = decide(self._call, event)
        if decision.call is not self._call:
            self._told.append(Told(event, decision.call, decision.effects))
        self._call = decision.call
