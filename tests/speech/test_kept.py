from pathlib import Path

import numpy as np
import pytest

from agent.speech.cache import AudioCache
from agent.speech.engines import Engines
from agent.speech.errors import SpeechUnavailable
from agent.speech.espeak import EspeakEngine, mbrola_voice, plain_voice
from agent.speech.kept import KeptSounds
from agent.speech.programs import Programs, programs_of_system
from agent.speech.utterance import Utterance

from .conftest import SwitchedProgram

two = Utterance("dua", "dua", ("digit_2",), is_number=True)
six = Utterance("enam", "enam", ("digit_6",), is_number=True)
wait = Utterance("Mohon tunggu.", "Mohon tunggu.", ("connecting",), is_number=False)
group = Utterance("dua enam", "dua enam", ("digit_2", "digit_6"), is_number=True)
everything = [two, six, wait]


def on_path(tmp_path: Path) -> Engines:
    """A new process each time: its cache is empty, so it must start the program."""
    cache = AudioCache(tmp_path / f"cache{len(list(tmp_path.iterdir()))}", 10_000_000)
    cache.open()
    return Engines([EspeakEngine(plain_voice, programs_of_system(), {})], cache)


async def made(tmp_path: Path, engines: Engines) -> KeptSounds:
    kept = KeptSounds(tmp_path / "kept")
    await kept.make(everything, engines)
    return kept


async def test_every_phrase_and_sign_is_there_after_set_up(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    kept = await made(tmp_path, on_path(tmp_path))
    assert all(kept.find(utterance) for utterance in everything)
    assert (tmp_path / "kept" / "digit_2.wav").exists()


async def test_a_group_is_spelled_from_its_signs(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    kept = await made(tmp_path, on_path(tmp_path))
    spelled, first, second = kept.spelled(group), kept.find(two), kept.find(six)
    assert spelled and first and second
    assert spelled.engine == "digits"
    assert np.array_equal(spelled.samples[: len(first.samples)], first.samples)
    assert np.array_equal(spelled.samples[-len(second.samples) :], second.samples)
    assert kept.find(group) is None, "a group is not the sign that it begins with"


async def test_a_group_with_an_unknown_sign_is_not_spelled(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    kept = await made(tmp_path, on_path(tmp_path))
    assert kept.spelled(Utterance("a", "a", ("digit_2", "letter_a"), is_number=True)) is None


async def test_a_second_set_up_starts_no_program(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    await made(tmp_path, on_path(tmp_path))
    starts = espeak_on_path.starts
    await made(tmp_path, on_path(tmp_path))
    assert espeak_on_path.starts == starts == 3


async def test_only_what_is_torn_is_made_anew(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    await made(tmp_path, on_path(tmp_path))
    (tmp_path / "kept" / "digit_2.wav").write_bytes(b"RIFF")
    kept = await made(tmp_path, on_path(tmp_path))
    assert espeak_on_path.starts == 4
    assert kept.find(two)


async def test_a_better_engine_replaces_what_a_weaker_one_said(
    tmp_path: Path, espeak_on_path: SwitchedProgram, programs: Programs
) -> None:
    await made(tmp_path, on_path(tmp_path))
    cache = AudioCache(tmp_path / "other", 10_000_000)
    cache.open()
    better = Engines([EspeakEngine(mbrola_voice, programs, {})], cache)
    said = (await made(tmp_path, better)).find(two)
    assert said
    assert said.engine == "mbrola"


async def test_old_sounds_stay_when_no_engine_speaks_any_more(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    await made(tmp_path, on_path(tmp_path))
    kept = await made(tmp_path, Engines([], AudioCache(tmp_path / "none", 0)))
    assert kept.spelled(group)
    assert kept.find(wait)


async def test_without_engines_and_old_sounds_it_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SpeechUnavailable, match="'dua' and 2 others"):
        await made(tmp_path, Engines([], AudioCache(tmp_path / "none", 0)))


async def test_changed_words_of_a_phrase_are_not_the_old_phrase(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    kept = await made(tmp_path, on_path(tmp_path))
    assert kept.find(Utterance("Tunggu.", "Tunggu.", ("connecting",), is_number=False)) is None


async def test_a_disk_that_takes_no_sound_is_an_error_of_the_disk(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    (tmp_path / "kept" / "digit_2.wav").mkdir(parents=True)
    with pytest.raises(OSError, match="digit_2"):
        await made(tmp_path, on_path(tmp_path))


async def test_what_is_added_while_calls_are_on_takes_nothing_away(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    engines = on_path(tmp_path)
    kept = await made(tmp_path, engines)
    new = Utterance("Sebentar.", "Sebentar.", ("connecting_kantor-1_1",), is_number=False)
    await kept.add([new], engines)
    assert all(kept.find(utterance) for utterance in [*everything, new])
    again = KeptSounds(tmp_path / "kept")
    await again.make([*everything, new], engines)
    assert again.find(new)


async def test_words_that_an_engine_cannot_say_let_it_not_rest(
    tmp_path: Path, espeak_on_path: SwitchedProgram
) -> None:
    engines = on_path(tmp_path)
    kept = await made(tmp_path, engines)
    espeak_on_path.be("says nothing")
    new = Utterance("Sebentar.", "Sebentar.", ("connecting_kantor-1_1",), is_number=False)
    with pytest.raises(SpeechUnavailable):
        await kept.add([new], engines)
    espeak_on_path.be("works")
    await kept.add([new], engines)
    assert kept.find(new), "at once"
