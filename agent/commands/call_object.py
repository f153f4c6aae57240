"""One call for programs: the JSON object of `call NUMBER --json` and of the demonstration."""

from datetime import datetime
from typing import Any

from agent.commands.plain import plain_object
from agent.database.reports import CallReport
from agent.domain.call_state import Moment, Supervision
from agent.domain.consultation import Deviation, StepRecord
from agent.domain.events import DetailShed
from agent.domain.office_time import local


def call_object(report: CallReport, zone: str) -> dict[str, Any]:
    """What is known of a call; times in the office's zone, durations in seconds."""
    call, talk = report.call, report.call.conversation
    moments: dict[str, Moment | None] = {
        "opened_at": call.arrived,
        "answered_at": talk.answered if talk else None,
        "ended_at": call.ended,
    }
    return {
        "form_number": call.form_number,
        "ticket_number": call.ticket_number,
        "outcome": report.outcome,
        "operator": talk.operator if talk else None,
        "caller": call.caller.shown,
        **{name: _shown(moment.at if moment else None, zone) for name, moment in moments.items()},
        "steps": [_step(step, report.deviations, zone) for step in report.steps],
        "deviations": [_deviation(deviation) for deviation in report.deviations],
        "deviation_words": [plain_object(word, zone) for word in report.words],
        "sources": {
            **{name: moment.source for name, moment in moments.items() if moment},
            **_step_sources(report.steps),
        },
        "supervisions": [_supervision(session, zone) for session in call.supervisions],
        "events": sum(1 for logged in report.events if not isinstance(logged.event, DetailShed)),
        "archive_sha256": call.archive_sha256,
    }


def _step(step: StepRecord, deviations: tuple[Deviation, ...], zone: str) -> dict[str, Any]:
    own = [deviation for deviation in deviations if deviation.step == step.step]
    return {
        "step": step.step,
        "activity": step.activity,
        "state": step.state,
        "limit_s": step.limit_s,
        "started_at": _shown(step.started_at, zone),
        "met_at": _shown(step.met_at, zone),
        "seconds": step.seconds,
        "evidence": [
            {
                "fact": evidence.fact,
                "at": _shown(evidence.at, zone),
                "source": evidence.source,
                "event": evidence.event,
            }
            for evidence in step.evidence
        ],
        # The time's deviation where there are two; `deviations` has them all.
        "deviation": _deviation(own[0]) if own else None,
    }


def _deviation(deviation: Deviation) -> dict[str, Any]:
    return {name: getattr(deviation, name) for name in deviation.__struct_fields__}


def _supervision(session: Supervision, zone: str) -> dict[str, Any]:
    joined, ended = session.joined, session.ended
    return {
        "supervisor": session.supervisor,
        "modes": [
            {"mode": taken.mode, "since": _shown(taken.since.at, zone)} for taken in session.modes
        ],
        "joined_at": _shown(joined.at if joined else None, zone),
        "ended_at": _shown(ended.at if ended else None, zone),
    }


def _step_sources(steps: tuple[StepRecord, ...]) -> dict[str, str]:
    sources = {}
    for step in steps:
        for evidence in step.evidence:
            if evidence.fact == "clock_started":
                sources[f"step {step.step} started_at"] = evidence.source
            elif evidence.at == step.met_at:
                sources[f"step {step.step} met_at"] = evidence.source
    return sources


def _shown(at: datetime | None, zone: str) -> str | None:
    return local(at, zone).isoformat(timespec="microseconds") if at else None
