"""Text made fit for paper: only signs that the papers' fonts have, and words that fit a line."""

import re
from typing import Any

from agent.domain.plain_text import many_lines

MISSING = "□"
"""Stands for a sign that no font of the papers has; PDF/A refuses a text with such a sign."""

# What Libertinus Serif has in every weight (a test typesets all of it): Latin with every accent,
# Greek, Cyrillic, punctuation, currencies, arrows and the signs of comparison.
PRINTABLE = (
    (0x20, 0x7E),
    (0xA1, 0xAC),
    (0xAE, 0x24F),
    (0x384, 0x386),
    (0x388, 0x38A),
    (0x38E, 0x3A1),
    (0x3A3, 0x3CE),
    (0x400, 0x45F),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x203A),
    (0x20A0, 0x20BF),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x2260, 0x2260),
    (0x2264, 0x2265),
    (0x25A1, 0x25A1),
)
_UNPRINTABLE = re.compile(
    "[^\n"
    + "".join(f"{chr(first)}-{chr(last)}".replace("]", r"\]") for first, last in PRINTABLE)
    + "]"
)
_LONGEST_WORD = 30
_LONG_WORD = re.compile(rf"(\S{{{_LONGEST_WORD}}})(?=\S)")
_MAY_BREAK = "\u200b"


def on_paper(text: str) -> str:
    """The text as paper can show it: no control or direction signs, and long words may break."""
    shown = _UNPRINTABLE.sub(MISSING, many_lines(text))
    return _LONG_WORD.sub(rf"\1{_MAY_BREAK}", shown)


def all_on_paper(content: Any) -> Any:
    """The same for every text in a document of lists and dicts; keys are ours and stay."""
    if isinstance(content, str):
        return on_paper(content)
    if isinstance(content, dict):
        return {key: all_on_paper(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [all_on_paper(value) for value in content]
    return content
