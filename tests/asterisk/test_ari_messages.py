import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.asterisk.ari_messages import (
    USED_KINDS,
    AnyMessage,
    ChannelDestroyed,
    ChannelDtmfReceived,
    MessageMalformed,
    MessageUnknown,
    PlaybackFinished,
    StasisStart,
    parse_message,
)
from tests.asterisk.messages import AT, CALLERS_LEG, EVERY_KIND, PLAYBACK, channel, message


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_used_kind_is_understood_as_text_and_as_bytes(kind: str) -> None:
    parsed = parse_message(EVERY_KIND[kind])
    assert type(parsed).__name__ == kind
    assert parsed.timestamp == AT
    assert parse_message(EVERY_KIND[kind].encode()) == parsed


def test_asterisk_is_asked_for_the_kinds_that_are_understood() -> None:
    assert set(USED_KINDS) == set(EVERY_KIND)
    assert {kind.__name__ for kind in AnyMessage.__args__} == set(EVERY_KIND)


def test_the_fields_that_are_used_are_read_and_all_others_passed_over() -> None:
    start = parse_message(EVERY_KIND["StasisStart"])
    assert isinstance(start, StasisStart)
    assert (start.channel.id, start.channel.caller.number) == (CALLERS_LEG, "0811234567")
    assert start.channel.dialplan.exten == "1500"
    destroyed = parse_message(EVERY_KIND["ChannelDestroyed"])
    assert isinstance(destroyed, ChannelDestroyed)
    assert destroyed.cause == 16
    dtmf = parse_message(EVERY_KIND["ChannelDtmfReceived"])
    assert isinstance(dtmf, ChannelDtmfReceived)
    assert dtmf.digit == "8"
    finished = parse_message(EVERY_KIND["PlaybackFinished"])
    assert isinstance(finished, PlaybackFinished)
    assert (finished.playback.id, finished.playback.state) == (PLAYBACK, "done")


@pytest.mark.parametrize("kind", ["ChannelVarset", "DeviceStateChanged", "Stasis", "", "Message"])
def test_a_kind_that_is_not_used_is_told_apart_from_a_mistake(kind: str) -> None:
    with pytest.raises(MessageUnknown) as unknown:
        parse_message(message(kind, channel=channel()))
    assert str(unknown.value) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        '"StasisStart"',
        '{"type":null}',
        '{"type":7}',
        '{"type":["ChannelDestroyed"]}',
        '{"type":"ChannelDestroyed"}',
        '{"type":"ChannelDestroyed","timestamp":"x"}',
        '{"type":"ChannelDestroyed","timestamp":7,"channel":{}}',
        EVERY_KIND["ChannelDestroyed"][:-1],
        EVERY_KIND["ChannelDestroyed"] + "}",
        message("ChannelDestroyed", channel=None),
        message("ChannelDestroyed", channel={**channel(), "id": 7}),
        message("StasisStart", channel=channel()),
        message("ChannelDtmfReceived", channel=channel()),
        message("ChannelDestroyed", channel=channel(), cause="busy"),
        message("PlaybackFinished", playback={"id": "x"}),
        '{"type":"\ud800"}',
        '{"type":"ChannelDestroyed","timestamp":"\\ud800"}',
        '{"type":"ChannelDestroyed","x":' + "[" * 100_000,
        b"\xff\xfe\x00",
        b'{"type":"ChannelDestroyed","timestamp":"\xff"}',
        b'{"type":"\xed\xa0\x80"}',
        "x" * 1_000_000,
        '{"type":"ChannelDestroyed","timestamp":"' + "9" * 1_000_000 + '"}',
    ],
    ids=range(28),
)
def test_what_is_no_event_is_malformed_and_nothing_worse(text: str | bytes) -> None:
    with pytest.raises(MessageMalformed):
        parse_message(text)


def test_an_event_of_a_megabyte_is_read_like_any_other() -> None:
    large = message("StasisStart", channel=channel(), args=["x" * 1_000_000])
    parsed = parse_message(large)
    assert isinstance(parsed, StasisStart)
    assert len(parsed.args[0]) == 1_000_000


def test_every_field_taken_away_gives_an_event_or_a_malformed_one() -> None:
    for kind, text in EVERY_KIND.items():
        whole = json.loads(text)
        for key in whole:
            part = json.dumps({k: v for k, v in whole.items() if k != key})
            try:
                parsed = parse_message(part)
            except MessageMalformed:
                continue
            assert type(parsed).__name__ == kind


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(EVERY_KIND)), st.data())
def test_an_event_with_a_torn_middle_is_understood_or_refused(
    kind: str, data: st.DataObject
) -> None:
    text = EVERY_KIND[kind].encode()
    cut = data.draw(st.integers(0, len(text)))
    torn = (
        text[:cut] + data.draw(st.binary(max_size=4)) + text[cut + data.draw(st.integers(0, 9)) :]
    )
    try:
        parsed = parse_message(torn)
    except (MessageMalformed, MessageUnknown) as refused:
        assert isinstance(refused, ValueError)
    else:
        assert type(parsed).__name__ in EVERY_KIND
