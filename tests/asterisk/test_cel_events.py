"""What Asterisk itself wrote about calls that no agent saw, told to the domain."""

from pathlib import Path

import pytest

from agent.asterisk.cel_entries import parse_line
from agent.asterisk.cel_events import arrival_in, told_by
from agent.domain.call import decide
from agent.domain.call_state import Call, Stage
from agent.domain.consultation import Outcome, left_first, outcome_of
from agent.domain.effects import ArchiveForm, ReserveTicket
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    LegConnected,
    LegHungUp,
    OperatorAnswered,
    SupervisorLeft,
    TicketReserved,
    VoicemailLeft,
)
from agent.domain.rules import CallRules
from agent.runtime.doors import LedgerEntry
from tests.domain.story import FORM, SOP, TICKET

JOURNALS = Path(__file__).parent / "journals"


def entries(story: str) -> list[LedgerEntry]:
    lines = (JOURNALS / f"{story}.jsonl").read_bytes().splitlines()
    return [entry for line in lines if (entry := parse_line(line))]


def recorded(story: str) -> Call:
    """The call that comes of a journal, as the runtime makes it."""
    found = entries(story)
    arrival = arrival_in(found)
    assert arrival
    call = decide(
        None,
        CallArrived(
            at=arrival.at,
            source=arrival.source,
            call_id=arrival.call_id,
            channel=arrival.channel,
            caller=arrival.caller,
            line=arrival.line,
            form_number=FORM,
            rules=CallRules(sop=SOP),
            by_exchange=arrival.by_exchange,
        ),
    ).call
    for entry in found:
        told = told_by(entry)
        if told:
            assert told[0] == call.channel, "every entry leads to the caller's call"
            decision = decide(call, told[1])
            assert {type(effect) for effect in decision.effects} <= {ArchiveForm, ReserveTicket}
            call = decision.call
            if ReserveTicket() in decision.effects:
                reserved = TicketReserved(at=entry.at, ticket_number=TICKET)
                call = decide(call, reserved).call
    return call


def test_an_operators_answer_and_his_marks_are_on_record() -> None:
    call = recorded("an_operator_answers_in_the_fallback_and_solves_the_question")
    assert call.stage is Stage.ENDED
    assert outcome_of(call) is Outcome.SOLVED
    assert call.conversation
    assert call.conversation.operator == "op-101"
    assert call.greeted_by == "mark"
    assert call.identity_taken
    assert [p.prompt for p in call.playbacks if p.heard] == ["recording_notice"]
    assert call.caller.number == "+6281200000001"
    assert left_first(call) == "operator", "though Asterisk wrote the caller's end first"


def test_a_promised_ticket_is_reserved_for_the_record() -> None:
    call = recorded("an_operator_in_the_fallback_promises_a_ticket")
    assert outcome_of(call) is Outcome.ESCALATED
    assert call.ticket_number == TICKET


def test_a_message_is_kept_by_its_name() -> None:
    call = recorded("nobody_answers_in_the_fallback_and_the_caller_leaves_a_message")
    assert outcome_of(call) is Outcome.VOICEMAIL
    assert call.voicemail_recording == f"{call.channel}.wav"
    assert call.conversation is None


def test_a_message_whose_name_a_broken_line_lost_is_named_by_its_channel() -> None:
    told = told_by(own("marked", channel="1795338000.7", mark="LPSE_VOICEMAIL"))
    assert told
    assert isinstance(told[1], VoicemailLeft)
    assert told[1].recording == "1795338000.7.wav"


def test_a_caller_who_leaves_while_telephones_ring_is_an_abandoned_one() -> None:
    call = recorded("a_caller_in_the_fallback_hangs_up_while_telephones_ring")
    assert outcome_of(call) is Outcome.ABANDONED_WAITING
    assert call.ended
    assert call.ended.source == "CEL HANGUP"


def own(kind: str, **fields: object) -> LedgerEntry:
    made: dict[str, object] = {
        "at": entries("an_operator_in_the_fallback_promises_a_ticket")[0].at,
        "kind": kind,
        "channel": "lpse-0123456789abcdef-o1",
        "linked": "1795338000.7",
        **fields,
    }
    return LedgerEntry(**made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "event"),
    [
        (own("answered"), OperatorAnswered),
        (own("joined", bridge="lpse-0123456789abcdef"), LegConnected),
        (own("hung_up", cause=16), LegHungUp),
    ],
)
def test_a_leg_of_our_own_tells_its_call_what_it_may_have_missed(
    entry: LedgerEntry, event: type[AnyEvent]
) -> None:
    told = told_by(entry)
    assert told
    assert told[0] == entry.channel
    assert isinstance(told[1], event)


@pytest.mark.parametrize(
    "entry",
    [
        own("joined", bridge="holding"),
        own("began"),
        own("left", bridge="lpse-0123456789abcdef"),
        own("marked", channel="1795338000.9", mark="LPSE_UNHEARD"),
        own("answered", channel="1795338000.9", device="PJSIP/trunk-00000001"),
    ],
)
def test_other_entries_tell_a_call_nothing(entry: LedgerEntry) -> None:
    assert told_by(entry) is None


def test_who_did_not_call_the_helpdesk_has_no_arrival() -> None:
    story = entries("an_operator_in_the_fallback_promises_a_ticket")
    assert arrival_in(story[1:]) is None
    assert arrival_in([]) is None


def test_the_same_journal_is_always_the_same_call() -> None:
    story = entries("an_operator_in_the_fallback_promises_a_ticket")
    assert arrival_in(story) == arrival_in(story)
    first = recorded("an_operator_in_the_fallback_promises_a_ticket")
    assert first.call_id == recorded("an_operator_in_the_fallback_promises_a_ticket").call_id


def test_a_supervisors_answer_is_no_operators_and_only_his_end_is_told() -> None:
    leg = "lpse-c0ffee-s1"
    for kind in ("began", "answered", "joined", "left", "ended"):
        assert told_by(own(kind, channel=leg, bridge="lpse-c0ffee")) is None
        assert told_by(own(kind, channel="lpse-c0ffee-l1", bridge=leg)) is None
    told = told_by(own("hung_up", channel=leg, cause=16))
    assert told is not None
    assert told[0] == leg
    assert isinstance(told[1], SupervisorLeft)
    assert told_by(own("hung_up", channel="lpse-c0ffee-l1")) is None
