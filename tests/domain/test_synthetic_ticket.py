"""The made-up life of a ticket goes through the ticket's own machine."""

import pytest

from agent.domain.synthetic_ticket import TicketPlot, tell_ticket
from agent.domain.ticket import TicketStage, replay
from agent.domain.ticket_opening import IMPACTS, URGENCIES
from tests.domain.made_up import FORM, MORNING, PRIORITIES


@pytest.mark.parametrize(
    ("solved_h", "confirmed_h", "stage"),
    [
        (20.0, 12.0, TicketStage.CONFIRMED),
        (20.0, None, TicketStage.SOLVED),
        (None, None, TicketStage.TAKEN),
    ],
)
def test_a_ticket_comes_as_far_as_its_plot(
    solved_h: float | None, confirmed_h: float | None, stage: TicketStage
) -> None:
    choice = PRIORITIES.choose("urgent", "medium")
    life = TicketPlot(taken_h=2.0, solved_h=solved_h, confirmed_h=confirmed_h)
    log, ticket = tell_ticket(life, MORNING, choice)
    assert ticket.stage is stage
    assert replay(log) == ticket
    assert ticket.events == len(log)


def test_the_forms_words_for_urgency_and_impact_are_known() -> None:
    assert set(URGENCIES) == set(FORM.lists["urgency"])
    assert set(IMPACTS) == set(FORM.lists["impact"])
