"""The form on the call's record: what stands on it, and when its case is handed over and archived.

The form may be filled in from the first moment of the call until it is archived. After the call it
waits for whoever still writes on it: until he says that he is finished, at the longest
`rules.archive_after_seconds`. An escalated case goes on by message as soon as its form has what the
message needs, and in time for step 8's limit whatever the form lacks.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from agent.domain.call_state import Call, Decision, Stage
from agent.domain.effects import (
    AnyEffect,
    ArchiveForm,
    CancelTimer,
    HandOverCase,
    ReserveTicket,
    StartTimer,
)
from agent.domain.events import (
    CaseHandedOver,
    CaseNotHandedOver,
    Event,
    FieldFilled,
    FormArchived,
    FormFinished,
)

HAND_OVER_SECONDS = 420.0
"""After the decision; three minutes of step 8's ten are left for the message to be accepted."""
HAND_OVER_AGAIN_SECONDS = 60.0
"""How often it is asked whether the message was accepted, should its word have been lost."""
HAND_OVER_REFUSED_SECONDS = 5.0
ARCHIVE_AGAIN_SECONDS = 5.0
HANDED_OVER_WITH = ("3", "8")
"""Who reads the message needs identity, problem and address of the caller."""
NO_CONSULTATION = ("silent", "prank", "wrong_number")
ANSWERED = ("solved", "referred")


def field_filled(call: Call, event: FieldFilled) -> Decision:
    """One field of the form; what comes after the archive is a correction, and kept elsewhere."""
    if call.archived:
        return Decision(call)
    now = call.moment(event)
    lacking = {**dict.fromkeys(call.complete_now, now), **call.form_lacking}
    call = replace(
        call,
        form=call.form.after(event),
        form_complete={**dict.fromkeys(event.complete, now), **call.form_complete},
        form_lacking={step: at for step, at in lacking.items() if step not in event.complete},
        complete_now=event.complete,
    )
    decided = _outcome_told(call, event) if event.tells_outcome else Decision(call)
    return and_then(decided, lambda call: go_on(call, event))


def _outcome_told(call: Call, event: FieldFilled) -> Decision:
    """The outcome on the form is step 5's decision, unless a key has told it before."""
    call, now = replace(call, outcome_told=event.value), call.moment(event)
    if not call.conversation:
        return Decision(call)
    if event.value in ANSWERED and call.decision is None:
        return Decision(replace(call, decision="solved", decided=now))
    if event.value == "escalated" and call.decision != "escalated":
        return escalated(replace(call, decision="escalated", decided=now))
    return Decision(call)


def escalated(call: Call) -> Decision:
    """Step 5 is decided with no: a ticket is made, and its case must go on in time."""
    effects: list[AnyEffect] = [ReserveTicket()]
    if call.rules.hand_over:
        effects.append(StartTimer(timer="hand_over", seconds=HAND_OVER_SECONDS))
    return Decision(call, tuple(effects))


def form_finished(call: Call, event: FormFinished) -> Decision:
    """Nothing more will be written: after the call the form is archived at once."""
    if call.form_finished or call.archived:
        return Decision(call)
    call = replace(call, form_finished=call.moment(event))
    return go_on(call, event)


def go_on(call: Call, event: Event) -> Decision:
    """What the call as it is now allows: to hand its case over, to archive its form."""
    handed = _hand_over(call, event) if _may_hand_over(call) else Decision(call)
    call = handed.call
    if call.stage is Stage.ENDED and not call.archived and _nothing_to_wait_for(call):
        waited = (CancelTimer(timer="archive"),) if call.rules.archive_after_seconds else ()
        return Decision(call, (*handed.effects, *waited, ArchiveForm()))
    return handed


def _may_hand_over(call: Call) -> bool:
    if not call.hand_over_awaited or call.hand_over_asked or not call.ticket_number:
        return False
    return bool(call.form_finished) or set(HANDED_OVER_WITH) <= set(call.complete_now)


