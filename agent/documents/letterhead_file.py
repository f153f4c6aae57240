"""The office's letterhead as its files have it: the words and the logo's picture."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.documents.typesetting import MAIN, NotTypeset, Paper, typeset
from agent.domain.letterhead import Letterhead, LetterheadInvalid, parse_letterhead

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST_LOGO = 1_000_000
"""Bytes; the picture is in every paper."""


class Stationery(msgspec.Struct, frozen=True):
    """What every paper of the office begins and ends with."""

    letterhead: Letterhead
    logo: bytes | None = None

    @property
    def logo_name(self) -> str:
        """The logo's name in the typeset paper; empty where there is none."""
        kind = self.letterhead.logo.rpartition(".")[2]
        return f"logo.{kind}" if self.logo is not None else ""


def read_stationery(file: Path) -> Stationery:
    """The letterhead of this file with its logo. Raises LetterheadInvalid."""
    try:
        letterhead = parse_letterhead(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LetterheadInvalid(str(error)) from error
    if not letterhead.logo:
        return Stationery(letterhead)
    picture = file.parent / letterhead.logo
    try:
        logo = picture.read_bytes()
    except OSError as error:
        raise LetterheadInvalid(f"logo: {error}") from error
    if len(logo) > LARGEST_LOGO:
        raise LetterheadInvalid(f"logo: {picture} is larger than {LARGEST_LOGO} bytes")
    stationery = Stationery(letterhead, logo)
    if not _is_printable(stationery):
        raise LetterheadInvalid(f"logo: {picture} is no picture that can be printed")
    return stationery


def _is_printable(stationery: Stationery) -> bool:
    """Whether the logo can be typeset; else the first form would be the one to find out."""
    if stationery.logo is None:
        return True
    name = stationery.logo_name
    files = {MAIN: f'#image("{name}")'.encode(), name: stationery.logo}
    try:
        typeset(Paper(files, _ANY_TIME))
    except NotTypeset:
        return False
    return True
