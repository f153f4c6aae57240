"""Scripted SIP phones with real audio, for the demo and the journeys.

The SIP library wants to be called from the thread that started it. So one thread owns it: that
thread alone touches its objects, polls it, and runs what the asyncio side asks for. Phones and
calls seen from outside hold only plain facts and ask that thread.
"""

import asyncio
import concurrent.futures
import contextlib
import ctypes
import heapq
import itertools
import os
import queue
import secrets
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pjsua2

Result = TypeVar("Result")
POLL_MILLISECONDS = 5
STARTED_WITHIN = 10.0
# The wheel is built for this many; a ninth account would abort the process, and a fifth call that
# comes in is refused by the library itself. More phones need more processes.
MOST_ACCOUNTS = 8
MOST_CALLS = 4
SAMPLES_PER_SECOND = 8000
RECORDING_CLOSED_WITHIN = timedelta(seconds=2)
ROOM_WITHIN = 5.0
# pjlib's PJ_ETOOMANY, which the wheel does not name.
TOO_MANY = 70010
PRIORITY = -15
PROMPT_HEARD = 0.7
LARGEST_SLIP = SAMPLES_PER_SECOND // 10
PIECE = SAMPLES_PER_SECOND // 4
_Samples = npt.NDArray[np.float64]


class SipPhoneFailed(Exception):
    """A scripted phone could not do what the script says; the message tells what it tried."""


class NoRoomYet(SipPhoneFailed):
    """The library still keeps the place of a call that is over, until its goodbye is answered."""


@dataclass(frozen=True)
class Answer:
    """Ring, then take the call; end it again after a while when hang_up_after is given."""

    after: timedelta = timedelta(seconds=0.2)
    hang_up_after: timedelta | None = None


@dataclass(frozen=True)
class Reject:
    """Ring, then refuse with a SIP code: 486 busy, 603 declined."""

    code: int = 486
    after: timedelta = timedelta(seconds=0.2)


@dataclass(frozen=True)
class RingForever:
    """Ring until the other side gives up."""


Policy = Answer | Reject | RingForever


@dataclass(frozen=True)
class Digit:
    """One tone that the other side sent, and when it was noticed."""

    digit: str
    at: datetime


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


