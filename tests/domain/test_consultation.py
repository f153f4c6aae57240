import tomllib

import pytest

from agent.domain.call import replay
from agent.domain.consultation import (
    RECONCILED,
    Deviation,
    Judgement,
    Outcome,
    StepRecord,
    judge,
    left_first,
    outcome_of,
)
from agent.domain.events import LegHungUp
from agent.domain.sop import Sop, parse_sop
from agent.settings import DATA
from tests.domain.story import (
    CALLER,
    FIRST,
    MORNING,
    SITI,
    Story,
    awaiting_ticket,
    connecting,
    handed,
    handed_talk,
    queueing,
    reading_numbers,
    ringing,
    solved,
    talking,
    welcoming,
)

SOP: Sop = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))


def judgement(story: Story) -> Judgement:
    """What is said live, which must be what is said after a replay."""
    live = judge(story.call, SOP)
    assert judge(replay(story.told), SOP) == live
    assert all(step.seconds is None or step.seconds >= 0 for step in live.steps)
    return live


def step(story: Story, name: str) -> StepRecord:
    return next(s for s in judgement(story).steps if s.step == name)


def facts(story: Story, name: str) -> list[tuple[str, str]]:
    return [(e.fact, e.source) for e in step(story, name).evidence]


def deviations(story: Story) -> list[tuple[str, str, str]]:
    return [(d.kind, d.step, d.reason) for d in judgement(story).deviations]


def ended(story: Story, first: str = "caller") -> Story:
    """Both leave, one a tenth of a second after the other."""
    legs = (CALLER, FIRST) if first == "caller" else (FIRST, CALLER)
    for leg in legs:
        story.after(0.1).hangs_up(leg)
    return story


def heard(story: Story) -> Story:
    """The numbers are heard to their end, by the caller a little later than by the operator."""
    story.after(20).prompt_finished(6)
    story.after(0.5).prompt_finished(7)
    return story


# Outcomes


@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        (talking(), Outcome.IN_PROGRESS),
        (welcoming(), Outcome.ABANDONED_IN_WELCOME),
        (queueing(), Outcome.ABANDONED_WAITING),
        (ringing(), Outcome.ABANDONED_WAITING),
        (connecting(), Outcome.ABANDONED_WAITING),
        (talking(), Outcome.DROPPED_BY_CALLER),
        (solved(), Outcome.SOLVED),
        (reading_numbers(), Outcome.ESCALATED),
    ],
    ids=lambda value: str(value) if isinstance(value, Outcome) else "story",
)
def test_every_call_has_one_outcome(story: Story, outcome: Outcome) -> None:
    if outcome is not Outcome.IN_PROGRESS and story.call.ended is None:
        story.prompt_finished(6)
        ended(story)
    assert outcome_of(story.call) == outcome
    assert judgement(story).outcome == outcome


def test_a_call_that_nobody_answered_is_unanswered_also_when_the_caller_left_the_apology() -> None:
    story = queueing()
    story.after(300).fires("longest_wait")
    story.hangs_up(CALLER)
    assert outcome_of(story.call) == Outcome.UNANSWERED


def test_an_operator_who_leaves_first_without_a_decision_leaves_the_call_undecided() -> None:
    assert outcome_of(ended(talking().after(10), "operator").call) == Outcome.UNDECIDED


def test_a_decision_stands_whoever_leaves_first() -> None:
    story = talking()
    story.presses("*6")
    assert outcome_of(ended(story, "operator").call) == Outcome.SOLVED


def test_a_conversation_whose_end_was_only_found_later_is_interrupted() -> None:
    story = talking()
    story.hangs_up(FIRST, None, RECONCILED)
    story.hangs_up(CALLER, None, RECONCILED)
    assert outcome_of(story.call) == Outcome.INTERRUPTED
    assert left_first(story.call) == "nobody"


def test_a_waiting_call_whose_end_was_only_found_later_is_interrupted() -> None:
    for story in (welcoming(), queueing()):
        story.hangs_up(CALLER, None, RECONCILED)
        assert outcome_of(story.call) == Outcome.INTERRUPTED
        assert judgement(story).deviations == ()


def test_when_both_leave_at_one_moment_it_is_the_callers_hang_up() -> None:
    story = talking()
    story.hangs_up(FIRST)
    story.hangs_up(CALLER)
    assert left_first(story.call) == "caller"


def test_who_left_first_is_told_by_the_exchanges_time_not_by_the_order_of_the_reports() -> None:
    story = talking()
    story.after(1).hangs_up(CALLER)
    story.now = story.call.arrived.at
    story.after(14.5).hangs_up(FIRST)
    assert left_first(story.call) == "operator"


