"""The JSON object of a call: the issue's fields, and figures that follow from the stored facts."""

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from agent.commands.call_object import call_object
from agent.database.reports import read_call
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import Story, escalated, solved

FIELDS = {
    "form_number",
    "ticket_number",
    "outcome",
    "operator",
    "caller",
    "opened_at",
    "answered_at",
    "ended_at",
    "steps",
    "deviations",
    "sources",
}
STEP_FIELDS = {"step", "limit_s", "started_at", "met_at", "seconds", "evidence", "deviation"}

# What a reader of the whole record is told beside it.
ALSO = {"events", "archive_sha256", "deviation_words", "supervisions"}
STEP_ALSO = {"activity", "state"}


async def object_of(url: str, story: Story, zone: str = "WIB") -> dict[str, Any]:
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    return call_object(await read_call(url, story.form_number), zone)


def step(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in told["steps"] if one["step"] == name)


async def test_it_has_the_agreed_fields_and_of_each_step_too(url: str) -> None:
    told = await object_of(url, escalated(412))
    assert set(told) == FIELDS | ALSO
    for one in told["steps"]:
        assert set(one) == STEP_FIELDS | STEP_ALSO
        assert all(set(e) == {"fact", "at", "source", "event"} for e in one["evidence"])


async def test_seconds_are_the_time_between_the_two_moments_that_are_shown(url: str) -> None:
    told = await object_of(url, escalated(412))
    timed = [one for one in told["steps"] if one["seconds"] is not None]
    assert {one["step"] for one in timed} == {"1a", "2", "3", "7", "8"}
    for one in timed:
        started, met = (datetime.fromisoformat(one[name]) for name in ("started_at", "met_at"))
        assert one["seconds"] == pytest.approx((met - started).total_seconds())


async def test_every_time_that_is_shown_has_a_source_and_none_else(url: str) -> None:
    for story in (escalated(412), solved(2)):
        told = await object_of(url, story)
        named = {name for name in ("opened_at", "answered_at", "ended_at") if told[name]}
        named |= {
            f"step {one['step']} {name}"
            for one in told["steps"]
            for name in ("started_at", "met_at")
            if one[name]
        }
        assert set(told["sources"]) == named
        assert all(told["sources"].values())


async def test_the_other_branchs_step_has_no_clock_no_proof_and_no_deviation(url: str) -> None:
    told = await object_of(url, solved(2))
    assert (told["outcome"], told["ticket_number"]) == ("solved", None)
    other = step(told, "8")
    assert other["state"] == "not_applicable"
    assert (other["started_at"], other["met_at"], other["seconds"]) == (None, None, None)
    assert (other["evidence"], other["deviation"]) == ([], None)


async def test_a_deviation_stands_at_its_step_and_in_the_list_with_its_events(url: str) -> None:
    told = await object_of(url, escalated(412, greeting_s=12.5))
    greeting = step(told, "2")
    assert greeting["deviation"] in told["deviations"]
    assert [one["step"] for one in told["steps"] if one["deviation"]] == ["2"]
    assert greeting["deviation"]["excess_s"] == pytest.approx(greeting["seconds"] - 10)
    assert greeting["deviation"]["events"] == tuple(e["event"] for e in greeting["evidence"])


async def test_another_offices_zone_moves_the_clock_and_not_the_moment(url: str) -> None:
    story = escalated(412)
    told = await object_of(url, story, "WIT")
    assert told["opened_at"] == "2026-03-02T11:00:00.000000+09:00"
    assert datetime.fromisoformat(told["opened_at"]) == story.call.arrived.at


async def test_the_command_prints_this_very_object(url: str, shell: Shell) -> None:
    story = escalated(412)
    await object_of(url, story)
    by_form = await shell.start(url, "call", story.form_number, "--json", LPSE_ZONE="WITA")
    told = json.loads(by_form.out)
    report = await read_call(url, story.ticket_number)
    assert told == json.loads(msgspec.json.encode(call_object(report, "WITA")))
