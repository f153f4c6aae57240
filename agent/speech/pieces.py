"""The pieces that a prompt is made of, and what a recording of one is called."""

from collections.abc import Sequence

import msgspec


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of: a text, a lead-in with a number, a pause."""

    text: str | None = None
    form_number: str | None = None
    ticket_number: str | None = None
    pause_ms: int | None = None
    recording: str | None = None

    @property
    def words(self) -> str | None:
        """What is said here besides a number; None where there is nothing."""
        return self.text or self.form_number or self.ticket_number or None


def recording_of(prompt: str, pieces: Sequence[Piece], place: int) -> str:
    """How the office calls its recording of the words at this place."""
    worded = [at for at, piece in enumerate(pieces) if piece.words is not None]
    alone = prompt if len(worded) == 1 else f"{prompt}_{worded.index(place) + 1}"
    return pieces[place].recording or alone
