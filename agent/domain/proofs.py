"""Which facts of a call start an SOP clock (anchors) and which meet a step (proofs).

The SOP's data file names these; an office may choose another anchor for a step there.
"""

from collections.abc import Callable

from agent.domain.call_state import Call, Moment, Playback

Proofs = list[tuple[str, Moment]]

ON_FORM = {"identity_recorded": "3", "solution_recorded": "6"}
"""Under which step the form has the fields that each of these proofs needs."""


def _one(fact: str, moment: Moment | None) -> Proofs:
    return [(fact, moment)] if moment else []


def _notice(call: Call) -> Playback | None:
    return next((p for p in call.playbacks if p.prompt == "recording_notice"), None)


def _notice_heard(call: Call) -> Proofs:
    notice = _notice(call)
    return _one("notice_heard_to_its_end", notice.heard if notice else None)


def _greeted(call: Call) -> Proofs:
    if not call.conversation:
        return []
    by_mark = call.greeted_by == "mark"
    return _one("operator_pressed_*2" if by_mark else "operator_spoke", call.greeted)


def _identity(call: Call) -> Proofs:
    """With a form it is what stands there that counts, not a key that says so."""
    if call.rules.form:
        return _one("identity_on_form", call.form_complete.get(ON_FORM["identity_recorded"]))
    return _one("operator_pressed_*3", call.identity_taken)


def _solution(call: Call) -> Proofs:
    decided = call.decided if call.decision == "solved" else None
    if not call.rules.form:
        return _one("operator_pressed_*6", decided)
    written = call.form_complete.get(ON_FORM["solution_recorded"])
    if not decided or not written:
        return []
    return [("decided_yes", decided), ("solution_on_form", written)]


def _decided(call: Call) -> Proofs:
    return _one("decided_yes" if call.decision == "solved" else "decided_no", call.decided)


def _given_and_handed_over(call: Call) -> Proofs:
    """Where a case goes on by message, one must have been accepted too."""
    heard = numbers_heard(call)
    if not call.rules.hand_over:
        return heard
    return [*heard, ("case_handed_over", call.handed_over)] if heard and call.handed_over else []


def numbers_heard(call: Call) -> Proofs:
    """Both numbers heard to the end by the operator, and by the caller where he was on the line."""
    talk = call.conversation
    if not talk:
        return []
    proofs = _one("numbers_heard_by_operator", _first_heard(call, talk.channel))
    if call.rules.numbers_heard_by == "both" and _was_read_to(call, call.channel):
        heard = _first_heard(call, call.channel)
        if not heard:
            return []
        proofs += [("numbers_heard_by_caller", heard)]
    return proofs if proofs and proofs[0][0] == "numbers_heard_by_operator" else []


def _was_read_to(call: Call, channel: str) -> bool:
    return any(p.prompt == "numbers" and p.channel == channel for p in call.playbacks)


def _first_heard(call: Call, channel: str) -> Moment | None:
    heard = (p.heard for p in call.playbacks if p.prompt == "numbers" and p.channel == channel)
    return min((m for m in heard if m), key=lambda m: m.at, default=None)


PROOFS: dict[str, Callable[[Call], Proofs]] = {
    "call_arrived": lambda call: _one("call_arrived", call.arrived),
    "operator_greeted": _greeted,
    "identity_recorded": _identity,
    "decided": _decided,
    "solution_recorded": _solution,
    "form_archived": lambda call: _one("form_archived", call.archived),
    "numbers_heard": _given_and_handed_over,
    "notice_heard": _notice_heard,
}


def _answered(call: Call) -> Moment | None:
    return call.conversation.answered if call.conversation else None


def _greeted_or_answered(call: Call) -> Moment | None:
    """A greeting marked after the identity was taken cannot have started that step's clock."""
    answered, greeted = _answered(call), call.greeted
    recorded = [moment for _, moment in _identity(call)]
    if not answered or not greeted or (recorded and recorded[0].at < greeted.at):
        return answered
    return greeted


def _notice_started(call: Call) -> Moment | None:
    notice = _notice(call)
    return notice.started if notice else None


def _solved_or_ended(call: Call) -> Moment | None:
    if not call.ended:
        return None
    solved = [moment for _, moment in _solution(call)]
    return max((*solved, call.ended), key=lambda m: m.at)


ANCHORS: dict[str, Callable[[Call], Moment | None]] = {
    "operator_answered": _answered,
    "greeted_or_answered": _greeted_or_answered,
    "decided_no": lambda call: call.decided if call.decision == "escalated" else None,
    "solved_or_ended": _solved_or_ended,
    "notice_started": _notice_started,
}
