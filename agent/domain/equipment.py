"""Deviations of the equipment beyond a single call, computed from stored facts alone.

The SOP counts a deviation in equipment like one in time. Three kinds go beyond one call: calls
came and no service was there that could write their forms; forms were not archived, so that step 7
could not be met; a month is over and its recap was not made.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from agent.domain.office_time import ZONES, local

Kind = Literal["form_service", "recap", "archive"]

ARCHIVED_WITHIN = timedelta(minutes=10)
"""What SOP step 7 allows."""
RECAP_WITHIN = timedelta(days=1)
"""From the end of the month; the SOP names no time, and the monthly job has to have its turn."""
MOST_NAMED = 50
"""Forms that a proof names; it counts all of them."""


class UnservedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the exchange handled alone from this moment, or whose record was lost then.

    `served_since` tells whether the service took a call between the one before and this one.
    """

    form_number: str
    began_at: datetime
    ended_at: datetime | None
    served_since: bool


class OverdueForm(msgspec.Struct, frozen=True, kw_only=True):
    """A consultation whose form was archived later than the SOP allows, or is not yet."""

    form_number: str
    ended_at: datetime
    archived_at: datetime | None


class OfficeMonth(msgspec.Struct, frozen=True, kw_only=True):
    """A month in which there were calls, by its first day, and when its first recap was made."""

    month: date
    made_at: datetime | None


class EquipmentDeviation(msgspec.Struct, frozen=True, kw_only=True):
    """Equipment that was missing, from when until when; without an end it still is."""

    kind: Kind
    subject: str
    began_at: datetime
    ended_at: datetime | None
    proof: dict[str, Any]


def form_service_missing(calls: Iterable[UnservedCall]) -> Iterator[EquipmentDeviation]:
    """One deviation for each time without the service: calls in their order, none taken between.

    It is told from the first of them until the end of the last, which is certain, and not until the
    next call that was handled, before which nobody knows.
    """
    for calls_in_a_row in _in_a_row(calls):
        first, ends = calls_in_a_row[0], [call.ended_at for call in calls_in_a_row]
        known = [end for end in ends if end]
        yield EquipmentDeviation(
            kind="form_service",
            subject=first.form_number,
            began_at=first.began_at,
            ended_at=max(first.began_at, *known) if len(known) == len(ends) else None,
            proof=_forms([call.form_number for call in calls_in_a_row]),
        )


def archive_missing(
    forms: Iterable[OverdueForm], zone: str, within: timedelta = ARCHIVED_WITHIN
) -> Iterator[EquipmentDeviation]:
    """One deviation for each day of the office on which forms became overdue.

    A day and no longer, so that what is on record of it never depends on another day's calls.
    """

    days: dict[date, list[OverdueForm]] = {}
    for form in sorted(forms, key=lambda form: (form.ended_at, form.form_number)):
        days.setdefault(local(form.ended_at + within, zone).date(), []).append(form)
    for day, of_the_day in days.items():
        began = of_the_day[0].ended_at + within
        archived = [form.archived_at for form in of_the_day if form.archived_at]
        yield EquipmentDeviation(
            kind="archive",
            subject=day.isoformat(),
            began_at=began,
            ended_at=max(began, *archived) if len(archived) == len(of_the_day) else None,
            proof=_forms([form.form_number for form in of_the_day]),
        )


def recap_missing(
    months: Iterable[OfficeMonth], zone: str, now: datetime, within: timedelta = RECAP_WITHIN
) -> Iterator[EquipmentDeviation]:
    """One deviation for each closed month whose recap came too late or has not come."""
    for one in months:
        closed = closed_at(one.month, zone)
        due = closed + within
        if due <= now and (one.made_at is None or one.made_at > due):
            yield EquipmentDeviation(
                kind="recap",
                subject=f"{one.month:%Y-%m}",
                began_at=due,
                ended_at=one.made_at,
                proof={"closed_at": local(closed, zone).isoformat()},
            )


def closed_at(month: date, zone: str) -> datetime:
    """The office's midnight after the last day of this month."""
    year, place = divmod(month.year * 12 + month.month, 12)
    return datetime(year, place + 1, 1, tzinfo=ZONES[zone])


def _in_a_row(calls: Iterable[UnservedCall]) -> list[list[UnservedCall]]:
    rows: list[list[UnservedCall]] = []
    for call in calls:
        if rows and not call.served_since:
            rows[-1].append(call)
        else:
            rows.append([call])
    return rows


def _forms(numbers: list[str]) -> dict[str, Any]:
    return {"consultations": len(numbers), "form_numbers": numbers[:MOST_NAMED]}
