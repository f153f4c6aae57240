"""One call with everything that is known of it."""

import asyncpg
import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import NumberUnknown
from agent.database.queries import sql
from agent.domain.call_state import Call
from agent.domain.consultation import Deviation, Evidence, Outcome, StepRecord
from agent.domain.deviation_words import DeviationWord
from agent.domain.events import AnyEvent, DetailShed
from agent.domain.identifiers import CallId
from agent.domain.numbers import parse_form_number, parse_ticket_number

_STATE = msgspec.json.Decoder(Call)
_EVENT = msgspec.json.Decoder(AnyEvent)
_EVIDENCE = msgspec.json.Decoder(tuple[Evidence, ...])


class LoggedEvent(msgspec.Struct, frozen=True):
    """One event of a call at its place in the call's log."""

    sequence: int
    event: AnyEvent


class CallReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one call, as it was recorded."""

    call: Call
    outcome: Outcome
    steps: tuple[StepRecord, ...]
    deviations: tuple[Deviation, ...]
    events: tuple[LoggedEvent, ...]
    words: tuple[DeviationWord, ...] = ()


async def read_call(url: str, number: str) -> CallReport:
    """The call of a form number or ticket number, in any spelling that a person types.

    Raises NumberInvalid, NumberUnknown, DatabaseUnreachable.
    """
    async with (
        connected(url) as connection,
        # One moment for all six reads, also while the call goes on.
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        call_id = await find_call(connection, number)
        call = await connection.fetchrow(sql("read_call"), call_id)
        assert call is not None, "a consultation has a call by its foreign key"
        steps = await connection.fetch(sql("read_steps"), call_id)
        deviations = await connection.fetch(sql("read_deviations"), call_id)
        words = await connection.fetch(sql("read_deviation_words"), call_id)
        events = await connection.fetch(sql("read_events"), call_id)
    state = _STATE.decode(call["state"])
    return CallReport(
        call=state,
        outcome=Outcome(call["outcome"]),
        steps=tuple(map(_step, steps)),
        deviations=tuple(msgspec.convert(dict(row), Deviation) for row in deviations),
        events=_whole_log(state, [(row["sequence"], _EVENT.decode(row["body"])) for row in events]),
        words=tuple(msgspec.convert(dict(row), DeviationWord) for row in words),
    )


def _whole_log(call: Call, kept: list[tuple[int, AnyEvent]]) -> tuple[LoggedEvent, ...]:
    """The log with a word of its own at each gap, from which detail was shed."""
    log: list[LoggedEvent] = []
    place, at = 1, call.arrived.at
    for sequence, event in kept:
        if sequence > place:
            log.append(LoggedEvent(place, DetailShed(at=at, count=sequence - place)))
        log.append(LoggedEvent(sequence, event))
        place, at = sequence + 1, event.at
    if place <= call.events:
        log.append(LoggedEvent(place, DetailShed(at=at, count=call.events - place + 1)))
    return tuple(log)


def _step(row: asyncpg.Record) -> StepRecord:
    return msgspec.convert({**row, "evidence": _EVIDENCE.decode(row["evidence"])}, StepRecord)


async def find_call(connection: Connection, typed: str) -> CallId:
    """The call of this form or ticket number. Raises NumberInvalid, NumberUnknown."""
    if "/" in typed:
        form = parse_form_number(typed)
        found = await connection.fetchval(sql("find_call_by_form"), form.year, form.sequence)
    else:
        found = await connection.fetchval(sql("find_call_by_ticket"), parse_ticket_number(typed))
    if found is None:
        raise NumberUnknown(f"No call has the number {typed}.")
    return CallId(found)
