"""The catalogues: alike in both languages, and no key is missing or for nothing."""

import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from agent.catalogue import LANGUAGES, language_of, read_words
from agent.settings import DATA, ROOT

WORDS = read_words()
PAGES = DATA / "pages"
SOURCES = [
    *sorted((PAGES / "templates").glob("*.html")),
    *sorted((PAGES / "static").glob("*.js")),
    *sorted((ROOT / "agent" / "web").glob("*.py")),
    *(ROOT / "agent" / "domain" / name for name in ("event_words.py", "ticket_words.py")),
]
TEXT = "\n".join(source.read_text() for source in SOURCES)
KEYS = sorted(WORDS["id"].keys)


def places_of(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert WORDS["id"].keys == WORDS["en"].keys


def test_a_text_is_whole_in_both_languages() -> None:
    for key in KEYS:
        texts = [WORDS[language](key) for language in LANGUAGES]
        assert all(text.strip() == text for text in texts), key
        assert places_of(texts[0]) == places_of(texts[1]), f"{key}: the same values"


def test_every_activity_of_the_procedure_is_told_in_english_too() -> None:
    sop = tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text())
    activities = {step["activity"] for step in sop["steps"]}
    assert WORDS["en"].activities.keys() == activities
    assert not WORDS["id"].activities
    for activity in (*activities, "Lain"):
        assert WORDS["id"].activity(activity) == activity
        assert (WORDS["en"].activity(activity) == activity) is (activity == "Lain")


def templates() -> list[Path]:
    return [source for source in SOURCES if source.suffix == ".html"]


@pytest.mark.parametrize("template", templates(), ids=lambda path: path.name)
def test_a_template_asks_for_no_key_that_is_missing(template: Path) -> None:
    text = template.read_text()
    for key in re.findall(r"""\bt\(\s*["']([\w.]+)["']\s*[,)]""", text):
        assert key in WORDS["id"].keys, key
    for prefix in re.findall(r"""\bt\(\s*["']([\w.]+)\.["']\s*~""", text):
        assert WORDS["id"].below(prefix), prefix
    for prefix in re.findall(r"""\bt\.below\(\s*["']([\w.]+)["']""", text):
        assert WORDS["id"].below(prefix), prefix


def test_no_key_is_for_nothing() -> None:
    # Programs read all problems on the page of the API.
    found = {key for key in KEYS if not key.startswith("problems.") and not is_asked_for(key)}
    assert not found


def is_asked_for(key: str) -> bool:
    """By itself, or as one of all that begin alike."""
    if re.search(rf"""["']{re.escape(key)}["']""", TEXT):
        return True
    parts = key.split(".")
    prefixes = [re.escape(".".join(parts[:count])) for count in range(1, len(parts))]
    return any(
        re.search(rf"""["'`]{prefix}\.(["']\s*~|\$?{{)|below\(["']{prefix}["']""", TEXT)
        for prefix in prefixes
    )


def test_a_refusal_has_a_sentence_in_both_languages() -> None:
    reasons = set(re.findall(r"""Refused\(\s*\d+,\s*["'](\w+)["']""", TEXT))
    reasons |= set(re.findall(r"""PasswordWeak\(["'](\w+)["']\)""", TEXT))
    assert len(reasons) > 10
    assert {f"problems.{reason}" for reason in reasons} <= WORDS["id"].keys


def test_who_chose_no_language_reads_indonesian() -> None:
    assert [language_of(asked) for asked in (None, "", "de", "id", "en")] == ["id"] * 4 + ["en"]


def test_values_stand_in_their_places_and_an_unknown_key_is_our_mistake() -> None:
    words = WORDS["id"]
    assert words("desk.changed_by", by="Siti", text="{x}") == "Siti menulis: {x}"
    assert words.below("desk.buttons")["solved"] == "Terjawab"
    with pytest.raises(KeyError):
        words("no.such.key")
