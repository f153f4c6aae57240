from datetime import UTC, datetime, timedelta, timezone

import pytest

from agent.asterisk.ari_events import TimeInvalid, Told, call_id_of, parse_event, parse_time
from agent.asterisk.ari_messages import Channel, StasisStart, parse_message
from agent.domain.events import (
    AnyEvent,
    Caller,
    CallerAnswered,
    DigitPressed,
    LegConnected,
    LegHungUp,
    OperatorAnswered,
    OperatorLegReady,
    OperatorRinging,
    OperatorSpoke,
    PromptFinished,
    PromptStarted,
)
from agent.domain.identifiers import ChannelId, PlaybackId
from agent.runtime.dispatcher import call_of
from agent.runtime.doors import Arrival
from tests.asterisk.messages import (
    AT,
    CALLERS_LEG,
    EVERY_KIND,
    OPERATORS_LEG,
    PLAYBACK,
    channel,
    message,
    playback,
)

MOMENT = datetime(2026, 11, 23, 2, 0, 0, 213_000, tzinfo=UTC)
CALLER, OPERATOR = ChannelId(CALLERS_LEG), ChannelId(OPERATORS_LEG)


def told(text: str) -> Arrival | Told | None:
    return parse_event(parse_message(text))


def event_of(text: str) -> AnyEvent:
    found = told(text)
    assert isinstance(found, tuple)
    return found[1]


def leg_of(text: str) -> Channel:
    parsed = parse_message(text)
    assert isinstance(parsed, StasisStart)
    return parsed.channel


def test_asterisks_timestamps_are_read_to_the_millisecond() -> None:
    assert parse_time(AT) == MOMENT
    assert parse_time("2026-11-23T09:00:00.213+0700") == MOMENT
    assert parse_time("2026-11-23T02:00:00Z") == MOMENT.replace(microsecond=0)
    assert parse_time("2026-11-23T09:00:00.213+0700").tzinfo == timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    "text", ["", "now", "2026-11-23T02:00:00.213", "2026-11-23", "2026-13-23T02:00:00Z", "9" * 9000]
)
def test_a_time_that_cannot_be_read_or_has_no_zone_is_refused(text: str) -> None:
    with pytest.raises(TimeInvalid) as refused:
        parse_time(text)
    assert len(str(refused.value)) <= 40


@pytest.mark.parametrize(
    "kind", sorted(set(EVERY_KIND) - {"ChannelUserevent", "ApplicationReplaced"})
)
def test_an_event_whose_time_cannot_be_read_is_refused(kind: str) -> None:
    with pytest.raises(TimeInvalid):
        told(EVERY_KIND[kind].replace(AT, "yesterday"))


def test_a_callers_leg_that_enters_is_an_arrival() -> None:
    arrival = told(EVERY_KIND["StasisStart"])
    assert isinstance(arrival, Arrival)
    assert (arrival.at, arrival.source) == (MOMENT, "ARI StasisStart")
    assert (arrival.channel, arrival.line, arrival.answered) == (CALLER, "1500", False)
    assert arrival.caller == Caller("0811234567", "+62811234567", "+62 811-234-567")


def test_a_leg_that_was_answered_before_says_so() -> None:
    arrival = told(message("StasisStart", channel=channel(state="Up"), args=[]))
    assert isinstance(arrival, Arrival)
    assert arrival.answered


def test_a_line_as_long_as_a_novel_is_cut() -> None:
    dialplan = {"exten": "1" * 4096}
    arrival = told(message("StasisStart", channel=channel(dialplan=dialplan), args=[]))
    assert isinstance(arrival, Arrival)
    assert arrival.line == "1" * 32


def test_a_repeated_arrival_is_the_same_call_and_another_one_is_not() -> None:
    first = leg_of(message("StasisStart", channel=channel(), args=[]))
    again = leg_of(message("StasisStart", channel=channel(state="Up"), args=["x"]))
    other = leg_of(message("StasisStart", channel=channel("1795338000.8"), args=[]))
    later = leg_of(
        message(
            "StasisStart", channel=channel(creationtime="2026-11-24T00:00:00.000+0000"), args=[]
        )
    )
    assert call_id_of(first) == call_id_of(again)
    assert len({call_id_of(leg) for leg in (first, other, later)}) == 3
    assert call_of(f"lpse-{call_id_of(first)}-o1") == call_id_of(first)


