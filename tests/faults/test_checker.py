"""The checker finds every lie between what people lived through and what is on record."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from agent.commands.replay import read_recording
from agent.database.reports import CallReport, LoggedEvent
from agent.domain.call import replay
from agent.domain.consultation import Outcome
from agent.domain.events import AnyEvent
from agent.runtime import clock
from deploy.sip_phone import SipCall, SipPhones
from tests.faults.aftermath import ari_of, of_the_office
from tests.faults.checker import (
    CLOCKS_AGREE,
    logs_are_whole,
    nobody_in_two_calls,
    nothing_personal,
    of_the_telephones,
    traces_of,
)
from tests.faults.history import Dialled, History
from tests.journeys.office import PATIENTLY, Office
from tests.journeys.sounds import RATE, write_samples

RECORDINGS = Path(__file__).parents[1] / "recordings"
NUMBERS = ("081200000001", "081200000002")
SECOND = timedelta(seconds=1)
TONE = np.sin(np.arange(RATE) / 3) * 3000
SILENCE = np.zeros(8 * RATE)


@dataclass
class World:
    """Two calls at once as the record has them, and as their telephones saw them."""

    history: History
    reports: list[CallReport]

    def broken(self) -> set[str]:
        """The invariants that do not hold."""
        return {breach.invariant for breach in of_the_telephones(self.history, self.reports)[0]}

    def change(self, place: int, **changes: object) -> None:
        """Change what is on record of a call."""
        report = self.reports[place]
        call = msgspec.structs.replace(report.call, **changes)
        self.reports[place] = msgspec.structs.replace(report, call=call)


def read_events(place: int) -> list[AnyEvent]:
    """What happened in one of two calls."""
    return read_recording(RECORDINGS / f"two_calls_at_once_have_two_operators_{place}.jsonl")


@pytest.fixture
def world(tmp_path: Path) -> World:
    phones, history, reports = SipPhones(tmp_path), History(), []
    for place, number in enumerate(NUMBERS, start=1):
        call = replay(read_events(place))
        caller = msgspec.structs.replace(call.caller, raw=number)
        call = msgspec.structs.replace(call, caller=caller)
        reports.append(
            CallReport(
                call=call,
                outcome=Outcome.DROPPED_BY_CALLER,
                steps=(),
                deviations=(),
                events=(),
            )
        )
        assert call.caller_answered and call.caller_gone and call.offers[-1].answered
        leg = SipCall(phones)
        leg.answered_at, leg.ended_at = call.caller_answered.at, call.caller_gone.at
        history.callers.append(Dialled(number, "Wartel Melati", leg, call.arrived.at))
        taken = SipCall(phones)
        taken.answered_at, taken.ended_at = call.offers[-1].answered.at, call.caller_gone.at
        history.operators[call.offers[-1].operator] = [taken]
    return World(history, reports)


def test_what_agrees_is_no_breach(world: World) -> None:
    assert world.broken() == set()


def test_a_call_without_a_record_is_found(world: World) -> None:
    world.reports.pop()
    world.history.operators.popitem()
    assert world.broken() == {"I1"}


def test_a_call_with_two_records_is_found(world: World) -> None:
    world.reports.append(world.reports[0])
    assert "I1" in world.broken()


def test_a_record_of_a_call_that_nobody_made_is_found(world: World) -> None:
    world.history.callers.pop()
    assert "I1" in world.broken()


def test_a_call_that_the_fallback_took_has_its_record_too(world: World) -> None:
    world.reports.pop()
    world.history.callers[-1].by_fallback = True
    assert world.broken() == {"I1", "I3"}


def test_a_gap_in_a_calls_log_is_found(world: World) -> None:
    [report] = world.reports[:1]
    log = [LoggedEvent(place, event) for place, event in enumerate(read_events(1), start=1)]
    whole = msgspec.structs.replace(report, events=tuple(log))
    assert not logs_are_whole([whole])
    for place in (0, 5, len(log) - 1):
        gap = msgspec.structs.replace(report, events=tuple(log[:place] + log[place + 1 :]))
        assert logs_are_whole([gap])


@pytest.mark.parametrize("whose", ["answered_at", "ended_at"])
def test_a_time_on_record_that_the_callers_telephone_does_not_have_is_found(
    world: World, whose: str
) -> None:
    leg = world.history.callers[0].call
    setattr(leg, whose, getattr(leg, whose) + SECOND)
    assert world.broken() == {"I3"}


def test_lengths_on_record_that_two_small_errors_make_wrong_are_found(world: World) -> None:
    caller = world.history.callers[0].call
    assert caller.answered_at and caller.ended_at
    caller.answered_at -= CLOCKS_AGREE * 0.9
    assert world.broken() == set()
    caller.ended_at += CLOCKS_AGREE * 0.9
    told = [str(breach) for breach in of_the_telephones(world.history, world.reports)[0]]
    assert len(told) == 1
    assert told[0].startswith("I3: ")
    assert "the call is 0.4" in told[0]
    world.history.callers[0].cut_off = True
    assert world.broken() == set()


def test_a_talk_ends_with_whoever_leaves_first(world: World) -> None:
    leg = world.history.operators[world.reports[0].call.offers[-1].operator][0]
    assert leg.ended_at
    leg.ended_at += SECOND
    assert world.broken() == set()
    leg.ended_at -= 2 * SECOND
    assert world.broken() == {"I3"}


def test_an_answer_on_record_that_no_operators_telephone_gave_is_found(world: World) -> None:
    world.history.operators.popitem()
    assert world.broken() == {"I3"}


def test_an_operators_answer_that_is_on_no_record_is_found(world: World) -> None:
    [leg], *_ = world.history.operators.values()
    later = SipCall(leg.phones)
    assert leg.ended_at
    later.answered_at, later.ended_at = leg.ended_at + SECOND, leg.ended_at + 2 * SECOND
    next(iter(world.history.operators.values())).append(later)
    assert world.broken() == {"I3"}


def test_an_answer_that_crossed_with_the_withdrawal_of_its_ring_is_none(world: World) -> None:
    account, [leg] = next(iter(world.history.operators.items()))
    offer = world.reports[0].call.offers[-1]
    moment = offer.ended
    assert moment
    withdrawn = msgspec.structs.replace(
        offer, operator=account, answered=None, connected=None, ended=moment
    )
    offers = world.reports[0].call.offers
    world.change(0, offers=(withdrawn, *offers))
    crossed = SipCall(leg.phones)
    crossed.answered_at = moment.at - SECOND / 1000
    crossed.ended_at = moment.at + SECOND / 1000
    world.history.operators[account].append(crossed)
    assert world.broken() == set()
    crossed.ended_at = moment.at + SECOND
    assert "I3" in world.broken(), "who talked for a second has answered"


def test_of_two_telephones_that_the_dialplan_rings_the_slower_answers_to_nobody(
    world: World,
) -> None:
    [leg] = next(iter(world.history.operators.values()))
    answered = world.reports[0].call.offers[-1].answered
    assert answered
    slower = SipCall(leg.phones)
    slower.answered_at = answered.at + SECOND / 1000
    slower.ended_at = answered.at + 2 * SECOND / 1000
    world.history.operators["op-199"] = [slower]
    assert world.broken() == {"I3"}, "the agent rings one telephone at a time"
    world.change(0, by_exchange=answered)
    assert world.broken() == set()
    slower.ended_at = answered.at + SECOND
    assert world.broken() == {"I3"}, "who talked for a second has answered"


def test_an_end_that_was_only_found_later_may_differ(world: World) -> None:
    gone = world.reports[0].call.caller_gone
    assert gone
    late = msgspec.structs.replace(gone, at=gone.at + 5 * SECOND, source="reconciled")
    world.change(0, caller_gone=late)
    assert world.broken() == set()


def test_an_operator_in_two_calls_at_once_is_found(world: World) -> None:
    first, second = (calls[0] for calls in world.history.operators.values())
    assert first.answered_at
    second.answered_at = first.answered_at + SECOND
    assert nobody_in_two_calls(History(operators={"op-101": [first, second]}))
    assert not nobody_in_two_calls(History(operators={"op-101": [first], "op-102": [second]}))


def test_a_caller_who_waits_in_silence_is_found_and_one_who_hears_ringing_is_not(
    world: World,
) -> None:
    leg = world.history.callers[0].call
    leg.heard.parent.mkdir(exist_ok=True)
    leg.heard_since = leg.answered_at
    world.change(0, caller_connected=None)
    write_samples(leg.heard, np.concatenate([TONE, SILENCE[: 4 * RATE]] * 2))
    assert world.broken() == set()
    write_samples(leg.heard, np.concatenate([TONE, SILENCE, TONE]))
    assert world.broken() == {"I8"}


def test_silence_after_the_operators_answer_is_their_own(world: World) -> None:
    leg, call = world.history.callers[0].call, world.reports[0].call
    assert call.caller_connected
    leg.heard_since = call.caller_connected.at - SECOND
    write_samples(leg.heard, np.concatenate([TONE, SILENCE]))
    assert world.broken() == set()
    world.change(0, caller_connected=None)
    assert world.broken() == {"I8"}


@pytest.mark.parametrize(
    "line", ["+6281200000001", "0812-0000-0001", "81200000001", "Wartel Melati"]
)
def test_a_number_or_name_in_a_log_is_found_and_not_repeated(world: World, line: str) -> None:
    breaches = nothing_personal(f'{{"event": "{line}"}}', traces_of(world.history.callers))
    assert {breach.invariant for breach in breaches} == {"I9"}
    assert all(line not in str(breach) for breach in breaches)
    assert not nothing_personal('{"event": "call_stage"}', traces_of(world.history.callers))


async def test_what_is_left_in_an_office_is_found_without_anybodys_memory(office: Office) -> None:
    site, number, began_at = office.site, "081277776666", clock.now()
    before = await office.calls()
    caller = await office.dial(number)
    form = (await office.opened(before)).call.form_number
    await caller.hang_up()
    await office.archived(form, PATIENTLY)
    assert await of_the_office(site, began_at) == []
    log = site.folder / "log" / "another.log"
    log.write_text(f"called by +62{number[1:]}\n")
    async with ari_of(site) as ari:
        await ari.post("bridges", "left", type="mixing")
        broken = await of_the_office(site, began_at, timedelta(0))
        await ari.delete("bridges", "left")
    log.unlink()
    assert [breach.invariant for breach in broken] == ["I7", "I9"]
