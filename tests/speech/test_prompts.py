from itertools import pairwise
from pathlib import Path

import pytest

from agent.domain.written_prompt import WrittenPrompt
from agent.speech.errors import PromptFileInvalid, SpeechUnavailable
from agent.speech.prompts import load_prompts
from agent.speech.utterance import Pause, Utterance

from .conftest import OFFICE, PROMPTS

prompts = load_prompts(PROMPTS, OFFICE)
FORM, TICKET = "0123/FK-TLP/LPSE.BTG/2026", "26-00412-7"

expected = {
    "welcome_morning", "welcome_noon", "welcome_afternoon", "welcome_evening", "recording_notice",
    "connecting", "please_wait", "nobody_available", "numbers", "numbers_last", "no_numbers_yet",
    "fallback_apology", "fallback_ticket_later", "fallback_nobody", "fallback_voicemail",
    "fallback_thanks", "presence_ready", "presence_paused", "presence_refused",
}  # fmt: skip


def texts(prompt: str, form: str | None = None, ticket: str | None = None) -> list[str]:
    script = prompts.script(prompt, form, ticket)
    return [part.text for part in script if isinstance(part, Utterance)]


def changed(tmp_path: Path, old: str, new: str) -> Path:
    whole = PROMPTS.read_text()
    assert old in whole
    path = tmp_path / "changed.toml"
    path.write_text(whole.replace(old, new, 1))
    return path


def test_every_prompt_that_a_call_needs_is_there() -> None:
    assert set(prompts.fixed()) | {"nobody_available", "numbers", "numbers_last"} == expected


def test_the_welcome_names_the_office() -> None:
    assert texts("welcome_noon") == ["Selamat siang, Helpdesk LPSE Kabupaten Batang."]


def test_the_name_of_the_office_is_spoken_letter_by_letter() -> None:
    (phrase,) = prompts.script("welcome_noon", None, None)
    assert isinstance(phrase, Utterance)
    assert phrase.spoken == "Selamat siang, Helpdesk el pe es e Kabupaten Batang."


def test_both_numbers_are_said_twice() -> None:
    said = texts("numbers", FORM, TICKET)
    assert said.count("Nomor formulir,") == said.count("nol satu dua tiga") == 2
    assert said.count("Nomor tiket,") == said.count("empat satu dua") == 2


def test_there_is_a_pause_before_each_group() -> None:
    script = prompts.script("numbers", FORM, TICKET)
    for before, part in pairwise(script):
        assert isinstance(before, Pause) or not (isinstance(part, Utterance) and part.is_number)


def test_without_a_ticket_its_lead_in_is_left_out_too() -> None:
    assert "Nomor tiket," not in texts("numbers_last", FORM)
    assert "nol satu dua tiga" in texts("numbers_last", FORM)


def test_a_missing_form_number_is_refused() -> None:
    with pytest.raises(SpeechUnavailable):
        prompts.script("numbers", None, TICKET)


@pytest.mark.parametrize("name", ["", "nothing", "../numbers", "numbers\0"])
def test_an_unknown_prompt_is_refused(name: str) -> None:
    with pytest.raises(SpeechUnavailable):
        prompts.script(name, FORM, TICKET)


def test_the_recording_notice_has_a_version_of_its_own() -> None:
    assert prompts.version("recording_notice") != prompts.version("connecting")


def test_each_phrase_can_be_recorded_under_one_name() -> None:
    phrases = [sound for sound in prompts.sounds_to_keep() if not sound.is_number]
    names = [phrase.recordings[0] for phrase in phrases]
    assert len(names) == len(set(names))
    assert {"welcome_noon", "nobody_available_1", "nobody_available_3", "form_number_is"} <= {
        *names
    }


def test_every_phrase_of_every_prompt_is_kept_from_set_up() -> None:
    kept = set(prompts.sounds_to_keep())
    for name in expected:
        script = prompts.script(name, FORM, TICKET)
        assert {p for p in script if isinstance(p, Utterance) and not p.is_number} <= kept


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('version = "2026', 'verzion = "2026', "verzion"),
        ("{ pause_ms = 250 }", '{ pause_ms = "long" }', "pause_ms"),
        ("{ pause_ms = 250 }", "{ }", "nobody_available"),
        ("{ pause_ms = 250 }", '{ pause_ms = 250, text = "a" }', "nobody_available"),
        ("[prompts.connecting]", '[prompts."../connecting"]', "../connecting"),
        ('digits = ["nol", ', "digits = [", "spelling.digits"),
        ("[prompts.connecting]", "[prompts.connecting", "toml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    with pytest.raises(PromptFileInvalid, match=place):
        load_prompts(changed(tmp_path, old, new), OFFICE)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(PromptFileInvalid, match="nowhere"):
        load_prompts(tmp_path / "nowhere.toml", OFFICE)


def written(text: str | None, prompt: str = "connecting", version: int = 2) -> WrittenPrompt:
    return WrittenPrompt(prompt=prompt, version=version, text=text, by="ratna")


def test_what_the_office_wrote_is_said_in_the_place_of_the_files_words() -> None:
    said = prompts.with_written({"connecting": written("Sebentar, {lpse_name} menyambungkan.")})
    (phrase,) = said.script("connecting", None, None)
    assert isinstance(phrase, Utterance)
    assert phrase.text == "Sebentar, LPSE Kabupaten Batang menyambungkan."
    assert (said.version("connecting"), prompts.version("connecting")) == ("kantor-2", "2026-11-25")
    assert said.original_text("connecting") == prompts.text("connecting") != said.text("connecting")
    assert said.version("recording_notice") == prompts.version("recording_notice")
    restored = said.with_written({"connecting": written(None, version=3)})
    assert restored.text("connecting") == prompts.text("connecting")


def test_what_no_longer_fits_the_file_is_left_out() -> None:
    said = prompts.with_written(
        {
            "welcome_noon": written("Selamat siang.", "welcome_noon"),
            "gone": written("Halo.", "gone"),
        }
    )
    assert said.text("welcome_noon") == prompts.text("welcome_noon")
    assert said.names() == prompts.names()


def test_the_words_of_another_prompt_have_a_sound_of_their_own() -> None:
    said = prompts.with_written({"connecting": written(prompts.text("no_numbers_yet"))})
    kept = {utterance.recordings for utterance in said.sounds_to_keep()}
    assert {("no_numbers_yet",), ("connecting_kantor-2_1",)} <= kept


def test_all_prompts_are_indonesian() -> None:
    assert prompts.language == "id"
