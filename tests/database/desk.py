"""A call on record with its ticket, and what the office decided, for the tests of tickets."""

import tomllib
from collections.abc import Mapping
from datetime import datetime

from agent.database.office_decisions import Decided, OfficeDecision, decide_by_files
from agent.database.office_files import Kind
from agent.database.rules_in_force import RulesInForce, read_rules_in_force
from agent.database.tickets import TicketRules
from agent.domain.working_time import WorkingTime
from agent.runtime.case_messages import Ways
from agent.settings import DATA
from tests.database.agents import running_writer, until_healthy
from tests.database.stories import FORM, MORNING, ON_THE_FORM, Story, handed_over
from tests.domain.offices import (
    HOURS,
    RULES_OF_CALLS,
    TABLE,
    calendar,
    hours_content,
    rules_of_calls,
    table_content,
)

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
    url: str, fields: Mapping[str, str] = ON_THE_FORM, start: datetime = MORNING, number: int = 1
) -> Story:
    """An escalated call whose ticket has its number, and is not open yet."""
    story = handed_over(number, fields, start)
    async with running_writer(url) as writer:
        await until_healthy(writer)
        for record in story.records:
            await writer.record(record)
    return story


async def keep_in_force(url: str) -> RulesInForce:
    """The data files' versions, decided as at a start."""
    await decide_by_files(url, FILES)
    return await read_rules_in_force(url, "WIB", WAYS)


def in_force(url: str) -> RulesInForce:
    """The same without asking a database."""
    return RulesInForce(
        url,
        "WIB",
        WAYS,
        Decided(
            in_force={
                kind: OfficeDecision(
                    kind=kind, name=name, decided_at=MORNING, decided_by=None, reason=None
                )
                for kind, (name, _content) in FILES.items()
            },
            files={kind: {name: content} for kind, (name, content) in FILES.items()},
        ),
    )


_FORM = tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8"))
FILES: dict[Kind, tuple[str, object]] = {
    "form": ("formulir-konsultasi-1", _FORM),
    "office_hours": (HOURS.name, hours_content()),
    "priority_table": (TABLE.version, table_content()),
    "office_rules": (RULES_OF_CALLS.version, rules_of_calls()),
}
