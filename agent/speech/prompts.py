"""The prompts as data: which pieces, in which words, heard by whom."""

import re
from datetime import timedelta
from pathlib import Path

import msgspec

from agent.speech.errors import PromptFileInvalid, SpeechUnavailable
from agent.speech.spelling import (
    Spelling,
    form_number_groups,
    sounds_of_signs,
    ticket_number_groups,
)
from agent.speech.utterance import Pause, Script, Utterance


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of: a text, a lead-in with a number, a pause."""

    text: str | None = None
    form_number: str | None = None
    ticket_number: str | None = None
    pause_ms: int | None = None
    recording: str | None = None

    @property
    def words(self) -> str | None:
        """What is said here besides a number."""
        return self.text or self.form_number or self.ticket_number


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that the agent says."""

    heard_by: str
    pieces: tuple[Piece, ...]
    version: str | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether it says the same in every call."""
        return not any(piece.form_number or piece.ticket_number for piece in self.pieces)


class PromptFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, as written."""

    version: str
    prompts: dict[str, Prompt]
    spelling: Spelling
    respelling: dict[str, str]
    espeak_phonemes: dict[str, str]


class Prompts:
    """All prompts of one file, with the office's name filled in."""

    def __init__(self, file: PromptFile, lpse_name: str) -> None:
        self._file = file
        self._lpse_name = lpse_name

    @property
    def espeak_phonemes(self) -> dict[str, str]:
        return self._file.espeak_phonemes

    @property
    def spelling(self) -> Spelling:
        return self._file.spelling

    def fixed(self) -> list[str]:
        """The prompts that say the same in every call."""
        return [name for name, prompt in self._file.prompts.items() if prompt.is_fixed]

    def version(self, prompt: str) -> str:
        """The version of the prompt's words. Raises SpeechUnavailable for an unknown prompt."""
        return self._prompt(prompt).version or self._file.version

    def sounds_to_keep(self) -> list[Utterance]:
        """Everything that is rendered at set-up: each phrase once, each digit, letter and sign."""
        phrases = {
            utterance.text: utterance
            for name, prompt in self._file.prompts.items()
            for place, piece in enumerate(prompt.pieces)
            if (utterance := self._phrase(name, place, piece)) is not None
        }
        return [*phrases.values(), *sounds_of_signs(self._file.spelling)]

    def shortest(self) -> Utterance:
        """A digit, to try an engine with."""
        return sounds_of_signs(self._file.spelling)[0]

    def script(self, prompt: str, form_number: str | None, ticket_number: str | None) -> Script:
        """What is said in this order.

        Raises SpeechUnavailable for an unknown prompt, a missing form number or a number that
        cannot be read aloud. A missing ticket number is left out together with its lead-in.
        """
        said: list[Utterance | Pause] = []
        for place, piece in enumerate(self._prompt(prompt).pieces):
            if piece.ticket_number and ticket_number is None:
                continue
            if piece.pause_ms is not None:
                said.append(Pause(timedelta(milliseconds=piece.pause_ms)))
            phrase = self._phrase(prompt, place, piece)
            if phrase is not None:
                said.append(phrase)
            if piece.form_number:
                if form_number is None:
                    raise SpeechUnavailable(f"the prompt {prompt} needs a form number")
                said += self._paused(form_number_groups(form_number, self._file.spelling))
            if piece.ticket_number and ticket_number is not None:
                said += self._paused(ticket_number_groups(ticket_number, self._file.spelling))
        return tuple(said)

    def _prompt(self, name: str) -> Prompt:
        try:
            return self._file.prompts[name]
        except KeyError:
            raise SpeechUnavailable("there is no prompt of this name") from None

    def _paused(self, groups: list[Utterance]) -> list[Utterance | Pause]:
        pause = Pause(timedelta(milliseconds=self._file.spelling.group_pause_ms))
        return [part for group in groups for part in (pause, group)]

    def _phrase(self, prompt: str, place: int, piece: Piece) -> Utterance | None:
        if piece.words is None:
            return None
        spoken = text = piece.words.replace("{lpse_name}", self._lpse_name)
        for word, respelling in self._file.respelling.items():
            spoken = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", respelling, spoken)
        pieces = self._file.prompts[prompt].pieces
        texts = [at for at, other in enumerate(pieces) if other.words is not None]
        alone = prompt if len(texts) == 1 else f"{prompt}_{texts.index(place) + 1}"
        recordings = (piece.recording or alone,)
        return Utterance(text=text, spoken=spoken, recordings=recordings, is_number=False)


def load_prompts(path: Path, lpse_name: str) -> Prompts:
    """The prompts of a TOML file. Raises PromptFileInvalid with the place that is wrong."""
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=PromptFile)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise PromptFileInvalid(f"{path}: {error}") from error
    for name, prompt in file.prompts.items():
        if not re.fullmatch(r"[a-z][a-z_]*", name):
            raise PromptFileInvalid(f"{path}: the prompt {name} must be named in a-z and _")
        for piece in prompt.pieces:
            kinds = (piece.text, piece.form_number, piece.ticket_number, piece.pause_ms)
            if sum(kind is not None for kind in kinds) != 1:
                raise PromptFileInvalid(f"{path}: a piece of {name} must be of exactly one kind")
    if len(file.spelling.digits) != 10:
        raise PromptFileInvalid(f"{path}: spelling.digits must name ten digits")
    return Prompts(file, lpse_name)
