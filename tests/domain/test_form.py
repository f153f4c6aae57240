import copy
import tomllib
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.form import CallFact, FormDefinition, FormInvalid, RefusalKey, parse_form
from agent.domain.soft_checks import WARNINGS
from agent.settings import DATA

FILE = DATA / "form" / "formulir-konsultasi-1.toml"
CONTENT = tomllib.loads(FILE.read_text("utf-8"))
FORM = parse_form(CONTENT)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    content = copy.deepcopy(CONTENT)
    change(content)
    return content


def field(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(f for s in content["sections"] for f in s["fields"] if f["id"] == name)


def mistakes(change: Callable[[dict[str, Any]], object]) -> list[str]:
    with pytest.raises(FormInvalid) as refused:
        parse_form(changed(change))
    return str(refused.value).splitlines()


def test_the_file_is_named_as_the_form_and_its_version() -> None:
    assert FORM.name == FILE.stem == "formulir-konsultasi-1"
    assert FORM.title.id == "Formulir Konsultasi"


def test_the_form_has_its_sections_and_fields_in_order() -> None:
    assert {s.id: [f.id for f in s.fields] for s in FORM.sections} == {
        "header": [
            "form_number",
            "ticket_number",
            "office",
            "channel",
            "arrived_at",
            "answered_at",
            "ended_at",
            "operator",
        ],
        "caller": [
            "caller_name",
            "user_type",
            "business_name",
            "institution",
            "position",
            "npwp",
            "nik",
            "spse_user_id",
            "email",
            "contact_phone",
        ],
        "problem": [
            "application",
            "category",
            "problem",
            "tender_code",
            "rup_code",
            "stage",
            "stage_deadline",
            "error_code",
            "earlier_support_ticket",
            "screenshot_promised",
        ],
        "classification": [
            "report_type",
            "technical",
            "urgency",
            "impact",
            "priority",
            "priority_rule",
        ],
        "result": [
            "answered_on_phone",
            "solution",
            "knowledge_reference",
            "escalated_to",
            "directed_to",
            "confirmation",
            "closing",
            "outcome",
        ],
        "privacy": [
            "notice_heard",
            "notice_version",
            "recording_consent",
            "recording",
            "recording_kept_until",
        ],
        "quality": ["step_times", "deviations"],
    }


def test_the_lists_have_the_codes_of_the_procedure() -> None:
    codes = {name: " ".join(choices) for name, choices in FORM.lists.items()}
    assert codes["user_type"] == (
        "penyedia ppk pp pokja pa_kpa kupbj auditor admin_agency verifikator admin_ppe publik"
        " lainnya"
    )
    assert codes["category"] == ("01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 99")
    assert {"spse", "sirup", "e_katalog", "sikap", "inaproc"} <= set(codes["application"].split())
    assert codes["report_type"] == "G M PL"
    assert codes["technical"] == "T NT"
    assert codes["urgency"] == "M TM"
    assert codes["impact"] == "B S K"
    assert codes["priority"] == "T M R"
    assert codes["outcome"] == (
        "solved escalated dropped_by_caller silent prank wrong_number referred"
    )
    assert FORM.outcome.no_consultation == ("silent", "prank", "wrong_number")
    assert set(FORM.lists) == {f.choices for f in FORM.fields if f.choices}


def test_what_each_step_requires() -> None:
    def required(step: str) -> list[str]:
        return [f.id for f in FORM.fields if step in f.required_for]

    assert required("3") == [
        "caller_name",
        "user_type",
        "business_name",
        "institution",
        "contact_phone",
        "application",
        "category",
        "problem",
    ]
    assert required("6") == ["solution"]
    assert required("8") == ["email"]


def test_a_business_is_asked_of_suppliers_an_institution_of_officials_neither_of_the_public() -> (
    None
):
    business, institution = FORM.field("business_name"), FORM.field("institution")
    assert business and business.required_when and institution and institution.required_when
    asked = {*business.required_when.one_of, *institution.required_when.one_of}
    assert business.required_when.one_of == ("penyedia",)
    assert set(FORM.lists["user_type"]) - asked == {"publik", "lainnya"}


def test_what_comes_from_the_call() -> None:
    told = {f.id: f.from_call for f in FORM.fields if f.from_call}
    assert told.pop("contact_phone") == "caller_number"
    assert set(told.values()) | {"caller_number"} == set(get_args(CallFact))
    assert all(f.type == "fact" for f in FORM.fields if f.id in told)


def test_every_sentence_stands_in_both_languages_and_ends() -> None:
    assert set(FORM.warnings) == set(WARNINGS)
    assert set(FORM.refusals) == set(get_args(RefusalKey))
    for sentence in (*FORM.warnings.values(), *FORM.refusals.values()):
        for words in (sentence.id, sentence.en):
            assert words.endswith(".")
            assert words.count(".") - words.count("15.00") == 1
        assert sentence.id != sentence.en


def test_longest_is_the_fields_own_or_that_of_its_type() -> None:
    limits = {f.id: f.limit for f in FORM.fields}
    assert limits["problem"] == limits["solution"] == 4000
    assert limits["caller_name"] == 200
    assert limits["spse_user_id"] == 100
    assert limits["npwp"] == 100
    assert limits["email"] == 254


def test_a_field_is_found_by_its_name() -> None:
    email = FORM.field("email")
    assert email is not None
    assert email.label.en == "E-mail"
    assert FORM.field("password") is None


@pytest.mark.parametrize(
    ("name", "key", "value", "mistake"),
    [
        ("npwp", "id", "nik", "field nik: stands twice"),
        (
            "category",
            "choices",
            "colour",
            "field category: a choice needs a list, and there is none named colour",
        ),
        (
            "npwp",
            "choices",
            "category",
            "field npwp: only a choice is taken from a list, and this is of type npwp",
        ),
        (
            "npwp",
            "type",
            "fact",
            "field npwp: a fact must say by from_call what of the call it shows",
        ),
        (
            "operator",
            "required_for",
            ["3"],
            "field operator: nobody fills in a fact, so no step can require it",
        ),
        ("stage", "longest", 0, "field stage: longest must be at least 1 character"),
        (
            "stage",
            "required_when",
            {"field": "user_type", "one_of": ["ppk"]},
            "field stage: required_when without required_for says nothing",
        ),
        (
            "institution",
            "required_when",
            {"field": "user_type", "one_of": ["ppk", "raja"]},
            "field institution: required_when: user_type has no choice raja",
        ),
        (
            "institution",
            "required_when",
            {"field": "stage", "one_of": ["x"]},
            "field institution: required_when: stage is no field with a choice",
        ),
        (
            "solution",
            "required_when",
            {"field": "outcome", "one_of": ["solved"]},
            "step 6: no field is always required for it",
        ),
        ("solution", "required_for", [], "step 6: no field is always required for it"),
        *(
            (
                "spse_user_id",
                "label",
                {"id": label, "en": "User ID"},
                "field spse_user_id: the helpdesk never asks for a password, a PIN or a one-time"
                " code",
            )
            for label in ("Password SPSE", "Kata sandi", "Kode OTP")
        ),
    ],
)
def test_a_mistake_in_a_field_is_one_sentence(
    name: str, key: str, value: object, mistake: str
) -> None:
    assert mistakes(lambda content: field(content, name).update({key: value})) == [mistake]


def test_mistakes_elsewhere_are_named_too() -> None:
    assert mistakes(lambda c: c["sections"].append({**c["sections"][0], "fields": []})) == [
        "section header: stands twice",
        "section header: has no field",
    ]
    assert mistakes(lambda c: c["lists"].update(colour={})) == ["list colour: is empty"]
    assert mistakes(lambda c: c["warnings"].pop("nik_length")) == [
        "warning nik_length: has no sentence"
    ]
    assert mistakes(lambda c: c["warnings"].update(moon={"id": "a", "en": "b"})) == [
        "warning moon: no check gives it"
    ]
    assert mistakes(lambda c: c["refusals"].pop("secret")) == ["refusal secret: has no sentence"]
    assert mistakes(lambda c: c["outcome"].update(field="stage")) == [
        "outcome: stage is no field with a choice"
    ]
    assert mistakes(lambda c: c["outcome"].update(no_consultation=["moon"])) == [
        "outcome: outcome has no choice moon"
    ]


def test_all_mistakes_are_told_at_once() -> None:
    def break_three(content: dict[str, Any]) -> None:
        field(content, "stage")["longest"] = -1
        field(content, "category")["choices"] = "colour"
        del content["warnings"]["nik_length"]

    assert len(mistakes(break_three)) == 3


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c.pop("version"), "version"),
        (lambda c: c.update(colour="red"), "colour"),
        (lambda c: c.update(sections={}), "sections"),
        (lambda c: c["title"].pop("en"), "title"),
        (lambda c: field(c, "npwp").update(type="magic"), "type"),
        (lambda c: field(c, "npwp").update(colour="red"), "colour"),
        (lambda c: field(c, "npwp").pop("label"), "label"),
        (lambda c: field(c, "operator").update(from_call="weather"), "from_call"),
        (lambda c: field(c, "stage").update(longest="long"), "longest"),
        (lambda c: c["refusals"].update(moon={"id": "a", "en": "b"}), "refusals"),
        (lambda c: c["lists"]["impact"].update(B="Besar"), "lists"),
    ],
)
def test_what_has_not_the_shape_of_a_form_is_refused_with_the_place(
    change: Callable[[dict[str, Any]], object], place: str
) -> None:
    with pytest.raises(FormInvalid, match=place):
        parse_form(changed(change))


