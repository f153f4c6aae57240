"""What an event says in either catalogue; tests/commands/test_timeline.py has one of every kind."""

from typing import get_args

from agent.catalogue import LANGUAGES, read_words
from agent.domain.event_words import cause_told, event_told, who
from agent.domain.events import (
    AnyEvent,
    CaseHandedOver,
    DigitPressed,
    EffectRefused,
    FieldFilled,
    LegHungUp,
    PlaybackResult,
    PromptFinished,
    SupervisionMode,
)
from agent.domain.identifiers import PlaybackId
from tests.domain.story import CALLER, FIRST, talking

WORDS = read_words()
ID, EN = WORDS["id"], WORDS["en"]


def test_each_event_has_its_sentence_in_every_language() -> None:
    kinds = {kind.__name__ for kind in get_args(AnyEvent)} | {"FieldEmptied", "no_reason"}
    for language in LANGUAGES:
        assert set(WORDS[language].below("record.events")) == kinds
        results = set(WORDS[language].below("record.playback_results"))
        assert results == set(get_args(PlaybackResult))
        assert set(WORDS[language].below("record.supervision")) == set(get_args(SupervisionMode))


def test_a_line_says_whose_leg_it_was() -> None:
    call = talking().call
    assert who(call, CALLER, ID) == "penelepon"
    assert who(call, FIRST, ID) == "operator op-101"
    assert who(call, "other", ID) == "saluran other"
    assert who(call, CALLER, EN) == "the caller"


def test_what_people_did_is_said_in_their_words() -> None:
    story = talking()
    at = story.now
    for event, indonesian, english in (
        (
            DigitPressed(at=at, channel=FIRST, digit="*"),
            "Operator op-101 menekan *",
            "Operator op-101 pressed *",
        ),
        (
            LegHungUp(at=at, channel=CALLER, cause=16),
            "Saluran penelepon berakhir: ditutup",
            "The line of the caller ended: hung up",
        ),
        (
            FieldFilled(at=at, field="problem", raw="x", value="{x}", by="op-101"),
            "op-101 mengisi isian problem",
            "op-101 filled in the field problem",
        ),
        (
            FieldFilled(at=at, field="problem", raw="", value=None, by="op-101"),
            "op-101 mengosongkan isian problem",
            "op-101 emptied the field problem",
        ),
        (
            EffectRefused(at=at, effect="PlayPrompt", target="p9"),
            "PlayPrompt ditolak: tanpa sebab",
            "PlayPrompt was refused: no reason given",
        ),
        (
            CaseHandedOver(at=at, way="level_email"),
            "Penerusan kasus diterima (e-mail kepada tingkat berikutnya)",
            "The hand-over of the case was accepted (e-mail to the next level)",
        ),
    ):
        assert event_told(story.call, event, ID) == indonesian
        assert event_told(story.call, event, EN) == english


def test_what_the_catalogue_does_not_know_is_still_named() -> None:
    story = talking()
    assert [cause_told(code, ID) for code in (16, 99, None)] == ["ditutup", "sebab 99", "berakhir"]
    handed = CaseHandedOver(at=story.now, way="carrier_pigeon")
    assert event_told(story.call, handed, ID) == "Penerusan kasus diterima (carrier_pigeon)"
    played = PromptFinished(at=story.now, playback=PlaybackId("p-99"), result="done")
    assert event_told(story.call, played, ID) == "Saluran p-99, p-99: didengar sampai akhir"
