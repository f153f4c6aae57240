from datetime import timedelta, timezone

import msgspec
import pytest

from agent.domain.events import AGENT, AnyEvent, DetailShed, TimerFired
from tests.domain.story import (
    CALLER,
    IDENTITY,
    MORNING,
    Story,
    handed_talk,
    reading_numbers,
    ringing,
    solved,
    talking,
    talking_with_form,
)


def stories() -> list[Story]:
    timed = Story()
    timed.arrives()
    timed.fires("welcome")
    archived = solved()
    archived.refused("ArchiveForm")
    archived.archived()
    read = reading_numbers()
    read.hangs_up(CALLER, cause=None)
    exchange = handed_talk()
    exchange.marks("2")
    unanswered = ringing()
    unanswered.handed_over()
    unanswered.nobody_took()
    unanswered.voicemail()
    adopted = Story()
    adopted.adopted()
    written = talking_with_form()
    written.fills(*IDENTITY, ("outcome", "escalated"))
    written.finishes()
    written.ticket()
    written.message_accepted()
    given_up = talking_with_form()
    given_up.presses("*8")
    given_up.message_given_up()
    clicked = talking()
    clicked.clicks("6")
    supervised = talking()
    supervised.calls_supervisor()
    supervised.supervisor_joins()
    supervised.changes_mode("join")
    supervised.supervisor_leaves()
    return [
        clicked,
        supervised,
        timed,
        archived,
        read,
        exchange,
        unanswered,
        adopted,
        written,
        given_up,
    ]


def test_every_kind_of_event_is_the_same_after_its_way_through_json() -> None:
    told = [event for story in stories() for event in story.told]
    events = [*told, DetailShed(at=MORNING, count=3)]
    decoder = msgspec.json.Decoder(AnyEvent)
    assert [decoder.decode(msgspec.json.encode(event)) for event in events] == events
    assert {type(event) for event in events} == set(AnyEvent.__args__)


def test_an_event_is_told_apart_by_its_name() -> None:
    content = msgspec.json.decode(msgspec.json.encode(TimerFired(at=MORNING, timer="ring")))
    assert content == {"event": "TimerFired", "at": "2026-11-23T02:00:00Z", "timer": "ring"}


def test_an_event_that_names_no_source_is_the_agents_own() -> None:
    assert TimerFired(at=MORNING, timer="ring").source == AGENT


def test_a_moment_of_another_zone_stays_the_same_moment() -> None:
    local = MORNING.astimezone(timezone(timedelta(hours=7)))
    event = TimerFired(at=local, timer="ring")
    decoded = msgspec.json.decode(msgspec.json.encode(event), type=TimerFired)
    assert decoded.at == MORNING


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"event":"TimerFired"}',
        b'{"event":"Unheard","at":"2026-11-23T02:00:00Z"}',
        b'{"event":"TimerFired","at":"yesterday","timer":"ring"}',
        b'{"event":"TimerFired","at":"2026-11-23T02:00:00Z","timer":null}',
        b'{"event":"DetailShed","at":"2026-11-23T02:00:00Z","count":0}',
    ],
)
def test_what_is_no_event_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=AnyEvent)
