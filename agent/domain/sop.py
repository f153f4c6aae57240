"""The office's procedure as data: which steps, which limits, from what each clock runs."""

from typing import Literal

import msgspec

Anchor = Literal[
    "operator_answered", "greeted_or_answered", "decided_no", "solved_or_ended", "notice_started"
]
Proof = Literal[
    "call_arrived",
    "operator_greeted",
    "identity_recorded",
    "decided",
    "solution_recorded",
    "form_archived",
    "numbers_heard",
    "notice_heard",
]


class SopInvalid(ValueError):
    """The procedure's file does not describe a procedure; the message names the place."""


class SopStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step: who does what, within how many seconds of which anchor, proved by what."""

    step: str
    actor: Literal["caller", "helpdesk"]
    activity: str
    met_by: Proof
    limit_s: float | None = None
    anchor: Anchor | None = None
    branch: Literal["solved", "escalated"] | None = None
    output: str | None = None


class Sop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One revision of one office's procedure; each consultation keeps the one it ran under."""

    document: str
    revision: str
    effective: str
    title: str
    office: str
    office_name: str
    legal_basis: tuple[str, ...]
    current_legal_basis: tuple[str, ...] = ()
    steps: tuple[SopStep, ...]

    @property
    def name(self) -> str:
        """Document and revision, as a consultation refers to it."""
        return f"{self.document} rev {self.revision}"


def parse_sop(content: object) -> Sop:
    """The procedure out of its data file. Raises SopInvalid with the place that is wrong."""
    try:
        sop = msgspec.convert(content, Sop)
    except msgspec.ValidationError as error:
        raise SopInvalid(str(error)) from error
    names = [step.step for step in sop.steps]
    if len(set(names)) != len(names):
        raise SopInvalid("a step appears twice")
    for step in sop.steps:
        if step.limit_s is not None and (step.limit_s <= 0 or step.anchor is None):
            raise SopInvalid(f"step {step.step}: a limit must be positive and needs an anchor")
    return sop
