"""Suggestions for step 5, the pure part: what was typed as words, the order, what is not shown.

What people type is never a query: only its letters and digits are looked at, so that no sign of a
query language has a meaning. Which stems a word may mean is asked of the database.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from agent.domain.plain_text import one_paragraph, storable

MOST_CHARACTERS = 4000
MOST_WORDS = 12
"""Words that are looked for; a long description tells its problem at the beginning."""
LONGEST_WORD = 40

# Words of any problem; PostgreSQL's Indonesian configuration brings no such list.
STOP_WORDS = frozenset(
    """ada adalah agar akan aku anda apa apakah atas atau bagaimana bagi bahwa bapak begitu belum
    beliau bila bisa boleh bu bukan cara dalam dan dapat dari dengan di dia ia ibu ini itu jadi
    jika juga kah kalau kami kapan karena ke kenapa ketika kita lagi lalu maka mana masih mau
    melalui mengapa mereka minta mohon namun nya oleh pada pak para pun saat saja sama sampai
    sangat saya sebagai sebab sebelum sedang sehingga sejak seperti sering serta setelah siapa
    sudah supaya tadi tapi telah terus tetapi tidak tolong untuk waktu yaitu yang
    tdk tak gak ga nggak enggak blm sdh utk yg dgn dg krn spt bgmn
    the a an is are to of in on for and or not my i it how can cannot please with""".split()  # noqa: SIM905
)

_WORD = re.compile(r"[^\W_]+")
_OPEN_END = re.compile(r"[^\W_]$")


class Typed(msgspec.Struct, frozen=True):
    """The words of a text, each once; `unfinished` says that the last one may go on."""

    words: tuple[str, ...]
    unfinished: bool = False


class Meaning(msgspec.Struct, frozen=True):
    """A stem that a typed word (by its place, from 1) may mean; 1 is the same word."""

    place: int
    stem: str
    likeness: float


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What may help to answer; `reference` is the answer's id or the consultation's form number."""

    kind: Literal["answer", "consultation"]
    reference: str
    title: str | None = None
    problem: str | None = None
    solution: str
    source: str | None = None
    since: date
    """From when the answer is valid, or the day of the consultation."""
    rank: float


def parse_typed(text: str) -> Typed:
    """The words to look for in what was typed so far; never raises, nothing may be left."""
    plain = one_paragraph(storable(text[:MOST_CHARACTERS])).lower()
    found = [word[:LONGEST_WORD] for word in _WORD.findall(plain)]
    unfinished = bool(found) and _OPEN_END.search(storable(text[:MOST_CHARACTERS])) is not None
    last = found[-1] if unfinished else None
    kept = dict.fromkeys(word for word in found if word not in STOP_WORDS and len(word) > 1)
    words = list(kept)[:MOST_WORDS]
    if last is None or last not in kept:
        return Typed(tuple(words))
    # Its place is the last one, wherever it stood before.
    words = [word for word in words if word != last][: MOST_WORDS - 1]
    return Typed((*words, last), unfinished=True)


def render_tsquery(meanings: Iterable[Meaning], between: Literal["|", "&"]) -> str:
    """PostgreSQL's query for one or all (`between`) of the words, each in any of its meanings."""
    groups: dict[int, dict[str, None]] = {}
    for meaning in meanings:
        groups.setdefault(meaning.place, {})[_lexeme(meaning.stem)] = None
    return f" {between} ".join(f"({' | '.join(stems)})" for stems in groups.values())


def _lexeme(stem: str) -> str:
    """One lexeme in quotes; a stem is letters and digits, and would be harmless otherwise."""
    return "'" + re.sub(r"[\\']", "", stem) + "'"


def ranked(found: Iterable[Suggestion], limit: int) -> list[Suggestion]:
    """The best first, each text once; at equal rank the office's answers, then what is newer.

    Ranks are equal within a twentieth: more is not known by counting words.
    """

    def place(suggestion: Suggestion) -> tuple[float, bool, int, float, str]:
        return (
            -round(suggestion.rank * 20),
            suggestion.kind != "answer",
            -suggestion.since.toordinal(),
            -suggestion.rank,
            suggestion.reference,
        )

    shown: dict[tuple[str | None, str], Suggestion] = {}
    for suggestion in sorted(found, key=place):
        shown.setdefault((suggestion.problem, suggestion.solution), suggestion)
    return list(shown.values())[:limit]


PERSONAL = (
    "caller_name",
    "business_name",
    "position",
    "npwp",
    "nik",
    "spse_user_id",
    "email",
    "contact_phone",
    "earlier_support_ticket",
    "tender_code",
)
"""Fields of the form whose content may not be shown in a suggestion."""
HIDDEN = "…"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s.()-]{0,2}\d){7,}")
_LEGAL_FORM = re.compile(r"\b(?:pt|cv|ud|fa|pd|firma|koperasi)\b\.?", re.IGNORECASE)
_TITLES = frozenset("bapak ibu pak bu sdr sdri saudara saudari haji hajah".split())  # noqa: SIM905


def without_personal_data(text: str, fields: Mapping[str, str]) -> str:
    """A problem or solution without what its own form tells of the people in it.

    Also without e-mail addresses and numbers as long as a telephone's, whoever they belong to.
    """
    names = [fields[field] for field in PERSONAL if fields.get(field)]
    company = _LEGAL_FORM.sub("", fields.get("business_name") or "").strip(" .,")
    words = _WORD.findall(fields.get("caller_name") or "")
    names += [company, *(w for w in words if len(w) > 2 and w.lower() not in _TITLES)]
    text = _EMAIL.sub(HIDDEN, text)
    for name in sorted({name for name in names if len(name) > 2}, key=lambda n: (-len(n), n)):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", HIDDEN, text, flags=re.IGNORECASE)
    return _LONG_NUMBER.sub(HIDDEN, text)
