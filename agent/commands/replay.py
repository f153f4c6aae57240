"""`lpse-agent replay`: a recorded event log through the core, with what it decided."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from agent.commands.plain import (
    FIRST_YEAR,
    LAST_YEAR,
    milliseconds,
    print_json_line,
    printable,
    refuse,
)
from agent.domain.call import decide
from agent.domain.call_state import Call, Decision
from agent.domain.consultation import outcome_of
from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent, DetailShed, Opening
from agent.domain.office_time import ZONES
from agent.domain.words import OUTCOMES

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class RecordingInvalid(ValueError):
    """This is not the recorded event log of one call; the message names the line."""


def read_recording(file: Path) -> list[AnyEvent]:
    """Events of one call, one JSON object a line. Raises RecordingInvalid."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise RecordingInvalid(f"{file}: {error.strerror}") from error
    if not lines:
        raise RecordingInvalid(f"{file}: there is no event in it")
    events: list[AnyEvent] = []
    for number, line in enumerate(lines, start=1):
        try:
            event = _decoder.decode(line)
            _check(event, events[0] if events else None)
        # RecursionError: thousands of brackets, one in the other.
        except (msgspec.DecodeError, UnicodeDecodeError, RecordingInvalid, RecursionError) as error:
            raise RecordingInvalid(f"{file}, line {number}: {error}") from error
        events.append(event)
    return events


def _check(event: AnyEvent, first: AnyEvent | None) -> None:
    """Refuse what no recorder writes and the core need not bear."""
    if event.at.tzinfo is None:
        raise RecordingInvalid("`at` has no zone, e.g. Z at its end")
    if not FIRST_YEAR <= event.at.year <= LAST_YEAR:
        raise RecordingInvalid(f"`at` is not between {FIRST_YEAR} and {LAST_YEAR}")
    if isinstance(event, Opening) and event.rules.zone not in ZONES:
        raise RecordingInvalid(f"the zone {event.rules.zone} is none of {', '.join(ZONES)}")
    if first is None and isinstance(event, DetailShed):
        raise RecordingInvalid(f"the call's first {event.count} events were not kept")
    if first is None and not isinstance(event, Opening):
        raise RecordingInvalid(f"a call begins with its arrival, not with {_words(event)}")
    calls = {one.call_id for one in (first, event) if isinstance(one, Opening)}
    if len(calls) > 1:
        raise RecordingInvalid("another call begins here; a recording holds one call")


def decisions(events: list[AnyEvent]) -> Iterator[tuple[AnyEvent, Decision]]:
    """Each event with what the core decided on it. Raises CallUnknown."""
    call: Call | None = None
    for event in events:
        decision = decide(call, event)
        yield event, decision
        call = decision.call


def replay(
    recording: Annotated[
        Path, typer.Argument(help="A recorded event log: one JSON event a line, one call.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Run a recorded call through the core and print what it decides on each event.

    Nothing is recorded and nobody is called: the core only answers. A line
    says: moment, event → what the call waits for now: what must happen, or –
    for nothing. `capture` makes recordings.

    Example:
    lpse-agent replay caller_hangs_up_while_ringing.jsonl
    """
    try:
        events = read_recording(recording)
    except RecordingInvalid as error:
        refuse(str(error))
    if any(isinstance(event, DetailShed) for event in events):
        typer.echo("Not all events of this call were kept: what follows may lack detail.", err=True)
    for event, decision in decisions(events):
        if json:
            print_json_line(_object(event, decision))
        else:
            typer.echo(printable(_line(event, decision)))
    if not json:
        outcome = outcome_of(decision.call)
        typer.echo(f"Hasil: {OUTCOMES[outcome]} ({outcome})")


def _object(event: AnyEvent, decision: Decision) -> dict[str, Any]:
    call = decision.call
    return {
        "event": event,
        "stage": call.stage,
        "effects": decision.effects,
        "outcome": outcome_of(call),
    }


def _line(event: AnyEvent, decision: Decision) -> str:
    call = decision.call
    effects = ", ".join(_words(effect) for effect in decision.effects) or "–"
    return f"{milliseconds(event.at, call.rules.zone)} {_words(event)} → {call.stage}: {effects}"


def _words(item: AnyEvent | AnyEffect) -> str:
    """A fact or wish with its own words: digit, prompt, timer and the like."""
    told = (getattr(item, field, None) for field in ("digit", "prompt", "timer", "result", "count"))
    return " ".join((type(item).__name__, *(str(word) for word in told if word)))