def _hand_over(call: Call, event: Event) -> Decision:
    again = StartTimer(timer="hand_over", seconds=HAND_OVER_AGAIN_SECONDS)
    call = replace(call, hand_over_asked=call.hand_over_asked or call.moment(event))
    return Decision(call, (HandOverCase(), again))


def hand_over_in_time(call: Call, event: Event) -> Decision:
    """It can wait no longer for the form; or nobody told yet that the message was accepted."""
    if not call.hand_over_awaited:
        return Decision(call)
    if not call.ticket_number:  # it is reserved again and again; the case follows its ticket
        again = StartTimer(timer="hand_over", seconds=HAND_OVER_REFUSED_SECONDS)
        return Decision(call, (again,))
    return _hand_over(call, event)


def hand_over_refused(call: Call) -> Decision:
    """The database is away: the ticket is opened and its messages are put when it is back."""
    if not call.hand_over_awaited:
        return Decision(call)
    return Decision(call, (StartTimer(timer="hand_over", seconds=HAND_OVER_REFUSED_SECONDS),))


def case_handed_over(call: Call, event: CaseHandedOver | CaseNotHandedOver) -> Decision:
    """Step 8's message was accepted, or is given up: the record waits for it no more."""
    if not call.hand_over_awaited:
        return Decision(call)
    now = call.moment(event)
    if isinstance(event, CaseHandedOver):
        call = replace(call, handed_over=now)
    else:
        call = replace(call, hand_over_given_up=now)
    known = Decision(_closed(call), (CancelTimer(timer="hand_over"),))
    return and_then(known, lambda call: go_on(call, event))


def after_end(call: Call, at: datetime) -> tuple[AnyEffect, ...]:
    """What happens to the form once all legs are gone; `at` is when that is learnt."""
    if call.ticket_awaited:  # a form without its ticket would stay so: it is written only once
        return ()
    assert call.ended is not None
    left = call.rules.archive_after_seconds - (at - call.ended.at).total_seconds()
    if _nothing_to_wait_for(call) or left <= 0:
        return (ArchiveForm(),)
    return (StartTimer(timer="archive", seconds=left),)


def _nothing_to_wait_for(call: Call) -> bool:
    if call.ticket_awaited:
        return False
    if not call.rules.archive_after_seconds or not call.conversation:
        return True
    if call.outcome_told in NO_CONSULTATION and call.decision is None:
        return True
    return call.form_finished is not None and not call.hand_over_awaited


def archive_in_time(call: Call, event: Event) -> Decision:
    """It waited long enough, or could not be written before: the form is archived as it is."""
    if call.stage is not Stage.ENDED or call.archived or call.ticket_awaited:
        return Decision(call)
    late = call.hand_over_awaited and not call.hand_over_asked
    handed = _hand_over(call, event) if late else Decision(call)
    return Decision(handed.call, (*handed.effects, ArchiveForm()))


def form_archived(call: Call, event: FormArchived) -> Decision:
    """Step 7 is met by the document, not by a click."""
    if call.archived or call.stage is not Stage.ENDED:
        return Decision(call)
    archived = replace(
        call,
        archived=call.moment(event),
        archive_path=event.path,
        archive_sha256=event.sha256,
    )
    return Decision(_closed(archived))


def archive_refused(call: Call) -> Decision:
    """The archive could not be written: try again, the clock of step 7 runs on."""
    if call.stage is not Stage.ENDED or call.archived:
        return Decision(call)
    return Decision(call, (StartTimer(timer="archive", seconds=ARCHIVE_AGAIN_SECONDS),))


def _closed(call: Call) -> Call:
    """The record is closed when the form is archived and its case has gone on."""
    if call.stage is Stage.ENDED and call.archived and not call.hand_over_awaited:
        return replace(call, stage=Stage.ARCHIVED)
    return call


def and_then(first: Decision, then: Callable[[Call], Decision]) -> Decision:
    """Two decisions about one event, the second made on what the first gave."""
    second = then(first.call)
    return Decision(second.call, (*first.effects, *second.effects))
