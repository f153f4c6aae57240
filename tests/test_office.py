"""The office's files are read, kept, and refused with the name of the setting that is wrong."""

import tomllib
from pathlib import Path

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from agent.database.office_decisions import (
    NewDecision,
    decide,
    decide_by_files,
    names_in_force,
)
from agent.database.pool import Pool
from agent.domain.office_rules import rules_content
from agent.domain.sop import parse_sop
from agent.office import (
    content_of,
    decisions_in_force,
    keep_decisions,
    make_rules,
    make_ways,
    read_form,
    read_hours,
    read_pause_reasons,
    read_priority_table,
    rules_decided,
)
from agent.settings import DATA, Settings, SettingsInvalid


def settings_of(url: str = "postgresql://127.0.0.1/lpse") -> Settings:
    return Settings(
        database_url=url,
        ari_url="http://127.0.0.1:8088",
        ari_secret_file=Path("/nowhere"),
        state_folder=Path("/nowhere"),
    )


async def test_what_the_office_decided_is_kept_and_answered(url: str) -> None:
    decided = (await keep_decisions(settings_of(url), "LPSE Kabupaten Batang")).now
    again = (await keep_decisions(settings_of(url), "LPSE Kabupaten Batang")).now
    assert decided.form in decided.forms
    assert decided.tables == again.tables == {decided.table.version: decided.table}
    assert decided.ways.hands_over is None


async def test_a_file_decides_by_a_version_that_never_was_and_no_older_one_comes_back(
    url: str, tmp_path: Path
) -> None:
    first = settings_of(url)
    text = first.priority_file.read_text("utf-8")
    file = tmp_path / "table.toml"
    file.write_text(text.replace('version = "usulan-1"', 'version = "usulan-2"'))
    second = replace(first, priority_file=file)
    assert (await keep_decisions(first, "LPSE")).names["priority_table"] == "usulan-1"
    assert (await keep_decisions(second, "LPSE")).names["priority_table"] == "usulan-2"
    assert (await keep_decisions(first, "LPSE")).names["priority_table"] == "usulan-2"


async def test_what_was_decided_on_the_pages_outlives_a_restart_whatever_the_file_says(
    url: str,
) -> None:
    settings = settings_of(url)
    before = await keep_decisions(settings, "LPSE")
    pool = Pool(url)
    content = content_of(settings.priority_file, "priority_file")
    new = NewDecision(
        kind="priority_table",
        name="kantor-1",
        content={**content, "version": "kantor-1", "status": "ditetapkan"},
        based_on=before.names["priority_table"],
        by="ratna",
        reason="Surat 12",
    )
    await decide(pool, new)
    await pool.aclose()
    assert before.now.table.version == "usulan-1"
    for read in (keep_decisions, decisions_in_force):
        after = await read(settings, "LPSE")
        assert (after.now.table.version, after.now.table.status) == ("kantor-1", "ditetapkan")
        assert after.now.form == before.now.form


async def decide_rules(url: str, version: str, based_on: str, **change: object) -> None:
    pool = Pool(url)
    content = rules_content(version, replace(settings_of(), **change))
    new = NewDecision(
        kind="office_rules", name=version, content=content, based_on=based_on, by="ratna",
        reason="Rapat",
    )  # fmt: skip
    await decide(pool, new)
    await pool.aclose()


async def test_settings_decide_the_rules_of_calls_by_what_they_never_said(url: str) -> None:
    first = settings_of(url)
    second = replace(first, ring_seconds=25.0)
    names = [(await keep_decisions(one, "LPSE")).names["office_rules"] for one in (first, second)]
    assert names[0] != names[1]
    assert all(name.startswith("setelan-") for name in names)
    with capture_logs() as logs:
        decided = await keep_decisions(first, "LPSE")
    assert decided.names["office_rules"] == names[1], "an old one does not come back"
    assert decided.rules.ring_seconds == 25
    told = [line for line in logs if line["event"] == "settings_replaced"]
    assert [(line["settings"], line["by"]) for line in told] == [(["ring_seconds"], names[1])]


async def test_rules_that_the_office_decided_outlive_a_restart_and_settings_that_say_them_too(
    url: str,
) -> None:
    settings = settings_of(url)
    first = (await keep_decisions(settings, "LPSE")).names["office_rules"]
    await decide_rules(url, "kantor-1", first, wrap_up_seconds=60.0, numbers_heard_by="operator")
    for read in (keep_decisions, decisions_in_force):
        after = await read(settings, "LPSE")
        assert (after.rules.version, after.rules.wrap_up_seconds) == ("kantor-1", 60)
    same = replace(settings, wrap_up_seconds=60.0, numbers_heard_by="operator")
    assert (await keep_decisions(same, "LPSE")).names["office_rules"] == "kantor-1"
    other = replace(same, wrap_up_seconds=90.0)
    assert (await keep_decisions(other, "LPSE")).rules.wrap_up_seconds == 90


async def test_a_call_has_the_rules_that_count_when_it_arrives(url: str) -> None:
    settings = replace(settings_of(url), zone="WIT", ring_seconds=12.0)
    before = await keep_decisions(settings, "LPSE")
    sop = parse_sop(content_of(settings.sop_file, "sop_file"))
    rules = make_rules(settings, sop, before, "2")
    assert (rules.sop, rules.zone, rules.notice) == (sop.name, "WIT", "2")
    assert (rules.form, rules.hand_over) == (before.form.name, False)
    assert (rules.ring_seconds, rules.archive_after_seconds) == (12, 480)
    await decide_rules(url, "kantor-1", before.names["office_rules"], ring_seconds=30.0)
    after = make_rules(settings, sop, await decisions_in_force(settings, "LPSE"), "2")
    assert after == replace(rules, ring_seconds=30.0)


async def test_who_only_reads_the_rules_of_calls_decides_nothing(url: str) -> None:
    settings = replace(settings_of(url), audio_kept_days=1)
    assert (await rules_decided(settings)).audio_kept_days == 1
    assert await names_in_force(url) == {}
    decided = await keep_decisions(settings_of(url), "LPSE")
    await decide_rules(url, "kantor-1", decided.names["office_rules"], audio_kept_days=30)
    assert (await rules_decided(settings)).audio_kept_days == 30


async def test_a_kind_that_is_newer_than_the_last_start_is_decided_by_the_settings(
    url: str,
) -> None:
    settings = settings_of(url)
    form = read_form(settings)
    await decide_by_files(url, {"form": (form.name, content_of(settings.form_file, "form_file"))})
    assert (await decisions_in_force(settings, "LPSE")).rules.ring_seconds == 20


async def test_a_program_that_decides_nothing_reads_the_files_before_the_first_start(
    url: str,
) -> None:
    read = await decisions_in_force(settings_of(url), "LPSE")
    assert read.names == (await decisions_in_force(settings_of(url), "LPSE")).names
    assert read.form.name == "formulir-konsultasi-1"


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
