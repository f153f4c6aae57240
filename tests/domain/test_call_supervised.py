"""A supervisor comes, changes how he is heard, and leaves; nothing else of the call is touched."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from agent.domain.call import replay
from agent.domain.call_state import Stage
from agent.domain.effects import CancelTimer, HangUp, RemoveBridge, RingSupervisor, Supervise
from agent.domain.identifiers import (
    ChannelId,
    OperatorId,
    bridge_of,
    listening_channel,
    supervisor_channel,
    supervisors_bridge,
)
from tests.domain.story import (
    CALL,
    CALLER,
    DEWI,
    FIRST,
    FORM,
    SUPERVISORS_LEG,
    Story,
    connecting,
    handed_talk,
    queueing,
    reading_numbers,
    solved,
    talking,
    wait,
)

BRIDGE = supervisors_bridge(CALL, 1)
GOES = (HangUp(channel=SUPERVISORS_LEG), RemoveBridge(bridge=BRIDGE))
WAITS_NO_MORE = CancelTimer(timer="supervisor")


def listening() -> Story:
    story = talking()
    story.calls_supervisor()
    story.after(3).supervisor_joins()
    return story


def test_his_telephone_is_rung_and_he_hears_once_he_has_answered() -> None:
    story = talking()
    assert story.calls_supervisor("listen") == (
        RingSupervisor(
            channel=SUPERVISORS_LEG,
            supervisor=DEWI,
            caller_channel=CALLER,
            form_number=FORM,
            ring_seconds=20.0,
        ),
        wait("supervisor", 20.0),
    )
    assert story.after(3).supervisor_joins() == (
        WAITS_NO_MORE,
        Supervise(
            channel=SUPERVISORS_LEG,
            mode="listen",
            operator=FIRST,
            conversation=bridge_of(CALL),
            bridge=BRIDGE,
            listens=listening_channel(CALL, 1),
        ),
    )
    assert story.supervisor_joins() == ()
    session = story.call.supervision
    assert session is not None
    assert session.joined is not None
    assert (session.supervisor, session.mode, session.joined.at) == (DEWI, "listen", story.now)


def test_each_mode_has_an_ear_of_its_own_and_drops_the_one_before() -> None:
    story = listening()
    ears = []
    for mode in ("whisper", "join", "listen"):
        [effect] = story.after(5).changes_mode(mode)
        assert isinstance(effect, Supervise)
        assert effect.mode == mode
        ears.append((effect.drops, effect.listens))
    first, second, fourth = (listening_channel(CALL, n) for n in (1, 2, 4))
    assert ears == [(first, second), (second, None), (None, fourth)]
    assert story.changes_mode("listen") == (), "he is in that mode already"
    assert story.changes_mode("join", OperatorId("op-110")) == (), "it is not his session"
    session = story.call.supervision
    assert session is not None
    assert [taken.mode for taken in session.modes] == ["listen", "whisper", "join", "listen"]


def test_a_mode_that_is_changed_while_his_telephone_rings_is_the_one_he_enters_in() -> None:
    story = talking()
    story.calls_supervisor("listen")
    assert story.changes_mode("join") == ()
    _, effect = story.supervisor_joins()
    assert isinstance(effect, Supervise)
    assert (effect.mode, effect.listens) == ("join", None)


def test_who_hangs_up_has_left_and_may_come_again() -> None:
    story = listening()
    assert story.after(5).supervisor_leaves() == GOES
    assert story.supervisor_leaves() == ()
    assert story.call.supervision is None
    assert story.stage() is Stage.TALKING
    ring, _ = story.calls_supervisor("whisper")
    again = supervisor_channel(CALL, 2)
    assert isinstance(ring, RingSupervisor)
    assert ring.channel == again
    _, effect = story.supervisor_joins(again)
    assert isinstance(effect, Supervise)
    assert effect.listens == listening_channel(CALL, 2), "no id is used twice"


def test_a_telephone_that_nobody_answers_is_let_go() -> None:
    story = talking()
    story.calls_supervisor()
    assert story.after(20).fires("supervisor") == (WAITS_NO_MORE, *GOES)
    assert story.call.supervisions[0].cause == 19
    assert story.supervisor_joins() == (HangUp(channel=SUPERVISORS_LEG),), "picked up too late"
    story = listening()
    assert story.fires("supervisor") == ()


@pytest.mark.parametrize("effect", ["RingSupervisor", "Supervise"])
def test_what_is_refused_ends_the_session_and_not_the_conversation(effect: str) -> None:
    story = listening()
    assert story.refused(effect, "lpse-c0ffee-s9") == ()
    assert story.refused(effect, BRIDGE) == GOES
    assert story.stage() is Stage.TALKING


def test_a_second_supervisor_is_not_taken() -> None:
    story = listening()
    assert story.calls_supervisor(who=OperatorId("op-110")) == ()
    assert len(story.call.supervisions) == 1


@pytest.mark.parametrize("make", [queueing, connecting, solved, handed_talk])
def test_where_nobody_talks_there_is_nothing_to_listen_to(make: Callable[[], Story]) -> None:
    story = make()
    assert story.calls_supervisor() == ()
    assert story.call.supervisions == ()


@pytest.mark.parametrize(("leg", "cause"), [(CALLER, 16), (FIRST, 16), (FIRST, 44)])
def test_however_the_conversation_ends_the_session_ends_with_it(leg: ChannelId, cause: int) -> None:
    story = listening()
    effects = story.after(9).hangs_up(leg, cause)
    assert effects[-2:] == GOES
    ended = story.call.supervisions[0].ended
    assert ended is not None
    assert (ended.at, ended.event) == (story.now, story.call.events)
    assert story.supervisor_leaves() == ()


def test_who_stays_to_hear_the_numbers_is_not_listened_to() -> None:
    story = reading_numbers()
    story.calls_supervisor("join")
    story.supervisor_joins()
    effects = story.hangs_up(CALLER)
    assert story.stage() is Stage.CLOSING
    assert effects[-2:] == GOES


def test_his_speech_and_keys_are_not_the_operators() -> None:
    story = listening()
    before = story.call
    for effects in (story.speaks(SUPERVISORS_LEG), story.presses("*6", SUPERVISORS_LEG)):
        assert effects == ()
    assert story.call == before


def test_without_him_the_call_would_be_the_same() -> None:
    story = listening()
    plain = talking()
    for one in (story, plain):
        one.after(1).speaks()
        one.presses("*3*6")
    story.changes_mode("join")
    for one in (story, plain):
        one.hangs_up(CALLER)
        one.hangs_up(FIRST)
    assert replay(story.told) == story.call
    a, b = story.call, plain.call
    assert (a.stage, a.decision, a.greeted_by, len(a.offers)) == (
        b.stage,
        b.decision,
        b.greeted_by,
        len(b.offers),
    )
    assert replace(a, supervisions=()) != a