# Steps: anchors, proofs, states


def test_step_1_is_met_by_the_arrival() -> None:
    story = welcoming()
    assert step(story, "1").state == "met"
    assert step(story, "1").met_at == MORNING
    assert facts(story, "1") == [("call_arrived", "ARI StasisStart")]


def test_the_notice_is_a_step_of_its_own_timed_from_its_beginning() -> None:
    story = welcoming()
    assert step(story, "1a").state == "running"
    story.prompt_finished(1)
    story.after(3).prompt_started(2)
    story.after(5).prompt_finished(2)
    assert (step(story, "1a").state, step(story, "1a").seconds) == ("met", 5.0)
    assert facts(story, "1a") == [("clock_started", "ARI"), ("notice_heard_to_its_end", "ARI")]


def test_a_notice_that_was_not_heard_is_unmet_and_nobodys_fault() -> None:
    story = welcoming()
    story.prompt_finished(1)
    story.prompt_finished(2, "failed")
    story.hangs_up(CALLER)
    assert step(story, "1a").state == "unmet"
    assert judgement(story).deviations == ()


def test_step_2_runs_from_the_operators_answer_to_his_first_speech() -> None:
    story = talking()
    answered = story.now
    assert step(story, "2").state == "running"
    story.after(4).speaks()
    greeting = step(story, "2")
    assert (greeting.state, greeting.limit_s, greeting.seconds) == ("met", 10.0, 4.0)
    assert (greeting.started_at, greeting.met_at) == (answered, story.now)
    assert facts(story, "2") == [("clock_started", "ARI Up"), ("operator_spoke", "ARI Talking")]


def test_step_2_names_the_mark_when_the_operator_marked_it() -> None:
    story = talking()
    story.after(4).presses("*2")
    assert facts(story, "2")[1] == ("operator_pressed_*2", "ARI")


def test_evidence_names_the_events_that_prove_it() -> None:
    story = talking()
    story.after(4).speaks()
    kinds = [type(story.told[e.event - 1]).__name__ for e in step(story, "2").evidence]
    assert kinds == ["OperatorAnswered", "OperatorSpoke"]


def test_step_3_runs_from_the_greeting() -> None:
    story = talking()
    story.after(4).speaks()
    story.after(60).presses("*3")
    assert step(story, "3").seconds == 60.0


def test_step_3_runs_from_the_answer_when_nobody_greeted() -> None:
    story = talking()
    story.after(60).presses("*3")
    assert step(story, "3").seconds == 60.0
    assert step(story, "2").state == "running"


def test_a_greeting_marked_after_the_identity_does_not_shorten_step_3() -> None:
    story = talking()
    story.after(150).presses("*3")
    story.after(1).presses("*2")
    assert step(story, "3").seconds == 150.0
    assert [d[:2] for d in deviations(story)] == [("time", "2"), ("time", "3")]


def test_step_4_and_5_have_no_limit_and_no_clock() -> None:
    story = awaiting_ticket()
    for name in ("4", "5"):
        assert step(story, name).state == "met"
        assert (step(story, name).limit_s, step(story, name).seconds) == (None, None)
    assert facts(story, "5") == [("decided_no", "ARI")]
    assert facts(solved(), "5") == [("decided_yes", "ARI")]


def test_of_steps_6_and_8_only_the_decided_branch_applies() -> None:
    story = talking()
    assert (step(story, "6").state, step(story, "8").state) == ("running", "running")
    assert (step(solved(), "6").state, step(solved(), "8").state) == ("met", "not_applicable")
    story = heard(reading_numbers())
    assert (step(story, "6").state, step(story, "8").state) == ("not_applicable", "met")
    assert step(story, "6").evidence == ()


def test_step_7_runs_from_the_end_of_the_call_when_it_was_solved_before() -> None:
    story = solved()
    assert step(story, "7").state == "running"
    story.after(30).archived()
    assert story.call.ended is not None
    assert step(story, "7").started_at == story.call.ended.at
    assert step(story, "7").seconds == pytest.approx(30.1)


def test_step_7_runs_from_the_solution_when_it_came_after_the_callers_end() -> None:
    story = talking()
    story.after(60).hangs_up(CALLER)
    story.after(2).presses("*6")
    solved_at = story.now
    story.after(1).hangs_up(FIRST)
    story.after(30).archived()
    assert step(story, "7").started_at == solved_at
    assert step(story, "7").seconds == 31.0


def test_step_7_is_met_for_an_escalated_case_too() -> None:
    story = ended(heard(reading_numbers()))
    story.after(1).archived()
    assert step(story, "7").state == "met"


