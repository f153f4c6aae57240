"""From arrival to an operator's answer: welcome, notice, queue, ringing one operator after another.

SOP step 1 and the time before step 2. The recording notice is a sub-step of its own, before the
operator is connected: with it the greeting would not fit into step 2's ten seconds.
"""

from msgspec.structs import replace

from agent.domain import call_prompts, call_talk
from agent.domain.call_state import Call, Decision, Offer, Stage
from agent.domain.effects import (
    AnswerCaller,
    AnyEffect,
    CancelTimer,
    ConnectLegs,
    HangUp,
    ReleaseOperator,
    RingCaller,
    RingOperator,
    SeekOperator,
    StartTimer,
    StopSeeking,
)
from agent.domain.events import (
    AGENT,
    CallAdopted,
    CallArrived,
    CallerAnswered,
    Event,
    LegConnected,
    NumberPair,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    TimerFired,
)
from agent.domain.identifiers import bridge_of, operator_channel
from agent.domain.office_time import welcome_prompt

WELCOME_GUARD_SECONDS = 45.0
CONNECT_SECONDS = 5.0
NO_ANSWER = 19  # Q.850: no answer from the user
WAITING = (Stage.QUEUEING, Stage.RINGING)


def arrived(event: CallArrived) -> Decision:
    """Step 1: the consultation is open before anyone speaks."""
    call = Call.opened(event)
    guard = StartTimer(timer="welcome", seconds=WELCOME_GUARD_SECONDS)
    return Decision(call, (AnswerCaller(channel=call.channel), guard))


def adopted(event: CallAdopted) -> Decision:
    """A living call without a record: a talk goes on, anybody else waits for an operator anew."""
    call = Call.opened(event)
    now = call.arrived
    call = replace(call, caller_answered=now, adopted=now)
    if not event.operator or not event.operator_channel:
        return enter_queue(call, event)
    offer = Offer(
        event.operator,
        event.operator,
        event.operator_channel,
        now,
        answered=now,
        ready=True,
        connected=now,
    )
    return Decision(
        replace(call, stage=Stage.TALKING, offers=(offer,), queued=now, caller_connected=now)
    )


def caller_answered(call: Call, event: CallerAnswered) -> Decision:
    """The caller can hear: welcome by the time of day, then the recording notice.

    That the exchange took the order is word enough, for its own may be lost; when it does come, its
    moment is the true one.
    """
    known = call.caller_answered
    if known and known.source == AGENT and event.source != AGENT:
        return Decision(replace(call, caller_answered=call.moment(event)))
    if known or call.stage is not Stage.WELCOMING:
        return Decision(call)
    call = replace(call, caller_answered=call.moment(event))
    call, welcome = call_prompts.play(call, call.channel, welcome_prompt(event.at, call.rules.zone))
    call, notice = call_prompts.play(call, call.channel, "recording_notice")
    return Decision(call, (welcome, notice))


def enter_queue(call: Call, event: Event) -> Decision:
    """The caller waits for an operator, and hears that he does."""
    call = replace(call, stage=Stage.QUEUEING, queued=call.moment(event))
    call, connecting = call_prompts.play(call, call.channel, "connecting")
    return Decision(
        call,
        (
            CancelTimer(timer="welcome"),
            connecting,
            SeekOperator(),
            StartTimer(timer="please_wait", seconds=call.rules.please_wait_seconds),
            StartTimer(timer="longest_wait", seconds=call.rules.longest_wait_seconds),
        ),
    )


def keep_waiting(call: Call) -> Decision:
    """Every so often the caller hears that he is not forgotten."""
    if call.stage not in WAITING:
        return Decision(call)
    again = StartTimer(timer="please_wait", seconds=call.rules.please_wait_seconds)
    if call.playing(call.channel):
        return Decision(call, (again,))
    call, prompt = call_prompts.play(call, call.channel, "please_wait")
    return Decision(call, (prompt, again))


def ring_on(call: Call) -> Decision:
    """A waiting caller whose prompt has ended hears the ringing tone, never silence."""
    if call.stage not in WAITING or call.playing(call.channel):
        return Decision(call)
    return Decision(call, (RingCaller(channel=call.channel),))


