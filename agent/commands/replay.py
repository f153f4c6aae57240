"""`lpse-agent replay`: a recorded event log through the core, with what it decided."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from agent.commands.plain import refuse, said_plainly
from agent.domain.call import CallUnknown, decide
from agent.domain.call_state import Call, Decision
from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class RecordingInvalid(ValueError):
    """This is not a recorded event log; the message names the line."""


def read_recording(file: Path) -> list[AnyEvent]:
    """Events of one call, one JSON object a line. Raises RecordingInvalid."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise RecordingInvalid(f"{file}: {error.strerror}") from error
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            events.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RecordingInvalid(f"{file}, line {number}: {error}") from error
    return events


def decisions(events: list[AnyEvent]) -> Iterator[tuple[AnyEvent, Decision]]:
    """Each event with what the core decided on it. Raises RecordingInvalid."""
    call: Call | None = None
    for event in events:
        try:
            decision = decide(call, event)
        except CallUnknown as error:
            raise RecordingInvalid(f"the first event must be CallArrived, not {error}") from error
        yield event, decision
        call = decision.call


def replay(
    recording: Annotated[
        Path, typer.Argument(help="A recorded event log: one JSON event a line, one call.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Run a recorded call through the core and print what it decides on each event.

    Nothing is recorded and nobody is called: the core only answers. Recordings are made by
    `lpse-agent capture NUMBER`.
    """
    with said_plainly():
        try:
            for event, decision in decisions(read_recording(recording)):
                if json:
                    print(
                        msgspec.json.encode((event, decision.call.stage, decision.effects)).decode()
                    )
                else:
                    print(_line(event, decision))
        except RecordingInvalid as error:
            refuse(str(error))


def _line(event: AnyEvent, decision: Decision) -> str:
    effects = ", ".join(_words(effect) for effect in decision.effects) or "–"
    return f"{event.at:%H:%M:%S.%f} {_words(event)} → {decision.call.stage}: {effects}"


def _words(item: AnyEvent | AnyEffect) -> str:
    """A fact or wish with its own words: digit, prompt, timer and the like."""
    told = (getattr(item, field, None) for field in ("digit", "prompt", "timer", "result"))
    return " ".join((type(item).__name__, *(str(word) for word in told if word)))
