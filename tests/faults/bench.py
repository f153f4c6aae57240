"""An office with a proxy before its database and another before its exchange, and a checker."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from agent.asterisk.ari_client import AriClient
from agent.database.call_filter import CallFilter
from agent.database.call_search import (
    find_calls,
)
from agent.database.errors import DatabaseProblem
from agent.database.reports import CallReport, read_call
from agent.domain.call_state import Stage
from agent.runtime import clock
from agent.settings import DATA
from agent.speech.prompts import load_prompts
from agent.speech.renderer import Renderer
from deploy.postgres_server import ROLE
from deploy.sip_phone import SipCall, SipPhone, SipPhoneFailed, SipPhones
from deploy.site import Site
from tests.faults import checker
from tests.faults.aftermath import ari_of, left_over, personal
from tests.faults.checker import Breach
from tests.faults.crowd import FarCall, crowd
from tests.faults.database_proxy import DatabaseProxy, database_address, database_url_through
from tests.faults.event_proxy import EventProxy
from tests.faults.far_caller import FarCaller, far_caller
from tests.faults.history import Dialled, History, Leg
from tests.faults.proxy import in_a_thread
from tests.journeys.office import PATIENTLY, SOON, Office, until
from tests.journeys.opening import open_folder
from tests.journeys.sounds import write_sound

REDIALLED_AFTER_S = 0.5
COMPLETE_WITHIN = timedelta(seconds=30)
PHRASE_S = 0.4
SIGN_S = 0.12
FILES_TO_SPARE = 8
"""Pooled connections come and go; a leak grows beyond this within one test."""


@contextmanager
def faulty_site(
    root: Path | None, **settings: object
) -> Iterator[tuple[Site, DatabaseProxy, EventProxy]]:
    """A site whose agent reaches PostgreSQL and Asterisk only through proxies.

    Its prompts are short sounds, each its own; `settings` override the agent's. The database is
    always its own, whatever DATABASE_URL says, for it will be killed.
    """
    sites: list[Site] = []
    database = DatabaseProxy(lambda: database_address(sites[0].database_url))
    exchange = EventProxy(lambda: (sites[0].values.ari_address, sites[0].values.ari_port))
    with open_folder("lpse-fault-") as folder, in_a_thread(database, exchange):
        wanted: dict[str, object] = {
            "ring_seconds": 5.0,
            "new_round_seconds": 1.0,
            "please_wait_seconds": 5.0,
            "longest_wait_seconds": 90.0,
            "recorded_prompts_folder": str(short_recordings(folder / "recordings")),
            "database_url": database_url_through(database, f"postgresql://{ROLE}@/postgres"),
            "ari_url": f"http://127.0.0.1:{exchange.port}",
            **settings,
        }
        site = Site(folder, root, **wanted)
        sites.append(site)
        with _own_database(), site:
            yield site, database, exchange


@contextmanager
def _own_database() -> Iterator[None]:
    given = os.environ.pop("DATABASE_URL", None)
    try:
        yield
    finally:
        if given is not None:
            os.environ["DATABASE_URL"] = given


def short_recordings(folder: Path, phrase_s: float = PHRASE_S, sign_s: float = SIGN_S) -> Path:
    """Every phrase, digit and letter as a short sound of its own: faults need no patience."""
    folder.mkdir()
    prompts = load_prompts(DATA / "prompts" / "id.toml", "LPSE")
    names = {name for kept in prompts.sounds_to_keep() for name in kept.recordings}
    for seed, name in enumerate(sorted(names)):
        sign = name.startswith(("digit_", "letter_", "word_"))
        write_sound(folder / f"{name}.wav", seed, sign_s if sign else phrase_s)
    return folder


class Bench(Office):
    """The office as the faults see it: its people's history is kept, its record held against it."""

    def __init__(
        self,
        site: Site,
        phones: SipPhones,
        operators: list[SipPhone],
        renderer: Renderer,
        *,
        database: DatabaseProxy,
        exchange: EventProxy,
    ) -> None:
        super().__init__(site, phones, operators, renderer)
        self.database = database
        """Between the agent and PostgreSQL. `site.database_url` goes past it."""
        self.exchange = exchange
        """Between the agent and ARI. Telephones talk to Asterisk past it."""
        self.history = History()
        self.found: dict[str, float] | None = None
        """The most that check() measured in this test, once it has found nothing wrong."""
        self._known_calls: dict[SipPhone, int] = {}
        self._agent = (0, 0)
        self._refused_before = 0

    def begin(self) -> None:
        """A new test: what was before is forgotten."""
        self.history = History()
        self._known_calls = {phone: len(phone.calls) for phone in self.operators}
        self._agent = self._files_of_agent()
        self._refused_before = self._count_refused()

    async def dial(self, number: str | None = None, name: str | None = None) -> SipCall:
        """As any office's callers; this one is remembered."""
        number = number or f"0812{next(self._numbers):08d}"
        dialled_at = clock.now()
        call = await super().dial(number, name)
        self.history.callers.append(Dialled(number, name, call, dialled_at))
        return call

    @contextmanager
    def crowd(
        self, count: int, *, stay_s: float, rate: int = 1, by_fallback: bool = False
    ) -> Iterator[list[FarCall]]:
        """So many more callers, `rate` a second, who stay `stay_s` after their answer."""
        numbers = [f"0812{next(self._numbers):08d}" for _ in range(count)]
        folder = self.site.folder / f"crowd-{numbers[0]}"
        line = self.site.values.helpdesk_number
        with crowd(folder, self.site.sip_server, line, numbers, rate, stay_s) as calls:
            dialled_at = clock.now()
            self.history.callers += [
                Dialled(number, None, call, dialled_at, by_fallback)
                for number, call in zip(numbers, calls, strict=True)
            ]
            yield calls

    @asynccontextmanager
    async def far_caller(self) -> AsyncIterator[FarCaller]:
        """One more caller, in a process of his own that keeps what he hears."""
        number = f"0812{next(self._numbers):08d}"
        folder = self.site.folder / f"caller-{number}"
        line, dialled_at = self.site.values.helpdesk_number, clock.now()
        async with far_caller(self.site.sip_server, line, number, folder) as call:
            self.history.callers.append(Dialled(number, None, call, dialled_at))
            yield call

    async def record_of(self, caller: Leg) -> CallReport | None:
        """What is on record of a caller's call; None when nothing is."""
        number = self.history.whose(caller).number
        found = await find_calls(self.site.database_url, CallFilter(caller=number), limit=1)
        return await self.record(found.calls[0].form_number) if found.calls else None

    async def reaches(
        self,
        caller: Leg,
        stage: Stage,
        within: timedelta = SOON,
    ) -> CallReport:
        """The record of a caller's call once it is in this stage. Raises TimeoutError."""
        seen: list[CallReport] = []

        async def there() -> bool:
            with contextlib.suppress(DatabaseProblem):
                report = await self.record_of(caller)
                if report and report.call.stage is stage:
                    seen.append(report)
            return bool(seen)

        await until(f"the call is {stage}", there, within)
        return seen[0]

    async def controlled(self, within: timedelta = PATIENTLY) -> float:
        """Seconds until a new caller is served by the agent again (T_ctrl). Raises TimeoutError.

        Callers whom the fallback takes meanwhile are remembered as such, and leave.
        """
        began = time.monotonic()
        while time.monotonic() - began < within.total_seconds():
            caller = await self.dial()
            with contextlib.suppress(TimeoutError, SipPhoneFailed):
                await caller.answered(within=timedelta(seconds=2))
                answered_s = time.monotonic() - began
                if await self._is_with_the_agent(caller):
                    await until("it is on record", partial(self._is_on_record, caller), SOON)
                    await caller.hang_up()
                    return answered_s
            self.history.whose(caller).by_fallback = True
            await caller.hang_up()
            await asyncio.sleep(REDIALLED_AFTER_S)
        raise TimeoutError("no caller is served")

    async def ready(self, is_ready: bool, within: timedelta = SOON) -> float:
        """Seconds until /health/ready says so. Raises TimeoutError."""
        began = time.monotonic()

        async def so() -> bool:
            said = await asyncio.to_thread(self.site.health, "ready")
            return bool(said.get("ready")) is is_ready

        await until(f"ready is {is_ready}", so, within)
        return time.monotonic() - began

    def log_lines(self) -> list[dict[str, Any]]:
        """What the agent has logged since the test began."""
        lines = self.site.agent_log.read_text(errors="replace").splitlines()
        began = self.history.began_at.isoformat()
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if entry.get("timestamp", "") >= began[:23]:
                    found.append(entry)
        return found

    async def check(self, *, shed: bool = False, timeless: bool = False) -> None:
        """Every promise, once all calls are over; what was measured on the way is in `found`.

        `shed`: a call's log may lack detail, because the journal was full. `timeless`: Asterisk's
        own clock has jumped, so no time of its can be true. Raises AssertionError with all that was
        broken.
        """
        await self._phones.hang_up_all()
        for dialled in self.history.callers:
            await dialled.call.ended(within=PATIENTLY)
        operators = {
            phone.user: phone.calls[self._known_calls.get(phone, 0) :] for phone in self.operators
        }
        for call in (call for calls in operators.values() for call in calls):
            await call.ended(within=PATIENTLY)
        self.history.operators = {**operators, **self.history.far}
        breaches, reports = await self._complete()
        told, measured = checker.of_the_telephones(self.history, reports)
        breaches += told
        breaches += [] if shed else checker.logs_are_whole(reports)
        breaches += self._refused()
        breaches += await left_over(self.site)
        breaches += self._agent_is_whole()
        breaches += personal(self.site, checker.traces_of(self.history.callers))
        breaches += await checker.of_the_record(self.site.database_url)
        if timeless:
            breaches = [b for b in breaches if b.invariant not in checker.OF_TIME]
        if breaches:
            raise AssertionError("; ".join([*map(str, breaches), f"logs in {self._kept_logs()}"]))
        before = self.found or {}
        new = {} if timeless else measured
        self.found = {what: max(figure, before.get(what, 0)) for what, figure in new.items()}

    async def mend(self) -> None:
        """Whatever a test broke works again, even if it failed in the middle."""
        for proxy in (self.database, self.exchange):
            proxy.latency_s, proxy.bytes_per_s, proxy.slice_bytes = 0.0, None, None
            proxy.resume()
            proxy.heal()
        self.exchange.calm()
        asterisk = self.site.asterisk
        assert asterisk is not None
        if asterisk.process_id:
            os.kill(asterisk.process_id, signal.SIGCONT)
        else:
            await asyncio.to_thread(asterisk.start)
        if not self.site.postgres.runs:
            await asyncio.to_thread(self.site.postgres.start)
        if self.site.agent_process_id is None:
            await asyncio.to_thread(self.site.start_agent)
        await self.ready(True, PATIENTLY)

    def ari(self) -> AriClient:
        """ARI past the proxy; to be entered with `async with`."""
        return ari_of(self.site)

    async def _is_with_the_agent(self, caller: Leg) -> bool:
        """Asterisk's word: a record comes later, and callers of the fallback get one too."""
        assert self.site.asterisk
        lines = await asyncio.to_thread(self.site.asterisk.command, "core show channels concise")
        number = self.history.whose(caller).number
        fields = (line.split("!") for line in lines.splitlines())
        return any(line[5] == "Stasis" and line[7] == number for line in fields if len(line) > 7)

    async def _is_on_record(self, caller: Leg) -> bool:
        return await self.record_of(caller) is not None

    async def _complete(self) -> tuple[list[Breach], list[CallReport]]:
        """The records of this test's calls, once each is archived."""
        wanted = CallFilter(since=self.history.began_at)
        reports: list[CallReport] = []

        async def archived() -> bool:
            url = self.site.database_url
            reports.clear()
            for found in (await find_calls(url, wanted, limit=1000)).calls:
                reports.append(await read_call(url, found.form_number))
            journaled = await asyncio.to_thread(self.measured, "lpse_journal_records")
            stages = [report.call.stage for report in reports]
            answered = [one for one in self.history.callers if one.call.answered_at]
            return (
                not journaled
                and len(reports) >= len(answered)  # Asterisk's journal is read a moment later
                and all(stage is Stage.ARCHIVED for stage in stages)
            )

        try:
            await until("every record is complete", archived, COMPLETE_WITHIN)
        except TimeoutError:
            open_calls = [
                f"{report.call.form_number} is {report.call.stage}"
                for report in reports
                if report.call.stage is not Stage.ARCHIVED
            ]
            what = open_calls or "the journal, or a call has no record"
            return [Breach("I2", f"never complete: {what}")], reports
        return [], reports

    def _refused(self) -> list[Breach]:
        """I1: no record was laid aside because the database would not take it."""
        count = self._count_refused() - self._refused_before
        return [Breach("I1", f"{count} records were refused")] if count else []

    def _kept_logs(self) -> Path:
        """A copy of the agent's log and of Asterisk's journal that outlives this office."""
        assert self.site.asterisk
        kept = Path(tempfile.mkdtemp(prefix="lpse-broken-"))
        for folder in (self.site.folder / "log", self.site.asterisk.log_folder):
            shutil.copytree(folder, kept / folder.parent.name / folder.name)
        return kept

    def _count_refused(self) -> int:
        files = self.site.folder.glob("*.refused.jsonl")
        return sum(len(file.read_bytes().split(b"\n\n")) for file in files)

    def _agent_is_whole(self) -> list[Breach]:
        """I7: no open file more than before; and the agent lives."""
        process_id, files = self._files_of_agent()
        if not process_id:
            return [Breach("I7", "the agent is dead")]
        if process_id == self._agent[0] and files > self._agent[1] + FILES_TO_SPARE:
            return [Breach("I7", f"{self._agent[1]} open files became {files}")]
        return []

    def _files_of_agent(self) -> tuple[int, int]:
        process_id = self.site.agent_process_id
        if process_id is None:
            return 0, 0
        return process_id, len(list(Path(f"/proc/{process_id}/fd").iterdir()))
