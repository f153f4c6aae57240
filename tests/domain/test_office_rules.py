"""How calls are treated: limits that are said once, and what of it a call keeps."""

from typing import Any

import msgspec
import pytest

from agent.domain.office_rules import (
    RULES,
    OfficeRulesInvalid,
    RulesChange,
    parse_office_rules,
    ruled,
    rules_content,
)
from agent.domain.rules import CallRules
from agent.settings import Settings, read_settings
from tests.domain.offices import RULES_OF_CALLS, rules_of_calls

ALMOST = {"database_url": "postgresql://127.0.0.1/lpse", "ari_url": "http://127.0.0.1:8088",
          "ari_secret_file": "/a", "state_folder": "/b"}  # fmt: skip


def test_a_version_is_kept_and_read_again_as_it_was() -> None:
    content = msgspec.json.decode(msgspec.json.encode(rules_of_calls(ring_seconds=12.5)))
    assert parse_office_rules(content).ring_seconds == 12.5
    assert rules_content("setelan-1", RULES_OF_CALLS) == rules_of_calls()


def test_what_the_settings_say_at_first_are_rules_that_count() -> None:
    settings = read_settings({f"LPSE_{key.upper()}": value for key, value in ALMOST.items()})
    assert parse_office_rules(rules_content("setelan-1", settings)) == RULES_OF_CALLS


@pytest.mark.parametrize("name", RULES)
def test_the_settings_and_the_rules_have_one_limit(name: str) -> None:
    of_settings, of_rules = (
        {field.name: field.type for field in msgspec.structs.fields(kind)}[name]
        for kind in (Settings, RulesChange)
    )
    assert of_settings == of_rules


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ring_seconds", 0), ("longest_wait_seconds", 3600.5), ("wrap_up_seconds", -1),
        ("wrap_up_seconds", 601), ("archive_after_seconds", 541), ("numbers_heard_by", "nobody"),
        ("audio_kept_days", 3651), ("audio_kept_days", 1.5), ("ring_seconds", "long"),
    ],
)  # fmt: skip
def test_what_no_office_can_have_is_refused_with_its_place(name: str, value: Any) -> None:
    with pytest.raises(OfficeRulesInvalid, match=rf"\$\.{name}"):
        parse_office_rules(rules_of_calls(**{name: value}))
    without = {one: kept for one, kept in rules_of_calls().items() if one != name}
    with pytest.raises(OfficeRulesInvalid, match=name):
        parse_office_rules(without)


def test_a_call_gets_every_rule_that_it_knows_and_keeps_the_rest() -> None:
    before = CallRules(sop="SOP rev 00", zone="WIT", notice="3", form="formulir-2", hand_over=True)
    office = parse_office_rules(
        rules_of_calls(
            ring_seconds=11, new_round_seconds=12, please_wait_seconds=13, wrap_up_seconds=14,
            longest_wait_seconds=15, archive_after_seconds=16, numbers_heard_by="operator",
            audio_kept_days=17,
        )
    )  # fmt: skip
    assert ruled(before, office) == CallRules(
        sop="SOP rev 00", zone="WIT", notice="3", form="formulir-2", hand_over=True,
        ring_seconds=11, new_round_seconds=12, please_wait_seconds=13, wrap_up_seconds=14,
        longest_wait_seconds=15, archive_after_seconds=16, numbers_heard_by="operator",
        audio_kept_days=17,
    )  # fmt: skip