def test_an_archive_whose_clock_is_a_hair_behind_took_no_time_and_keeps_its_evidence() -> None:
    story = solved()
    assert story.call.ended is not None
    end = story.call.ended.at
    story.after(-0.2).archived()
    archive = step(story, "7")
    assert (archive.seconds, archive.started_at) == (0.0, end)
    assert archive.evidence[0].at == end


def test_step_8_runs_from_the_decision_to_the_later_of_both_hearings() -> None:
    story = heard(reading_numbers())
    giving = step(story, "8")
    assert giving.state == "met"
    assert giving.met_at == story.now
    assert giving.seconds == pytest.approx(20.7)
    assert [f for f, _ in facts(story, "8")] == [
        "clock_started",
        "numbers_heard_by_operator",
        "numbers_heard_by_caller",
    ]


def test_step_8_is_not_met_by_one_hearing_where_both_are_wanted() -> None:
    for count in (6, 7):
        story = reading_numbers()
        story.prompt_finished(count)
        assert step(story, "8").state == "running"


def test_step_8_is_met_by_the_operators_hearing_where_the_office_wants_it_so() -> None:
    story = reading_numbers("operator")
    story.after(20).prompt_finished(6)
    assert step(story, "8").state == "met"


def test_step_8_is_met_by_the_first_hearing_also_when_the_numbers_were_read_again() -> None:
    story = heard(reading_numbers())
    met_at = step(story, "8").met_at
    story.after(5).presses("*0")
    story.after(20).prompt_finished(8)
    story.after(1).prompt_finished(9)
    assert step(story, "8").met_at == met_at


def test_step_8_is_met_without_the_caller_when_he_left_before_the_numbers_came() -> None:
    story = awaiting_ticket()
    story.prompt_finished(5)
    story.after(1).hangs_up(CALLER)
    story.ticket()
    story.after(20).prompt_finished(6)
    story.hangs_up(FIRST)
    assert step(story, "8").state == "met"
    assert judgement(story).deviations == ()


def test_steps_of_a_call_that_reached_nobody_do_not_apply() -> None:
    story = queueing()
    story.hangs_up(CALLER)
    story.archived()
    states = {s.step: s.state for s in judgement(story).steps}
    assert states == {
        "1": "met",
        "1a": "met",
        "2": "not_applicable",
        "3": "not_applicable",
        "4": "not_applicable",
        "5": "not_applicable",
        "6": "not_applicable",
        "7": "met",
        "8": "not_applicable",
    }


# Deviations


def test_a_flawless_consultation_deviates_in_nothing() -> None:
    for story in (solved(), ended(heard(reading_numbers()))):
        story.after(1).archived()
        assert judgement(story).deviations == ()


def test_a_greeting_at_exactly_the_limit_is_in_time() -> None:
    story = talking()
    story.after(10).speaks()
    assert judgement(story).deviations == ()


def test_a_greeting_a_millisecond_late_deviates_by_a_millisecond() -> None:
    story = talking()
    story.after(10.001).speaks()
    events = tuple(e.event for e in step(story, "2").evidence)
    assert judgement(story).deviations == (
        Deviation("time", "2", 10.0, 10.001, 0.001, SITI, "met_late", events),
    )


def test_a_greeting_that_never_came_is_measured_to_the_end_of_the_call() -> None:
    story = talking()
    story.after(10).hangs_up(CALLER)
    story.after(5).hangs_up(FIRST)
    assert step(story, "2").state == "unmet"
    assert deviations(story) == []
    story = talking()
    story.after(12).hangs_up(CALLER)
    story.hangs_up(FIRST)
    (deviation,) = judgement(story).deviations
    assert (deviation.reason, deviation.measured_s, deviation.excess_s) == (
        "not_met_in_time",
        12.0,
        2.0,
    )


def test_a_late_identity_and_a_late_archive_deviate() -> None:
    story = talking()
    story.after(1).speaks()
    story.after(120.5).presses("*3")
    story.presses("*6")
    ended(story)
    story.after(601).archived()
    assert deviations(story) == [("time", "3", "met_late"), ("time", "7", "met_late")]


def test_numbers_that_were_given_late_deviate() -> None:
    story = awaiting_ticket()
    story.after(600).ticket()
    story.after(20).prompt_finished(6)
    story.after(1).prompt_finished(7)
    assert deviations(story) == [("time", "8", "met_late")]


def test_an_identity_that_was_never_recorded_is_a_missing_output_once_it_was_decided() -> None:
    story = talking()
    story.after(1).speaks()
    story.after(20).presses("*6")
    assert deviations(ended(story)) == [("output", "3", "identity_not_recorded")]


