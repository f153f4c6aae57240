"""Equipment that was missing for more than one call, computed from stored facts alone."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.equipment import (
    ARCHIVED_WITHIN,
    MOST_NAMED,
    EquipmentDeviation,
    OfficeMonth,
    OverdueForm,
    UnservedCall,
    archive_missing,
    closed_at,
    form_service_missing,
    recap_missing,
)
from agent.domain.office_time import local

NINE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 09:00 WIB
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def unserved(
    place: int, began: datetime, ended: datetime | None, *, served_since: bool = False
) -> UnservedCall:
    return UnservedCall(
        form_number=f"{place}/2026", began_at=began, ended_at=ended, served_since=served_since
    )


def test_calls_in_a_row_without_the_service_are_one_time_without_it() -> None:
    [one] = form_service_missing(
        [unserved(1, NINE, NINE + 20 * MINUTE), unserved(2, NINE + MINUTE, NINE + 2 * MINUTE)]
    )
    assert one == EquipmentDeviation(
        kind="form_service",
        subject="1/2026",
        began_at=NINE,
        ended_at=NINE + 20 * MINUTE,
        proof={"consultations": 2, "form_numbers": ["1/2026", "2/2026"]},
    )


def test_a_call_that_was_taken_between_parts_two_times_without_the_service() -> None:
    found = form_service_missing(
        [
            unserved(1, NINE, NINE + MINUTE),
            unserved(2, NINE + 60 * MINUTE, NINE + 61 * MINUTE, served_since=True),
        ]
    )
    assert [one.subject for one in found] == ["1/2026", "2/2026"]


def test_a_call_that_goes_on_leaves_the_end_open() -> None:
    [one] = form_service_missing(
        [unserved(1, NINE, None), unserved(2, NINE + MINUTE, NINE + 2 * MINUTE)]
    )
    assert one.ended_at is None


def overdue(place: int, ended: datetime, archived: datetime | None) -> OverdueForm:
    return OverdueForm(form_number=f"{place}/2026", ended_at=ended, archived_at=archived)


def test_forms_that_became_overdue_on_one_day_are_one_deviation() -> None:
    found = list(
        archive_missing(
            [
                overdue(2, NINE + 5 * MINUTE, NINE + 90 * MINUTE),
                overdue(1, NINE, NINE + 30 * MINUTE),
                overdue(3, NINE + DAY, None),
            ],
            "WIB",
        )
    )
    assert [(one.subject, one.ended_at) for one in found] == [
        ("2026-03-02", NINE + 90 * MINUTE),
        ("2026-03-03", None),
    ]
    assert found[0].began_at == NINE + ARCHIVED_WITHIN
    assert found[0].proof == {"consultations": 2, "form_numbers": ["1/2026", "2/2026"]}


@pytest.mark.parametrize(("zone", "day"), [("WIB", "2026-03-02"), ("WIT", "2026-03-03")])
def test_the_day_is_the_offices(zone: str, day: str) -> None:
    ended = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 22:30 WIB, 00:30 WIT
    [one] = archive_missing([overdue(1, ended, None)], zone)
    assert one.subject == day


def test_a_proof_counts_all_forms_and_names_some() -> None:
    forms = [overdue(place, NINE, None) for place in range(MOST_NAMED + 5)]
    [one] = archive_missing(forms, "WIB")
    assert one.proof["consultations"] == MOST_NAMED + 5
    assert len(one.proof["form_numbers"]) == MOST_NAMED


MARCH = date(2026, 3, 1)
APRIL_BEGINS = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)  # midnight WIB


@pytest.mark.parametrize(
    ("made", "now", "found"),
    [
        (None, APRIL_BEGINS + DAY - MINUTE, []),
        (None, APRIL_BEGINS + DAY, [None]),
        (APRIL_BEGINS + MINUTE, APRIL_BEGINS + 9 * DAY, []),
        (APRIL_BEGINS + 3 * DAY, APRIL_BEGINS + 9 * DAY, [APRIL_BEGINS + 3 * DAY]),
    ],
)
def test_a_recap_is_missing_from_a_day_after_its_month(
    made: datetime | None, now: datetime, found: list[datetime | None]
) -> None:
    months = [OfficeMonth(month=MARCH, made_at=made)]
    told = list(recap_missing(months, "WIB", now))
    assert [one.ended_at for one in told] == found
    assert all((one.subject, one.began_at) == ("2026-03", APRIL_BEGINS + DAY) for one in told)


def test_december_closes_with_the_year() -> None:
    closed = closed_at(date(2026, 12, 1), "WITA")
    assert local(closed, "WITA").isoformat() == "2027-01-01T00:00:00+08:00"


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.one_of(st.none(), st.integers(11, 4000))), max_size=20
    ),
    st.randoms(use_true_random=False),
)
def test_the_same_facts_in_any_order_give_the_same_and_no_day_depends_on_another(
    forms: list[tuple[int, int | None]], shuffled: Random
) -> None:
    given_forms = [
        overdue(place, NINE + at * MINUTE, NINE + (at + late) * MINUTE if late else None)
        for place, (at, late) in enumerate(forms)
    ]
    whole = list(archive_missing(given_forms, "WIB"))
    assert sum(one.proof["consultations"] for one in whole) == len(forms)
    again = list(given_forms)
    shuffled.shuffle(again)
    assert list(archive_missing(again, "WIB")) == whole
    for one in whole:
        of_the_day = [
            form
            for form in given_forms
            if local(form.ended_at + ARCHIVED_WITHIN, "WIB").date().isoformat() == one.subject
        ]
        assert list(archive_missing(of_the_day, "WIB")) == [one]
