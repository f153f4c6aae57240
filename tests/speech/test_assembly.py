from datetime import timedelta

import numpy as np

from agent.speech.assembly import assemble
from agent.speech.engines import Said
from agent.speech.utterance import Pause, Script, Utterance

lead = Utterance("Nomor tiket,", "Nomor tiket,", ("a",), is_number=False)
two = Utterance("dua enam", "dua enam", ("digit_2", "digit_6"), is_number=True)
seven = Utterance("tujuh", "tujuh", ("digit_7",), is_number=True)
pause = Pause(timedelta(milliseconds=500))
script: Script = (lead, pause, two, pause, seven)


def said(engine: str, size: float, key: str) -> Said:
    return Said(samples=np.full(800, size, np.float32), engine=engine, key=key)


sounds = {
    lead: said("recorded", 0.1, "l"),
    two: said("mbrola", 0.2, "t"),
    seven: said("mbrola", 0.3, "s"),
}


def test_the_pieces_come_in_order_with_their_pauses() -> None:
    samples = assemble(script, sounds).samples
    assert len(samples) == 3 * 800 + 2 * 4000
    assert samples[[0, 2400, 4800, 8000, 10399]].round(3).tolist() == [
        np.float32(level).round(3) for level in (0.1, 0.0, 0.2, 0.0, 0.3)
    ]


def test_the_weakest_engine_that_was_needed_is_named() -> None:
    assert assemble(script, sounds).engine == "mbrola"
    assert assemble(script, {**sounds, two: said("digits", 0.2, "d")}).engine == "digits"
    assert assemble((lead,), sounds).engine == "recorded"


def test_the_words_are_written_as_a_person_would() -> None:
    assert assemble(script, sounds).text == "Nomor tiket, dua enam, tujuh"


def test_whatever_changes_the_sound_changes_the_key() -> None:
    longer = Pause(timedelta(milliseconds=501))
    keys = {
        assemble(script, sounds).key,
        assemble((lead, longer, two, pause, seven), sounds).key,
        assemble((lead, pause, two, seven), sounds).key,
        assemble(script, {**sounds, two: said("digits", 0.2, "d")}).key,
    }
    assert len(keys) == 4
    assert assemble(script, sounds).key in keys
