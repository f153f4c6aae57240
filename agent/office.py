"""What the office has decided: the files that its settings name, read and understood once."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from agent.database.office_files import Kind, keep_office_file, office_files
from agent.database.tickets import TicketRules
from agent.documents.archive import Archive
from agent.documents.chosen_store import chosen_store
from agent.documents.letterhead_file import read_stationery
from agent.domain.form import FormDefinition, FormInvalid, parse_form
from agent.domain.presence import PauseReasons, PauseReasonsInvalid, parse_pause_reasons
from agent.domain.priority import PriorityTable, PriorityTableInvalid, parse_priority_table
from agent.domain.rules import CallRules
from agent.domain.sop import Sop
from agent.domain.working_time import (
    OfficeHours,
    OfficeHoursInvalid,
    WorkingTime,
    parse_office_hours,
)
from agent.runtime.case_messages import Ways
from agent.runtime.outbox import Way
from agent.runtime.public_holidays import read_calendar
from agent.settings import Settings, SettingsInvalid
from agent.speech.renderer import Renderer

Parsed = TypeVar("Parsed")


def content_of(file: Path, setting: str) -> dict[str, object]:
    """A data file as it stands. Raises SettingsInvalid with the setting that names it."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"{setting}: {error}") from error


def read_form(settings: Settings) -> FormDefinition:
    """The consultation form. Raises SettingsInvalid."""
    return _parsed(settings.form_file, "form_file", parse_form, FormInvalid)


def make_ways(settings: Settings, office_name: str) -> Ways:
    """By which ways this office's messages go, by its settings."""
    switched: dict[Way, object] = {
        "caller_email": settings.smtp_host,
        "level_email": settings.level_addresses,
        "webhook": settings.webhook_url,
        "request_tracker": settings.request_tracker_url,
    }
    return Ways(
        on=frozenset(way for way, setting in switched.items() if setting),
        office_name=office_name,
        addresses=settings.addresses_of_levels(),
    )


async def keep_decisions(settings: Settings, office_name: str) -> TicketRules:
    """Read the office's files, keep their versions, and answer by what tickets are judged.

    Raises SettingsInvalid, OfficeFileChanged, DatabaseUnreachable.
    """
    url = settings.database_url
    form, table, hours = read_form(settings), read_priority_table(settings), read_hours(settings)
    await keep_office_file(url, "form", form.name, content_of(settings.form_file, "form_file"))
    content = content_of(settings.priority_file, "priority_file")
    await keep_office_file(url, "priority_table", table.version, content)
    name = versions_in_force(settings)["office_hours"]
    content = content_of(settings.hours_file, "hours_file")
    await keep_office_file(url, "office_hours", name, content)
    return TicketRules(
        form=form.name,
        table=table,
        tables={
            name: parse_priority_table(kept)
            for name, kept in (await office_files(url, "priority_table")).items()
        },
        forms={name: parse_form(kept) for name, kept in (await office_files(url, "form")).items()},
        working_time=working_time_at(hours, settings.zone),
        ways=make_ways(settings, office_name),
    )


def versions_in_force(settings: Settings) -> dict[Kind, str]:
    """Under which names keep_decisions keeps the files. Raises SettingsInvalid."""
    hours = read_hours(settings)
    return {
        "form": read_form(settings).name,
        "priority_table": read_priority_table(settings).version,
        "office_hours": f"{hours.office} {hours.version}",
    }


def read_hours(settings: Settings) -> OfficeHours:
    """When the office works. Raises SettingsInvalid."""
    return _parsed(settings.hours_file, "hours_file", parse_office_hours, OfficeHoursInvalid)


def read_pause_reasons(settings: Settings) -> PauseReasons:
    """Why operators may be paused. Raises SettingsInvalid."""
    return _parsed(
        settings.pause_reasons_file, "pause_reasons_file", parse_pause_reasons, PauseReasonsInvalid
    )


def read_priority_table(settings: Settings) -> PriorityTable:
    """How urgent is what, and by when it is due. Raises SettingsInvalid."""
    return _parsed(
        settings.priority_file, "priority_file", parse_priority_table, PriorityTableInvalid
    )


def _parsed(
    file: Path, setting: str, parse: Callable[[object], Parsed], invalid: type[ValueError]
) -> Parsed:
    try:
        return parse(content_of(file, setting))
    except invalid as error:
        raise SettingsInvalid(f"{setting}: {error}") from error


def working_time_at(hours: OfficeHours, zone: str) -> Callable[[datetime], WorkingTime]:
    """The office's working time as a question of the moment: no calendar covers all years.

    It goes far back, because a ticket may have waited for its user for years.
    """

    @lru_cache(maxsize=2)
    def of_year(year: int) -> WorkingTime:
        return WorkingTime(hours, read_calendar(year - 5, year + 2), zone)

    return lambda at: of_year(at.year)


def make_renderer(settings: Settings, sop: Sop) -> Renderer:
    """The speech room as the settings want it. Raises PromptFileInvalid."""
    return Renderer(
        folder=settings.state_folder / "speech",
        prompts_file=settings.prompts_file,
        recorded_folder=settings.recorded_prompts_folder,
        piper_voice=settings.piper_voice,
        speech_root=settings.speech_root,
        lpse_name=sop.office_name,
    )


def make_archive(
    settings: Settings, sops: Mapping[str, Sop], forms: Mapping[str, FormDefinition]
) -> Archive:
    """The archive as the settings want it. Raises SettingsInvalid, LetterheadInvalid."""
    stationery = read_stationery(settings.letterhead_file)
    return Archive(chosen_store(settings), sops, forms, read_form(settings), stationery)


def make_rules(
    settings: Settings, sop: Sop, decided: TicketRules, notice_version: str
) -> CallRules:
    """The rules under which calls arrive from now on."""
    return CallRules(
        sop=sop.name,
        zone=settings.zone,
        notice=notice_version,
        ring_seconds=settings.ring_seconds,
        new_round_seconds=settings.new_round_seconds,
        please_wait_seconds=settings.please_wait_seconds,
        longest_wait_seconds=settings.longest_wait_seconds,
        numbers_heard_by=settings.numbers_heard_by,
        form=decided.form,
        hand_over=decided.ways.hands_over is not None,
        archive_after_seconds=settings.archive_after_seconds,
    )
