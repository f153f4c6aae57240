"""A call's log as lines for people, each with the evidence that proves it."""

from datetime import datetime

import msgspec

from agent.commands.plain import indonesian
from agent.database.reports import CallReport, LoggedEvent
from agent.domain.call_state import Call
from agent.domain.event_words import event_told


class TimelineLine(msgspec.Struct, frozen=True):
    """What happened when, in Indonesian, and whose word and which event of the log proves it."""

    at: datetime
    text: str
    evidence: str


def timeline_of(report: CallReport) -> list[TimelineLine]:
    """Every event of the call in the order of time; the log's order where times are equal."""
    lines = (_line(report.call, logged) for logged in report.events)
    return sorted(lines, key=lambda line: line.at)


def _line(call: Call, logged: LoggedEvent) -> TimelineLine:
    event = logged.event
    return TimelineLine(
        event.at, event_told(call, event, indonesian()), f"{event.source} · #{logged.sequence}"
    )
