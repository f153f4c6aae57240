from agent.domain.identifiers import (
    CallId,
    bridge_of,
    listening_channel,
    operator_channel,
    playback_of,
    supervisor_channel,
    supervisors_bridge,
)

CALL = CallId("0123456789abcdef")


def test_ids_are_chosen_beforehand_and_the_same_each_time() -> None:
    assert bridge_of(CALL) == bridge_of(CALL) == "lpse-0123456789abcdef"
    assert operator_channel(CALL, 2) == "lpse-0123456789abcdef-o2"
    assert playback_of(CALL, 11) == "lpse-0123456789abcdef-p11"


def test_no_two_things_of_a_call_share_an_id() -> None:
    ids: list[str] = [bridge_of(CALL)]
    makers = (operator_channel, playback_of, supervisor_channel, listening_channel)
    ids += [make(CALL, n) for make in makers for n in range(1, 30)]
    assert len(set(ids)) == len(ids)


def test_a_supervisors_bridge_is_named_as_his_leg_and_as_no_conversation() -> None:
    assert supervisors_bridge(CALL, 3) == supervisor_channel(CALL, 3) != bridge_of(CALL)
