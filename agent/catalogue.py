"""What pages and commands say, in Indonesian and English: one catalogue a language, as data."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from agent.settings import DATA

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FOLDER = DATA / "pages" / "words"


class Words:
    """One language's words, asked for by their key: words("desk.ready")."""

    def __init__(
        self, language: Language, words: Mapping[str, str], activities: Mapping[str, str]
    ) -> None:
        self.language: Language = language
        self.activities = activities
        """Of the procedure, by the document's words; none in its own language."""
        self._words = words

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key, with values in their places. Raises KeyError."""
        text = self._words[key]
        return text.format(**values) if values else text

    def activity(self, activity: str) -> str:
        """An activity of the procedure, in the document's words where there are no others."""
        return self.activities.get(activity, activity)

    def below(self, prefix: str) -> dict[str, str]:
        """All words whose key begins so, by the rest of the key."""
        start = f"{prefix}."
        return {
            k.removeprefix(start): text for k, text in self._words.items() if k.startswith(start)
        }

    @property
    def keys(self) -> frozenset[str]:
        """All keys."""
        return frozenset(self._words)


def read_words(folder: Path = FOLDER) -> dict[Language, Words]:
    """The catalogues. Raises OSError, TOMLDecodeError: they are part of the program."""
    return {
        language: Words(
            language,
            dict(_flat("", tomllib.loads((folder / f"{language}.toml").read_text()))),
            tomllib.loads((folder / "activities.toml").read_text()) if language == "en" else {},
        )
        for language in LANGUAGES
    }


def language_of(asked: str | None) -> Language:
    """The language that a reader chose; Indonesian where he chose none."""
    return "en" if asked == "en" else "id"


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        pairs += _flat(f"{name}.", value) if isinstance(value, Mapping) else [(name, value)]
    return pairs
