"""What people may say about a deviation, and that no word changes what was computed."""

import tomllib
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.call import replay
from agent.domain.consultation import Deviation, judge
from agent.domain.deviation_words import (
    LONGEST_NAME,
    LONGEST_TEXT,
    DeviationWord,
    Standing,
    Verdict,
    WordRefused,
    decide,
    explain,
    refusal_to_decide,
    standing_of,
    withdrawn,
)
from agent.domain.events import AnyEvent
from agent.domain.sop import parse_sop
from agent.settings import DATA
from tests.domain.story import BUDI, CALLER, FIRST, MORNING, SITI, Story, handed_talk, talking

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
LATE = Deviation("time", "2", 10.0, 12.5, 2.5, SITI, "met_late", (1, 2))
SERVICE_AWAY = Deviation("equipment", "1", None, None, None, None, "record_lost", (1,))
BOSS = "Kepala Bidang"


def explained(deviation: Deviation = LATE, text: str = "Headset rusak") -> DeviationWord:
    return explain(deviation, text, deviation.operator or BOSS, MORNING)


def decided(verdict: Verdict = "excused", deviation: Deviation = LATE) -> DeviationWord:
    return decide(deviation, [], verdict, "Gangguan alat", BOSS, MORNING)


def refused(tell: object) -> str:
    assert callable(tell)
    with pytest.raises(WordRefused) as caught:
        tell()
    return caught.value.reason


# Who may


def test_an_operator_explains_his_own_and_nobody_elses() -> None:
    assert explained().by == SITI
    for other in (BUDI, BOSS, "OP-101 x"):
        assert refused(lambda other=other: explain(LATE, "x", other, MORNING)) == "not_his_own"


def test_what_no_operator_answers_for_is_explained_by_whoever_knows() -> None:
    assert explain(SERVICE_AWAY, "Listrik padam", BOSS, MORNING).by == BOSS


@pytest.mark.parametrize("name", [SITI, "OP-101", " op-101 ", "Siti Aminah", "siti  AMINAH"])
def test_nobody_decides_about_his_own_however_he_is_called(name: str) -> None:
    def tell() -> DeviationWord:
        return decide(LATE, [], "excused", "x", name, MORNING, ["Siti Aminah"])

    assert refused(tell) == "his_own"


def test_who_explained_does_not_decide() -> None:
    words = [explained(SERVICE_AWAY)]
    assert (
        refused(lambda: decide(SERVICE_AWAY, words, "excused", "x", BOSS, MORNING))
        == "explained_by_him"
    )
    assert decide(SERVICE_AWAY, words, "excused", "x", "Sekretaris", MORNING).verdict == "excused"
    # What he explained was another deviation of the call.
    assert decide(LATE, words, "excused", "x", BOSS, MORNING).verdict == "excused"


def test_whether_he_may_decide_is_known_before_he_says_anything() -> None:
    assert refusal_to_decide(LATE, [explained()], [BOSS]) is None
    assert refusal_to_decide(LATE, [], ["siti", SITI]) == "his_own"
    assert refusal_to_decide(LATE, [], ["siti aminah"], ["Siti Aminah"]) == "his_own"
    words = [explained(SERVICE_AWAY)]
    assert refusal_to_decide(SERVICE_AWAY, words, ["kabid", BOSS]) == "explained_by_him"
    assert refusal_to_decide(SERVICE_AWAY, words, ["Sekretaris"]) is None
    decision = decide(SERVICE_AWAY, [], "upheld", "x", BOSS, MORNING)
    assert refusal_to_decide(SERVICE_AWAY, [decision], [BOSS]) is None, "he may decide anew"


@pytest.mark.parametrize("name", ["", "  ", "\x00", "x" * (LONGEST_NAME + 1), "sandi: Rahasia1!"])
def test_whoever_speaks_has_a_name(name: str) -> None:
    assert refused(lambda: decide(LATE, [], "upheld", "x", name, MORNING)) == "nobody_named"


# What may be said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing_said"),
        (" \n\t ", "nothing_said"),
        ("\x00\u202e", "nothing_said"),
        ("x" * (LONGEST_TEXT + 1), "too_long"),
        ("Kata sandi penyedia adalah Rahasia123!", "secret"),
        ("kode OTP 482913 salah dibaca", "secret"),
    ],
)
def test_a_text_says_something_and_no_secret(text: str, reason: str) -> None:
    assert refused(lambda: explained(text=text)) == reason
    assert refused(lambda: decide(LATE, [], "upheld", text, BOSS, MORNING)) == reason


def test_a_text_is_kept_plain_with_its_lines() -> None:
    word = explained(text="\n  Penelepon lupa kata sandi\x07,\r\nlalu\u202e dibantu \n")
    assert word.text == "Penelepon lupa kata sandi,\nlalu dibantu"


def test_a_word_keeps_the_values_that_it_was_about() -> None:
    word = decided()
    assert (word.limit_s, word.measured_s, word.reason) == (10.0, 12.5, "met_late")
    assert msgspec.json.decode(msgspec.json.encode(word), type=DeviationWord) == word


