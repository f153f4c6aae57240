"""How many spoken digits a recogniser takes for others, for each way of speaking them.

    LPSE_SPEECH_ROOT=… python tests/bench/speech_clarity.py [digits per line, 400 by default]

Needs the package pocketsphinx beside the project's own (it brings an acoustic model of its own);
nothing else in the project uses it. The recogniser knows only English sounds, so the figures
compare ways of speaking with each other and say nothing about a listener. Each line changes one
thing in the default; three lines of telephone each: G.711 alone, with noise 12 dB below the
speech, and with 4 of 100 packets lost and filled in by silence.
"""

import asyncio
import os
import random
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np

try:
    from pocketsphinx import Decoder
except ImportError:
    sys.exit("This benchmark needs the package pocketsphinx beside the project's own.")

from agent.speech.espeak import EspeakEngine, EspeakVoice, mbrola_voice, plain_voice
from agent.speech.programs import programs_of_root, programs_of_system, write_mbrola_starter
from agent.speech.prompts import load_prompts
from agent.speech.shaping import Shaping, resample
from agent.speech.sound import Samples, silence
from agent.speech.spelling import sounds_of_signs
from agent.speech.utterance import BETWEEN_SIGNS, Utterance

sounds_of_digits = {
    "nol": ("N AO L",),
    "satu": ("S AA T UW", "S AA D UW", "S AH T UW"),
    "dua": ("D UW AA",),
    "tiga": ("T IY G AA", "D IY G AA"),
    "empat": ("AH M P AA T",),
    "lima": ("L IY M AA",),
    "enam": ("AH N AA M",),
    "tujuh": ("T UW JH UW", "D UW JH UW", "T UW JH UW HH", "D UW Y UW"),
    "delapan": ("D AH L AA P AA N",),
    "sembilan": ("S AH M B IY L AA N",),
}
"""In the sounds of the recogniser; Indonesian t has no breath and may be taken for its d."""
words = list(sounds_of_digits)
PROMPTS = Path(__file__).parents[2] / "agent" / "data" / "prompts" / "id.toml"


def groups_of_digits(count: int) -> list[list[str]]:
    """The same groups of two to four digits for every way of speaking."""
    draw = random.Random(17)  # noqa: S311 - a fixed drawing is the point
    groups: list[list[str]] = []
    while sum(map(len, groups)) < count:
        groups.append(draw.choices(words, k=draw.choice((2, 3, 4))))
    return groups


def through_a_law(samples: Samples) -> Samples:
    """What is left of it behind G.711 A-law's 13 segments."""
    size = np.abs(np.clip(samples, -1, 1))
    bent = np.where(size < 1 / 87.6, 87.6 * size, 1 + np.log(np.maximum(size, 1e-9) * 87.6))
    coded = np.round(bent / (1 + np.log(87.6)) * 127) / 127 * (1 + np.log(87.6))
    straight = np.where(coded < 1, coded / 87.6, np.exp(coded - 1) / 87.6)
    return (np.sign(samples) * straight).astype(np.float32)


