"""Text that came from outside, made fit to keep, to show and to compare."""

import re
import unicodedata


def storable(text: str) -> str:
    """The text as it came, without what PostgreSQL cannot hold (NUL, lone surrogates)."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """One line of printable text: no control, direction or surrogate characters."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    kept = (c for c in text if unicodedata.category(c)[0] != "C")
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def one_paragraph(text: str) -> str:
    """One line as well, but a line break or a tab parts words, as whoever typed it meant."""
    return one_line(re.sub(r"\s", " ", text))


def many_lines(text: str) -> str:
    """Printable text with its line breaks, without empty lines at its ends."""
    return "\n".join(one_paragraph(line) for line in text.splitlines()).strip("\n")
