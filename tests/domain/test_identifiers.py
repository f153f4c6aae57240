from agent.domain.identifiers import CallId, bridge_of, operator_channel, playback_of

CALL = CallId("0123456789abcdef")


def test_ids_are_chosen_beforehand_and_the_same_each_time() -> None:
    assert bridge_of(CALL) == bridge_of(CALL) == "lpse-0123456789abcdef"
    assert operator_channel(CALL, 2) == "lpse-0123456789abcdef-o2"
    assert playback_of(CALL, 11) == "lpse-0123456789abcdef-p11"


def test_no_two_things_of_a_call_share_an_id() -> None:
    ids: list[str] = [bridge_of(CALL)]
    ids += [make(CALL, n) for make in (operator_channel, playback_of) for n in range(1, 30)]
    assert len(set(ids)) == len(ids)
