import msgspec

from agent.domain.rules import CallRules


def test_a_call_keeps_its_rules_however_the_defaults_change_later() -> None:
    rules = CallRules(sop="SOP rev 00", ring_seconds=12.5, numbers_heard_by="operator")
    assert msgspec.json.decode(msgspec.json.encode(rules), type=CallRules) == rules
    assert msgspec.structs.replace(rules, ring_seconds=20.0) == CallRules(
        sop="SOP rev 00", numbers_heard_by="operator"
    )
