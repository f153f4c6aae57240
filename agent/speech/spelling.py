"""A form or ticket number as groups of spoken signs."""

import msgspec

from agent.domain.numbers import spoken_parts
from agent.speech.errors import SpeechUnavailable
from agent.speech.utterance import Utterance

LONGEST_NUMBER = 64


class Spelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of digits, letters and signs, and the pause between groups."""

    group_pause_ms: int
    digits: tuple[str, ...]
    letters: dict[str, str]
    signs: dict[str, str]


def sounds_of_signs(spelling: Spelling) -> list[Utterance]:
    """Every digit, letter and sign alone, under the name that a recording of it has."""
    digits = [_single(f"digit_{digit}", word) for digit, word in enumerate(spelling.digits)]
    letters = [_single(f"letter_{letter}", word) for letter, word in spelling.letters.items()]
    return digits + letters + [_single(f"word_{word}", word) for word in spelling.signs.values()]


def form_number_groups(number: str, spelling: Spelling) -> list[Utterance]:
    """The groups of a form number: every sign is said, and opens the group that follows it.

    Raises SpeechUnavailable for a sign that has no name.
    """
    groups: list[list[str]] = []
    for sign, run in _runs(number, spelling):
        for place, part in enumerate(spoken_parts(run)):
            groups.append([sign, *part] if sign and place == 0 else list(part))
    return [_group(group, spelling) for group in groups]


def ticket_number_groups(number: str, spelling: Spelling) -> list[Utterance]:
    """The groups of a ticket number: its dashes are heard as pauses.

    Raises SpeechUnavailable for a sign that has no name.
    """
    parts = [part for _, run in _runs(number, spelling) for part in spoken_parts(run)]
    return [_group(list(part), spelling) for part in parts if part]


def _runs(number: str, spelling: Spelling) -> list[tuple[str, str]]:
    """Pairs of a sign (empty at the start) and the letters or digits up to the next sign."""
    if not 0 < len(number) <= LONGEST_NUMBER:
        raise SpeechUnavailable(f"a number of {len(number)} signs cannot be read aloud")
    runs = [["", ""]]
    for sign in number.lower():
        if sign in spelling.signs:
            runs.append([sign, ""])
        elif sign in spelling.letters or (sign.isascii() and sign.isdigit()):
            runs[-1][1] += sign
        elif sign != " ":
            raise SpeechUnavailable("a number has a sign without a name")
    return [(sign, run) for sign, run in runs if sign or run]


def _group(signs: list[str], spelling: Spelling) -> Utterance:
    names, words = zip(*(_named(sign, spelling) for sign in signs), strict=True)
    text = " ".join(words)
    return Utterance(text=text, spoken=text, recordings=names, is_number=True)


def _named(sign: str, spelling: Spelling) -> tuple[str, str]:
    if sign in spelling.signs:
        return f"word_{spelling.signs[sign]}", spelling.signs[sign]
    if sign in spelling.letters:
        return f"letter_{sign}", spelling.letters[sign]
    return f"digit_{sign}", spelling.digits[int(sign)]


def _single(recording: str, word: str) -> Utterance:
    return Utterance(text=word, spoken=word, recordings=(recording,), is_number=True)
