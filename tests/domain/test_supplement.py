"""What a sheet about a deviation is made of."""

import pytest
from msgspec.structs import replace

from agent.domain.consultation import Deviation
from agent.domain.deviation_words import explain
from agent.domain.supplement import ProvingEvent, Supplement
from tests.domain.story import MORNING, SITI, talking

LATE = Deviation("time", "2", 10.0, 12.5, 2.5, SITI, "met_late", (1,))


def sheet() -> Supplement:
    """Siti has explained that she greeted late."""
    story = talking()
    return Supplement(
        call_id=story.call.call_id,
        kind="time",
        step="2",
        sequence=1,
        path="2026/c0ffee.time-2-1.pdf",
        form_path="2026/c0ffee.pdf",
        form_sha256="ab" * 32,
        call=story.call,
        words=(explain(LATE, "Headset rusak", SITI, MORNING),),
        deviation=LATE,
        proof=(ProvingEvent(1, story.told[0]),),
        names={SITI: "Siti Aminah"},
    )


def test_a_sheet_is_of_its_last_word_and_as_old_as_that() -> None:
    assert (sheet().word, sheet().at) == (sheet().words[-1], MORNING)


@pytest.mark.parametrize("now", [None, replace(LATE, measured_s=11.0), replace(LATE, limit_s=9.0)])
def test_a_deviation_stands_only_as_the_one_that_was_spoken_of(now: Deviation | None) -> None:
    assert sheet().stands == LATE
    assert replace(sheet(), deviation=now).stands is None


def test_an_operator_is_told_by_name_and_account_and_others_as_they_called_themselves() -> None:
    assert sheet().named(SITI) == f"Siti Aminah ({SITI})"
    assert sheet().named("Kepala Bidang") == "Kepala Bidang"
