"""What the form shows of the call itself."""

import tomllib
from datetime import timedelta
from typing import get_args

import pytest

from agent.domain.consultation import judge
from agent.domain.form import CallFact
from agent.domain.form_facts import NOT_HEARD, facts_of, shown_moment, shown_seconds
from agent.domain.priority import parse_priority_table
from agent.domain.rules import CallRules
from agent.domain.sop import parse_sop
from agent.settings import DATA
from tests.domain.story import (
    BUDI,
    CALLER,
    FORM,
    MORNING,
    SOP,
    TICKET,
    Story,
    handed,
    reading_numbers,
    solved,
    talking_with_form,
    welcoming,
)

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
TABLE = parse_priority_table(
    tomllib.loads((DATA / "priority" / "usulan-1.toml").read_text("utf-8"))
)


def facts(story: Story) -> dict[str, str]:
    return dict(facts_of(story.call, judge(story.call, PROCEDURE), PROCEDURE, TABLE))


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


def left_a_message() -> Story:
    """At 23:59 WIB, under a rule that keeps sounds for ninety days."""
    story = Story(
        start=MORNING + timedelta(hours=14, minutes=58),
        rules=CallRules(sop=SOP, audio_kept_days=90),
    )
    story.arrives(by_exchange=True)
    story.after(30).nobody_took()
    story.after(30).voicemail()
    story.hangs_up(CALLER)
    return story


def test_a_message_is_kept_as_long_as_the_rule_says_under_which_it_was_left() -> None:
    assert facts(left_a_message())["recording_kept_until"] == "21-02-2027"
    assert "recording_kept_until" not in facts(solved()), "nothing was recorded"
    story = handed()
    story.voicemail()
    story.hangs_up(CALLER)
    assert "recording_kept_until" not in facts(story), "its rules do not tell"


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ((("urgency", "M"), ("impact", "B")), "usulan-1: Tinggi"),
        ((("urgency", "TM"),), "usulan-1: Menengah (dampak diandaikan)"),
        (
            (("urgency", "TM"), ("impact", "K"), ("priority", "T")),
            "usulan-1: Rendah; diganti menjadi Tinggi oleh op-102",
        ),
        ((("urgency", "TM"), ("impact", "K"), ("priority", "R")), "usulan-1: Rendah"),
    ],
)
def test_the_priority_is_told_with_its_table_and_who_set_another(
    filled: tuple[tuple[str, str], ...], told: str
) -> None:
    story = talking_with_form()
    assert "priority_rule" not in facts(story), "nobody has classified it"
    story.fills(*filled, by=BUDI)
    assert facts(story)["priority_rule"] == told


def test_every_fact_of_a_form_can_be_told() -> None:
    told = facts(reading_numbers()).keys() | facts(left_a_message()).keys() | facts(solved()).keys()
    assert told == set(get_args(CallFact))


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
