"""What no call can know by itself: whether callers were served in turn, operators one at a time.

`follow` tells a call's course from its log; a `Watch` looks at many courses beside each other. It
keeps only those that later ones can still meet, so that a million calls need no more memory than
those that went on at once.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from agent.domain.call import CallUnknown, decide
from agent.domain.call_state import Call, Moment, Offer, Stage
from agent.domain.consultation import RECONCILED
from agent.domain.events import AnyEvent
from agent.domain.identifiers import OperatorId

TOLERANCE = timedelta(seconds=1)
"""Where two clocks meet: an alarm is raised when the agent's and Asterisk's differ by 200 ms."""

Meeting = Literal["overtaken", "passed_over", "in_two_calls", "rung_for_two", "end_found_later"]
"""How two calls met. Two ways are as they should be: a caller waits on while an operator who has
failed him is offered to the next; and an operator is in another call when only the end of the one
before was found later, in a look at what still lives."""

LONGEST = timedelta(days=1)
"""A call without an end is looked at beside others for so long; it is a fault of its own kind."""

_NEVER = datetime.max.replace(tzinfo=UTC)


class Wait(msgspec.Struct, frozen=True):
    """From when until when a call waited on the floor, and whose telephones had failed it."""

    since: datetime
    until: datetime | None
    tried: tuple[OperatorId, ...]

    def holds_at(self, moment: datetime) -> bool:
        """Whether it certainly waited at this moment, whichever of two clocks is ahead."""
        if moment < self.since + TOLERANCE:
            return False
        return self.until is None or moment + TOLERANCE <= self.until


class Course(msgspec.Struct, frozen=True):
    """A call after all its events, and its times on the floor."""

    call: Call
    waits: tuple[Wait, ...]

    @property
    def over(self) -> datetime:
        """When the last leg was gone, or will be at the latest."""
        ends = [self.call.ended, *(offer.ended for offer in self.call.offers)]
        latest = self.call.arrived.at + LONGEST
        return max(end.at if end else latest for end in ends)


class Met(msgspec.Struct, frozen=True):
    """What befell a call beside another one."""

    how: Meeting
    form_number: str


def follow(log: Iterable[tuple[int, AnyEvent]]) -> Course:
    """Replay a call's log, each event with its place in it, also where others are missing.

    Raises CallUnknown when the log does not begin with the call's arrival.
    """
    call: Call | None = None
    waits: list[Wait] = []
    last = 0
    for place, event in log:
        if call is not None and place != last + 1:
            call = replace(call, events=place - 1)
        last = place
        call = decide(call, event).call
        waiting = call.stage is Stage.QUEUEING
        if waits and waits[-1].until is None and not (waiting and waits[-1].tried == call.tried):
            waits[-1] = replace(waits[-1], until=event.at)
        if waiting and (not waits or waits[-1].until is not None):
            waits.append(Wait(event.at, None, call.tried))
    if call is None:
        raise CallUnknown("no events")
    return Course(call, tuple(waits))


class Watch:
    """Looks at calls in the order of their arrival, each beside those that were not over then."""

    def __init__(self) -> None:
        self._living: list[_Living] = []

    @property
    def remembered(self) -> int:
        """How many calls later ones may still meet."""
        return len(self._living)

    def look(self, course: Course) -> list[Met]:
        """What is found of this call and the earlier ones; of each call once, whoever it met."""
        arrived = course.call.arrived.at
        self._living = [one for one in self._living if one.over > arrived - TOLERANCE]
        this = _Living(course)
        found: list[Met] = []
        for earlier in self._living:
            for one, other in ((earlier, this), (this, earlier)):
                found += one.news(_overtaken(one.course, other.course))
            found += this.news(_shared(earlier.course.call, course.call))
        self._living.append(this)
        return found


class _Living:
    """A course that later ones may meet, and what was told of it already."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.over = course.over
        self._told: set[Meeting] = set()

    def news(self, meetings: Iterator[Meeting]) -> list[Met]:
        new = set(meetings) - self._told
        self._told |= new
        return [Met(how, self.course.call.form_number) for how in sorted(new)]


def _overtaken(waiting: Course, other: Course) -> Iterator[Meeting]:
    """First come, first served: by the first entry into the queue, which failed offers leave.

    Whom the exchange served by itself never stood in this queue.
    """
    mine, theirs = waiting.call.queued, other.call.queued
    if not waiting.waits or not mine or not theirs or mine.at >= theirs.at:
        return
    if other.call.by_exchange:
        return
    for offer in other.call.offers:
        for wait in waiting.waits:
            if wait.holds_at(offer.offered.at):
                yield "passed_over" if offer.operator in wait.tried else "overtaken"


def _shared(one: Call, other: Call) -> Iterator[Meeting]:
    """The floor holds an operator for one call, from the offer until his leg is gone."""
    for first in one.offers:
        for second in other.offers:
            if first.operator != second.operator:
                continue
            if not _at_once((first, first.offered), (second, second.offered)):
                continue
            earlier = min(first, second, key=lambda offer: offer.offered.at)
            if earlier.ended and earlier.ended.source.startswith(RECONCILED):
                yield "end_found_later"
            elif _at_once((first, first.answered), (second, second.answered)):
                yield "in_two_calls"
            else:
                yield "rung_for_two"


def _at_once(*legs: tuple[Offer, Moment | None]) -> bool:
    """Whether these legs of an operator, each from this moment on, were there at the same time."""
    starts = [start.at for _, start in legs if start]
    if len(starts) < len(legs):
        return False
    ends = [offer.ended.at if offer.ended else _NEVER for offer, _ in legs]
    return max(starts) + TOLERANCE < min(ends)
