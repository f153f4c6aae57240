"""The prompts as data: which pieces, in which words, heard by whom."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog
from msgspec.structs import replace

from agent.domain.written_prompt import WrittenPrompt
from agent.speech.errors import PromptFileInvalid, SpeechUnavailable
from agent.speech.pieces import Piece, recording_of
from agent.speech.prompt_text import PromptTextInvalid, parse_text, render_text
from agent.speech.spelling import (
    Spelling,
    form_number_groups,
    sounds_of_signs,
    ticket_number_groups,
)
from agent.speech.utterance import Pause, Script, Utterance

log = structlog.get_logger(__name__)


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that the agent says."""

    heard_by: str
    pieces: tuple[Piece, ...]
    version: str | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether it says the same in every call."""
        numbers = ((piece.form_number, piece.ticket_number) for piece in self.pieces)
        return all(number is None for pair in numbers for number in pair)


class PromptFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, as written."""

    version: str
    prompts: dict[str, Prompt]
    spelling: Spelling
    respelling: dict[str, str]
    espeak_phonemes: dict[str, str]
    language: str = "id"


class Prompts:
    """All prompts of one file, or what the office wrote in their place, with its name filled in."""

    def __init__(
        self, file: PromptFile, lpse_name: str, original: PromptFile | None = None
    ) -> None:
        self._file = file
        self._original = original or file
        self._lpse_name = lpse_name

    def with_written(self, written: Mapping[str, WrittenPrompt]) -> "Prompts":
        """The file's prompts, but these as the office wrote them.

        What no longer fits the file's prompt is left out, with a line in the log: the file changed.
        """
        prompts = dict(self._original.prompts)
        for one in written.values():
            try:
                prompts[one.prompt] = self._reworded(one.prompt, one.text, version_of(one))
            except (PromptTextInvalid, SpeechUnavailable) as error:
                log.warning("written_prompt_ignored", prompt=one.prompt, reason=str(error))
        file = replace(self._original, prompts=prompts)
        return Prompts(file, self._lpse_name, self._original)

    def with_text(self, prompt: str, text: str, version: str) -> "Prompts":
        """These prompts, but one in other words. Raises PromptTextInvalid, SpeechUnavailable."""
        changed = self._reworded(prompt, text, version)
        file = replace(self._file, prompts={**self._file.prompts, prompt: changed})
        return Prompts(file, self._lpse_name, self._original)

    @property
    def language(self) -> str:
        """In which all of them are."""
        return self._file.language

    def names(self) -> list[str]:
        """All prompts, in the order of the file."""
        return list(self._file.prompts)

    def original(self, prompt: str) -> Prompt:
        """The prompt as the file has it. Raises SpeechUnavailable for an unknown one."""
        return self._found(self._original, prompt)

    def original_text(self, prompt: str) -> str:
        """The same as the file has it. Raises SpeechUnavailable for an unknown prompt."""
        return render_text(self.original(prompt).pieces)

    def text(self, prompt: str) -> str:
        """What is said, as one line to write on. Raises SpeechUnavailable for an unknown prompt."""
        return render_text(self._prompt(prompt).pieces)

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
            (utterance.spoken, utterance.recordings): utterance
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
            if piece.ticket_number is not None and ticket_number is None:
                continue
            if piece.pause_ms is not None:
                said.append(Pause(timedelta(milliseconds=piece.pause_ms)))
            phrase = self._phrase(prompt, place, piece)
            if phrase is not None:
                said.append(phrase)
            if piece.form_number is not None:
                if form_number is None:
                    raise SpeechUnavailable(f"the prompt {prompt} needs a form number")
                said += self._paused(form_number_groups(form_number, self._file.spelling))
            if piece.ticket_number is not None and ticket_number is not None:
                said += self._paused(ticket_number_groups(ticket_number, self._file.spelling))
        return tuple(said)

    def _reworded(self, name: str, text: str | None, version: str) -> Prompt:
        original = self.original(name)
        if text is None:
            return original
        pieces = parse_text(text, name, original.pieces, version)
        return replace(original, pieces=pieces, version=version)

    def _prompt(self, name: str) -> Prompt:
        return self._found(self._file, name)

    def _found(self, file: PromptFile, name: str) -> Prompt:
        try:
            return file.prompts[name]
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
        recordings = (recording_of(prompt, self._file.prompts[prompt].pieces, place),)
        return Utterance(text=text, spoken=spoken, recordings=recordings, is_number=False)


def version_of(written: WrittenPrompt) -> str:
    """How the version is told, also on the form of a call that heard it."""
    return f"kantor-{written.version}"


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