def with_noise(samples: Samples, decibels_below: float, draw: np.random.Generator) -> Samples:
    """With noise that falls off with frequency as that of an office does."""
    spectrum = np.fft.rfft(draw.standard_normal(len(samples)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
    noise = np.fft.irfft(spectrum, len(samples))
    wanted = np.sqrt(np.mean(samples**2)) * 10 ** (-decibels_below / 20)
    return (samples + noise * wanted / np.sqrt(np.mean(noise**2))).astype(np.float32)


def with_loss(samples: Samples, share: float, draw: np.random.Generator) -> Samples:
    """With packets of 20 ms gone."""
    heard = samples.copy()
    for start in range(0, len(heard), 160):
        if draw.random() < share:
            heard[start : start + 160] = 0
    return heard


def recogniser() -> Decoder:
    """Knows the ten digits, and that it will hear two, three or four of them."""
    dictionary = Path(tempfile.mkdtemp()) / "digits.dict"
    dictionary.write_text(
        "".join(
            f"{word}{f'({way})' if way > 1 else ''} {sounds}\n"
            for word, ways in sounds_of_digits.items()
            for way, sounds in enumerate(ways, 1)
        )
    )
    decoder = Decoder(dict=str(dictionary), lm=None, loglevel="FATAL")
    for count in (2, 3, 4):
        rule = " ".join(["<digit>"] * count)
        decoder.add_jsgf_string(
            f"digits{count}",
            f"#JSGF V1.0;\ngrammar digits{count};\n"
            f"<digit> = {' | '.join(words)};\npublic <digits> = {rule};\n",
        )
    return decoder


def heard_words(decoder: Decoder, samples: Samples, count: int) -> list[str]:
    """What the recogniser makes of it; that many times "-" where it understood nothing."""
    padded = np.concatenate([silence(timedelta(seconds=0.3)), samples, silence(timedelta(0, 0.3))])
    noise = np.random.default_rng(1).standard_normal(len(padded)) * 0.0005
    wide = resample((padded + noise).astype(np.float32), 8000, 16000, 3700)
    decoder.activate_search(f"digits{count}")
    decoder.start_utt()
    decoder.process_raw((np.clip(wide, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    heard = [word for word in found.hypstr.split() if word in sounds_of_digits] if found else []
    return heard + ["-"] * (count - len(heard))


async def spoken(engine: EspeakEngine, group: list[str], single: bool) -> Samples:
    """A group in one breath, or put together from single digits."""
    signs = {sign.text: sign for sign in sounds_of_signs(prompts.spelling)}
    limit = timedelta(seconds=20)
    if not single:
        text = " ".join(group)
        names = tuple(signs[word].recordings[0] for word in group)
        return await engine.render(
            Utterance(text=text, spoken=text, recordings=names, is_number=True), limit
        )
    parts: list[Samples] = []
    for word in group:
        if (id(engine), word) not in singles:
            singles[id(engine), word] = await engine.render(signs[word], limit)
        parts += [singles[id(engine), word], silence(BETWEEN_SIGNS)]
    return np.concatenate(parts[:-1])


async def measure(label: str, voice: EspeakVoice, phonemes: dict[str, str], single: bool) -> None:
    """Prints one line of the table."""
    engine = EspeakEngine(voice, programs, phonemes)
    wrong = dict.fromkeys(("clean", "noise", "loss"), 0)
    pairs: Counter[tuple[str, str]] = Counter()
    total, seconds = 0, 0.0
    draw = np.random.default_rng(3)
    for group in groups:
        samples = await spoken(engine, group, single)
        total += len(group)
        seconds += len(samples) / 8000
        lines = {
            "clean": through_a_law(samples),
            "noise": through_a_law(with_noise(samples, 12, draw)),
            "loss": with_loss(through_a_law(samples), 0.04, draw),
        }
        for line, heard in lines.items():
            understood = heard_words(decoder, heard, len(group))
            found = [pair for pair in zip(group, understood, strict=True) if len(set(pair)) > 1]
            wrong[line] += len(found)
            pairs.update(found)
    rates = [100 * count / total for count in wrong.values()]
    most = " ".join(f"{a}→{b}:{n}" for (a, b), n in pairs.most_common(4))
    figures = "".join(f"{rate:8.1f}" for rate in [*rates, sum(rates) / 3])
    print(f"{label:34}{figures}{seconds / total:8.2f}   {most}", flush=True)


def changed(**changes: object) -> EspeakVoice:
    """The default voice with some of its settings or of its shaping changed."""
    shaping = {k: v for k, v in changes.items() if k in msgspec.structs.asdict(default.shaping)}
    others = {k: v for k, v in changes.items() if k not in shaping}
    return msgspec.structs.replace(
        default, shaping=msgspec.structs.replace(default.shaping, **shaping), **others
    )


def unshaped(voice: EspeakVoice) -> EspeakVoice:
    """At the speed that espeak-ng has by itself, and only brought to 8 kHz."""
    plain = Shaping(lowest_hz=0.0, highest_hz=3900.0, emphasis=0.0)
    return msgspec.structs.replace(voice, number_words_per_minute=175, shaping=plain)


prompts = load_prompts(PROMPTS, "LPSE")
root = os.environ.get("LPSE_SPEECH_ROOT")
starter = Path(tempfile.mkdtemp())
programs = programs_of_root(Path(root), starter) if root else programs_of_system()
if root:
    write_mbrola_starter(Path(root), starter)
default = mbrola_voice
decoder = recogniser()
singles: dict[tuple[int, str], Samples] = {}
groups = groups_of_digits(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
corrected = prompts.espeak_phonemes

print(f"{'mistakes per 100 digits':34}   clean   noise    loss    mean  s/digit   most often")
for label, voice, phonemes, single in (
    ("default", default, corrected, False),
    ("plain voice, nothing done to it", unshaped(plain_voice), {}, False),
    ("mbrola voice, nothing done to it", unshaped(mbrola_voice), {}, False),
    ("plain voice, otherwise default", plain_voice, corrected, False),
    ("without corrected phonemes", default, {}, False),
    ("single digits joined", default, corrected, True),
    ("100 words a minute", changed(number_words_per_minute=100), corrected, False),
    ("140 words a minute", changed(number_words_per_minute=140), corrected, False),
    ("160 words a minute", changed(number_words_per_minute=160), corrected, False),
    ("a comma between digits", changed(between_signs=", "), corrected, False),
    ("band from 0 Hz", changed(lowest_hz=0.0), corrected, False),
    ("band from 300 Hz", changed(lowest_hz=300.0), corrected, False),
    ("band to 3600 Hz", changed(highest_hz=3600.0), corrected, False),
    ("band to 3900 Hz", changed(highest_hz=3900.0), corrected, False),
    ("emphasis 0", changed(emphasis=0.0), corrected, False),
    ("emphasis 0.3", changed(emphasis=0.3), corrected, False),
    ("emphasis 0.7", changed(emphasis=0.7), corrected, False),
    ("level -26 dB", changed(level_dbfs=-26.0), corrected, False),
    ("level -16 dB", changed(level_dbfs=-16.0), corrected, False),
):
    asyncio.run(measure(label, voice, phonemes, single))
