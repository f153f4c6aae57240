from datetime import timedelta

import numpy as np
import pytest

from agent.speech.errors import EngineFailed
from agent.speech.espeak import EspeakEngine, EspeakVoice, mbrola_voice, plain_voice
from agent.speech.programs import Programs, programs_of_system
from agent.speech.utterance import Utterance

from .conftest import SwitchedProgram

LATER = timedelta(seconds=20)
phrase = Utterance("Mohon dicatat.", "Mohon dicatat.", ("numbers_1",), is_number=False)
group = Utterance("dua enam", "dua enam", ("digit_2", "digit_6"), is_number=True)
phonemes = {"enam": "@n'am", "tiket": "t'ikEt"}


@pytest.mark.parametrize("voice", [mbrola_voice, plain_voice], ids=lambda voice: voice.name)
async def test_it_speaks_at_telephone_rate_and_level(
    voice: EspeakVoice, programs: Programs
) -> None:
    engine = EspeakEngine(voice, programs, phonemes)
    assert engine.unusable() is None
    samples = await engine.render(phrase, LATER)
    assert 0.5 < len(samples) / 8000 < 2.5
    loud = samples[np.abs(samples) > 0.02]
    assert -24 < 20 * np.log10(np.sqrt(np.mean(loud**2))) < -14


async def test_the_two_voices_differ(programs: Programs) -> None:
    sounds = [
        await EspeakEngine(voice, programs, phonemes).render(group, LATER)
        for voice in (mbrola_voice, plain_voice)
    ]
    assert not np.array_equal(sounds[0], sounds[1][: len(sounds[0])])


async def test_a_number_is_spoken_slower_than_the_same_words_in_a_phrase(
    programs: Programs,
) -> None:
    engine = EspeakEngine(mbrola_voice, programs, phonemes)
    same = Utterance(group.text, group.spoken, group.recordings[:1], is_number=False)
    assert len(await engine.render(group, LATER)) > len(await engine.render(same, LATER))


def test_what_decides_the_sound_decides_the_identity(programs: Programs) -> None:
    identities = {
        EspeakEngine(voice, programs, words).identity(said)
        for voice in (mbrola_voice, plain_voice)
        for words in (phonemes, {})
        for said in (phrase, group)
    }
    assert len(identities) == 6  # the phrase has no word with phonemes of its own


async def test_a_word_like_an_option_is_spoken_not_obeyed(programs: Programs) -> None:
    sly = Utterance("--version", "--version", ("x",), is_number=False)
    assert len(await EspeakEngine(plain_voice, programs, {}).render(sly, LATER)) > 2000


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("hangs", "hangs"),
        ("hangs with a child", "hangs"),
        ("fails", "status 1"),
        ("says nothing", "not a WAV"),
        ("prints garbage", "not a WAV"),
        ("prints 100 MB", "without end"),
    ],
)
async def test_a_program_that_misbehaves_is_a_failed_engine(
    way: str, reason: str, espeak_on_path: SwitchedProgram
) -> None:
    engine = EspeakEngine(plain_voice, programs_of_system(), {})
    espeak_on_path.be(way)
    with pytest.raises(EngineFailed, match=reason):
        await engine.render(phrase, timedelta(milliseconds=500) if "hangs" in way else LATER)


async def test_mbrola_that_says_nothing_is_a_failed_engine(programs: Programs) -> None:
    """espeak-ng ends with status 0 and a header without sound then."""
    nowhere = {**programs.environment, "PATH": "/nowhere"}
    broken = Programs(programs.espeak, nowhere, programs.mbrola, programs.mbrola_voice)
    with pytest.raises(EngineFailed):
        await EspeakEngine(mbrola_voice, broken, {}).render(phrase, LATER)


def test_it_says_what_is_missing(programs: Programs) -> None:
    without = Programs(programs.espeak, programs.environment, None, None)
    silent = Programs(programs.espeak, programs.environment, programs.mbrola, None)
    assert EspeakEngine(plain_voice, None, {}).unusable() == "espeak-ng is missing"
    assert EspeakEngine(mbrola_voice, without, {}).unusable() == "mbrola is missing"
    assert EspeakEngine(mbrola_voice, silent, {}).unusable() == "mbrola-id1 is missing"
    assert EspeakEngine(plain_voice, without, {}).unusable() is None
