"""The pieces of a prompt, each said by some engine, put together."""

from collections.abc import Mapping

import msgspec
import numpy as np

from agent.speech.cache import key_of
from agent.speech.engines import Said
from agent.speech.sound import Samples, silence
from agent.speech.utterance import Script, Utterance

STRONGEST_FIRST = ("tone", "recorded", "piper", "mbrola", "espeak", "digits")


class Assembly(msgspec.Struct, frozen=True):
    """A whole prompt: what decides its content, by whom, in which words, and the sound."""

    key: str
    engine: str
    text: str
    samples: Samples


def assemble(script: Script, said: Mapping[Utterance, Said]) -> Assembly:
    """Joins the script; `engine` is the weakest that was needed, since that is what is heard."""
    spoken = [said[part] for part in script if isinstance(part, Utterance)]
    sounds = [
        said[part].samples if isinstance(part, Utterance) else silence(part.length)
        for part in script
    ]
    keys = [said[part].key if isinstance(part, Utterance) else str(part.length) for part in script]
    words = [
        f"{part.text}," if part.is_number else part.text
        for part in script
        if isinstance(part, Utterance)
    ]
    return Assembly(
        key=key_of("assembly", *keys),
        engine=max((one.engine for one in spoken), key=STRONGEST_FIRST.index),
        text=" ".join(words).removesuffix(","),
        samples=np.concatenate(sounds),
    )
