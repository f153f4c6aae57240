"""The picture of a call: whoever was there has his lane, and everything leads to its evidence."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent.catalogue import read_words
from agent.commands.replay import read_recording
from agent.database.reports import CallReport, LoggedEvent
from agent.domain.call import replay
from agent.domain.call_state import Call
from agent.domain.consultation import judge
from agent.domain.events import AnyEvent
from agent.domain.identifiers import OperatorId
from agent.domain.sop import parse_sop
from agent.settings import DATA
from agent.web.call_picture import call_picture
from agent.web.charts.drawing import Words as ChartWords
from agent.web.shown_numbers import Numbers
from tests.domain import story
from tests.web.charts.pictures import NASTY, inspect

SOP = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
WORDS = read_words()["id"]
RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*.jsonl"))


def report_of(call: Call, events: list[AnyEvent]) -> CallReport:
    judged = judge(call, SOP)
    return CallReport(
        call=call,
        outcome=judged.outcome,
        steps=judged.steps,
        deviations=judged.deviations,
        events=tuple(LoggedEvent(place, event) for place, event in enumerate(events, 1)),
    )


def drawn(report: CallReport) -> ElementTree.Element:
    words = ChartWords(
        name="call", title=f"Panggilan {NASTY}", description="Gambar", table="", nothing=""
    )
    markup = call_picture(report, words, WORDS, Numbers(WORDS).seconds)
    svg = ElementTree.fromstring(markup)  # noqa: S314 our own markup
    inspect(svg)
    return svg


def of_story(told: story.Story) -> ElementTree.Element:
    return drawn(report_of(told.call, told.told))


def links(svg: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for link in svg.iter("a"):
        yield link.get("href", ""), link.get("aria-label", "")


def labels(svg: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter("text")]


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_every_recorded_call_has_its_picture_and_every_link_its_evidence(recording: Path) -> None:
    events = read_recording(recording)
    call = replay(events)
    report = report_of(call, events)
    svg = drawn(report)
    places = {f"#event-{place}" for place in range(1, call.events + 1)}
    places |= {f"#deviation-{d.kind}-{d.step}" for d in report.deviations}
    found = list(links(svg))
    assert found
    assert {href for href, _ in found} <= places
    shown = labels(svg)
    assert "Penelepon" in shown
    for offer in call.offers:
        assert f"Operator {offer.operator}" in shown
    assert sum(href.startswith("#deviation") for href, _ in found) == len(report.deviations)
    for step in report.steps:
        assert (f"Langkah {step.step}" in shown) == (step.state != "not_applicable")


def test_a_late_step_goes_on_beyond_its_limit_with_a_sign_and_a_pattern() -> None:
    late = story.talking()
    late.after(14.5).speaks()
    late.after(5).presses("*3")
    svg = of_story(late)
    limit = float(
        next(e for e in svg.iter("line") if e.get("class") == "chart-limit").get("x1", "")
    )
    over = [e for e in svg.iter("rect") if "chart-exceeded" in (e.get("class") or "")]
    assert len(over) == 1
    assert float(over[0].get("x", "0")) == pytest.approx(limit, abs=0.01)
    assert (over[0].get("fill") or "").startswith("url(#")
    assert "▲ +4,5 dtk" in labels(svg)
    assert any(href == "#deviation-time-2" for href, _ in links(svg))


def test_a_step_in_time_ends_before_its_limit_and_leads_to_its_proof() -> None:
    told = story.talking()
    told.after(5).speaks()
    svg = of_story(told)
    assert not [e for e in svg.iter("rect") if "chart-exceeded" in (e.get("class") or "")]
    met = told.call.greeted
    assert met
    assert any(
        href == f"#event-{met.event}" and "5 dtk dari 10 dtk" in told for href, told in links(svg)
    )
    assert "▲ +" not in "".join(labels(svg))


def test_two_operators_have_a_lane_each_and_who_did_not_answer_is_marked() -> None:
    told = story.ringing()
    told.after(20).hangs_up(story.FIRST, cause=19)
    told.after(1).offered(OperatorId("op-102"))
    told.after(0.2).rings(story.SECOND)
    told.after(3).answers(story.SECOND)
    told.ready(story.SECOND)
    told.connected(story.CALLER)
    told.connected(story.SECOND)
    svg = of_story(told)
    shown = labels(svg)
    assert [name for name in shown if name.startswith("Operator op-")] == [
        "Operator op-101",
        "Operator op-102",
    ]
    assert shown.count("✕") == 1
    assert any("tidak diangkat" in label for _, label in links(svg))


def test_lanes_are_as_long_as_people_were_connected() -> None:
    told = story.talking()
    told.after(100).hangs_up(story.CALLER)
    told.after(0.1).hangs_up(story.FIRST)
    svg = of_story(told)
    told_lengths = [label for _, label in links(svg) if label.startswith("tersambung")]
    assert [label.partition(" (")[0] for label in told_lengths] == [
        "tersambung: 100 dtk",
        "tersambung: 100,1 dtk",
    ]


def test_prompts_say_who_heard_them_and_whether_to_the_end() -> None:
    told = story.queueing()
    told.prompt_started(3)
    told.after(1).hangs_up(story.CALLER)
    told.after(0.1).prompt_finished(3, "failed")
    heard = [label for _, label in links(of_story(told)) if "Penelepon" in label]
    assert any(label.startswith("salam pagi · Penelepon: 3 dtk") for label in heard)


def test_a_living_call_is_drawn_as_far_as_it_is_known() -> None:
    for told in (story.welcoming(), story.ringing(), story.reading_numbers(), story.handed_talk()):
        assert of_story(told).get("role") == "group"


def test_a_call_of_one_moment_is_a_picture() -> None:
    told = story.Story()
    told.arrives()
    assert list(links(of_story(told)))
