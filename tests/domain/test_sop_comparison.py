"""Two revisions of the procedure, compared step by step."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.sop import SopStep, parse_sop
from agent.domain.sop_comparison import compare
from agent.settings import DATA

OLD = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
STEPS = {step.step: step for step in OLD.steps}


def test_a_revision_equals_itself() -> None:
    compared = compare(OLD, OLD)
    assert {step.change for step in compared.steps} == {"same"}
    assert [step.step for step in compared.steps] == list(STEPS)
    assert compared.texts == ()


def test_a_limit_an_anchor_and_a_text_that_changed_are_named() -> None:
    two = replace(STEPS["2"], limit_s=15.0, activity="Memberi salam")
    three = replace(STEPS["3"], anchor="operator_answered")
    steps = tuple({**STEPS, "2": two, "3": three}.values())
    new = replace(OLD, revision="01", steps=steps, title="SOP baru", legal_basis=())
    compared = compare(OLD, new)
    changed = {step.step: step.parts for step in compared.steps if step.change == "changed"}
    assert changed == {"2": ("activity", "limit_s"), "3": ("anchor",)}
    assert (compared.before, compared.after) == (OLD.name, new.name)
    assert [text.name for text in compared.texts] == ["title", "legal_basis"]
    assert compared.texts[0].before == OLD.title


def test_a_removed_step_stands_where_it_stood_and_an_added_one_where_it_stands() -> None:
    added = SopStep(step="9", actor="helpdesk", activity="Menutup", met_by="decided")
    steps = tuple(step for step in OLD.steps if step.step not in ("1", "3"))
    compared = compare(OLD, replace(OLD, revision="01", steps=(*steps, added)))
    names = [step.step for step in compared.steps]
    assert names == [*STEPS, "9"]
    changes = {step.step: step.change for step in compared.steps if step.change != "same"}
    assert changes == {"1": "removed", "3": "removed", "9": "added"}


@given(st.sets(st.sampled_from(sorted(STEPS))), st.permutations(sorted(STEPS)))
def test_every_step_of_either_is_there_once(kept: set[str], order: list[str]) -> None:
    new = replace(OLD, steps=tuple(STEPS[name] for name in order if name in kept))
    compared = compare(OLD, new)
    names = [step.step for step in compared.steps]
    assert sorted(names) == sorted(STEPS)
    assert [name for name in names if name in kept] == [name for name in order if name in kept]
    assert {step.step for step in compared.steps if step.change == "removed"} == set(STEPS) - kept
