"""The office's files are read, kept, and refused with the name of the setting that is wrong."""

import tomllib
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.office import (
    content_of,
    keep_decisions,
    make_ways,
    read_form,
    read_hours,
    read_pause_reasons,
    read_priority_table,
    working_time_at,
)
from agent.settings import DATA, Settings, SettingsInvalid
from tests.database.conftest import server_url, template, url
from tests.domain.offices import HOURS, wib

__all__ = ["server_url", "template", "url"]


def settings_of(url: str = "postgresql://127.0.0.1/lpse") -> Settings:
    return Settings(
        database_url=url,
        ari_url="http://127.0.0.1:8088",
        ari_secret_file=Path("/nowhere"),
        state_folder=Path("/nowhere"),
    )


async def test_what_the_office_decided_is_kept_and_answered(url: str) -> None:
    decided = await keep_decisions(settings_of(url), "LPSE Kabupaten Batang")
    again = await keep_decisions(settings_of(url), "LPSE Kabupaten Batang")
    assert decided.form in decided.forms
    assert decided.tables == again.tables == {decided.table.version: decided.table}
    assert decided.ways.hands_over is None


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        ("form_file", read_form),
        ("hours_file", read_hours),
        ("pause_reasons_file", read_pause_reasons),
        ("priority_file", read_priority_table),
    ],
)
@pytest.mark.parametrize("content", [None, "\\xff", "a = ", "version = 5"])
def test_a_file_that_cannot_be_used_is_named_by_its_setting(
    tmp_path: Path, setting: str, read: object, content: str | None
) -> None:
    file = tmp_path / "file.toml"
    if content is not None:
        file.write_text(content)
    assert callable(read)
    with pytest.raises(SettingsInvalid, match=f"^{setting}: "):
        read(replace(settings_of(), **{setting: file}))


def test_a_file_is_read_as_it_stands() -> None:
    file = DATA / "priority" / "usulan-1.toml"
    assert content_of(file, "priority_file") == tomllib.loads(file.read_text("utf-8"))


def test_the_ways_are_those_that_the_settings_switch_on() -> None:
    on = replace(
        settings_of(),
        smtp_host="127.0.0.1",
        mail_from="a@example.go.id",
        level_addresses="lkpp=b@example.go.id",
        request_tracker_url="https://rt.example.go.id",
    )
    ways = make_ways(on, "LPSE")
    assert ways.on == {"caller_email", "level_email", "request_tracker"}
    assert (ways.hands_over, ways.addresses) == ("request_tracker", {"lkpp": "b@example.go.id"})


def test_working_time_covers_the_year_that_is_asked_about() -> None:
    working_time = working_time_at(HOURS, "WIB")
    for year in (2026, 2031):
        at: datetime = wib(f"{year}-07-06 09:00")
        assert working_time(at).add_working_time(at, 3600) > at


def test_working_time_knows_the_years_in_which_a_ticket_waited_for_its_user() -> None:
    later = wib("2031-07-06 09:00")
    worked = working_time_at(HOURS, "WIB")(later).working_seconds_between(
        wib("2026-07-06 09:00"), later
    )
    assert worked > 0
