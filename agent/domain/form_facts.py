"""What a form shows of the call itself: the facts that nobody types, as Indonesian words."""

from datetime import datetime, timedelta

from agent.domain.call_state import Call, Moment
from agent.domain.consultation import Deviation, Judgement, StepRecord
from agent.domain.form import CallFact
from agent.domain.office_time import local
from agent.domain.priority import PriorityTable
from agent.domain.sop import Sop
from agent.domain.ticket_opening import choose
from agent.domain.words import DEVIATION_KINDS, REASONS, STEP_STATES

NOT_HEARD = "tidak terdengar sampai akhir"
ASSUMED = {"urgency": "urgensi", "impact": "dampak"}
_CLASSIFIED_BY = ("urgency", "impact", "priority")


def facts_of(
    call: Call, judgement: Judgement, sop: Sop, table: PriorityTable
) -> dict[CallFact, str]:
    """Every fact that the call's record tells; one that it does not tell is left out."""
    zone, talk = call.rules.zone, call.conversation
    notice = next((p for p in call.playbacks if p.prompt == "recording_notice"), None)
    heard = notice.heard if notice else None
    told: dict[CallFact, str | None] = {
        "form_number": call.form_number,
        "ticket_number": call.ticket_number,
        "office": sop.office_name,
        "channel": "Telepon",
        "arrived_at": _moment(call.arrived, zone),
        "answered_at": _moment(talk.answered, zone) if talk else None,
        "ended_at": _moment(call.ended, zone),
        "operator": f"{talk.name} ({talk.operator})" if talk else None,
        "caller_number": call.caller.number,
        "notice_heard": _moment(heard, zone) or NOT_HEARD,
        "notice_version": call.rules.notice,
        "recording": call.voicemail_recording,
        "recording_kept_until": _kept_until(call),
        "priority_rule": _priority_rule(call, table),
        "step_times": _step_times(judgement.steps),
        "deviations": "; ".join(map(said_of, judgement.deviations)) or "Tidak ada",
    }
    return {fact: text for fact, text in told.items() if text}


def said_of(deviation: Deviation) -> str:
    """A deviation in one line: step, kind, reason."""
    reason = REASONS.get(deviation.reason, deviation.reason)
    return f"Langkah {deviation.step}, {DEVIATION_KINDS[deviation.kind]}: {reason}"


def shown_moment(at: datetime, zone: str) -> str:
    """Day and time as Indonesians write them, with the zone, e.g. 23-11-2026 09.00.05 WIB."""
    return f"{local(at, zone):%d-%m-%Y %H.%M.%S} {zone}"


def shown_seconds(value: float) -> str:
    """A duration with a decimal comma, e.g. 2,350 detik."""
    return f"{value:.3f} detik".replace(".", ",")


def _moment(moment: Moment | None, zone: str) -> str | None:
    return shown_moment(moment.at, zone) if moment else None


def _kept_until(call: Call) -> str | None:
    """The last day of the sound that was kept of it, by the rule under which the call came."""
    days = call.rules.audio_kept_days
    if not call.voicemail_recording or not call.ended or days is None:
        return None
    return f"{local(call.ended.at + timedelta(days=days), call.rules.zone):%d-%m-%Y}"


def _priority_rule(call: Call, table: PriorityTable) -> str | None:
    """The table's version and word, what it had to assume, and who set another priority."""
    values = call.form.values
    if not call.ticket_number and not any(values.get(field) for field in _CLASSIFIED_BY):
        return None
    written = call.form.shown.get("priority")
    choice = choose(values, table, written.by if written else "agent")
    said = f"{table.version}: {table.priorities.terms(choice.by_table).label}"
    if choice.assumed:
        said += f" ({' dan '.join(ASSUMED[axis] for axis in choice.assumed)} diandaikan)"
    if choice.override:
        label = table.priorities.terms(choice.override.priority).label
        said += f"; diganti menjadi {label} oleh {choice.override.by}"
    return said


def _step_times(steps: tuple[StepRecord, ...]) -> str | None:
    timed = [
        f"{step.step}: "
        + (STEP_STATES[step.state] if step.seconds is None else shown_seconds(step.seconds))
        for step in steps
        if step.limit_s is not None
    ]
    return "; ".join(timed) or None