def give_up(call: Call, event: Event) -> Decision:
    """Nobody answered within the longest wait: apologise, say the form number, end."""
    if call.stage not in WAITING:
        return Decision(call)
    effects: list[AnyEffect] = [StopSeeking()]
    if call.stage is Stage.RINGING:
        call, released = _end_offer(call, event, NO_ANSWER)
        effects += [HangUp(channel=call.offers[-1].channel, reason="no_answer"), *released]
    call, stops = call_prompts.stop_all(call, call.channel)
    effects += stops
    call = replace(call, stage=Stage.CLOSING, gave_up=call.moment(event))
    call, apology = call_prompts.play(
        call, call.channel, "nobody_available", NumberPair(call.form_number)
    )
    return Decision(call, (*effects, apology, StartTimer(timer="closing", seconds=60.0)))


def operator_offered(call: Call, event: OperatorOffered) -> Decision:
    """Ring the operator; one at a time, and none for a caller who is gone."""
    held = call.offer
    if held and not held.ended and held.operator == event.operator:
        return Decision(call)  # repeated
    if call.stage is not Stage.QUEUEING:
        return Decision(call, (ReleaseOperator(operator=event.operator, answered=False),))
    channel = operator_channel(call.call_id, len(call.offers) + 1)
    offer = Offer(event.operator, event.name, channel, call.moment(event), event.previous)
    call = replace(call, stage=Stage.RINGING, offers=(*call.offers, offer))
    ring = RingOperator(
        channel=channel,
        operator=event.operator,
        caller_channel=call.channel,
        caller_shown=call.caller.shown,
        ring_seconds=call.rules.ring_seconds,
    )
    return Decision(call, (ring, StartTimer(timer="ring", seconds=call.rules.ring_seconds)))


def operator_ringing(call: Call, event: OperatorRinging) -> Decision:
    """Note that the telephone really rings."""
    offer = call.offer
    if not offer or offer.channel != event.channel:
        return _unwanted(call, event)
    if offer.ringing or offer.ended:
        return Decision(call)
    return Decision(call.with_offer(ringing=call.moment(event)))


def operator_answered(call: Call, event: OperatorAnswered) -> Decision:
    """The moment from which the SOP's clocks run; a late correction replaces a guess."""
    offer = call.offer
    if not offer or offer.channel != event.channel:
        return _unwanted(_answer_of_a_lost_leg(call, event), event)
    if call.stage is Stage.CLOSING:
        # He answered in the moment in which the caller left: that is on record, nobody is there.
        late = call if offer.answered else call.with_offer(answered=call.moment(event))
        return _unwanted(late, event)
    if not offer.answered:
        return _answered(call.with_offer(answered=call.moment(event)))
    guessed = offer.answered.at > event.at
    return Decision(call.with_offer(answered=call.moment(event)) if guessed else call)


def _answer_of_a_lost_leg(call: Call, event: OperatorAnswered) -> Call:
    """Somebody picked up while nobody listened, and his leg was found gone before this was told."""
    if call.archived:
        return call
    return replace(
        call,
        offers=tuple(
            replace(offer, answered=call.moment(event))
            if offer.channel == event.channel
            and not offer.answered
            and offer.ended
            and event.at <= offer.ended.at
            else offer
            for offer in call.offers
        ),
    )


def operator_leg_ready(call: Call, event: OperatorLegReady) -> Decision:
    """The leg can be connected; Asterisk tells so after the answer, so it implies one."""
    offer = call.offer
    if not offer or offer.channel != event.channel or call.stage is Stage.CLOSING:
        return _unwanted(call, event)
    if offer.ready:
        return Decision(call)
    return _answered(call.with_offer(ready=True, answered=offer.answered or call.moment(event)))


def _unwanted(call: Call, event: OperatorRinging | OperatorAnswered | OperatorLegReady) -> Decision:
    """A telephone rings for, or answered, a call that is not (or no longer) its own."""
    if call.conversation and call.conversation.channel == event.channel:
        return Decision(call)
    return Decision(call, (HangUp(channel=event.channel),))


