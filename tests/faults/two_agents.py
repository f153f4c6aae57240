"""An office with two agents: one owns the calls and is watched on its wires, one stands by."""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg

from agent.database.connect import Connection
from agent.domain.sop import parse_sop
from agent.office import content_of, make_renderer
from agent.speech.renderer import Renderer
from deploy.agent_process import AgentProcess
from deploy.sip_phone import SipPhone, SipPhones
from deploy.site import Site
from tests.database.test_writer_faults import Wire
from tests.journeys.office import Office, until

OPERATORS = ("Siti", "Budi")
LOOK_EVERY_S = 0.02
_REQUEST = re.compile(rb"(POST|PUT|DELETE) (/ari/\S+) HTTP/1\.1\r\n")


class CommandLog:
    """A way to Asterisk that notes every command which passes, and when."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._seen: list[tuple[float, str]] = []
        self.port = 0

    async def run(self, ready: asyncio.Event) -> None:
        """Carry bytes until cancelled."""
        async with await asyncio.start_server(self._join, "127.0.0.1", 0) as listener:
            self.port = listener.sockets[0].getsockname()[1]
            ready.set()
            await asyncio.Event().wait()

    def since(self, moment: float) -> list[str]:
        """Commands after a moment of the monotonic clock; our own echo commands nobody."""
        return [what for at, what in self._seen if at > moment and "/events/user/" not in what]

    async def _join(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            far, forth = await asyncio.open_connection(*self._server)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(near, forth, self._note))
                tasks.create_task(self._carry(far, back, lambda _data: None))
        except* ConnectionError:
            back.close()

    def _note(self, data: bytes) -> None:
        for method, path in _REQUEST.findall(data):
            self._seen.append((time.monotonic(), f"{method.decode()} {path.decode()}"))

    async def _carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        note: Callable[[bytes], None],
    ) -> None:
        while data := await source.read(65536):
            note(data)
            target.write(data)
            await target.drain()
        target.close()


class TwoAgents(Office):
    """The office's people, and two processes for their calls."""

    def __init__(
        self,
        site: Site,
        phones: SipPhones,
        operators: list[SipPhone],
        renderer: Renderer,
        commands: CommandLog,
        wire: Wire,
    ) -> None:
        super().__init__(site, phones, operators, renderer)
        self.commands = commands
        """Of the first."""
        self.wire = wire
        """From the first to its database; the second has its own way."""
        self.first, self.second = self._processes()

    def _processes(self) -> tuple[AgentProcess, AgentProcess]:
        ari = f"http://127.0.0.1:{self.commands.port}"
        first = self.site.another_agent(LPSE_ARI_URL=ari, DATABASE_URL=self.wire.url)
        return first, self.site.another_agent()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """The first owns the calls and the second stands by, from new."""
        self.first, self.second = self._processes()
        try:
            for process, role in ((self.first, "owner"), (self.second, "standby")):
                await asyncio.to_thread(process.start)
                await asyncio.to_thread(process.wait_until_ready, role)
            yield
        finally:
            self.wire.mend()
            await self._phones.hang_up_all()
            for process in (self.second, self.first):
                await asyncio.to_thread(process.stop)

    async def taken_over(self, within: timedelta) -> float:
        """Seconds until the second is the owner and ready. Raises TimeoutError."""
        began = time.monotonic()

        async def owns() -> bool:
            return await asyncio.to_thread(self.second.is_ready, "owner")

        await until("the standby has taken over", owns, within)
        return time.monotonic() - began

    async def ends(self, process: AgentProcess, within: timedelta) -> float:
        """Seconds until a process has ended by itself. Raises TimeoutError."""
        began = time.monotonic()

        async def gone() -> bool:
            return process.process_id is None

        await until("the process has ended", gone, within)
        return time.monotonic() - began

    def measured(self, metric: str) -> float:
        """One figure of whoever owns the calls."""
        for process in (self.first, self.second):
            if process.process_id and process.measured("lpse_owner") == 1:
                return process.measured(metric)
        return -1.0

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Connection]:
        """The test's own eyes."""
        eyes = await asyncpg.connect(self.site.database_url)
        try:
            yield eyes
        finally:
            await eyes.close()

    async def lease_epoch(self) -> int:
        """The epoch of whoever owns the calls."""
        async with self.database() as eyes:
            return int(await eyes.fetchval("SELECT epoch FROM lease"))

    async def epochs_of(self, form_number: str) -> list[int]:
        """The epochs of a call's events, in the call's order."""
        async with self.database() as eyes:
            rows = await eyes.fetch(
                "SELECT epoch FROM call_events JOIN consultations USING (call_id)"
                " WHERE form_number = $1 ORDER BY sequence",
                form_number,
            )
        return [row["epoch"] for row in rows]


@asynccontextmanager
async def two_agents(root: Path | None, **settings: object) -> AsyncIterator[TwoAgents]:
    """Asterisk, PostgreSQL, telephones, and the wires; no agent runs yet."""
    async with AsyncExitStack() as stack:
        # Not tmp_path: pytest closes its folders to Asterisk's own user.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lpse-fault-")))
        await asyncio.to_thread(folder.chmod, 0o755)
        site = Site(folder, root, **settings)
        stack.callback(site.stop)
        await asyncio.to_thread(site.start)
        await asyncio.to_thread(site.stop_agent)
        values = site.values
        await asyncio.to_thread((folder / "wire").mkdir)
        wire = Wire(site.database_url, folder / "wire")
        commands = CommandLog((values.ari_address, values.ari_port))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        carrying = []
        for way in (wire, commands):
            ready = asyncio.Event()
            carrying.append(tasks.create_task(way.run(ready)))
            await ready.wait()
        renderer = make_renderer(
            site.settings, parse_sop(content_of(site.settings.sop_file, "sop_file"))
        )
        await renderer.prepare()
        phones = await stack.enter_async_context(SipPhones(folder / "phones"))
        operators = []
        for name in OPERATORS:
            added = await asyncio.to_thread(site.command, "operator", "add", name, "--json")
            account = json.loads(added)
            operators.append(
                await phones.operator(account["account"], account["password"], site.sip_server)
            )
        yield TwoAgents(site, phones, operators, renderer, commands, wire)
        for task in carrying:
            task.cancel()
