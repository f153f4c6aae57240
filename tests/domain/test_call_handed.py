from agent.domain.call import replay
from agent.domain.call_state import Stage
from agent.domain.consultation import outcome_of
from agent.domain.effects import (
    AnyEffect,
    ArchiveForm,
    HangUp,
    ReleaseOperator,
    RemoveBridge,
    ReserveTicket,
    StartTimer,
    StopSeeking,
)
from agent.domain.identifiers import ChannelId, bridge_of
from tests.domain.story import (
    BUDI,
    CALL,
    CALLER,
    FALLBACK_LEG,
    FIRST,
    FORM,
    SITI,
    TICKET,
    Effects,
    Story,
    cancel,
    connecting,
    handed,
    handed_talk,
    queueing,
    ringing,
    talking,
    wait,
    welcoming,
)

NO_MORE_WAITING = cancel("welcome", "please_wait", "longest_wait", "new_round", "ring", "connect")


def without_timers(effects: Effects) -> list[AnyEffect]:
    return [e for e in effects if not isinstance(e, StartTimer) and e not in NO_MORE_WAITING]


def test_a_caller_whom_no_agent_met_is_recorded_and_never_commanded() -> None:
    story = Story()
    assert story.arrives(by_exchange=True) == ()
    assert story.caller_answered() == ()
    assert story.notice_heard() == ()
    assert story.taken() == ()
    assert story.connected(FALLBACK_LEG) == ()
    assert story.connected(CALLER) == ()
    assert story.stage() is Stage.HANDED
    assert story.call.conversation
    assert story.call.conversation.operator == SITI
    assert story.hangs_up(CALLER) == (ArchiveForm(),)
    assert story.stage() is Stage.ENDED


def test_of_two_who_answered_in_one_moment_the_one_who_was_connected_counts() -> None:
    story = handed()
    story.taken()
    late = ChannelId("1795338000.9")
    story.taken(BUDI, late)
    story.connected(FALLBACK_LEG)
    story.connected(CALLER)
    story.hangs_up(late)
    assert story.call.conversation
    assert story.call.conversation.operator == SITI
    assert story.call.conversation.ended is None
    assert [offer.ended is not None for offer in story.call.offers] == [True, False]
    story.marks("6", late)
    assert story.call.decision is None
    story.marks("6")
    assert story.call.decision == "solved"


def test_the_operators_star_codes_are_marks_of_their_steps_and_only_a_ticket_is_wished_for() -> (
    None
):
    story = handed_talk()
    assert story.marks("236") == ()
    assert story.call.greeted_by == "mark"
    assert story.call.identity_taken
    assert story.call.decision == "solved"
    assert story.marks("8") == (ReserveTicket(),)
    assert story.ticket() == ()
    assert story.call.ticket_number == TICKET


def test_an_escalated_call_is_archived_only_with_its_ticket() -> None:
    story = handed_talk()
    story.marks("8")
    assert story.refused("ReserveTicket") == (wait("ticket", 5.0),)
    assert story.fires("ticket") == (ReserveTicket(),)
    assert story.hangs_up(CALLER) == ()
    assert story.ticket() == (ArchiveForm(),)


def test_marks_of_another_leg_and_repeated_facts_teach_nothing() -> None:
    story = handed_talk()
    told = len(story.told)
    story.marks("2", leg=CALLER)
    story.notice_heard()
    story.taken()
    story.connected(CALLER)
    story.caller_answered()
    assert len(story.told) == told
    assert replay(story.told) == story.call


def test_the_last_of_several_who_took_it_is_the_one_who_talks() -> None:
    story = handed()
    story.taken(BUDI, FIRST)
    story.hangs_up(FIRST)
    story.taken(SITI)
    story.connected(FALLBACK_LEG)
    story.connected(CALLER)
    assert story.call.conversation
    assert story.call.conversation.operator == SITI


def test_a_caller_who_waits_goes_on_in_the_exchanges_care() -> None:
    for story, expected in (
        (welcoming(), []),
        (queueing(), [StopSeeking()]),
        (ringing(), [HangUp(channel=FIRST), ReleaseOperator(operator=SITI, answered=False)]),
        (connecting(), [HangUp(channel=FIRST), ReleaseOperator(operator=SITI, answered=True)]),
    ):
        assert without_timers(story.handed_over()) == expected
        assert story.stage() is Stage.HANDED
        assert story.call.by_exchange
        assert story.handed_over() == (), "told twice"


def test_a_talk_that_the_exchange_cut_stays_one_and_its_operator_is_let_go() -> None:
    story = talking()
    story.after(2).speaks()
    story.after(60).presses("*3")
    released = ReleaseOperator(operator=SITI, answered=True, form_number=FORM)
    gone = (HangUp(channel=FIRST), released, RemoveBridge(bridge=bridge_of(CALL)))
    assert story.after(380).handed_over() == gone
    assert story.handed_over() == (), "told twice"
    assert story.hangs_up(FIRST) == (), "the caller is not hung up with him"
    assert story.stage() is Stage.HANDED
    cut = story.call
    assert cut.conversation
    assert cut.operator_gone == cut.by_exchange
    assert cut.greeted
    story.after(30).nobody_took()
    story.after(5).hangs_up(CALLER)
    assert outcome_of(story.call) == "interrupted"


def test_a_talk_that_was_cut_goes_on_with_whom_the_exchange_reached() -> None:
    story = talking()
    story.after(2).speaks()
    story.after(400).handed_over()
    story.after(20).taken(BUDI)
    story.connected(FALLBACK_LEG)
    story.connected(CALLER)
    assert [offer.operator for offer in story.call.offers if offer.connected] == [SITI, BUDI]
    assert story.call.conversation
    assert story.call.conversation.operator == BUDI
    assert story.call.greeted is None
    story.marks("26")
    story.hangs_up(CALLER)
    assert outcome_of(story.call) == "solved"
    assert replay(story.told) == story.call


def test_an_operator_of_ours_who_answers_after_the_hand_over_is_not_the_one_who_talks() -> None:
    story = ringing()
    story.handed_over()
    story.answers()
    story.ready()
    assert story.call.conversation is None
    story.after(3).taken(BUDI)
    story.connected(FALLBACK_LEG)
    story.connected(CALLER)
    assert story.call.conversation
    assert story.call.conversation.operator == BUDI


def test_facts_of_the_exchange_mean_nothing_to_a_call_of_ours() -> None:
    story = queueing()
    told = len(story.told)
    for tell in (story.notice_heard, story.taken, story.nobody_took, story.voicemail):
        assert tell() == ()
    assert story.marks("2368") == ()
    assert len(story.told) == told


def test_a_talk_whose_record_is_lost_goes_on_with_its_operator() -> None:
    story = Story()
    assert story.adopted(SITI) == ()
    assert story.stage() is Stage.TALKING
    story.presses("*3")
    assert story.call.identity_taken
    story.presses("*8")
    assert story.call.decision == "escalated"


def test_a_caller_whose_record_is_lost_waits_for_an_operator_anew() -> None:
    story = Story()
    story.adopted()
    assert story.stage() is Stage.QUEUEING
    story.offered()
    assert story.stage() is Stage.RINGING
