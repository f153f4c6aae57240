"""What the office has decided: by its settings and the files that they name, and since then."""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from agent.catalogue import read_words
from agent.database.office_decisions import decide_by_files, decided_version, names_in_force
from agent.database.office_files import KINDS, Kind, office_files
from agent.database.rules_in_force import RulesInForce, read_rules_in_force
from agent.documents.archive import Archive
from agent.documents.chosen_store import chosen_store
from agent.documents.letterhead_file import read_stationery
from agent.domain.form import FormDefinition, FormInvalid, parse_form
from agent.domain.office_rules import (
    RULES,
    OfficeRules,
    parse_office_rules,
    ruled,
    rules_content,
)
from agent.domain.presence import PauseReasons, PauseReasonsInvalid, parse_pause_reasons
from agent.domain.priority import PriorityTable, PriorityTableInvalid, parse_priority_table
from agent.domain.rules import CallRules
from agent.domain.sop import Sop
from agent.domain.working_time import OfficeHours, OfficeHoursInvalid, parse_office_hours
from agent.runtime.case_messages import Ways
from agent.runtime.outbox import Way
from agent.settings import Settings, SettingsInvalid
from agent.speech.renderer import Renderer

Parsed = TypeVar("Parsed")

BY_SETTINGS = "setelan"
"""How the versions begin that the settings say."""

log = structlog.get_logger()


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


async def keep_decisions(settings: Settings, office_name: str) -> RulesInForce:
    """Keep the versions of the office's files, and answer by what calls and tickets are judged.

    A file's version that never was counts from now on, and so do rules of calls that the settings
    never said; else what was decided last does. Raises SettingsInvalid, OfficeFileChanged,
    DatabaseUnreachable.
    """
    form, table, hours = read_form(settings), read_priority_table(settings), read_hours(settings)
    files: dict[Kind, tuple[str, object]] = {
        "form": (form.name, content_of(settings.form_file, "form_file")),
        "priority_table": (table.version, content_of(settings.priority_file, "priority_file")),
        "office_hours": (hours.name, content_of(settings.hours_file, "hours_file")),
        "office_rules": await _rules_of_settings(settings),
    }
    await decide_by_files(settings.database_url, files)
    decided = await _in_force(settings, office_name)
    if idle := [one for one in RULES if getattr(settings, one) != getattr(decided.rules, one)]:
        log.info("settings_replaced", settings=idle, by=decided.rules.version)
    return decided


async def decisions_in_force(settings: Settings, office_name: str) -> RulesInForce:
    """What counts, for programs that decide nothing; before the service's first start the files'.

    Raises SettingsInvalid, OfficeFileChanged, DatabaseUnreachable.
    """
    if set(KINDS) - (await names_in_force(settings.database_url)).keys():
        return await keep_decisions(settings, office_name)
    return await _in_force(settings, office_name)


async def rules_decided(settings: Settings) -> OfficeRules:
    """How calls are treated, for programs that need nothing else; changes nothing.

    Raises DatabaseUnreachable.
    """
    content = await decided_version(settings.database_url, "office_rules")
    return parse_office_rules(rules_content("", settings) if content is None else content)


async def _rules_of_settings(settings: Settings) -> tuple[str, object]:
    """What the settings say of the rules of calls, under the name by which it is known.

    They have no version of their own: one that was ever kept with the same rules is theirs, else
    a new one is named after its content.
    """
    for name, content in (await office_files(settings.database_url, "office_rules")).items():
        kept = parse_office_rules(content)
        if rules_content(name, kept) == rules_content(name, settings):
            return name, content
    encoded = msgspec.json.encode(rules_content("", settings), order="sorted")
    name = f"{BY_SETTINGS}-{hashlib.sha256(encoded).hexdigest()[:8]}"
    return name, rules_content(name, settings)


async def _in_force(settings: Settings, office_name: str) -> RulesInForce:
    ways = make_ways(settings, office_name)
    return await read_rules_in_force(settings.database_url, settings.zone, ways)


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


def make_archive(settings: Settings, sops: Mapping[str, Sop], decided: RulesInForce) -> Archive:
    """The archive as the settings want it. Raises SettingsInvalid, LetterheadInvalid."""
    stationery = read_stationery(settings.letterhead_file)
    store = chosen_store(settings)
    return Archive(
        store,
        sops,
        decided.forms,
        lambda: decided.form,
        stationery,
        lambda: decided.now.table,
        read_words()["id"],
    )


def make_rules(
    settings: Settings, sop: Sop, decided: RulesInForce, notice_version: str
) -> CallRules:
    """The rules under which calls arrive from now on."""
    rules = CallRules(
        sop=sop.name,
        zone=settings.zone,
        notice=notice_version,
        form=decided.now.form,
        hand_over=decided.now.ways.hands_over is not None,
    )
    return ruled(rules, decided.rules)
