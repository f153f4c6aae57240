"""`lpse-agent doctor`: every dependency and setting checked, each with its mend in one line."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import aiohttp
import msgspec
import typer
from msgspec.structs import replace

from agent.asterisk.ari_client import AriClient
from agent.asterisk.clock_skew import SKEW_ALARM_S, clock_skew
from agent.asterisk.errors import AsteriskRefused, AsteriskUnfit, AsteriskUnreachable
from agent.asterisk.refused_calls import log_beside, refused_calls
from agent.asterisk.version import check_version
from agent.commands.pages_reached import look_at_pages
from agent.commands.plain import FAILED, console, print_json, said_plainly
from agent.database.errors import DatabaseOlder, DatabaseProblem, DatabaseUnreachable
from agent.database.migrations import require_migrated
from agent.documents.archive_store import ArchiveFailed
from agent.documents.chosen_store import chosen_store
from agent.documents.letterhead_file import read_stationery
from agent.domain.letterhead import LetterheadInvalid
from agent.domain.sop import Sop, parse_sop
from agent.handover.senders import make_senders
from agent.logs import set_up_logs
from agent.office import content_of, make_renderer
from agent.settings import Settings, SettingsInvalid, read_settings
from agent.speech.errors import PromptFileInvalid, SpeechUnavailable


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `mend` says what to do when it is not well."""

    what: str
    well: bool
    found: str
    mend: str = ""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Check every dependency and setting; status 1 when something needs mending.

    ✓ is well. ✗ needs mending, and the line below it says how.
    Nothing is changed and no call is placed; it may run beside the service.

    Example, only what needs mending:
    lpse-agent doctor | grep -A 1 ✗
    """
    with said_plainly():
        settings = read_settings()
    # What the rooms log on their way is not an answer; standard output is for the findings alone.
    set_up_logs("warning")
    findings = asyncio.run(_examine(settings))
    if json:
        print_json(findings)
    else:
        _show(findings)
    if not all(finding.well for finding in findings):
        raise typer.Exit(FAILED)


def _show(findings: list[Finding]) -> None:
    """Lines and no table: a mend is copied into a shell, so nothing of it may be wrapped."""
    out = console()
    for finding in findings:
        sign = "✓" if finding.well else "✗"
        out.print(f"{sign} {finding.what:<16} {' '.join(finding.found.split())}", soft_wrap=True)
        if not finding.well:
            out.print(f"  {'':<16} → {' '.join(finding.mend.split())}", soft_wrap=True)


async def _examine(settings: Settings) -> list[Finding]:
    folder = _folder(settings)
    findings = [folder, _secret(settings)]
    findings += [*_files(settings), _letterhead(settings), *await _archive(settings)]
    findings.append(await _hand_over(settings))
    found, mend = await asyncio.to_thread(look_at_pages, settings)
    findings.append(Finding("pages", not mend, found, mend))
    try:
        sop = parse_sop(content_of(settings.sop_file, "sop_file"))
    # Also a UnicodeDecodeError is a ValueError, as SettingsInvalid and SopInvalid are.
    except ValueError as error:
        findings.append(Finding("sop_file", False, str(error), f"Mend {settings.sop_file}"))
    else:
        findings.append(Finding("sop_file", True, sop.name))
        if folder.well:
            findings += [finding async for finding in _speech(settings, sop)]
    findings += [await _database(settings), *[f async for f in _asterisk(settings)]]
    return findings + _calls_out(settings)


def _folder(settings: Settings) -> Finding:
    folder = settings.state_folder
    if folder.exists() and not folder.is_dir():
        return Finding("state_folder", False, f"{folder} is no folder", f"rm {folder}")
    well = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    mend = f"mkdir -p {folder}" if not folder.exists() else f"chown $USER {folder}"
    found = str(folder) if well else f"{folder} is missing, or closed to this user"
    return Finding("state_folder", well, found, "" if well else mend)


def _secret(settings: Settings) -> Finding:
    what, file = "ari_secret_file", settings.ari_secret_file
    again = "Run the set-up again; it makes the secret."
    try:
        settings.ari_secret()
    except SettingsInvalid as error:
        return Finding(what, False, str(error), again)
    if file.stat().st_mode & stat.S_IRWXO:
        return Finding(what, False, f"{file} is open to everybody", f"chmod 0640 {file}")
    return Finding(what, True, str(file))


def _files(settings: Settings) -> list[Finding]:
    """Voices that an office may leave out, but that must be there when it has named them."""
    named: dict[str, Path | None] = {
        "piper_voice": settings.piper_voice,
        "recorded_prompts_folder": settings.recorded_prompts_folder,
        "speech_root": settings.speech_root,
    }
    return [
        Finding(name, False, f"{path} is not there", f"Put it there, or unset {name}")
        for name, path in named.items()
        if path and not path.exists()
    ]


def _letterhead(settings: Settings) -> Finding:
    what, file = "letterhead_file", settings.letterhead_file
    try:
        letterhead = read_stationery(file).letterhead
    except LetterheadInvalid as error:
        return Finding(what, False, str(error).partition("\n")[0], f"Mend {file}")
    return Finding(what, True, letterhead.office)


async def _archive(settings: Settings) -> list[Finding]:
    """The store of archived forms, where it is not the state folder, which is looked at anyway."""
    what = "archive_store"
    if settings.archive_store is None:
        return []
    try:
        await asyncio.to_thread(chosen_store(settings).read, "doctor")
    except (SettingsInvalid, ArchiveFailed) as error:
        mend = "Start the store, or mend the settings archive_s3_…"
        return [Finding(what, False, str(error), mend)]
    return [Finding(what, True, settings.archive_store)]


async def _hand_over(settings: Settings) -> Finding:
    """Which ways have all that they need here; a receiver is told nothing for a check."""
    what = "hand_over"
    try:
        async with aiohttp.ClientSession() as session:
            ways = sorted(make_senders(settings, session))
    except SettingsInvalid as error:
        return Finding(what, False, str(error), "Mend that setting, or the file that it names")
    for file in (
        settings.smtp_password_file,
        settings.webhook_secret_file,
        settings.request_tracker_token_file,
    ):
        if file and file.exists() and file.stat().st_mode & stat.S_IRWXO:
            return Finding(what, False, f"{file} is open to everybody", f"chmod 0640 {file}")
    return Finding(what, True, ", ".join(ways) or "every way is off")


def _calls_out(settings: Settings) -> list[Finding]:
    """Who tried to call out, by Asterisk's log; nothing where that is on another machine."""
    what, log = "calls_out", log_beside(settings.ledger_file)
    try:
        refused = refused_calls(log)
    except FileNotFoundError:
        return []
    except OSError as error:
        found = f"{log} cannot be read: {error.strerror}"
        return [Finding(what, False, found, f"chgrp lpse-agent {log}; chmod g+r {log}")]
    if not refused:
        return [Finding(what, True, "nobody has tried to dial another number")]
    last = refused[-1]
    found = f"{len(refused)} refused, the last {last.at} from {last.device} at {last.address}"
    mend = (
        f"Ask who dialled (grep 'to extension' {log}); a telephone that did it by itself is taken"
    )
    return [Finding(what, False, found, f"{mend}: lpse-agent operator remove")]


