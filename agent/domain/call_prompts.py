"""Prompts on a leg: each is begun with an id of our own and ends with proof of what was heard."""

from msgspec.structs import replace

from agent.domain.call_state import Call, Playback
from agent.domain.effects import PlayPrompt, StopPrompt
from agent.domain.events import NumberPair, PromptFinished, PromptStarted
from agent.domain.identifiers import ChannelId, PlaybackId, playback_of

ACCEPTED = "tone_accepted"
REFUSED = "tone_refused"


def play(
    call: Call, channel: ChannelId, prompt: str, numbers: NumberPair | None = None
) -> tuple[Call, PlayPrompt]:
    """Begin a prompt on one leg."""
    playback = playback_of(call.call_id, len(call.playbacks) + 1)
    effect = PlayPrompt(
        channel=channel,
        playback=playback,
        prompt=prompt,
        form_number=numbers.form_number if numbers else None,
        ticket_number=numbers.ticket_number if numbers else None,
    )
    begun = Playback(playback, channel, prompt)
    return replace(call, playbacks=(*call.playbacks, begun)), effect


def stop_all(call: Call, channel: ChannelId) -> tuple[Call, tuple[StopPrompt, ...]]:
    """End what a leg still hears, newest first: Asterisk holds other commands back until then.

    Asterisk reports a stopped prompt as done, so it is remembered here that it was not heard.
    """
    playing = call.playing(channel)
    for playback in playing:
        call = _changed(call, replace(playback, stopped=True))
    stops = (StopPrompt(channel=channel, playback=p.playback) for p in reversed(playing))
    return call, tuple(stops)


def find(call: Call, playback: PlaybackId) -> Playback | None:
    """The call's playback of this id."""
    return next((p for p in call.playbacks if p.playback == playback), None)


def started(call: Call, event: PromptStarted) -> Call:
    """Note when a prompt began to be heard."""
    known = find(call, event.playback)
    if known is None or known.started:
        return call
    return _changed(call, replace(known, started=call.moment(event)))


def finished(call: Call, event: PromptFinished) -> tuple[Call, Playback | None]:
    """Note how a prompt ended; answers the playback only when this was news.

    A prompt believed overdue that Asterisk later reports as heard is corrected, not ended twice.
    """
    known = find(call, event.playback)
    if known is None or (known.finished and not _corrects(known, event)):
        return call, None
    result = known.how_it_ended(event.result)
    ended = replace(known, finished=call.moment(event), result=result)
    return _changed(call, ended), None if known.finished else ended


def _corrects(known: Playback, event: PromptFinished) -> bool:
    return known.result == "overdue" and event.result != "overdue"


def _changed(call: Call, playback: Playback) -> Call:
    others = (playback if p.playback == playback.playback else p for p in call.playbacks)
    return replace(call, playbacks=tuple(others))
