import tomllib
from typing import Any

import pytest

from agent.domain.sop import SopInvalid, parse_sop
from agent.settings import DATA

FILE = DATA / "sop" / "SOP-LPSE.BTG-017.toml"


def content() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())


def test_the_procedure_in_the_data_file_has_the_steps_limits_and_anchors_of_the_document() -> None:
    sop = parse_sop(content())
    assert sop.name == "SOP-LPSE.BTG-017 rev 00"
    assert sop.office == "LPSE.BTG"
    assert [(s.step, s.limit_s, s.anchor, s.branch) for s in sop.steps] == [
        ("1", None, None, None),
        ("1a", None, "notice_started", None),
        ("2", 10, "operator_answered", None),
        ("3", 120, "greeted_or_answered", None),
        ("4", None, None, None),
        ("5", None, None, None),
        ("6", None, None, "solved"),
        ("7", 600, "solved_or_ended", None),
        ("8", 600, "decided_no", "escalated"),
    ]
    assert [s.met_by for s in sop.steps] == [
        "call_arrived",
        "notice_heard",
        "operator_greeted",
        "identity_recorded",
        "identity_recorded",
        "decided",
        "solution_recorded",
        "form_archived",
        "numbers_heard",
    ]
    assert len(sop.legal_basis) == 7


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("title", None, "title"),
        ("office", 7, "office"),
        ("steps", {}, "steps"),
        ("colour", "red", "colour"),
    ],
)
def test_a_file_that_is_no_procedure_is_refused_with_the_place(
    key: str, value: object, place: str
) -> None:
    wrong = content()
    if value is None:
        del wrong[key]
    else:
        wrong[key] = value
    with pytest.raises(SopInvalid, match=place):
        parse_sop(wrong)


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("met_by", "magic", "met_by"),
        ("anchor", "sunrise", "anchor"),
        ("branch", "perhaps", "branch"),
        ("actor", "robot", "actor"),
        ("limit_s", "ten", "limit_s"),
        ("limit_s", 0, "step 2"),
        ("limit_s", -1, "step 2"),
        ("limit", 10, "limit"),
    ],
)
def test_a_step_that_is_wrong_is_named(key: str, value: object, place: str) -> None:
    wrong = content()
    wrong["steps"][2][key] = value
    with pytest.raises(SopInvalid, match=place):
        parse_sop(wrong)


def test_a_limit_without_an_anchor_is_refused() -> None:
    wrong = content()
    del wrong["steps"][2]["anchor"]
    with pytest.raises(SopInvalid, match="step 2: a limit must be positive and needs an anchor"):
        parse_sop(wrong)


def test_a_step_must_not_appear_twice() -> None:
    wrong = content()
    wrong["steps"].append(wrong["steps"][0])
    with pytest.raises(SopInvalid, match="twice"):
        parse_sop(wrong)


def test_something_that_is_no_table_is_refused() -> None:
    nonsense: tuple[object, ...] = (None, [], "SOP", 17)
    for wrong in nonsense:
        with pytest.raises(SopInvalid):
            parse_sop(wrong)
