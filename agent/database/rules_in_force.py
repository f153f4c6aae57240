"""What the office has decided as it counts at this moment, replaced as a whole when that changes.

Calls and tickets that are under way keep the versions that are on their own record; who begins
something new asks here for what counts then.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import structlog

from agent.database.office_decisions import Decided, names_in_force, read_decided
from agent.database.office_files import Kind
from agent.database.tickets import TicketRules
from agent.domain.form import FormDefinition, parse_form
from agent.domain.office_rules import OfficeRules, parse_office_rules
from agent.domain.priority import parse_priority_table
from agent.domain.working_time import OfficeHours, parse_office_hours
from agent.runtime.case_messages import Ways
from agent.runtime.errors import EffectFailed
from agent.runtime.public_holidays import working_time_at

LOOK_EVERY_S = 60.0

log = structlog.get_logger()


class RulesInForce:
    """The one place that knows what counts now; `told` hears of each change."""

    def __init__(self, url: str, zone: str, ways: Ways, decided: Decided) -> None:
        self._url = url
        self._zone = zone
        self._ways = ways
        self.told: Callable[[TicketRules], None] = lambda _rules: None
        self._turn = asyncio.Lock()
        self._take(decided)
        self.forms: Mapping[str, FormDefinition] = _Forms(self)
        """Every version of the form, also those that are decided later."""

    @property
    def now(self) -> TicketRules:
        """By what is judged what begins now."""
        return self._now

    @property
    def names(self) -> Mapping[Kind, str]:
        """Which versions count."""
        return self._names

    @property
    def hours(self) -> OfficeHours:
        """When the office works."""
        return self._hours

    @property
    def rules(self) -> OfficeRules:
        """How calls are treated that arrive now."""
        return self._rules

    @property
    def form(self) -> FormDefinition:
        """On which new calls are written."""
        return self._now.forms[self._now.form]

    async def take_up(self) -> None:
        """What was decided here or by another process counts from now on.

        Raises DatabaseUnreachable; then all is as before.
        """
        async with self._turn:  # what was read first is also taken first
            if await names_in_force(self._url) == self._names:
                return
            self._take(await read_decided(self._url))
        log.info("office_decisions_in_force", **self._names)
        self.told(self._now)

    async def follow(self) -> None:
        """Look every minute until cancelled: a standby's start may have decided by its files."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.take_up()
            except EffectFailed as error:
                log.warning("office_decisions_wait", reason=str(error)[:200])

    def _take(self, decided: Decided) -> None:
        names = {kind: decision.name for kind, decision in decided.in_force.items()}
        tables = {
            name: parse_priority_table(content)
            for name, content in decided.files["priority_table"].items()
        }
        forms = {name: parse_form(content) for name, content in decided.files["form"].items()}
        hours = parse_office_hours(decided.files["office_hours"][names["office_hours"]])
        rules = parse_office_rules(decided.files["office_rules"][names["office_rules"]])
        now = TicketRules(
            form=names["form"],
            table=tables[names["priority_table"]],
            tables=tables,
            forms=forms,
            working_time=working_time_at(hours, self._zone),
            ways=self._ways,
        )
        self._now, self._names, self._hours, self._rules = now, names, hours, rules


class _Forms(Mapping[str, FormDefinition]):
    """All forms as they are known at the moment of the question."""

    def __init__(self, rules: RulesInForce) -> None:
        self._rules = rules

    def __getitem__(self, name: str) -> FormDefinition:
        return self._rules.now.forms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules.now.forms)

    def __len__(self) -> int:
        return len(self._rules.now.forms)


async def read_rules_in_force(url: str, zone: str, ways: Ways) -> RulesInForce:
    """What counts by the database. Raises DatabaseUnreachable."""
    return RulesInForce(url, zone, ways, await read_decided(url))
