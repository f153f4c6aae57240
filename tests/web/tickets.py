"""Tickets on record for the tests of their pages."""

from agent.database.case_desk import CaseDesk
from tests.database.desk import on_record, rules
from tests.database.stories import Story

PRIVATE = ("Budi", "Melati", "Unggah penawaran gagal", "345-6789", "3456789")
"""What of the case tells who called and what he said."""


async def open_ticket(url: str, number: int = 1) -> Story:
    """A call of op-101 whose case was handed over in March; its ticket is overdue by now."""
    story = await on_record(url, number=number)
    await CaseDesk(url, rules()).hand_over(story.call)
    return story