@pytest.mark.parametrize("nonsense", [None, [], "form", 17, {}])
def test_something_that_is_no_form_is_refused(nonsense: object) -> None:
    with pytest.raises(FormInvalid):
        parse_form(nonsense)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_a_form_with_anything_in_it_changed_is_a_form_or_refused(data: st.DataObject) -> None:
    content = copy.deepcopy(CONTENT)
    place: Any = content
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(
        st.none() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
    )
    try:
        assert isinstance(parse_form(content), FormDefinition)
    except FormInvalid as refused:
        assert str(refused)


def test_what_is_offered_stands_first_in_its_order_and_the_rest_is_only_read() -> None:
    form = parse_form(changed(lambda c: c.update(offered={"technical": ["NT"]})))
    assert list(form.choices("technical")) == ["NT"]
    assert list(form.lists["technical"]) == ["NT", "T"]
    assert form.lists["technical"]["T"] == FORM.lists["technical"]["T"]
    assert form.choices("impact") == FORM.lists["impact"]
    assert FORM.choices("technical") == FORM.lists["technical"]


@pytest.mark.parametrize(
    ("offered", "mistake"),
    [
        ({"technical": []}, "offered technical: nothing can be chosen"),
        ({"technical": ["T", "T"]}, "offered technical: T stands twice"),
        ({"technical": ["X"]}, "offered technical: there is no X"),
        ({"nothing": ["X"]}, "offered nothing: there is no X"),
    ],
)
def test_only_what_is_in_a_list_can_be_offered(offered: dict[str, Any], mistake: str) -> None:
    assert mistakes(lambda c: c.update(offered=offered)) == [mistake]
