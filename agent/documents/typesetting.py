"""A paper's files become one PDF/A-3b: the same files give the same bytes on every machine."""

import re
from datetime import datetime
from functools import cache

import msgspec
import typst

MAIN = "main.typ"


class NotTypeset(ValueError):
    """The files make no PDF/A; why, without what people's words were."""


class Paper(msgspec.Struct, frozen=True):
    """All that a paper is made of, by the names that its template (main.typ) uses, and its time."""

    files: dict[str, bytes]
    at: datetime


def typeset(paper: Paper) -> bytes:
    """The paper as PDF/A-3b. Raises NotTypeset.

    Takes a tenth of a second and lets go of the interpreter meanwhile: call it in a thread.
    """
    try:
        content = typst.compile(  # type: ignore[call-overload]  # its stub forgets dicts of files
            paper.files,
            format="pdf",
            pdf_standards=["a-3b"],
            timestamp=int(paper.at.timestamp()),
            font_paths=_fonts(),
        )
    except typst.TypstError as error:
        # It may quote the paper; reasons are logged, and people's words are not.
        said = re.sub(r"`.*`", "`…`", str(error), flags=re.DOTALL)
        raise NotTypeset(f"the paper cannot be typeset: {said}") from None
    return bytes(content)


@cache
def _fonts() -> typst.Fonts:
    """The fonts that come with the typesetter and no others."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
