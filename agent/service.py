"""Builds every part and joins them in one TaskGroup; the only module that knows all rooms."""

import asyncio
import gc
import os
import platform
import signal
import tomllib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from aiohttp import web

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_effects import AriEffects
from agent.asterisk.ari_exchange import AriExchange
from agent.asterisk.ari_session import AriSession
from agent.asterisk.ari_witness import AriWitness
from agent.asterisk.cel_file import CelFile
from agent.asterisk.fastagi import AgiRequest, FastAgiServer
from agent.asterisk.phone_accounts import dialled_together
from agent.asterisk.standby import Standby
from agent.database.lease import LeaseStore
from agent.database.ledger import LedgerStore
from agent.database.migrations import migrate
from agent.database.operators import free_operators
from agent.database.sops import all_sops, load_sop
from agent.database.writer import Writer
from agent.documents.archive import Archive
from agent.documents.chosen_store import chosen_store
from agent.documents.letterhead_file import read_stationery
from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect, ArchiveForm, PlayPrompt
from agent.domain.form import parse_form
from agent.domain.rules import CallRules
from agent.domain.sop import Sop, parse_sop
from agent.runtime import clock
from agent.runtime.call_loop import CallServices
from agent.runtime.dispatcher import Dispatcher
from agent.runtime.doors import Performed
from agent.runtime.errors import EffectFailed
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.journal import JournaledRecorder
from agent.runtime.lease import LeaseKeeper
from agent.runtime.ledger import LedgerReader
from agent.runtime.numbers import NumberPool
from agent.runtime.reconciler import Reconciler
from agent.settings import DATA, Settings, SettingsInvalid
from agent.speech.errors import SpeechUnavailable
from agent.speech.renderer import Renderer, Speech
from agent.watchdog import Watchdog
from agent.web.health import Check, make_application

RETRY_S = 1.0
FORM_FILE = DATA / "form" / "formulir-konsultasi-1.toml"
FALLBACK_QUESTION, FALLBACK_ANSWER = "fallback", "LPSE_OPERATORS"
"""As dialplan/extensions.conf asks in [agent-away-question]."""
MOST_RUNG = 50
"""Telephones that ring for one caller; an answer over FastAGI has room for 70."""

T = TypeVar("T")

log = structlog.get_logger()


class _Doors:
    """Sends each wish to the door that can fulfil it."""

    def __init__(self, ari: AriEffects, archive: Archive, lease: LeaseKeeper) -> None:
        self._ari = ari
        self._archive = archive
        self._lease = lease

    async def perform(self, call: Call, effect: AnyEffect) -> Performed:
        """Fulfil one wish. Raises EffectFailed."""
        if isinstance(effect, ArchiveForm):
            await self._lease.may_command()  # for all that goes to Asterisk its client asks
            return await self._archive.write(call)
        return await self._ari.perform(call, effect)


def read_sop(file: Path) -> dict[str, object]:
    """The office's procedure as its file has it. Raises SettingsInvalid."""
    try:
        return tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"sop_file: {error}") from error


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


def make_archive(settings: Settings, sops: dict[str, Sop]) -> Archive:
    """The archive as the settings want it. Raises SettingsInvalid, LetterheadInvalid."""
    form = parse_form(tomllib.loads(FORM_FILE.read_text("utf-8")))
    stationery = read_stationery(settings.letterhead_file)
    return Archive(chosen_store(settings), sops, {form.name: form}, form, stationery)


def make_rules(settings: Settings, sop: Sop, notice_version: str) -> CallRules:
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
    )


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; calls in progress then talk on without us.

    Raises SettingsInvalid, SopInvalid, LetterheadInvalid, AsteriskUnfit, DatabaseProblem,
    StandDown.
    """
    content = read_sop(settings.sop_file)
    renderer = make_renderer(settings, parse_sop(content))
    stop = asyncio.Event()
    watchdog = Watchdog(os.environ)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(watchdog.run())
            service = tasks.create_task(_run(settings, content, renderer, watchdog))
            await _first(stop, service)
            watchdog.stopping()
            service.cancel()
            watch.cancel()
    except BaseExceptionGroup as group:
        # What ends the service is one mistake, however deep in its tasks it happened.
        raise _innermost(group) from group
    log.info("service_stopped")


def _innermost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _innermost(first) if isinstance(first, BaseExceptionGroup) else first


async def _first(stop: asyncio.Event, service: "asyncio.Task[None]") -> None:
    """Wait for the stop signal or the service's failure, which its TaskGroup raises."""
    service.add_done_callback(lambda _task: stop.set())
    await stop.wait()


