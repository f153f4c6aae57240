"""What the form shows of the call itself."""

import tomllib

import pytest

from agent.domain.consultation import judge
from agent.domain.form_facts import NOT_HEARD, facts_of, shown_moment, shown_seconds
from agent.domain.sop import parse_sop
from agent.settings import DATA
from tests.domain.story import (
    FORM,
    MORNING,
    TICKET,
    Story,
    handed,
    reading_numbers,
    solved,
    welcoming,
)

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))


def facts(story: Story) -> dict[str, str]:
    return dict(facts_of(story.call, judge(story.call, PROCEDURE), PROCEDURE))


def test_a_solved_call_tells_all_but_its_ticket() -> None:
    told = facts(solved())
    assert told == {
        "form_number": FORM,
        "office": "LPSE Kabupaten Batang",
        "channel": "Telepon",
        "arrived_at": "23-11-2026 09.00.00 WIB",
        "answered_at": "23-11-2026 09.00.14 WIB",
        "ended_at": "23-11-2026 09.01.56 WIB",
        "operator": "op-101 (op-101)",
        "caller_number": "+62811234567",
        "notice_heard": "23-11-2026 09.00.08 WIB",
        "notice_version": "1",
        "step_times": "2: 2,000 detik; 3: 60,000 detik; 7: berjalan; 8: tidak berlaku",
        "deviations": "Tidak ada",
    }


def test_what_a_call_does_not_tell_is_left_out() -> None:
    told = facts(welcoming())
    assert not {"ticket_number", "answered_at", "ended_at", "operator", "recording"} & set(told)
    assert told["notice_heard"] == NOT_HEARD
    assert facts(reading_numbers())["ticket_number"] == TICKET


def test_a_message_that_was_left_is_its_recording() -> None:
    story = handed()
    story.voicemail("1795338000.7.wav")
    assert facts(story)["recording"] == "1795338000.7.wav"


def test_deviations_are_told_in_one_line() -> None:
    story = handed()
    assert facts(story)["deviations"] == (
        "Langkah 1, perlengkapan: dilayani sentral telepon saat layanan ini tidak berjalan"
    )


@pytest.mark.parametrize(("zone", "hour"), [("WIB", "09"), ("WITA", "10"), ("WIT", "11")])
def test_moments_are_told_by_the_offices_clock(zone: str, hour: str) -> None:
    assert shown_moment(MORNING, zone) == f"23-11-2026 {hour}.00.00 {zone}"


def test_durations_have_a_decimal_comma() -> None:
    assert shown_seconds(2.35) == "2,350 detik"
