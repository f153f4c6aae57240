"""The text for people never obeys what was typed into a form."""

import msgspec
from msgspec.structs import replace

from agent.commands.person_file import PersonFile, person_object, person_text
from agent.database.persons import PersonalRecord
from agent.database.reports import CallReport
from agent.domain.consultation import Outcome
from agent.domain.events import FieldFilled
from agent.domain.form_filling import ConsultationForm
from agent.domain.personal_data import Person
from tests.database.stories import MORNING, Story, escalated


def file_of(story: Story, **fields: str) -> PersonFile:
    call = story.call
    report = CallReport(call=call, outcome=Outcome.ESCALATED, steps=(), deviations=(), events=())
    record = PersonalRecord(
        form_number=call.form_number, archive_path=None, archive_sha256=None,
        form={"fields": fields}, corrections=None, ticket=None, ticket_events=None, audio=None,
        erasures=None, exchange=None,
    )  # fmt: skip
    return PersonFile(person=Person("name", "Ratna"), calls=((report, record),), access=())


def test_a_line_that_was_typed_cannot_end_a_line_or_turn_the_terminal() -> None:
    text = person_text(file_of(escalated(), caller_name="Ratna\x1b[2J\nPALSU"), "WIB")
    assert "caller_name: Ratna?[2J?PALSU" in text
    assert "Jumlah panggilan: 1" in text
    assert "didengar 2026-03-02 09:00 WIB" in text


def test_a_notice_that_was_not_heard_is_said() -> None:
    story = Story(1)
    story.arrive()
    assert "tidak didengar" in person_text(file_of(story), "WIB")


def test_what_was_answered_to_the_notice_is_said_with_its_moment() -> None:
    assert "Persetujuan rekaman: tidak ada jawaban tercatat" in person_text(
        file_of(escalated()), "WIB"
    )
    for value, said in (("ya", "ya"), ("tidak", "tidak"), ("tidak_dijawab", "tidak dijawab")):
        story = escalated()
        answered = FieldFilled(
            field="recording_consent", raw=value, value=value, by="op-101", at=MORNING
        )
        file = file_of(story)
        ((report, record),) = file.calls
        form = ConsultationForm("WIB", {answered.field: answered})
        report = replace(report, call=replace(report.call, form=form))
        text = person_text(replace(file, calls=((report, record),)), "WIB")
        assert f"Pemberitahuan rekaman versi {story.call.rules.notice}: didengar" in text
        assert f"Persetujuan rekaman: {said}, dicatat 2026-03-02 09:00 WIB oleh op-101" in text


def test_programs_get_the_call_its_caller_and_consent() -> None:
    told = person_object(file_of(escalated(), email="a@b.id"), "WIB")
    (call,) = told["calls"]
    decoded = msgspec.json.decode(msgspec.json.encode(call))
    assert decoded["caller"]["number"] == "+628123456789"
    assert decoded["consent"]["answer"] == "tidak_dijawab"
    assert decoded["stored"]["form"]["fields"] == {"email": "a@b.id"}
