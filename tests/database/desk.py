"""A call on record with its ticket, and what the office decided, for the tests of tickets."""

from collections.abc import Mapping
from datetime import datetime

from agent.database.tickets import TicketRules
from agent.domain.working_time import WorkingTime
from agent.runtime.case_messages import Ways
from tests.database.agents import running_writer, until_healthy
from tests.database.stories import FORM, MORNING, ON_THE_FORM, Story, handed_over
from tests.domain.offices import HOURS, TABLE, calendar

WAYS = Ways(
    on=frozenset({"caller_email", "level_email"}),
    office_name="LPSE Kabupaten Batang",
    addresses={"admin_ppe": "ppe@example.go.id", "lkpp": "lkpp@example.go.id"},
)


def rules(working_time: WorkingTime | None = None, ways: Ways = WAYS) -> TicketRules:
    """What the office has decided; without holidays where no working time is given."""
    here = working_time or WorkingTime(HOURS, calendar(), "WIB")
    return TicketRules(
        form=FORM.name,
        table=TABLE,
        tables={TABLE.version: TABLE},
        forms={FORM.name: FORM},
        working_time=lambda _at: here,
        ways=ways,
    )


async def on_record(
    url: str, fields: Mapping[str, str] = ON_THE_FORM, start: datetime = MORNING
) -> Story:
    """An escalated call whose ticket has its number, and is not open yet."""
    story = handed_over(fields=fields, start=start)
    async with running_writer(url) as writer:
        await until_healthy(writer)
        for record in story.records:
            await writer.record(record)
    return story
