"""What the pages and operations stand on; the service builds it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from agent.database.accounts import Accounts
from agent.database.pool import Pool
from agent.database.rules_in_force import RulesInForce
from agent.database.tickets import TicketRules
from agent.domain.call_state import Call
from agent.domain.form import FormDefinition
from agent.domain.sop import Sop
from agent.runtime import clock
from agent.runtime.announcements import AnnouncementDesk
from agent.runtime.board import Board
from agent.runtime.dispatcher import Dispatcher
from agent.runtime.feed import Feed
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.form_desk import FormDesk
from agent.runtime.person_keys import PersonKeys
from agent.runtime.supervision import SupervisionDesk
from agent.settings import Settings
from agent.speech.renderer import Renderer
from agent.web.guard import Guard
from agent.web.passwords import Passwords
from agent.web.second_factor import SecondFactors
from agent.web.streams import Streams


@dataclass(frozen=True)
class Parts:
    """All that stands below the pages."""

    settings: Settings
    sop: Sop
    sops: dict[str, Sop]
    decided: RulesInForce
    pool: Pool
    accounts: Accounts
    dispatcher: Dispatcher
    floor: FloorKeeper
    desk: FormDesk
    supervision: SupervisionDesk
    board: Board
    feed: Feed
    renderer: Renderer
    announcements: AnnouncementDesk
    started_at: datetime = field(default_factory=clock.now)
    streams: Streams = field(default_factory=Streams)
    passwords: Passwords = field(default_factory=Passwords)
    counting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """Questions to whole periods that the database is asked at once."""
    making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Recaps that are made at once: each takes a processor and hundreds of megabytes."""

    @property
    def form(self) -> str:
        """On which new calls are written."""
        return self.decided.now.form

    @property
    def tickets(self) -> TicketRules:
        """By what tickets are judged now, and who is told of them."""
        return self.decided.now

    @property
    def forms(self) -> Mapping[str, FormDefinition]:
        """Every version of the form."""
        return self.decided.forms

    @property
    def calls(self) -> list[Call]:
        """Every call that lives in this process."""
        return [loop.call for loop in self.dispatcher.calls if loop.call]

    @cached_property
    def second_factors(self) -> SecondFactors:
        """By the office's key."""
        return SecondFactors(PersonKeys(self.settings.key_of_persons_file))

    @cached_property
    def guard(self) -> Guard:
        """Looks at every request; tell it to `forget` whose account changed."""
        return Guard(self.accounts, self.settings.pages_origin)
