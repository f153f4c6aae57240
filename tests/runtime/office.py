"""The runtime joined together as the service joins it, at a pretend exchange."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from agent.database.connect import Connection
from agent.domain.call_state import Call, Stage
from agent.domain.events import AnyEvent
from agent.domain.identifiers import ChannelId
from agent.domain.rules import CallRules
from agent.domain.sop import Sop, parse_sop
from agent.runtime import clock
from agent.runtime.board import Board
from agent.runtime.call_loop import CallLoop, CallServices
from agent.runtime.dispatcher import Dispatcher
from agent.runtime.doors import Arrival
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.numbers import NumberPool
from agent.runtime.recorder import Recorder, UnfinishedCall
from agent.settings import DATA
from tests.domain.test_presence import REASONS
from tests.runtime.exchange import PretendExchange
from tests.runtime.waiting import until

PROCEDURE: Sop = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
RULES = CallRules(sop=PROCEDURE.name)


@dataclass
class Office:
    """Everything that one process of the agent holds of its calls."""

    dispatcher: Dispatcher
    floor: FloorKeeper
    exchange: PretendExchange
    board: Board

    def loop(self, call_id: str) -> CallLoop:
        """The living call of this id."""
        return next(loop for loop in self.dispatcher.calls if loop.call_id == call_id)

    async def arrives(self, arrival: Arrival) -> CallLoop:
        """A caller arrives; answers when his call waits for an operator or rings one."""
        self.dispatcher.arrived(arrival)
        loop = self.loop(arrival.call_id)
        await until(lambda: stage_of(loop) in (Stage.QUEUEING, Stage.RINGING))
        return loop

    async def talks(self, loop: CallLoop) -> ChannelId:
        """The operator who is rung for this call picks up; answers his leg."""
        leg = await operators_leg(loop)
        self.exchange.answer(leg)
        await until(lambda: stage_of(loop) is Stage.TALKING)
        return leg


@asynccontextmanager
async def office(
    recorder: Recorder, exchange: PretendExchange, rules: CallRules = RULES
) -> AsyncIterator[Office]:
    """An agent at work with this recorder and exchange; both operators' telephones are there."""
    dispatcher = Dispatcher()
    exchange.tell = dispatcher.tell
    floor = FloorKeeper(recorder, exchange, dispatcher.tell_call, REASONS)
    numbers = NumberPool(recorder, PROCEDURE.office, rules.zone)
    sops = {PROCEDURE.name: PROCEDURE}
    board = Board()
    floor.on_change = board.change
    dispatcher.serve(CallServices(recorder, exchange, numbers, floor, rules, sops, board=board))
    await numbers.fill(clock.now())
    await floor.refresh()
    async with asyncio.TaskGroup() as tasks:
        ready = asyncio.Event()
        running = tasks.create_task(dispatcher.run(ready.set))
        await ready.wait()
        try:
            yield Office(dispatcher, floor, exchange, board)
        finally:
            running.cancel()


@asynccontextmanager
async def one_call(
    start: Arrival | UnfinishedCall,
    recorder: Recorder,
    exchange: PretendExchange,
    rules: CallRules = RULES,
) -> AsyncIterator[tuple[CallLoop, "asyncio.Task[None]"]]:
    """One call's loop by itself, with nobody who would take it up again after a mistake."""
    loops: list[CallLoop] = []
    floor = FloorKeeper(recorder, exchange, lambda _call_id, offered: loops[0].tell(offered))
    numbers = NumberPool(recorder, PROCEDURE.office, rules.zone)
    services = CallServices(recorder, exchange, numbers, floor, rules, {PROCEDURE.name: PROCEDURE})
    call_id = start.call_id if isinstance(start, Arrival) else start.call.call_id
    loop = CallLoop(call_id, services)
    loops.append(loop)
    exchange.tell = lambda _subject, event: loop.tell(event)
    await floor.refresh()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(loop.run(start))
        try:
            yield loop, running
        finally:
            running.cancel()


def call_of_loop(loop: CallLoop) -> Call:
    """The call that lives in this loop."""
    assert loop.call is not None, "the call has not arrived"
    return loop.call


def stage_of(loop: CallLoop) -> Stage | None:
    """What the call of this loop waits for; nothing when it has not arrived."""
    return loop.call.stage if loop.call else None


async def operators_leg(loop: CallLoop) -> ChannelId:
    """The leg of the operator who is rung for this call, as soon as his telephone rings."""

    def rings() -> bool:
        offer = loop.call.offer if loop.call else None
        return offer is not None and offer.ringing is not None

    await until(rings)
    return call_of_loop(loop).offers[-1].channel


async def events_of(connection: Connection) -> list[AnyEvent]:
    """All that is on record, in order."""
    rows = await connection.fetch("SELECT body FROM call_events ORDER BY sequence")
    return [msgspec.json.decode(row["body"], type=AnyEvent) for row in rows]
