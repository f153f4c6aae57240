"""What a watchdog and a Prometheus server are answered, by a real server on a free port."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from prometheus_client.parser import text_string_to_metric_families

from agent.runtime import metrics
from agent.web.health import make_application


class Doors:
    """What the checks find; a reason where something is wrong."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.role = "owner"

    async def asterisk(self) -> str | None:
        if self.reasons.get("asterisk") == "silence":
            await asyncio.Event().wait()
        if self.reasons.get("asterisk") == "broken":
            raise ZeroDivisionError
        if self.reasons.get("asterisk") == "takes over":
            self.role = "owner"
            return None
        return self.reasons.get("asterisk")

    async def record(self) -> str | None:
        return self.reasons.get("record")


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest_asyncio.fixture
async def asker(doors: Doors) -> AsyncIterator[ClientSession]:
    """Somebody who asks the service at its own address."""
    checks = {"record": doors.record, "asterisk": doors.asterisk}
    runner = web.AppRunner(make_application(checks, lambda: doors.role))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


async def test_the_service_is_ready_when_every_check_passes(asker: ClientSession) -> None:
    async with asker.get("/health/ready") as answer:
        assert answer.status == 200
        assert await answer.json() == {
            "ready": True,
            "role": "owner",
            "failed": {},
            "checked": ["asterisk", "record"],
        }


async def test_one_failed_check_makes_the_service_unready_says_why_and_can_pass_again(
    asker: ClientSession, doors: Doors
) -> None:
    doors.reasons["record"] = "the disk is full"
    async with asker.get("/health/ready") as answer:
        assert answer.status == 503
        assert await answer.json() == {
            "ready": False,
            "role": "owner",
            "failed": {"record": "the disk is full"},
            "checked": ["asterisk", "record"],
        }
    doors.reasons.clear()
    async with asker.get("/health/ready") as answer:
        assert answer.status == 200


async def test_a_standby_that_could_take_over_is_ready_and_says_what_it_is(
    asker: ClientSession, doors: Doors
) -> None:
    doors.role = "standby"
    async with asker.get("/health/ready") as answer:
        assert answer.status == 200
        assert (await answer.json())["role"] == "standby"


async def test_who_becomes_the_owner_while_he_is_asked_answers_as_the_standby_he_was(
    asker: ClientSession, doors: Doors
) -> None:
    doors.role, doors.reasons["asterisk"] = "standby", "takes over"
    async with asker.get("/health/ready") as answer:
        assert (await answer.json())["role"] == "standby"
    async with asker.get("/health/ready") as answer:
        assert (await answer.json())["role"] == "owner"


@pytest.mark.parametrize(
    ("state", "reason"), [("silence", "the check does not answer"), ("broken", "ZeroDivisionError")]
)
async def test_a_check_that_is_silent_or_broken_is_a_reason_like_any_other(
    asker: ClientSession, doors: Doors, state: str, reason: str
) -> None:
    doors.reasons["asterisk"] = state
    async with asker.get("/health/ready") as answer:
        assert answer.status == 503
        assert (await answer.json())["failed"] == {"asterisk": reason}


async def test_a_service_that_is_not_ready_is_alive_and_is_not_to_be_restarted(
    asker: ClientSession, doors: Doors
) -> None:
    doors.reasons = {"asterisk": "no echo", "record": "the disk is full"}
    async with asker.get("/health/live") as answer:
        assert (answer.status, await answer.json()) == (200, {"live": True})


async def test_prometheus_reads_what_the_runtime_counts(asker: ClientSession) -> None:
    metrics.OUTCOMES.labels("solved").inc()
    async with asker.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        families = {f.name: f for f in text_string_to_metric_families(await answer.text())}
    outcomes = families["lpse_call_outcomes"].samples
    assert any(s.labels == {"outcome": "solved"} and s.value >= 1 for s in outcomes)
    assert {"lpse_calls", "lpse_callers_waiting", "lpse_journal_records"} <= families.keys()


async def test_nothing_else_is_answered_and_nothing_is_taken(asker: ClientSession) -> None:
    async with asker.get("/") as answer:
        assert answer.status == 404
    async with asker.post("/health/live") as answer:
        assert answer.status == 405
