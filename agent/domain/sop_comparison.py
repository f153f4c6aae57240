"""Two revisions of a procedure side by side: what came, what went, what is said otherwise."""

from typing import Literal

import msgspec

from agent.domain.sop import Sop, SopStep

Change = Literal["same", "added", "removed", "changed"]
PARTS = ("actor", "activity", "met_by", "limit_s", "anchor", "branch", "output")


class ComparedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step in both revisions; `parts` names what differs in a changed one."""

    step: str
    change: Change
    before: SopStep | None
    after: SopStep | None
    parts: tuple[str, ...] = ()


class ComparedText(msgspec.Struct, frozen=True, kw_only=True):
    """Something beside the steps that differs: the title, a date, the legal basis."""

    name: str
    before: str
    after: str


class SopComparison(msgspec.Struct, frozen=True, kw_only=True):
    """All steps of both, in the order of the later one, and what else differs."""

    before: str
    after: str
    steps: tuple[ComparedStep, ...]
    texts: tuple[ComparedText, ...]


def compare(before: Sop, after: Sop) -> SopComparison:
    """Every step of either revision once; a removed one stands where it stood."""
    new = {step.step: step for step in after.steps}
    old = {step.step: step for step in before.steps}
    order = list(new)
    previous: str | None = None
    for name in old:
        if name not in new:
            order.insert(order.index(previous) + 1 if previous in order else 0, name)
        previous = name
    return SopComparison(
        before=before.name,
        after=after.name,
        steps=tuple(_step(name, old.get(name), new.get(name)) for name in order),
        texts=tuple(_texts(before, after)),
    )


def _step(name: str, before: SopStep | None, after: SopStep | None) -> ComparedStep:
    change: Change = "same"
    parts: tuple[str, ...] = ()
    if before is None or after is None:
        change = "added" if before is None else "removed"
    else:
        parts = tuple(part for part in PARTS if getattr(before, part) != getattr(after, part))
        change = "changed" if parts else "same"
    return ComparedStep(step=name, change=change, before=before, after=after, parts=parts)


def _texts(before: Sop, after: Sop) -> list[ComparedText]:
    pairs = {
        "title": (before.title, after.title),
        "effective": (before.effective, after.effective),
        "office": (before.office_name, after.office_name),
        "legal_basis": ("\n".join(before.legal_basis), "\n".join(after.legal_basis)),
        "current_legal_basis": (
            "\n".join(before.current_legal_basis),
            "\n".join(after.current_legal_basis),
        ),
    }
    return [
        ComparedText(name=name, before=old, after=new)
        for name, (old, new) in pairs.items()
        if old != new
    ]
