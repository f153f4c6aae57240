"""Builds every part and joins them in one TaskGroup; the only module that knows all rooms."""

import asyncio
import gc
import os
import platform
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aiohttp
import structlog
from aiohttp import web

from agent.asterisk.ari_announcements import AriAnnouncements
from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_effects import AriEffects
from agent.asterisk.ari_exchange import AriExchange
from agent.asterisk.ari_session import AriSession
from agent.asterisk.ari_witness import AriWitness
from agent.asterisk.cel_file import CelFile
from agent.asterisk.standby import Standby
from agent.database.accounts import Accounts
from agent.database.case_desk import CaseDesk
from agent.database.feed import FeedStore
from agent.database.lease import LeaseStore
from agent.database.ledger import LedgerStore
from agent.database.migrations import migrate
from agent.database.outbox import OutboxStore
from agent.database.pool import Pool
from agent.database.sops import all_sops, load_sop
from agent.database.writer import Writer
from agent.database.written_prompts import read_written_prompts
from agent.dialplan import DESK_SOCKET, answer_the_dialplan
from agent.documents.archive import Archive
from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect, ArchiveForm, HandOverCase, PlayPrompt
from agent.domain.events import CaseHandedOver
from agent.domain.sop import parse_sop
from agent.domain.written_prompt import newest
from agent.handover.senders import make_senders
from agent.jobs import jobs_of, run_beside
from agent.office import (
    content_of,
    keep_decisions,
    make_archive,
    make_renderer,
    make_rules,
    read_pause_reasons,
)
from agent.readiness import owner_checks, standby_checks, starting_checks, status_of
from agent.runtime import clock
from agent.runtime.announcements import AnnouncementDesk
from agent.runtime.board import Board
from agent.runtime.call_loop import CallServices
from agent.runtime.case_messages import Ways, opening_key
from agent.runtime.dispatcher import Dispatcher
from agent.runtime.doors import Performed
from agent.runtime.errors import EffectFailed
from agent.runtime.feed import Feed
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.form_desk import FormDesk
from agent.runtime.journal import JournaledRecorder
from agent.runtime.lease import LeaseKeeper
from agent.runtime.ledger import LedgerReader
from agent.runtime.numbers import NumberPool
from agent.runtime.outbox import OutboxMessage, OutboxWorker
from agent.runtime.reconciler import Reconciler
from agent.runtime.supervision import SupervisionDesk
from agent.settings import Settings, SettingsInvalid
from agent.speech.errors import SpeechUnavailable
from agent.speech.renderer import Renderer, Speech
from agent.watchdog import Watchdog
from agent.web.forms import make_desk
from agent.web.health import Check, make_application
from agent.web.parts import Parts
from agent.web.presence import serve_presence
from agent.web.prompt_desk import take_up_prompts
from agent.web.serving import serve_pages

RETRY_S = 1.0

T = TypeVar("T")

log = structlog.get_logger()