# Where a deviation stands


def test_it_is_open_until_it_is_decided() -> None:
    assert standing_of(LATE, []) == Standing("open")
    assert standing_of(LATE, [explained()]) == Standing("explained")
    assert standing_of(LATE, [explained()]).is_open
    assert standing_of(LATE, [explained(), decided()]) == Standing("excused")
    assert not standing_of(LATE, [decided("upheld")]).is_open


def test_a_later_decision_stands_and_a_later_explanation_does_not_change_it() -> None:
    assert standing_of(LATE, [decided(), decided("upheld"), explained()]) == Standing("upheld")


@pytest.mark.parametrize(
    "change", [{"measured_s": 12.6}, {"limit_s": 11.0}, {"reason": "not_met_in_time"}]
)
def test_it_is_open_again_once_its_values_changed(change: dict[str, object]) -> None:
    changed = replace(LATE, **change)
    assert standing_of(changed, [explained(), decided()]) == Standing("open", again=True)
    assert standing_of(changed, [decided(), explained(changed)]) == Standing("explained", True)
    assert standing_of(changed, [decided(), decided("upheld", changed)]) == Standing("upheld")
    assert standing_of(changed, [explained()]) == Standing("open")


def test_words_about_another_deviation_of_the_call_do_not_touch_it() -> None:
    other = replace(LATE, kind="output")
    assert standing_of(other, [explained(), decided()]) == Standing("open")
    assert withdrawn([LATE, SERVICE_AWAY], [decided()]) == []
    assert withdrawn([SERVICE_AWAY], [decided()]) == [decided()]


# Properties: live and replay, and words


def late_and_left() -> Story:
    """Greeted late, identity taken late, escalated, and the caller leaves before the numbers."""
    story = talking()
    story.after(14).speaks()
    story.after(200).presses("*3")
    story.after(30).presses("*8")
    story.after(1).ticket()
    story.after(700).hangs_up(CALLER)
    story.after(0.1).hangs_up(FIRST)
    story.after(1000).archived()
    return story


def served_by_the_exchange() -> Story:
    story = handed_talk()
    story.after(2).marks("236")
    story.after(30).hangs_up(CALLER)
    story.after(900).archived()
    return story


def test_the_stories_of_these_properties_have_deviations_of_every_kind() -> None:
    found = {
        deviation.kind
        for story in (late_and_left(), served_by_the_exchange())
        for deviation in judge(story.call, PROCEDURE).deviations
    }
    assert found == {"time", "output", "equipment"}


@st.composite
def spoilt(draw: st.DrawFn) -> Story:
    """Events of a call with deviations, lost, repeated, overtaken and late."""
    arrival, *events = draw(st.sampled_from([late_and_left, served_by_the_exchange]))().told
    kept = [event for event in events if draw(st.integers(0, 9))]
    for _swap in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(kept) - 2)))
        kept[place : place + 2] = reversed(kept[place : place + 2])
    repeated = draw(st.lists(st.sampled_from(events), max_size=4))
    story = Story()
    for event in (arrival, *kept, *repeated):
        later = timedelta(seconds=draw(st.floats(0, 20)))
        story.tell(event if event is arrival else replace(event, at=event.at + later))
    return story


@settings(max_examples=200, deadline=None, derandomize=True)
@given(story=spoilt())
def test_deviations_are_the_same_in_the_live_call_in_a_replay_and_again(story: Story) -> None:
    live = judge(story.call, PROCEDURE)
    stored = msgspec.json.encode(story.told)
    for _again in range(2):
        call = replay(msgspec.json.decode(stored, type=list[AnyEvent]))
        assert judge(call, PROCEDURE) == live


said = st.lists(
    st.tuples(st.sampled_from(["explain", "excused", "upheld"]), st.text(max_size=30)), max_size=6
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(story=spoilt(), said=said)
def test_words_never_change_a_computed_deviation_nor_an_earlier_word(
    story: Story, said: list[tuple[str, str]]
) -> None:
    before = judge(story.call, PROCEDURE).deviations
    words: list[DeviationWord] = []
    for deviation in before:
        for what, text in said:
            earlier = list(words)
            try:
                if what == "explain":
                    by = deviation.operator or "Teknisi"
                    words.append(explain(deviation, text, by, story.now))
                else:
                    verdict: Verdict = "excused" if what == "excused" else "upheld"
                    words.append(decide(deviation, words, verdict, text, BOSS, story.now))
            except WordRefused:
                assert words == earlier
            assert words[: len(earlier)] == earlier
        verdicts = [w.verdict for w in words if w.verdict and w.is_about(deviation)]
        standing = standing_of(deviation, words)
        assert standing.is_open == (not verdicts)
        assert standing.state == (verdicts[-1] if verdicts else standing.state)
    assert judge(replay(story.told), PROCEDURE).deviations == before