class SipPhones:
    """The SIP library of this process, from enter to exit; the maker of phones.

    Only one may exist at a time. folder gets pjsip.log and a WAV of what each call heard.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._own_the_library, name="sip-phones")
        self._running: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        # Below: touched by the library's thread only.
        self._endpoint: Any = None
        self._transports: dict[str, int] = {}
        self._accounts: list[_LibraryAccount] = []
        self._caller_accounts: dict[str, int] = {}
        self._calls: list[_LibraryCall] = []

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await asyncio.wait_for(asyncio.wrap_future(self._running), STARTED_WITHIN)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        await asyncio.to_thread(self._thread.join)

    async def caller(
        self, number: str, server: str, address: str = "127.0.0.2", display_name: str | None = None
    ) -> "SipPhone":
        """A phone behind the trunk at a loopback address; server is Asterisk's "host:port"."""

        def make() -> int:
            # Callers at one address share an account, for accounts are few; From differs per call.
            if address not in self._caller_accounts:
                self._caller_accounts[address] = self._new_account(address, f"sip:pstn@{address}")
            return self._caller_accounts[address]

        account = await self.ask(make)
        shown = f'"{display_name}" ' if display_name else ""
        return SipPhone(self, account, server, f"{shown}<sip:{number}@{address}>")

    async def operator(
        self, account: str, password: str, server: str, address: str = "127.0.0.1"
    ) -> "SipPhone":
        """An operator's phone; it is reached only after register()."""
        identity = f"sip:{account}@{server.partition(':')[0]}"

        def make() -> SipPhone:
            number = self._new_account(address, identity, f"sip:{server}", account, password)
            phone = SipPhone(self, number, server, identity)
            self._accounts[number].phone = phone
            return phone

        return await self.ask(make)

    async def ask(self, work: Callable[[], Result]) -> Result:
        """Run work in the library's thread and give back its result or its error."""
        if self._ending.is_set():
            raise SipPhoneFailed("The phones are switched off.")
        future: concurrent.futures.Future[Result] = concurrent.futures.Future()

        def run() -> None:
            try:
                future.set_result(work())
            except pjsua2.Error as error:
                future.set_exception(SipPhoneFailed(error.info()))
            except Exception as error:
                future.set_exception(error)

        self._asked.put(run)
        return await asyncio.wait_for(asyncio.wrap_future(future), STARTED_WITHIN)

    async def hang_up_all(self) -> None:
        """End every call of every phone."""
        await self.ask(lambda: self._endpoint.hangupAllCalls())

    def later(self, wait: timedelta, work: Callable[[], None]) -> None:
        """Run work in the library's thread after a while; called from that thread."""
        due = time.monotonic() + wait.total_seconds()
        heapq.heappush(self._due, (due, next(self._order), work))

    def when(
        self, true: Callable[[], bool], work: Callable[[], None], at_the_latest: timedelta
    ) -> None:
        """Run work in the library's thread once something is true; called from that thread."""
        if true() or at_the_latest <= timedelta(0):
            work()
        else:
            step = timedelta(milliseconds=10)
            self.later(step, lambda: self.when(true, work, at_the_latest - step))

    def tell(self, news: Callable[[], None]) -> None:
        """Pass news from the library's thread to the asyncio side."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(news)

    def next_number(self) -> int:
        """A number that no other call of this process has."""
        return next(self._order)

    def refuse_one_too_many(self) -> None:
        """Raise SipPhoneFailed when no call more fits; in the library's thread."""
        if sum(call.lives for call in self._calls) >= MOST_CALLS:
            raise SipPhoneFailed(f"One process holds at most {MOST_CALLS} calls at once.")

    def adopt(self, call: "_LibraryCall") -> None:
        """Keep a library call alive until the end; its destructor must run in our thread."""
        self._calls.append(call)

    def account(self, number: int) -> "_LibraryAccount":
        """The library's object behind a phone; never kept, see _close_library."""
        return self._accounts[number]

    def _new_account(
        self, address: str, identity: str, registrar: str = "", user: str = "", password: str = ""
    ) -> int:
        if len(self._accounts) >= MOST_ACCOUNTS:
            raise SipPhoneFailed(f"The SIP library holds at most {MOST_ACCOUNTS} accounts.")
        if address not in self._transports:
            transport = pjsua2.TransportConfig()
            transport.boundAddress = address
            self._transports[address] = self._endpoint.transportCreate(
                pjsua2.PJSIP_TRANSPORT_UDP, transport
            )
        config = pjsua2.AccountConfig()
        config.idUri = identity
        config.sipConfig.transportId = self._transports[address]
        config.mediaConfig.transportConfig.boundAddress = address
        # Even, and elsewhere for each account: the library searches on from there.
        config.mediaConfig.transportConfig.port = 34000 + 2 * secrets.randbelow(12000)
        if registrar:
            config.regConfig.registrarUri = registrar
            config.regConfig.registerOnAdd = False
            config.regConfig.timeoutSec = 300
            config.sipConfig.authCreds.append(
                pjsua2.AuthCredInfo(
                    "digest", "*", user, pjsua2.PJSIP_CRED_DATA_PLAIN_PASSWD, password
                )
            )
        account = _LibraryAccount()
        account.create(config)
        self._accounts.append(account)
        return len(self._accounts) - 1

    def _own_the_library(self) -> None:
        # A telephone is a machine of its own: its sound must not depend on what else this one does.
        # The library's threads inherit it. Only who may raise a priority can have this.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PRIORITY)
        try:
            self._open_library()
        except BaseException as error:
            self._running.set_exception(error)
            return
        self._running.set_result(None)
        while not self._ending.is_set():
            self._work_once()
        self._close_library()

    def _work_once(self) -> None:
        self._endpoint.libHandleEvents(POLL_MILLISECONDS)
        while not self._asked.empty():
            self._asked.get()()
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()

    def _open_library(self) -> None:
        self._endpoint = pjsua2.Endpoint()
        with _standard_output_closed():
            self._endpoint.libCreate()
        config = pjsua2.EpConfig()
        # No worker threads, and callbacks of the audio thread wait for ours.
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = MOST_CALLS
        config.medConfig.clockRate = 8000
        config.medConfig.sndClockRate = 8000
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        config.logConfig.level = 5
        config.logConfig.consoleLevel = 0
        config.logConfig.filename = str(self.folder / "pjsip.log")
        self._endpoint.libInit(config)
        self._endpoint.audDevManager().setNullDev()
        self._endpoint.libStart()
        for codec in self._endpoint.codecEnum2():
            wanted = {"PCMA/8000/1": 255, "PCMU/8000/1": 254}.get(codec.codecId, 0)
            self._endpoint.codecSetPriority(codec.codecId, wanted)

    def _close_library(self) -> None:
        self._due.clear()
        self._endpoint.hangupAllCalls()
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and any(call.lives for call in self._calls):
            self._endpoint.libHandleEvents(POLL_MILLISECONDS)
        # Every object goes before its library and in its thread: one that is collected later, or
        # elsewhere, aborts the process. So nobody outside holds one, but asks by number.
        while self._calls:
            self._calls.pop().let_go()
        self._caller_accounts.clear()
        while self._accounts:
            self._accounts.pop().shutdown()
        self._endpoint.libDestroy()
        self._endpoint = None