def test_an_operators_leg_that_enters_is_ready() -> None:
    text = message("StasisStart", channel=channel(OPERATORS_LEG, "Up"), args=["operator", "x"])
    assert told(text) == (
        OPERATORS_LEG,
        OperatorLegReady(at=MOMENT, source="ARI StasisStart", channel=OPERATOR),
    )


def test_a_leg_that_is_up_was_answered_by_the_caller_or_by_the_operator() -> None:
    source = "ARI ChannelStateChange Up"
    assert told(EVERY_KIND["ChannelStateChange"]) == (
        CALLERS_LEG,
        CallerAnswered(at=MOMENT, source=source, channel=CALLER),
    )
    text = message("ChannelStateChange", channel=channel(OPERATORS_LEG, "Up"))
    assert event_of(text) == OperatorAnswered(at=MOMENT, source=source, channel=OPERATOR)


def test_only_an_operators_telephone_rings() -> None:
    text = message("ChannelStateChange", channel=channel(OPERATORS_LEG, "Ringing"))
    source = "ARI ChannelStateChange Ringing"
    assert event_of(text) == OperatorRinging(at=MOMENT, source=source, channel=OPERATOR)
    assert told(message("ChannelStateChange", channel=channel(state="Ringing"))) is None


@pytest.mark.parametrize("state", ["Down", "Rsrvd", "OffHook", "Dialing", "Ring", "Busy", "", "up"])
def test_other_states_of_a_leg_tell_nothing(state: str) -> None:
    for leg in (CALLERS_LEG, OPERATORS_LEG):
        assert told(message("ChannelStateChange", channel=channel(leg, state))) is None


@pytest.mark.parametrize(
    ("kind", "fields", "cause"),
    [
        ("ChannelHangupRequest", {}, None),
        ("ChannelHangupRequest", {"cause": 16}, 16),
        ("ChannelDestroyed", {"cause": 0, "cause_txt": "Unknown"}, None),
        ("ChannelDestroyed", {"cause": 21, "cause_txt": "Call Rejected"}, 21),
    ],
)
def test_a_leg_is_gone_by_either_of_two_words(
    kind: str, fields: dict[str, object], cause: int | None
) -> None:
    assert told(message(kind, channel=channel(OPERATORS_LEG), **fields)) == (
        OPERATORS_LEG,
        LegHungUp(at=MOMENT, source=f"ARI {kind}", channel=OPERATOR, cause=cause),
    )


def test_a_prompt_begins_and_ends() -> None:
    assert told(EVERY_KIND["PlaybackStarted"]) == (
        PLAYBACK,
        PromptStarted(at=MOMENT, source="ARI PlaybackStarted", playback=PlaybackId(PLAYBACK)),
    )


@pytest.mark.parametrize(
    ("state", "result"), [("done", "done"), ("failed", "failed"), ("cancelled", "failed")]
)
def test_only_a_prompt_that_is_done_was_heard(state: str, result: str) -> None:
    event = event_of(message("PlaybackFinished", playback=playback(state)))
    assert isinstance(event, PromptFinished)
    assert event.result == result


def test_what_happens_during_the_talk() -> None:
    assert event_of(EVERY_KIND["ChannelEnteredBridge"]) == LegConnected(
        at=MOMENT, source="ARI ChannelEnteredBridge", channel=CALLER
    )
    assert event_of(EVERY_KIND["ChannelTalkingStarted"]) == OperatorSpoke(
        at=MOMENT, source="ARI ChannelTalkingStarted", channel=CALLER
    )
    assert event_of(EVERY_KIND["ChannelDtmfReceived"]) == DigitPressed(
        at=MOMENT, source="ARI ChannelDtmfReceived", channel=CALLER, digit="8"
    )


def test_a_key_is_one_character() -> None:
    for sent, digit in (("*", "*"), ("12345", "1"), ("", "")):
        event = event_of(message("ChannelDtmfReceived", channel=channel(), digit=sent))
        assert isinstance(event, DigitPressed)
        assert event.digit == digit


def test_what_is_meant_for_the_session_tells_a_call_nothing() -> None:
    assert told(EVERY_KIND["ChannelUserevent"]) is None
    assert told(EVERY_KIND["ApplicationReplaced"]) is None


@pytest.mark.parametrize(
    "name",
    ["lpse-", "lpse-xyz-o1", "xlpse-0123-o1", "lpse-0123-q1", "lpse-0123-o1x", "1795338000.7"],
)
def test_a_leg_that_only_looks_like_our_own_is_a_callers(name: str) -> None:
    assert isinstance(told(message("StasisStart", channel=channel(name), args=[])), Arrival)
