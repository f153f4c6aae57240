"""How a log line looks, and what never stands in one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from agent.logs import MASKED, set_up_logs

PERSONAL = "+628123456789"


@pytest.fixture(autouse=True)
def other_tests_logs() -> Iterator[None]:
    """Logs are set up for the whole process: they are given back as they were."""
    kept = structlog.get_config()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**kept)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged, one JSON object a line, all of it on standard error."""
    told = capsys.readouterr()
    assert told.out == ""
    return [json.loads(line) for line in told.err.splitlines()]


def test_a_log_line_is_one_json_object_with_level_and_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("info")
    structlog.get_logger().info("call_stage", call="c0ffee", stage="ringing", text="two\nlines")
    (line,) = lines(capsys)
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert moment.tzinfo
    assert line == {
        "event": "call_stage",
        "level": "info",
        "call": "c0ffee",
        "stage": "ringing",
        "text": "two\nlines",
    }


@pytest.mark.parametrize("field", MASKED)
def test_personal_data_and_secrets_are_masked_however_they_come_into_a_line(
    field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("info")
    log = structlog.get_logger()
    structlog.contextvars.bind_contextvars(**{field: PERSONAL})
    log.info("from_the_context")
    structlog.contextvars.clear_contextvars()
    log.bind(**{field: PERSONAL}).info("bound_before")
    log.warning("given_with_the_line", **{field: {"number": PERSONAL}}, call="c0ffee")
    told = capsys.readouterr().err
    assert PERSONAL not in told
    assert [json.loads(line)[field] for line in told.splitlines()] == ["***"] * 3
    assert "c0ffee" in told


def test_a_line_without_personal_data_gets_no_masked_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("info")
    structlog.get_logger().info("service_started", resumed=2)
    (line,) = lines(capsys)
    assert not set(MASKED) & line.keys()


def test_a_mistake_is_told_with_its_place_in_the_same_line_and_without_its_data(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("info")
    caller_number = PERSONAL
    try:
        len(caller_number) / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("call_loop_failed", call="c0ffee")
    (line,) = lines(capsys)
    assert line["level"] == "error"
    assert "ZeroDivisionError" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert PERSONAL not in json.dumps(line)


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("WARNING")
    log = structlog.get_logger()
    log.info("call_stage")
    log.warning("record_journaled")
    assert [line["event"] for line in lines(capsys)] == ["record_journaled"]


def test_a_line_that_cannot_be_written_costs_nothing_but_itself() -> None:
    """Standard error on a device that is always full, in a process as the service is one."""
    program = (
        "import structlog; from agent.logs import set_up_logs; set_up_logs('info')\n"
        "for _ in range(10000): structlog.get_logger().info('call_stage', call='c0ffee')\n"
        "print('alive')"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            (sys.executable, "-c", program), stdout=subprocess.PIPE, stderr=full, text=True
        )
    assert done.stdout == "alive\n"
