"""`lpse-agent doctor`: every dependency and setting checked, each with its mend in one line."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskUnfit
from agent.asterisk.version import check_version
from agent.commands.plain import FAILED, console, print_json, said_plainly
from agent.database.errors import DatabaseProblem
from agent.database.migrations import require_migrated
from agent.domain.sop import SopInvalid, parse_sop
from agent.runtime.errors import EffectFailed
from agent.service import make_renderer, read_sop
from agent.settings import Settings, SettingsInvalid, read_settings
from agent.speech.errors import SpeechUnavailable


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `mend` says what to do when it is not well."""

    what: str
    well: bool
    found: str
    mend: str = ""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Check every dependency and setting; status 1 when something needs mending."""
    with said_plainly():
        settings = read_settings()
    findings = asyncio.run(_examine(settings))
    if json:
        print_json(findings)
    else:
        table = Table("", "What", "Found", "Mend")
        for finding in findings:
            table.add_row("✓" if finding.well else "✗", finding.what, finding.found, finding.mend)
        console().print(table)
    if not all(finding.well for finding in findings):
        raise typer.Exit(FAILED)


async def _examine(settings: Settings) -> list[Finding]:
    return [
        _folder(settings),
        _secret(settings),
        _sop(settings),
        await _database(settings),
        await _asterisk(settings),
        *[finding async for finding in _speech(settings)],
    ]


def _folder(settings: Settings) -> Finding:
    folder = settings.state_folder
    well = folder.is_dir() and os.access(folder, os.W_OK)
    return Finding("state_folder", well, str(folder), "" if well else f"mkdir -p {folder}")


def _secret(settings: Settings) -> Finding:
    what, file = "ari_secret_file", settings.ari_secret_file
    try:
        settings.ari_secret()
    except SettingsInvalid as error:
        return Finding(what, False, str(error), "Run the set-up again; it makes the secret.")
    if file.stat().st_mode & 0o007:
        return Finding(what, False, "readable by everybody", f"chmod 0640 {file}")
    return Finding(what, True, str(file))


def _sop(settings: Settings) -> Finding:
    try:
        sop = parse_sop(read_sop(settings.sop_file))
    except (SettingsInvalid, SopInvalid) as error:
        return Finding("sop_file", False, str(error), f"Mend {settings.sop_file}")
    return Finding("sop_file", True, sop.name)


async def _database(settings: Settings) -> Finding:
    try:
        await require_migrated(settings.database_url)
    except DatabaseProblem as error:
        return Finding("database", False, str(error), "Start PostgreSQL; lpse-agent migrate")
    return Finding("database", True, "migrated")


async def _asterisk(settings: Settings) -> Finding:
    try:
        async with AriClient(settings.ari_url, settings.ari_user, settings.ari_secret()) as ari:
            information = await ari.get("asterisk", "info")
        version = str(information["system"]["version"])
        check_version(version)
    except (EffectFailed, SettingsInvalid) as error:
        return Finding("asterisk", False, str(error)[:120], "Start Asterisk; check ari_url")
    except AsteriskUnfit as error:
        return Finding("asterisk", False, version, str(error))
    return Finding("asterisk", True, version)


async def _speech(settings: Settings) -> AsyncIterator[Finding]:
    try:
        sop = parse_sop(read_sop(settings.sop_file))
        renderer = make_renderer(settings, sop)
        await renderer.prepare()
        well = await renderer.works()
    except (SettingsInvalid, SopInvalid, SpeechUnavailable, ValueError) as error:
        yield Finding("speech", False, str(error), "Install espeak-ng, or set speech_root")
        return
    mend = "" if well else "Install espeak-ng, or set speech_root"
    yield Finding("speech", well, "; ".join(renderer.engines()), mend)
