"""A prompt as one line that people write, and as the pieces that are said.

    Mohon dicatat. {pause_400} Nomor formulir, {form_number} {pause_500} Terima kasih.

What stands before a number, since the place or pause before, is its lead-in: of a ticket number it
is left out together with it where the call has no ticket.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from agent.domain.secret_words import tells_secret
from agent.speech.pieces import Piece, recording_of

LONGEST_TEXT = 600
"""Signs: about three quarters of a minute."""
LONGEST_PAUSE_MS = 3000
MOST_PLACES = 30
OFFICE_NAME = "lpse_name"
NUMBERS = ("form_number", "ticket_number")
_SAYABLE = re.compile(r"[A-Za-z0-9]")
_PLACE = re.compile(r"{([a-z_]+?)(?:_([0-9]{1,4}))?}")

Reason = Literal[
    "prompt_text_length",
    "prompt_text_signs",
    "prompt_place_lost",
    "prompt_place_strange",
    "prompt_tells_secret",
]


class PromptTextInvalid(ValueError):
    """This cannot be said in the prompt's place; `reason` is a fixed word."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def render_text(pieces: Sequence[Piece]) -> str:
    """The pieces as one line."""
    parts: list[str] = []
    for before, piece in zip((None, *pieces[:-1]), pieces, strict=True):
        if piece.words is not None and before is not None and before.text is not None:
            parts.append("{pause_0}")  # else both would be one lead-in
        parts += [piece.words] if piece.words else []
        if piece.pause_ms is not None:
            parts.append(f"{{pause_{piece.pause_ms}}}")
        parts += [f"{{{number}}}" for number in NUMBERS if getattr(piece, number) is not None]
    return " ".join(parts)


def parse_text(text: str, name: str, original: Sequence[Piece], version: str) -> tuple[Piece, ...]:
    """What the line says in place of the prompt `name`. Raises PromptTextInvalid.

    Every place of the original must be there as often. Words that are the original's keep its
    recording; new ones have one by the name of the prompt with `version`.
    """
    line = " ".join(text.split())
    if not 1 <= len(line) <= LONGEST_TEXT:
        raise PromptTextInvalid("prompt_text_length")
    if tells_secret(line):
        raise PromptTextInvalid("prompt_tells_secret")
    _refuse_other_places(line, render_text(original))
    pieces: list[Piece] = []
    end = 0
    for place in _PLACE.finditer(line):
        kind, before = place[1], line[end : place.start()].strip()
        if kind == OFFICE_NAME:
            continue  # filled in when the words are said
        end = place.end()
        if kind == "pause":
            pieces += [Piece(text=before)] if before else []
            pieces.append(Piece(pause_ms=int(place[2])))
        elif kind == "form_number":
            pieces.append(Piece(form_number=before))
        else:
            pieces.append(Piece(ticket_number=before))
    rest = line[end:].strip()
    pieces += [Piece(text=rest)] if rest else []
    return _recorded(pieces, name, original, version)


def _refuse_other_places(line: str, original: str) -> None:
    bare = _PLACE.sub(" ", line)
    if not line.isprintable() or not _SAYABLE.search(bare):
        raise PromptTextInvalid("prompt_text_signs")
    places, known = _places(line), _places(original)
    if any(places[place] < count for place, count in known.items()):
        raise PromptTextInvalid("prompt_place_lost")
    pauses = [int(place[2] or -1) for place in _PLACE.finditer(line) if place[1] == "pause"]
    strange = "{" in bare or "}" in bare or places.keys() - known.keys() - {OFFICE_NAME}
    if strange or any(not 0 <= pause <= LONGEST_PAUSE_MS for pause in pauses):
        raise PromptTextInvalid("prompt_place_strange")
    if len(pauses) + places.total() > MOST_PLACES:
        raise PromptTextInvalid("prompt_text_length")


def _places(line: str) -> Counter[str]:
    """How often each place stands there, the pauses aside."""
    found = (place[1] + (f"_{place[2]}" if place[2] else "") for place in _PLACE.finditer(line))
    return Counter(place for place in found if not re.fullmatch(r"pause(_[0-9]+)?", place))


def _recorded(
    pieces: Sequence[Piece], name: str, original: Sequence[Piece], version: str
) -> tuple[Piece, ...]:
    recordings = {
        piece.words: recording_of(name, original, at)
        for at, piece in enumerate(original)
        if piece.words
    }
    recorded: list[Piece] = []
    for at, piece in enumerate(pieces, start=1):
        if piece.words:
            if not _SAYABLE.search(piece.words):
                raise PromptTextInvalid("prompt_text_signs")
            recording = recordings.setdefault(piece.words, f"{name}_{version}_{at}")
            piece = replace(piece, recording=recording)
        recorded.append(piece)
    return tuple(recorded)
