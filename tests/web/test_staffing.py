"""The staff of a week over HTTP."""

from agent.database.connect import Connection
from agent.domain.staffing import StaffingGoal, staff_needed
from tests.database.recap_rows import keep
from tests.domain.recap_calls import november
from tests.web.site import Site
from tests.web.test_site import token_for

PERIOD = "from=2026-11-01&to=2026-11-30"


async def test_every_hour_with_calls_has_the_staff_that_reaches_the_goal(
    here: Site, connection: Connection
) -> None:
    await keep(connection, november(200))
    auditor = await token_for(here, "calls")
    path = f"/api/v1/staffing?{PERIOD}&percent=90&within_s=15&handling_s=240"
    async with auditor.get(path) as answer:
        assert answer.status == 200
        told = await answer.json()
    assert (told["percent"], told["within_s"], told["handling_s"]) == (90, 15, 240)
    assert told["hours"]
    for hour in told["hours"]:
        needed = staff_needed(hour["calls"], StaffingGoal(0.9, 15.0, 240.0))
        assert hour["operators"] == needed.operators
        assert hour["level"] >= 0.9
        assert 1 <= hour["weekday"] <= 5, "nobody called at the weekend"


async def test_without_a_handling_time_the_measured_talk_counts(
    here: Site, connection: Connection
) -> None:
    await keep(connection, november(50))
    auditor = await token_for(here, "calls")
    async with auditor.get(f"/api/v1/staffing?{PERIOD}") as answer:
        told = await answer.json()
    assert told["handling_s"] == told["measured_talk_s"] + 60


async def test_the_page_has_its_four_weeks_of_hours(here: Site, connection: Connection) -> None:
    await keep(connection, november(50))
    auditor = await here.log_in("auditor")
    status, text = await here.get(auditor, f"/staffing?{PERIOD}")
    assert status == 200
    assert text.count('<figure class="chart-figure">') == 4


async def test_numbers_that_no_office_has_are_refused(here: Site) -> None:
    auditor = await token_for(here, "calls")
    for query in ("percent=100", "percent=0", "within_s=-1", "handling_s=0", "percent=viele"):
        async with auditor.get(f"/api/v1/staffing?{query}") as answer:
            assert answer.status == 400, query
