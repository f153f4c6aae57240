"""Every kind of event becomes a line of the timeline with its evidence."""

from typing import get_args

import msgspec

from agent.commands.timeline import timeline_of
from agent.database.reports import CallReport, LoggedEvent
from agent.domain.consultation import Outcome
from agent.domain.events import (
    AnyEvent,
    ButtonPressed,
    CallAdopted,
    CallArrived,
    CaseHandedOver,
    CaseNotHandedOver,
    DetailShed,
    EffectRefused,
    FieldFilled,
    FormFinished,
    HandedToExchange,
    NobodyTookCall,
    NoticeHeard,
    OperatorTookCall,
    PromptFinished,
    StepMarked,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorJoined,
    SupervisorLeft,
    TimerFired,
    VoicemailLeft,
)
from agent.domain.identifiers import ChannelId, OperatorId, PlaybackId
from tests.database.stories import Story, abandoned, escalated

DEWI, LEG = OperatorId("op-109"), ChannelId("lpse-00aa-s1")


def report_of(story: Story) -> CallReport:
    events = tuple(LoggedEvent(r.sequence, r.event) for r in story.records)
    outcome = Outcome.ESCALATED
    return CallReport(call=story.call, outcome=outcome, steps=(), deviations=(), events=events)


def adopted_like(arrived: AnyEvent) -> CallAdopted:
    assert isinstance(arrived, CallArrived)
    fields = msgspec.structs.asdict(arrived)
    del fields["by_exchange"]
    return CallAdopted(**fields)


def test_every_event_has_a_line_of_its_own_words() -> None:
    story = escalated()
    at = story.now
    strange: tuple[AnyEvent, ...] = (
        TimerFired(at=at, timer="ring"),
        EffectRefused(at=at, effect="PlayPrompt", target="p9"),
        PromptFinished(at=at, playback=PlaybackId("unknown"), result="failed"),
        adopted_like(story.records[0].event),
        HandedToExchange(at=at, channel=story.call.channel),
        NoticeHeard(at=at, channel=story.call.channel),
        OperatorTookCall(at=at, operator=OperatorId("op-101"), channel=story.call.channel),
        StepMarked(at=at, channel=story.call.channel, step="8"),
        NobodyTookCall(at=at, channel=story.call.channel),
        VoicemailLeft(at=at, channel=story.call.channel, recording="1795338000.7.wav"),
        FieldFilled(at=at, field="problem", raw="x", value="x", by="op-101"),
        FormFinished(at=at, by="op-101"),
        ButtonPressed(at=at, step="6", by=OperatorId("op-101")),
        CaseHandedOver(at=at, way="level_email"),
        CaseNotHandedOver(at=at),
        SupervisorCalled(at=at, supervisor=DEWI, name="Dewi", mode="listen"),
        SupervisorJoined(at=at, channel=LEG),
        SupervisionModeChanged(at=at, supervisor=DEWI, mode="join"),
        SupervisorLeft(at=at, channel=LEG),
        DetailShed(at=at, count=4),
    )
    report = report_of(story)
    logged = (*report.events, *(LoggedEvent(90 + i, event) for i, event in enumerate(strange)))
    told = {type(one.event) for one in logged}
    assert told == set(get_args(AnyEvent))
    lines = timeline_of(
        CallReport(call=report.call, outcome=report.outcome, steps=(), deviations=(), events=logged)
    )
    assert len(lines) == len(logged)
    assert all(line.text and " · #" in line.evidence for line in lines)
    assert "Waktu ring habis" in [line.text for line in lines]
    assert "PlayPrompt ditolak: tanpa sebab" in [line.text for line in lines]


def test_lines_are_in_the_order_of_time_whatever_order_the_news_came_in() -> None:
    lines = timeline_of(report_of(abandoned()))
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert lines[0].text.startswith("Telepon masuk dari 0812-3456-789")


def test_a_prompt_that_was_cut_short_is_not_called_heard_to_its_end() -> None:
    """Asterisk reports what we stopped as done; the reading of the numbers stops the tone."""
    report = report_of(escalated())
    stopped = {p.playback for p in report.call.playbacks if p.stopped}
    assert stopped
    told = [
        line.text
        for line, logged in zip(timeline_of(report), report.events, strict=True)
        if isinstance(logged.event, PromptFinished) and logged.event.playback in stopped
    ]
    assert told
    assert all(text.endswith("dihentikan") for text in told)