def _answered(call: Call) -> Decision:
    offer = call.offers[-1]
    effects: list[AnyEffect] = []
    if call.stage is Stage.RINGING:
        call = replace(call, stage=Stage.CONNECTING)
        timers = ("ring", "new_round", "please_wait", "longest_wait")
        effects += [CancelTimer(timer=timer) for timer in timers]
        effects.append(StartTimer(timer="connect", seconds=CONNECT_SECONDS))
    if call.stage is Stage.CONNECTING and offer.ready:
        call, stops = call_prompts.stop_all(call, call.channel)
        effects += stops
        effects.append(
            ConnectLegs(bridge=bridge_of(call.call_id), caller=call.channel, operator=offer.channel)
        )
    return Decision(call, tuple(effects))


def leg_connected(call: Call, event: LegConnected) -> Decision:
    """Both legs in the bridge: the conversation begins."""
    offer = call.offer
    if call.stage is not Stage.CONNECTING:
        return Decision(call)
    if event.channel == call.channel:
        call = replace(call, caller_connected=call.caller_connected or call.moment(event))
    elif offer and event.channel == offer.channel:
        call = call.with_offer(connected=offer.connected or call.moment(event))
    if call.conversation:
        call = replace(call, stage=Stage.TALKING)
        return Decision(call, (CancelTimer(timer="connect"), call_talk.mark(call)))
    return Decision(call)


def next_operator(call: Call, event: Event, cause: int | None) -> Decision:
    """This operator rejected, did not answer or was lost: the caller waits for the next."""
    had_answered = call.stage in (Stage.CONNECTING, Stage.TALKING)
    waits_again = _wait_again(call, event) if had_answered else ()
    call, released = _end_offer(call, event, cause)
    call = replace(
        call,
        stage=Stage.QUEUEING,
        caller_connected=None,
        greeted=None,
        greeted_by=None,
        identity_taken=None,
        star=None,
    )
    timers: list[AnyEffect] = [CancelTimer(timer="ring"), CancelTimer(timer="connect")]
    new_round = StartTimer(timer="new_round", seconds=call.rules.new_round_seconds)
    seek = SeekOperator(tried=call.tried)
    return Decision(call, (*timers, *released, seek, new_round, *waits_again))


def _wait_again(call: Call, event: Event) -> tuple[AnyEffect, ...]:
    """The answer had ended the wait, which goes on; time for one more operator is left always."""
    answered = call.offers[-1].answered or call.moment(event)
    waited = (answered.at - call.queued.at).total_seconds() if call.queued else 0.0
    left = max(call.rules.ring_seconds, call.rules.longest_wait_seconds - waited)
    return (
        RingCaller(channel=call.channel, leaves=bridge_of(call.call_id)),
        StartTimer(timer="please_wait", seconds=call.rules.please_wait_seconds),
        StartTimer(timer="longest_wait", seconds=left),
    )


def new_round(call: Call) -> Decision:
    """Everybody was tried: those who did not answer are rung again."""
    if call.stage is not Stage.QUEUEING:
        return Decision(call)
    return Decision(replace(call, round_start=len(call.offers)), (SeekOperator(),))


def ring_timed_out(call: Call, event: Event) -> Decision:
    """Our own ring clock, because Asterisk's follows the wall clock."""
    if call.stage is not Stage.RINGING:
        return Decision(call)
    decision = next_operator(call, event, NO_ANSWER)
    hang_up = HangUp(channel=call.offers[-1].channel, reason="no_answer")
    return Decision(decision.call, (hang_up, *decision.effects))


def connect_timed_out(call: Call, event: Event) -> Decision:
    """The operator answered but could not be connected: the caller is not lost for it."""
    if call.stage is not Stage.CONNECTING:
        return Decision(call)
    decision = next_operator(call, event, None)
    return Decision(decision.call, (HangUp(channel=call.offers[-1].channel), *decision.effects))


def _end_offer(call: Call, event: Event, cause: int | None) -> tuple[Call, list[AnyEffect]]:
    offer = call.offers[-1]
    ended = call.with_offer(ended=call.moment(event), cause=cause, connected=None)
    release = ReleaseOperator(
        operator=offer.operator,
        answered=offer.answered is not None,
        missed=isinstance(event, TimerFired) and event.timer == "ring",
    )
    return ended, [release]