async def _run(settings: Settings, content: object, renderer: Renderer, watchdog: Watchdog) -> None:
    await _until_it_works("database", lambda: migrate(settings.database_url))
    url = settings.database_url
    sop = await _until_it_works("database", lambda: load_sop(url, content))
    sops = await _until_it_works("database", lambda: all_sops(url))
    archive = make_archive(settings, sops)
    await renderer.prepare()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        # One client listens and asks, also while this process stands by; the other commands.
        listener = await stack.enter_async_context(_ari_client(settings))
        witness = AriWitness(listener, settings.ari_application)
        store = LeaseStore(url, f"{platform.node()} {os.getpid()}")
        stack.callback(store.close)
        lease = LeaseKeeper(store, witness, lambda: session.ready)
        client = await stack.enter_async_context(_ari_client(settings, lease.may_command))
        dispatcher = Dispatcher()
        exchange = AriExchange(client, settings.ari_application, settings.standby_application)
        reconciler = Reconciler(exchange, dispatcher)

        async def connected(started_at: datetime, lost_at: datetime | None) -> None:
            floor.exchange_lost()
            ledger.exchange_started(started_at)
            reconciler.connected(started_at, lost_at)
            await _tell_the_rest(ledger)  # before anything is done that may have been done already
            dispatcher.go_on()
            if lease.opened():
                standing_by.cancel()
                await reconciler.take_over()

        session = AriSession(
            listener,
            settings.ari_application,
            dispatcher.arrived,
            dispatcher.tell,
            connected,
            may_open=lease.may_open,
            heard=witness.heard,
            replaced=lambda: lease.lose("another agent has opened the owner's application"),
        )
        standby = Standby(listener, settings.ari_application, settings.standby_application)
        standing_by = tasks.create_task(standby.run())
        checks = _standby_checks(standby, lease, renderer)
        await _serve_health(settings, stack, checks, lambda: lease.role)
        tasks.create_task(_answer_the_fallback(settings))
        _settle()
        watchdog.ready(is_well=lambda: not session.stuck, status=lambda: _status(lease, session))
        epoch = await lease.acquire()
        standby.hold_on()
        stack.push_async_callback(lease.release)
        tasks.create_task(lease.run())
        tasks.create_task(witness.run(lambda: lease.held))

        writer = Writer(url, sops, epoch=epoch)
        recorder = JournaledRecorder(writer, settings.state_folder / "journal.jsonl")
        floor = FloorKeeper(recorder, exchange, dispatcher.offer)
        numbers = NumberPool(recorder, sop.office, settings.zone)
        sound = _sound_of(renderer)
        talk_detection = settings.talk_detection
        ari = AriEffects(client, settings.ari_application, sound, talk_detection, epoch)
        doors = _Doors(ari, archive, lease)
        rules = make_rules(settings, sop, renderer.version("recording_notice"))
        dispatcher.serve(CallServices(recorder, doors, numbers, floor, rules, sops, epoch))
        ledger = LedgerReader(
            CelFile(settings.ledger_file),
            LedgerStore(url, epoch=epoch),
            dispatcher,
            lambda: not recorder.waiting,
        )
        tasks.create_task(writer.run())
        checks.update(_checks(session, writer, recorder, renderer))
        await _until_it_works("database", recorder.drain)
        unfinished = await _until_it_works("database", recorder.unfinished)
        running = asyncio.Event()
        tasks.create_task(dispatcher.run(running.set))
        await running.wait()
        for call in unfinished:
            dispatcher.resume(call)  # their wishes wait until Asterisk's events come to us
        await _until_it_works("ledger", lambda: ledger.begin(unfinished))
        tasks.create_task(session.run())
        tasks.create_task(_until_it_works("database", lambda: numbers.fill(clock.now())))
        tasks.create_task(floor.run())
        tasks.create_task(reconciler.run())
        tasks.create_task(ledger.run())
        tasks.create_task(numbers.keep_filled())
        tasks.create_task(recorder.run())
        log.info("service_started", epoch=epoch, resumed=len(unfinished))


