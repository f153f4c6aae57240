"""Everything that a ticket can hold has its words."""

from typing import get_args

import pytest
from msgspec.structs import replace

from agent.catalogue import LANGUAGES, read_words
from agent.domain import ticket_acts, ticket_words
from agent.domain.priority import PRIORITIES, Axis, Level, Override
from agent.domain.ticket import TicketStage
from agent.domain.ticket_events import AnyTicketEvent, PriorityChanged
from agent.runtime.outbox import Matter
from tests.domain.offices import TABLE, wib
from tests.domain.ticket_story import NAMES, event, opened

AT = wib("2026-07-06 10:00")
WORDS = read_words()
ID, EN = WORDS["id"], WORDS["en"]


@pytest.mark.parametrize(
    ("spoken", "possible"),
    [
        (ticket_words.STAGES, {stage.value for stage in TicketStage}),
        (ticket_words.LEVELS, {level.value for level in Level}),
        (ticket_words.PRIORITIES, set(PRIORITIES)),
        (ticket_words.MATTERS, set(get_args(Matter))),
        (ticket_words.REFUSALS, set(get_args(ticket_acts.Refusal))),
    ],
)
def test_every_value_has_its_words(spoken: dict[str, str], possible: set[str]) -> None:
    assert set(spoken) == possible


def test_every_event_is_a_line_of_its_own() -> None:
    events = [opened(AT), *(event(name, AT) for name in (*NAMES, "to lkpp"))]
    lines = [ticket_words.ticket_line(one, lambda at: f"{at:%H:%M}", ID) for one in events]
    assert len(set(lines)) == len(lines)
    for language in LANGUAGES:
        words = WORDS[language]
        assert set(words.below("ticket.events")) == {
            kind.__name__ for kind in get_args(AnyTicketEvent)
        }
        assert set(words.below("ticket.assumed_axes")) == {*get_args(Axis), "both"}
    assert "Jawaban/solusi: akun sudah dipulihkan" in lines
    assert "Diteruskan ke LKPP" in lines


def test_what_was_assumed_and_why_it_was_changed_is_told_in_either_language() -> None:
    override = Override(priority="high", by="siti", reason="tender {besok}")
    for assumed, indonesian, english in (
        ((), "", ""),
        (("impact",), " (dampak tidak diisi)", " (impact not told)"),
        (
            ("urgency", "impact"),
            " (urgensi dan dampak tidak diisi)",
            " (urgency and impact not told)",
        ),
    ):
        choice = TABLE.choose("not_urgent", "small", override, assumed)
        changed = PriorityChanged(at=AT, by="siti", choice=choice)
        line = ticket_words.ticket_line(changed, str, ID)
        assert line == f"Prioritas diubah, prioritas Tinggi{indonesian}: tender {{besok}}"
        line = ticket_words.ticket_line(changed, str, EN)
        assert line == f"Priority changed, priority High{english}: tender {{besok}}"


def test_what_somebody_wrote_is_not_shown_to_those_who_see_no_persons() -> None:
    override = Override(priority="high", by="siti", reason="Budi menunggu")
    choice = TABLE.choose("not_urgent", "small", override)
    events = [
        *(event(name, AT) for name in NAMES),
        replace(opened(AT), choice=choice),
        PriorityChanged(at=AT, by="siti", choice=choice),
    ]
    for one in events:
        line = ticket_words.ticket_line(ticket_words.without_words(one), str, ID)
        for written in ("kode", "1001", "akun", "masih", "LS-98213", "Budi"):
            assert written not in line
    assert ticket_words.without_words(event("taken", AT)) == event("taken", AT)