def test_an_identity_that_was_never_recorded_can_be_late_and_missing() -> None:
    story = talking()
    story.after(1).speaks()
    story.after(130).presses("*6")
    assert deviations(ended(story)) == [
        ("time", "3", "not_met_in_time"),
        ("output", "3", "identity_not_recorded"),
    ]


def test_an_operator_who_ends_the_call_answers_for_what_is_missing() -> None:
    story = talking()
    story.after(1).speaks()
    assert deviations(ended(story, "operator")) == [
        ("output", "3", "identity_not_recorded"),
        ("output", "5", "ended_without_decision"),
    ]


def test_what_is_missing_is_proved_by_what_ended_the_last_chance_for_it() -> None:
    story = talking()
    story.after(12)
    no_decision = judgement(ended(story, "operator")).deviations[-1]
    assert no_decision.reason == "ended_without_decision"
    [proof] = [story.told[event - 1] for event in no_decision.events]
    assert isinstance(proof, LegHungUp)
    assert story.call.ended
    assert proof.at == story.call.ended.at
    never_greeted = judgement(story).deviations[0]
    assert never_greeted.reason == "not_met_in_time"
    assert story.told[never_greeted.events[-1] - 1] == proof, "to which it was measured"


def test_nobody_answers_for_what_a_caller_who_left_did_not_give() -> None:
    story = talking()
    story.after(1).speaks()
    assert deviations(ended(story)) == []


def test_a_caller_who_left_while_the_numbers_were_read_to_him_leaves_step_8_unmet() -> None:
    story = reading_numbers()
    story.after(5).hangs_up(CALLER)
    story.prompt_finished(7, "failed")
    story.after(15).prompt_finished(6)
    story.hangs_up(FIRST)
    assert step(story, "8").state == "unmet"
    assert deviations(story) == [("output", "8", "caller_left_before_hearing")]


def test_numbers_that_an_operator_did_not_wait_for_are_a_missing_output() -> None:
    story = reading_numbers()
    story.after(5).hangs_up(FIRST)
    story.prompt_finished(6, "failed")
    story.after(15).prompt_finished(7)
    story.hangs_up(CALLER)
    assert deviations(story) == [("output", "8", "numbers_not_heard")]


def test_a_call_that_was_interrupted_deviates_in_nothing() -> None:
    story = talking()
    story.after(30).hangs_up(FIRST, None, RECONCILED)
    story.hangs_up(CALLER, None, RECONCILED)
    story.after(1000).archived()
    assert judgement(story).deviations == ()


def test_a_running_call_deviates_only_in_what_is_already_certain() -> None:
    story = talking()
    story.after(300).prompt_started(3)
    assert deviations(story) == []
    story.speaks()
    assert deviations(story) == [("time", "2", "met_late")]


@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        (handed(), Outcome.ABANDONED_WAITING),
        (handed_talk(), Outcome.DROPPED_BY_CALLER),
    ],
)
def test_what_the_exchange_handled_has_an_outcome_and_one_deviation_of_the_equipment(
    story: Story, outcome: Outcome
) -> None:
    story.after(5).hangs_up(CALLER)
    assert judgement(story).outcome is outcome
    assert deviations(story) == [("equipment", "1", "handled_without_the_service")]
    assert judgement(story).deviations[0].operator is None, "no officer answers for it"


def test_marks_in_the_exchanges_care_meet_their_steps() -> None:
    story = handed_talk()
    story.after(2).marks("2")
    story.after(30).marks("3")
    story.after(30).marks("6")
    story.after(5).hangs_up(CALLER)
    assert judgement(story).outcome is Outcome.SOLVED
    assert [step(story, name).state for name in ("2", "3", "5", "6")] == ["met"] * 4
    assert step(story, "3").seconds == 30


def test_a_message_or_nobody_at_all_has_its_own_outcome() -> None:
    left = handed()
    left.after(60).nobody_took()
    left.after(20).voicemail()
    left.hangs_up(CALLER)
    assert judgement(left).outcome is Outcome.VOICEMAIL
    silent = handed()
    silent.after(60).nobody_took()
    silent.hangs_up(CALLER)
    assert judgement(silent).outcome is Outcome.UNANSWERED


def test_a_call_whose_record_was_lost_says_so() -> None:
    story = Story()
    story.adopted(SITI)
    story.after(20).presses("*6")
    story.after(5).hangs_up(CALLER)
    story.hangs_up(FIRST)
    assert judgement(story).outcome is Outcome.SOLVED
    assert deviations(story) == [("equipment", "1", "record_lost")]