@contextlib.contextmanager
def _standard_output_closed() -> Iterator[None]:
    """The library greets on standard output before it can be told to log elsewhere."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # C keeps a buffer of its own when this is a pipe
        os.dup2(kept, 1)
        os.close(kept)


class _LibraryAccount(pjsua2.Account):  # type: ignore[misc]  # the wheel has no types
    """The library's side of a phone."""

    phone: "SipPhone | None" = None

    def onRegState(self, prm: Any) -> None:  # noqa: N802 (the library's name)
        if self.phone is not None:
            phone, code, reason = self.phone, int(prm.code), str(prm.reason)
            stays = int(prm.expiration) > 0
            phone.phones.tell(lambda: phone.registration_answered(code, reason, stays))

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 (the library's name)
        if self.phone is not None:
            self.phone.ring(prm.callId)


class _LibraryCall(pjsua2.Call):  # type: ignore[misc]  # the wheel has no types
    """The library's side of a call; every method runs in the library's thread."""

    def __init__(
        self, account: Any, call: "SipCall", call_id: int = pjsua2.PJSUA_INVALID_ID
    ) -> None:
        super().__init__(account, call_id)
        self.call = call
        self.recorder: Any = None
        self.player: Any = None
        # Not the library's isActive(): that tells of the next call once a number is used again.
        self.lives = True

    # What is told onward must not hold this object, see SipPhones._close_library.

    def onCallState(self, prm: Any) -> None:  # noqa: N802 (the library's name)
        at, call, info = _now(), self.call, self.getInfo()
        state, code, reason = info.state, int(info.lastStatusCode), str(info.lastReason)

        def tell() -> None:
            call.tell(lambda: call.state_changed(state, at, code, reason))

        self.lives = state != pjsua2.PJSIP_INV_STATE_DISCONNECTED
        if not self.lives and self.recorder is not None:
            self.recorder = self.player = None
            # The audio clock closes the file at its next ticks; only then has it a header.
            call.phones.when(lambda: _is_complete(call.heard), tell, RECORDING_CLOSED_WITHIN)
        else:
            tell()

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802 (the library's name)
        info = self.getInfo()  # its list of media dies with it
        for index, media in enumerate(info.media):
            if media.status == pjsua2.PJSUA_CALL_MEDIA_ACTIVE:
                if self.recorder is None:
                    self.recorder = pjsua2.AudioMediaRecorder()
                    self.recorder.createRecorder(str(self.call.heard))
                    self.call.heard_since = _now()
                self.getAudioMedia(index).startTransmit(self.recorder)
                if self.player is not None:
                    self.player.startTransmit(self.getAudioMedia(index))

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802 (the library's name)
        call, noticed = self.call, Digit(str(prm.digit), _now())
        call.tell(lambda: call.digits.append(noticed))

    def say(self, wav: Path) -> datetime:
        self.player = pjsua2.AudioMediaPlayer()
        self.player.createPlayer(str(wav), pjsua2.PJMEDIA_FILE_NO_LOOP)
        self.player.startTransmit(self.getAudioMedia(-1))
        return _now()

    def let_go(self) -> None:
        """Whoever still holds the SipCall must not be the last to hold this object."""
        self.recorder = self.player = self.call.library = None


class SipPhone:
    """One phone. on_call says what it does with the next call that comes in."""

    def __init__(self, phones: SipPhones, account: int, server: str, identity: str):
        self.phones = phones
        self.on_call: Policy = RingForever()
        self.calls: list[SipCall] = []
        """Every call that the phone made or that rang here, in turn."""
        self._account = account
        self._server = server
        self.identity = identity
        self._incoming: asyncio.Queue[SipCall] = asyncio.Queue()
        self._registration: asyncio.Queue[tuple[int, str, bool]] = asyncio.Queue()

    @property
    def user(self) -> str:
        """Its account at the server, without the server."""
        return self.identity.removeprefix("sip:").partition("@")[0]

    async def register(self) -> None:
        """Make the phone reachable; raises SipPhoneFailed with the code of a refusal."""
        code, reason = await self._registered(True)
        if code != 200:
            raise SipPhoneFailed(f"{self.identity} was not registered: {code} {reason}")

    async def unregister(self) -> None:
        """Leave in order; calls of the phone go on."""
        code, reason = await self._registered(False)
        if code != 200:
            raise SipPhoneFailed(f"{self.identity} was not unregistered: {code} {reason}")

    async def dial(self, number: str) -> "SipCall":
        """Call a number at the server; returns when the INVITE is out.

        Raises SipPhoneFailed, also when the place of a call that ended is not free in time.
        """
        call = SipCall(self.phones)

        def make() -> None:
            self.phones.refuse_one_too_many()
            call.library = _LibraryCall(self.phones.account(self._account), call)
            self.phones.adopt(call.library)
            wish = pjsua2.CallOpParam(True)
            wish.txOption.localUri = self.identity
            try:
                call.library.makeCall(f"sip:{number}@{self._server}", wish)
            except pjsua2.Error as error:
                call.library.lives = False
                if error.status == TOO_MANY:
                    raise NoRoomYet(error.info()) from error
                raise

        deadline = time.monotonic() + ROOM_WITHIN
        while True:
            try:
                await self.phones.ask(make)
            except NoRoomYet:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)
            else:
                self.calls.append(call)
                return call

    async def incoming(self, within: timedelta) -> "SipCall":
        """The next call that rings here; raises TimeoutError when none comes in time."""
        return await asyncio.wait_for(self._incoming.get(), within.total_seconds())

    def forget_calls(self) -> None:
        """What rang here until now is not what incoming() waits for."""
        while not self._incoming.empty():
            self._incoming.get_nowait()

    async def _registered(self, wish: bool) -> tuple[int, str]:
        while not self._registration.empty():
            self._registration.get_nowait()
        await self.phones.ask(lambda: self.phones.account(self._account).setRegistration(wish))
        while True:
            answer = await asyncio.wait_for(self._registration.get(), STARTED_WITHIN)
            code, reason, stays = answer
            # The library also registers anew by itself; its answer is not the one to this wish.
            if code != 200 or stays == wish:
                return code, reason

    def registration_answered(self, code: int, reason: str, stays: bool) -> None:
        """News from the registrar, on the asyncio side."""
        self._registration.put_nowait((code, reason, stays))

    def _rings(self, call: "SipCall") -> None:
        self.calls.append(call)
        self._incoming.put_nowait(call)

    def ring(self, call_id: int) -> None:
        """Play on_call's script on a call that came in; in the library's thread."""
        call = SipCall(self.phones)
        call.library = _LibraryCall(self.phones.account(self._account), call, call_id)
        self.phones.adopt(call.library)
        at = _now()
        call.tell(lambda: call.state_changed(pjsua2.PJSIP_INV_STATE_EARLY, at, 180, "Ringing"))
        call.tell(lambda: self._rings(call))
        call.answer_with(180)
        match self.on_call:
            case Answer(after, hang_up_after):
                self.phones.later(after, lambda: call.pick_up(hang_up_after))
            case Reject(code, after):
                self.phones.later(after, lambda: call.answer_with(code))
            case RingForever():
                pass


class SipCall:
    """One leg as its phone saw it. Times are UTC, taken in the library's callback."""

    def __init__(self, phones: SipPhones) -> None:
        self.ringing_at: datetime | None = None
        self.answered_at: datetime | None = None  # the 200 OK, sent or received
        self.ended_at: datetime | None = None
        self.end_code: int | None = None  # SIP code; 200 after a normal goodbye
        self.end_reason: str | None = None
        self.digits: list[Digit] = []  # what the other side pressed, RFC 4733 or INFO
        self.heard = phones.folder / f"heard-{phones.next_number():03}.wav"
        self.heard_since: datetime | None = None  # the recording's first sample
        self.library: Any = None
        self.phones = phones
        self._rang = asyncio.Event()
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()

    async def ringing(self, within: timedelta) -> datetime:
        """When the other side rang; raises TimeoutError."""
        return await self._reached(self._rang, "ringing_at", within)

    async def answered(self, within: timedelta) -> datetime:
        """When the call was answered; raises TimeoutError, SipPhoneFailed when it ended first."""
        return await self._reached(self._answered, "answered_at", within)

    async def ended(self, within: timedelta) -> datetime:
        """When the call ended, its recording closed; raises TimeoutError."""
        return await self._reached(self._ended, "ended_at", within)

    async def answer(self) -> None:
        """Pick up now, whatever the script says."""
        await self.phones.ask(lambda: self.answer_with(200))

    async def hang_up(self) -> None:
        """End the call in whatever state it is; harmless when it is over."""
        await self.phones.ask(self.end)

    async def press(self, digits: str, by: Literal["rfc4733", "info"] = "rfc4733") -> datetime:
        """Send tones; returns when they are handed over, which is before they are all sent."""
        wish = pjsua2.CallSendDtmfParam()
        wish.digits = digits
        wish.duration = 100
        wish.method = {
            "rfc4733": pjsua2.PJSUA_DTMF_METHOD_RFC2833,
            "info": pjsua2.PJSUA_DTMF_METHOD_SIP_INFO,
        }[by]
        at = _now()
        await self.phones.ask(lambda: self._living().sendDtmf(wish))
        return at

    async def say(self, wav: Path) -> datetime:
        """Talk: play a mono 8 kHz 16-bit WAV into the call once; returns when it began."""
        return await self.phones.ask(lambda: self._living().say(wav))

    async def say_whole(self, wav: Path) -> datetime:
        """Talk as say() does, and return when the last word is out; the answer is the beginning."""
        began = await self.say(wav)
        await asyncio.sleep(len(read_samples(wav)) / SAMPLES_PER_SECOND + 0.1)
        return began

    async def received(self, digits: str, within: timedelta) -> None:
        """Wait until the other side's tones so far are these; raises SipPhoneFailed."""
        deadline = time.monotonic() + within.total_seconds()
        while "".join(digit.digit for digit in self.digits) != digits:
            if time.monotonic() > deadline:
                raise SipPhoneFailed(f"Not {digits} was received but {self.digits}")
            await asyncio.sleep(0.02)

    async def hold(self) -> None:
        """Put the other side on hold."""
        await self.phones.ask(lambda: self._living().setHold(pjsua2.CallOpParam(True)))

    async def resume(self) -> None:
        """Take the other side back from hold."""

        def unhold() -> None:
            wish = pjsua2.CallOpParam(True)
            wish.opt.flag = pjsua2.PJSUA_CALL_UNHOLD
            self._living().reinvite(wish)

        await self.phones.ask(unhold)

    def _living(self) -> Any:
        """The library's call; SipPhoneFailed when it is over and its number may be reused."""
        if not self.library.lives:
            raise SipPhoneFailed(f"The call is over: {self.end_code} {self.end_reason}")
        return self.library

    def answer_with(self, code: int) -> None:
        """Answer an incoming call with a SIP code; in the library's thread."""
        if self.library.lives:
            wish = pjsua2.CallOpParam(True)
            wish.statusCode = code
            self.library.answer(wish)

    def pick_up(self, hang_up_after: timedelta | None) -> None:
        """Answer, and end again after a while; in the library's thread."""
        self.answer_with(200)
        if hang_up_after is not None:
            self.phones.later(hang_up_after, self.end)

    def end(self) -> None:
        """CANCEL, refuse or BYE, whatever ends the call now; in the library's thread."""
        if self.library.lives:
            self.library.hangup(pjsua2.CallOpParam(True))

    def tell(self, news: Callable[[], None]) -> None:
        """Pass news from the library's thread to the asyncio side."""
        self.phones.tell(news)

    def state_changed(self, state: int, at: datetime, code: int, reason: str) -> None:
        """News from the library, on the asyncio side."""
        if state == pjsua2.PJSIP_INV_STATE_EARLY and self.ringing_at is None:
            self.ringing_at = at
            self._rang.set()
        elif state == pjsua2.PJSIP_INV_STATE_CONNECTING:
            self.answered_at = at
            self._answered.set()
        elif state == pjsua2.PJSIP_INV_STATE_DISCONNECTED:
            self.ended_at, self.end_code, self.end_reason = at, code, reason
            for event in (self._rang, self._answered, self._ended):
                event.set()

    async def _reached(self, event: asyncio.Event, name: str, within: timedelta) -> datetime:
        await asyncio.wait_for(event.wait(), within.total_seconds())
        at: datetime | None = getattr(self, name)
        if at is None:
            raise SipPhoneFailed(f"The call ended before: {self.end_code} {self.end_reason}")
        return at


def _is_complete(wav: Path) -> bool:
    """The length in the header is that of the file."""
    with wav.open("rb") as file:
        header = file.read(44)
    return len(header) == 44 and int.from_bytes(header[40:], "little") == wav.stat().st_size - 44


@dataclass(frozen=True)
class Match:
    """Where a prompt lies in a recording, and how alike both are there (0 to 1)."""

    offset: timedelta
    score: float


def find_prompt(heard: Path, prompt: Path) -> Match:
    """The best place of a rendered prompt in what a phone heard; both mono 8 kHz 16-bit WAV.

    Normalised cross-correlation: loudness does not matter, only shape. A phone drops or repeats
    some milliseconds when its clock and Asterisk's differ, so past the place of the whole, each
    piece of the prompt is looked for around where it should be; the score is their mean weighed
    by energy. Above PROMPT_HEARD the whole prompt was heard; another sound stays well below.
    """
    # A goodbye right behind a prompt cuts what the phone had not played yet.
    recording, wanted = np.pad(read_samples(heard), (0, LARGEST_SLIP)), read_samples(prompt)
    if len(recording) < len(wanted) or not wanted.any():
        return Match(timedelta(0), 0.0)
    offset = int(np.argmax(_likeness(recording, wanted)))
    total = weight = 0.0
    for start in range(0, len(wanted), PIECE):
        piece = wanted[start : start + PIECE]
        first = max(0, offset + start - LARGEST_SLIP)
        around = recording[first : offset + start + len(piece) + LARGEST_SLIP]
        energy = float(piece @ piece)
        total += energy * float(np.max(_likeness(around, piece)))
        weight += energy
    return Match(timedelta(seconds=offset / SAMPLES_PER_SECOND), total / weight)


def _likeness(recording: _Samples, wanted: _Samples) -> _Samples:
    """The correlation of wanted with every stretch of the recording as long as itself."""
    size = 1 << (len(recording) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(wanted, size))
    products = np.fft.irfft(spectrum, size)[: len(recording) - len(wanted) + 1]
    energy = np.concatenate(([0.0], np.cumsum(recording**2)))
    windows = energy[len(wanted) :] - energy[: len(products)]
    own = float(wanted @ wanted) + 1.0
    # A stretch far quieter than the prompt is silence; dividing by it would find shapes in noise.
    likeness: _Samples = products / np.sqrt(np.maximum(windows, 1e-4 * own) * own)
    return likeness


def read_samples(wav: Path) -> _Samples:
    """A mono 8 kHz 16-bit WAV without its mean. Raises SipPhoneFailed for another form."""
    with wave.open(str(wav), "rb") as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if form != (1, 2, SAMPLES_PER_SECOND):
            raise SipPhoneFailed(f"{wav} is not mono 16-bit 8 kHz: {form}")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    return samples - (samples.mean() if len(samples) else 0.0)