class _Doors:
    """Sends each wish to the door that can fulfil it."""

    def __init__(
        self,
        ari: AriEffects,
        archive: Archive,
        cases: Callable[[], CaseDesk],
        put: Callable[[], None],
        lease: LeaseKeeper,
    ) -> None:
        self._ari = ari
        self._archive = archive
        self._cases = cases
        self._put = put
        self._lease = lease

    async def perform(self, call: Call, effect: AnyEffect) -> Performed:
        """Fulfil one wish. Raises EffectFailed."""
        if isinstance(effect, ArchiveForm | HandOverCase):
            await self._lease.may_command()  # for all that goes to Asterisk its client asks
        if isinstance(effect, ArchiveForm):
            return await self._archive.write(call)
        if isinstance(effect, HandOverCase):
            performed = await self._cases().hand_over(call)
            self._put()
            return performed
        return await self._ari.perform(call, effect)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; calls in progress then talk on without us.

    Raises SettingsInvalid, SopInvalid, LetterheadInvalid, AsteriskUnfit, DatabaseProblem,
    StandDown.
    """
    content = content_of(settings.sop_file, "sop_file")
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
    url = settings.database_url
    reasons = read_pause_reasons(settings)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        # One client listens and asks, also while this process stands by; the other commands.
        listener = await stack.enter_async_context(_ari_client(settings))
        witness = AriWitness(listener, settings.ari_application)
        store = LeaseStore(url, f"{platform.node()} {os.getpid()}")
        stack.callback(store.close)
        lease = LeaseKeeper(store, witness, lambda: session.ready)
        # Before the database is asked for anything: what is missing can be seen, and the dialplan
        # is not left without a word while callers wait for it.
        checks = starting_checks()
        await _serve_health(settings, stack, checks, lambda: lease.role)
        tasks.create_task(answer_the_dialplan(settings, reasons))
        await _until_it_works("database", lambda: migrate(url))
        sop = await _until_it_works("database", lambda: load_sop(url, content))
        sops = await _until_it_works("database", lambda: all_sops(url))
        decided = await _until_it_works(
            "database", lambda: keep_decisions(settings, sop.office_name)
        )
        archive = make_archive(settings, sops, decided)
        renderer.use(newest(await _until_it_works("database", lambda: read_written_prompts(url))))
        await renderer.prepare()
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
        checks.update(standby_checks(standby, lease, renderer))
        _settle()
        watchdog.ready(is_well=lambda: not session.stuck, status=lambda: status_of(lease, session))
        hand_over = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        senders = make_senders(settings, await stack.enter_async_context(hand_over))
        epoch = await lease.acquire()
        writer = Writer(url, sops, epoch=epoch)
        recorder = JournaledRecorder(writer, settings.state_folder / "journal.jsonl")
        # Before anything is awaited: an owner who hears nothing yet must not be called ready.
        checks.update(owner_checks(session, writer, recorder, renderer))
        standby.hold_on()
        stack.push_async_callback(lease.release)
        tasks.create_task(lease.run())
        tasks.create_task(witness.run(lambda: lease.held))

        await _until_it_works("database", decided.take_up)  # what another owner decided meanwhile
        floor = FloorKeeper(recorder, exchange, dispatcher.tell_call, reasons)
        board = Board()
        floor.on_change = board.change
        numbers = NumberPool(recorder, sop.office, settings.zone)
        sound = _sound_of(renderer)
        talk_detection = settings.talk_detection
        ari = AriEffects(client, settings.ari_application, sound, talk_detection, epoch)
        outbox_store = OutboxStore(url, epoch=epoch)
        stack.push_async_callback(outbox_store.aclose)
        outbox = OutboxWorker(
            outbox_store,
            senders,
            lease.may_command,
            lambda message, at: _tell_handed_over(dispatcher, decided.now.ways, message, at),
        )

        def cases() -> CaseDesk:
            return CaseDesk(url, decided.now, epoch=epoch)

        doors = _Doors(ari, archive, cases, outbox.nudge, lease)
        rules = make_rules(settings, sop, decided, renderer.version("recording_notice"))
        dispatcher.serve(CallServices(recorder, doors, numbers, floor, rules, sops, epoch, board))
        decided.told = lambda now: dispatcher.use_decisions(now.form, decided.rules)
        ledger = LedgerReader(
            CelFile(settings.ledger_file),
            LedgerStore(url, epoch=epoch),
            dispatcher,
            lambda: not recorder.waiting,
        )
        tasks.create_task(writer.run())
        await _until_it_works("database", recorder.drain)
        unfinished = await _until_it_works("database", recorder.unfinished)
        running = asyncio.Event()
        tasks.create_task(dispatcher.run(running.set))
        await running.wait()
        desk = FormDesk(dispatcher, decided.forms)
        supervision = SupervisionDesk(
            dispatcher, lambda: floor.supervisors, allowed=settings.supervision == "on"
        )
        local = make_desk(desk, supervision)
        serve_presence(local, floor)
        await _serve_desk(settings.state_folder, stack, local)
        pool = Pool(url)
        stack.push_async_callback(pool.aclose)
        news = FeedStore(url)
        stack.push_async_callback(news.aclose)
        feed = Feed(news)
        parts = Parts(
            settings=settings,
            sop=sop,
            sops=sops,
            decided=decided,
            pool=pool,
            accounts=Accounts(pool),
            dispatcher=dispatcher,
            floor=floor,
            desk=desk,
            supervision=supervision,
            board=board,
            feed=feed,
            renderer=renderer,
            announcements=AnnouncementDesk(AriAnnouncements(client), floor),
        )
        tasks.create_task(_serve_people(parts))
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
        jobs = jobs_of(settings, decided, outbox, epoch, feed, lease.may_command, archive)
        for name, job in jobs.items():
            tasks.create_task(run_beside(name, job))
        log.info("service_started", epoch=epoch, resumed=len(unfinished))


def _ari_client(
    settings: Settings, may_command: Callable[[], Awaitable[None]] | None = None
) -> AriClient:
    return AriClient(settings.ari_url, settings.ari_user, settings.ari_secret(), may_command)


def _settle() -> None:
    """What was loaded at the start stays: no later collection looks at it and stalls every call."""
    gc.collect()
    gc.freeze()


def _tell_handed_over(
    dispatcher: Dispatcher, ways: Ways, message: OutboxMessage, at: datetime
) -> None:
    """The call waits for the message that moves its case on; the others are for people."""
    way = ways.hands_over
    if way and message.key == opening_key(message.ticket_number, way):
        dispatcher.tell_call(message.call_id, CaseHandedOver(at=at, way=way))


async def _until_it_works(what: str, work: Callable[[], Awaitable[T]]) -> T:
    """Whoever is away at the start is waited for; a mistake that waiting cannot mend is raised."""
    while True:
        try:
            return await work()
        except EffectFailed as error:
            log.warning("waiting_for", what=what, reason=str(error))
            await asyncio.sleep(RETRY_S)


async def _serve_people(parts: Parts) -> None:
    """The pages, once all that was written on another's counts here."""
    url, renderer, dispatcher = parts.pool.url, parts.renderer, parts.dispatcher
    await _until_it_works("database", lambda: take_up_prompts(url, renderer, dispatcher))
    await serve_pages(parts)


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


async def _serve_desk(folder: Path, stack: AsyncExitStack, desk: web.Application) -> None:
    """Only the owner has calls to write about; it takes the socket over from the one before."""
    socket = folder / DESK_SOCKET
    runner = web.AppRunner(desk, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.UnixSite(runner, str(socket)).start()
    except OSError as error:
        raise SettingsInvalid(f"state_folder: {socket}: {error}") from error
    socket.chmod(0o600)


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