async def _database(settings: Settings) -> Finding:
    try:
        await require_migrated(settings.database_url)
    except DatabaseOlder as error:
        return Finding("database", False, str(error), "lpse-agent migrate")
    except DatabaseUnreachable as error:
        return Finding("database", False, str(error), "Start PostgreSQL, or mend DATABASE_URL")
    except DatabaseProblem as error:
        # It is newer, or its past was changed: the message itself says what to do.
        found, _, mend = str(error).partition(": ")
        return Finding("database", False, found, mend)
    return Finding("database", True, "migrated")


async def _asterisk(settings: Settings) -> AsyncIterator[Finding]:
    """Nothing without a secret: what is wrong with it was said already."""
    try:
        secret = settings.ari_secret()
    except SettingsInvalid:
        return
    version = ""
    try:
        async with AriClient(settings.ari_url, settings.ari_user, secret) as ari:
            information = await ari.get("asterisk", "info")
            version = str(information["system"]["version"])
            check_version(version)
            skew = await clock_skew(ari)
    except AsteriskUnreachable as error:
        # Its own text is aiohttp's; the cause says it in words.
        found = f"no answer at {settings.ari_url}: {error.__cause__ or error}"
        yield Finding("asterisk", False, found, "Start Asterisk, or mend ari_url")
    except AsteriskRefused as error:
        found = f"{settings.ari_url} says {error}"
        yield Finding("asterisk", False, found, "Mend ari_url, ari_user or ari_secret_file")
    except AsteriskUnfit as error:
        yield Finding("asterisk", False, version, str(error))
    except (KeyError, TypeError):
        found = f"what answers at {settings.ari_url} is no Asterisk"
        yield Finding("asterisk", False, found, "Mend ari_url")
    else:
        yield Finding("asterisk", True, version)
        well = abs(skew) <= SKEW_ALARM_S
        mend = "" if well else "Keep this machine's clock by deploy/chrony/lpse.conf"
        yield Finding("clocks", well, f"Asterisk's minus ours: {skew:+.2f} s", mend)


async def _speech(settings: Settings, sop: Sop) -> AsyncIterator[Finding]:
    # In a folder of its own, so that an examination by root leaves nothing to the service's user.
    with TemporaryDirectory(dir=settings.state_folder, prefix="doctor-") as folder:
        try:
            renderer = make_renderer(replace(settings, state_folder=Path(folder)), sop)
            await renderer.prepare()
            well = await renderer.works()
        except PromptFileInvalid as error:
            yield Finding("prompts_file", False, str(error), f"Mend {settings.prompts_file}")
        except SpeechUnavailable as error:
            mend = "Install espeak-ng, or set speech_root"
            yield Finding("speech", False, str(error), mend)
        else:
            mend = "" if well else "Install espeak-ng, or set speech_root"
            yield Finding("speech", well, "; ".join(renderer.engines()), mend)
