"""The sounds made at set-up, which still speak when every engine fails."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from agent.speech.cache import key_of, write_whole
from agent.speech.engines import RENDERS_AT_ONCE, Engines, Said
from agent.speech.errors import SoundInvalid, SpeechUnavailable
from agent.speech.sound import Samples, parse_wav, render_wav, silence
from agent.speech.utterance import BETWEEN_SIGNS, Utterance

SECONDS_FOR_ONE = 20.0
"""At set-up nobody waits on the line, so a slow engine gets its time."""


class Kept(msgspec.Struct, frozen=True):
    """What the list beside the files knows about one of them."""

    engine: str
    key: str


class KeptSounds:
    """Phrases, digits, letters and signs, in memory and in files beside a list of their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said: dict[str, Said] = {}

    async def make(self, utterances: Sequence[Utterance], engines: Engines) -> None:
        """Renders what is not there as the best engine would say it now; lets go of all else.

        An older sound stays where no engine says the utterance. Raises SpeechUnavailable when
        there is none either, and OSError.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._said = self._read()
        await self._render(utterances, engines, RENDERS_AT_ONCE)
        names = {_name(utterance) for utterance in utterances}
        self._said = {name: said for name, said in self._said.items() if name in names}
        self._write_list()

    async def add(self, utterances: Sequence[Utterance], engines: Engines) -> None:
        """The same while calls are on: they need what is there, and most of the processors."""
        await self._render(utterances, engines, 1)
        self._write_list()

    async def _render(
        self, utterances: Sequence[Utterance], engines: Engines, at_once: int
    ) -> None:
        turn = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._best(one, engines, turn)) for one in utterances]
        for utterance, task in zip(utterances, tasks, strict=True):
            said = task.result()
            if said is not None and said is not self.find(utterance):
                write_whole(self._file(_name(utterance)), render_wav(said.samples))
                self._said[_name(utterance)] = said
        missing = [utterance.text for utterance in utterances if self.find(utterance) is None]
        if missing:
            raise SpeechUnavailable(f"no engine says {missing[0]!r} and {len(missing) - 1} others")

    def _write_list(self) -> None:
        listed = {name: Kept(said.engine, said.key) for name, said in self._said.items()}
        write_whole(self._folder / "list.json", msgspec.json.encode(listed))

    def find(self, utterance: Utterance) -> Said | None:
        """The phrase or single sign as it was rendered at set-up."""
        return self._said.get(_name(utterance)) if len(utterance.recordings) == 1 else None

    def spelled(self, utterance: Utterance) -> Said | None:
        """A group put together from its single signs; None when one of them was never made."""
        signs = [self._said.get(recording) for recording in utterance.recordings]
        known = [sign for sign in signs if sign is not None]
        if len(known) < len(signs):
            return None
        parts: list[Samples] = []
        for sign in known:
            parts += [sign.samples, silence(BETWEEN_SIGNS)]
        key = key_of("digits", str(BETWEEN_SIGNS), *(sign.key for sign in known))
        return Said(samples=np.concatenate(parts[:-1]), engine="digits", key=key)

    async def _best(
        self, utterance: Utterance, engines: Engines, turn: asyncio.Semaphore
    ) -> Said | None:
        """What is kept already if the best engine would say the same, else what one says now."""
        now = self.find(utterance)
        if now is not None and now.key == engines.preferred_key(utterance):
            return now
        async with turn:
            deadline = asyncio.get_running_loop().time() + SECONDS_FOR_ONE
            return await engines.say(utterance, deadline, blame=False)

    def _read(self) -> dict[str, Said]:
        try:
            data = (self._folder / "list.json").read_bytes()
            listed = msgspec.json.decode(data, type=dict[str, Kept])
        except (OSError, msgspec.DecodeError):  # the first start, or torn: all is made anew
            return {}
        said: dict[str, Said] = {}
        for name, kept in listed.items():
            try:
                samples, _ = parse_wav(self._file(name).read_bytes())
            except (OSError, SoundInvalid):  # this one is made anew
                continue
            said[name] = Said(samples=samples, engine=kept.engine, key=kept.key)
        return said

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.wav"


def _name(utterance: Utterance) -> str:
    """A sign has the name of its recording; a phrase its words as well, since they change."""
    if utterance.is_number:
        return utterance.recordings[0]
    return f"{utterance.recordings[0]}-{sha256(utterance.spoken.encode()).hexdigest()[:8]}"