def _ari_client(
    settings: Settings, may_command: Callable[[], Awaitable[None]] | None = None
) -> AriClient:
    return AriClient(settings.ari_url, settings.ari_user, settings.ari_secret(), may_command)


def _settle() -> None:
    """What was loaded at the start stays: no later collection looks at it and stalls every call."""
    gc.collect()
    gc.freeze()


async def _until_it_works(what: str, work: Callable[[], Awaitable[T]]) -> T:
    """Whoever is away at the start is waited for; a mistake that waiting cannot mend is raised."""
    while True:
        try:
            return await work()
        except EffectFailed as error:
            log.warning("waiting_for", what=what, reason=str(error))
            await asyncio.sleep(RETRY_S)


async def _tell_the_rest(ledger: LedgerReader) -> None:
    """What the ledger has up to this moment; what cannot be read now is read at its next turn."""
    try:
        await ledger.tell_new()
    except EffectFailed as error:
        log.warning("ledger_waits", reason=str(error)[:200])


def _sound_of(renderer: Renderer) -> Callable[[PlayPrompt], Awaitable[tuple[Path, timedelta]]]:
    async def sound(effect: PlayPrompt) -> tuple[Path, timedelta]:
        speech = Speech(
            prompt=effect.prompt,
            form_number=effect.form_number,
            ticket_number=effect.ticket_number,
        )
        try:
            audio = await renderer.audio(speech)
        except SpeechUnavailable as error:
            raise EffectFailed(str(error)) from error
        return audio.path, audio.length

    return sound


def _standby_checks(standby: Standby, lease: LeaseKeeper, renderer: Renderer) -> dict[str, Check]:
    async def echo() -> str | None:
        return None if standby.ready else "Asterisk does not return our echo"

    async def record() -> str | None:
        return None if lease.reachable else "the database does not answer"

    return {"asterisk": echo, "record": record, "speech": _speech_check(renderer)}


def _speech_check(renderer: Renderer) -> Check:
    async def speech() -> str | None:
        return None if await renderer.works() else "no speech engine renders"

    return speech


def _checks(
    session: AriSession, writer: Writer, recorder: JournaledRecorder, renderer: Renderer
) -> dict[str, Check]:
    async def echo() -> str | None:
        return None if session.ready else "Asterisk does not return our echo"

    async def record() -> str | None:
        if trouble := recorder.trouble():
            return trouble
        if writer.healthy or recorder.writable():
            return None
        return "the database does not answer and the journal cannot be written"

    return {"asterisk": echo, "record": record, "speech": _speech_check(renderer)}


def _status(lease: LeaseKeeper, session: AriSession) -> str:
    if lease.role == "standby":
        return "standing by"
    return "taking calls" if session.ready else "no echo from Asterisk, asking again and again"


async def _answer_the_fallback(settings: Settings) -> None:
    """Name free operators to the dialplan whose callers no application takes.

    One process of the office has the port, owner or standby; the other waits for it.
    """

    async def answer(request: AgiRequest) -> dict[str, str]:
        if request.script != FALLBACK_QUESTION:
            return {}
        free = await free_operators(settings.database_url)
        # Nobody is free by our record: the dialplan asks the telephones themselves.
        return {FALLBACK_ANSWER: dialled_together(free[:MOST_RUNG])} if free else {}

    server = FastAgiServer("127.0.0.1", settings.agi_port, answer)
    while True:
        try:
            server.listen()
            break
        except OSError:
            await asyncio.sleep(RETRY_S)
    await server.run()


async def _serve_health(
    settings: Settings,
    stack: AsyncExitStack,
    checks: dict[str, Check],
    role: Callable[[], str],
) -> None:
    runner = web.AppRunner(make_application(checks, role), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, settings.http_address, settings.http_port).start()
    except OSError as error:
        raise SettingsInvalid(f"http_port: {settings.http_port}: {error.strerror}") from error
