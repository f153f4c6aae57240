"""The Rekap Penanganan Permasalahan Melalui Telepon: one call of a period, and what became of it.

The SOP asks for the recap as equipment; its official layout was not found. The columns follow the
printed registers of other offices. Silent calls, pranks and wrong numbers are calls, but no
consultations: they are counted, and have no row.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from agent.domain.call_form import NO_CONSULTATION
from agent.domain.consultation import Outcome, StepState
from agent.domain.deviation_words import Verdict
from agent.domain.priority import Level, Priority
from agent.domain.ticket import TicketStage

TIMED_STEPS = ("2", "3", "7", "8")
"""The SOP's steps that have a limit, in its own order."""

COLUMNS = (
    "number",
    "date",
    "began",
    "ended",
    "form_number",
    "ticket_number",
    "name",
    "user_type",
    "company",
    "contact",
    "application",
    "category",
    "problem",
    "solution",
    "answered",
    "priority",
    "escalated_to",
    "directed_to",
    "external_number",
    "status",
    "finished",
    "confirmation",
    "operator",
    "step_2",
    "step_3",
    "step_7",
    "step_8",
    "deviations",
    "note",
)
"""Names of the columns in their order; their headings are words of the papers."""

OF_PERSONS = ("name", "company", "contact", "problem", "solution", "external_number")
"""Columns that tell who called, or what was said in words of somebody's own."""


class StepTime(msgspec.Struct, frozen=True, array_like=True):
    """One step of one consultation that has a limit; seconds on its clock."""

    step: str
    state: StepState
    limit_s: float | None
    seconds: float | None


class RecapDeviation(msgspec.Struct, frozen=True, array_like=True):
    """One deviation as it was judged, with the officer's last word and the supervisor's verdict."""

    kind: Literal["time", "output", "equipment"]
    step: str
    limit_s: float | None
    measured_s: float | None
    excess_s: float | None
    reason: str
    explanation: str | None = None
    verdict: Verdict | None = None


class Handling(StrEnum):
    """How far a case is, as the footer of the registers counts it."""

    RECORDED = "recorded"
    IN_HAND = "in_hand"
    DONE = "done"
    NOT_SERVED = "not_served"
    """The caller never reached an officer, and left nothing to be worked on."""


class RecapCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call that was offered, with what form, ticket, steps and deviations say of it now."""

    form_number: str
    outcome: Outcome
    arrived_at: datetime
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    archived_at: datetime | None = None
    called_again: bool | None = None
    """Whether his number called again within seven days; None while they last, or without one."""
    caller_number: str | None = None
    caller_shown: str = ""
    operator: str | None = None
    operator_name: str | None = None
    form: str | None = None
    """Name and version of the form's definition."""
    fields: dict[str, str] = {}
    ticket_number: str | None = None
    ticket_stage: TicketStage | None = None
    ticket_level: Level | None = None
    ticket_priority: Priority | None = None
    external_number: str | None = None
    ticket_confirmed_at: datetime | None = None
    steps: tuple[StepTime, ...] = ()
    deviations: tuple[RecapDeviation, ...] = ()

    @property
    def is_consultation(self) -> bool:
        """Whether its form counts and it has a row."""
        return self.outcome not in NO_CONSULTATION

    @property
    def handling(self) -> Handling | None:
        """How far the case is; None when the call was no consultation.

        A ticket is done by the user's own word alone, and so is an answer that he doubts.
        """
        if not self.is_consultation:
            return None
        if self.ticket_number or self.outcome == Outcome.ESCALATED:
            return _HANDLING_OF_TICKETS[self.ticket_stage or TicketStage.NEW]
        if self.outcome == Outcome.SOLVED:
            doubted = self.fields.get("confirmation") == "belum_sesuai"
            return Handling.IN_HAND if doubted else Handling.DONE
        if self.outcome == Outcome.REFERRED:
            return Handling.DONE
        if self.outcome == Outcome.VOICEMAIL:
            return Handling.RECORDED
        if self.outcome == Outcome.IN_PROGRESS or self.answered_at:
            return Handling.IN_HAND
        return Handling.NOT_SERVED

    @property
    def finished_at(self) -> datetime | None:
        """When the case was done: by the user's confirmation of its ticket, else with the call."""
        if self.handling != Handling.DONE:
            return None
        return self.ticket_confirmed_at or self.ended_at

    def seconds_of(self, step: str) -> float | None:
        """Seconds that a step took, where it was met."""
        return next((s.seconds for s in self.steps if s.step == step and s.state == "met"), None)


_HANDLING_OF_TICKETS = {
    TicketStage.NEW: Handling.RECORDED,
    TicketStage.TAKEN: Handling.IN_HAND,
    TicketStage.WAITING_FOR_USER: Handling.IN_HAND,
    TicketStage.SOLVED: Handling.IN_HAND,
    TicketStage.REOPENED: Handling.IN_HAND,
    TicketStage.CONFIRMED: Handling.DONE,
}
