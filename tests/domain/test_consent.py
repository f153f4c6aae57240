"""What consent a call has: the notice that was heard, and the answer on the form."""

from datetime import timedelta

import pytest

from agent.domain.consent import consent_of
from agent.domain.events import FieldFilled
from agent.domain.form_filling import ConsultationForm
from tests.domain.story import MORNING, handed, queueing, welcoming

ANSWERED = MORNING + timedelta(minutes=2)


def form(*values: str | None) -> ConsultationForm:
    written = ConsultationForm("WIB")
    for v in values:
        written = written.after(
            FieldFilled(field="recording_consent", raw=v or "", value=v, by="op-101", at=ANSWERED)
        )
    return written


def test_the_notice_counts_when_it_was_heard_to_its_end_with_its_version_and_moment() -> None:
    call = queueing().call
    consent = consent_of(call)
    assert consent.notice_version == call.rules.notice
    assert consent.heard
    assert consent.heard.at == MORNING + timedelta(seconds=8.1)
    assert (consent.answer, consent.given) == ("tidak_dijawab", False)


def test_a_notice_that_was_cut_short_was_not_heard() -> None:
    story = welcoming()
    story.prompt_finished(1)
    story.prompt_started(2)
    story.prompt_finished(2, "stopped")
    assert consent_of(story.call, form("ya")).heard is None
    assert not consent_of(story.call, form("ya")).given


def test_the_exchanges_own_notice_counts_too() -> None:
    assert consent_of(handed().call, form("ya")).given


@pytest.mark.parametrize("word", ["tidak", "tidak_dijawab", None])
def test_only_a_yes_is_a_yes(word: str | None) -> None:
    assert not consent_of(queueing().call, form(word)).given


def test_the_latest_word_counts_with_who_noted_it_and_when() -> None:
    call = queueing().call
    consent = consent_of(call, form("tidak", "ya"))
    assert consent.given
    assert (consent.answered_at, consent.noted_by) == (ANSWERED, "op-101")
    assert not consent_of(call, form("ya", "tidak")).given
    assert consent_of(call, form("ya", None)).answer == "tidak_dijawab"
