"""The pages under attack, while people talk: what is sent is refused, and nobody else notices."""

import asyncio
import contextlib
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg
import pyotp
import pytest
import pytest_asyncio
from yarl import URL

from agent.database.accounts import Accounts
from agent.database.pool import Pool
from agent.web.connections import ASK_WITHIN_S, SILENT_AT_MOST
from agent.web.events import MOST_STREAMS
from agent.web.guard import COOKIE
from deploy.sip_phone import Answer
from tests.bench.browsers import NeverReads
from tests.faults.bench import Bench
from tests.faults.conftest import Measured
from tests.journeys.office import SOON, Conversation, until
from tests.web.site import found, step_in

HUGE = 100 * 1024 * 1024
GROWN_AT_MOST_MB = 32.0
UNREAD_AT_MOST_MB = 1.0 * MOST_STREAMS
ALL_EVENTS = "/api/v1/events?after=0-0"
AT_ONCE_S = 5.0
MORE_WITHIN_S = 1.0
"""A second answer would follow the first at once."""
OWN = "kuda-laut-menari-9"
HOSTILE = "=cmd|'/C calc'!A0 <script>document.title='x'</script> \" onload=x"


class Visitors:
    """Programs and browsers that ask the pages of this bench."""

    def __init__(self, bench: Bench, stack: contextlib.AsyncExitStack) -> None:
        self.origin = bench.site.pages
        self._bench = bench
        self._stack = stack

    async def program(self, *scopes: str) -> aiohttp.ClientSession:
        """One with a token of these scopes."""
        asked = [word for scope in scopes for word in ("--scope", scope)]
        made = await self._command("token", "add", "program", *asked, "--json")
        return await self._session({"Authorization": f"Bearer {json.loads(made)['token']}"})

    async def operator(self, account: str) -> aiohttp.ClientSession:
        """The browser of the first telephone's operator, who has logged in."""
        telephone = ("--operator", self._bench.operators[0].user)
        browser, answer = await self._first_login(account, "operator", *telephone)
        assert answer.status == 303
        return browser

    async def supervisor(self, account: str) -> aiohttp.ClientSession:
        """The browser of a supervisor, who has logged in with his authenticator."""
        browser, answer = await self._first_login(account, "supervisor")
        page = await answer.text()
        code = pyotp.TOTP(found(r'class="secret">(\w+)<', page)).now()
        form = {"step": step_in(page), "code": code}
        async with browser.post("/login/code", data=form, allow_redirects=False) as entered:
            assert entered.status == 303, await entered.text()
        return browser

    async def _first_login(
        self, account: str, role: str, *more: str
    ) -> tuple[aiohttp.ClientSession, aiohttp.ClientResponse]:
        add = ("account", "add", account, "--name", "Siti", "--role", role)
        made = await self._command(*add, *more, "--json")
        browser = await self.stranger()
        form = {"account": account, "password": json.loads(made)["password"]}
        async with browser.post("/login", data=form) as answer:
            step = step_in(await answer.text())
        chosen = {"step": step, "new_password": OWN, "repeated": OWN}
        return browser, await browser.post("/login/password", data=chosen, allow_redirects=False)

    async def stranger(self) -> aiohttp.ClientSession:
        """A browser without a session."""
        return await self._session({"Origin": self.origin})

    async def leave(self) -> None:
        """Close every line to the pages."""
        await self._stack.aclose()

    async def _session(self, headers: dict[str, str]) -> aiohttp.ClientSession:
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=URL(self.origin))
        session = aiohttp.ClientSession(self.origin, headers=headers, cookie_jar=jar)
        return await self._stack.enter_async_context(session)

    async def _command(self, *words: str) -> str:
        return await asyncio.to_thread(self._bench.site.command, *words)


@pytest_asyncio.fixture
async def visitors(bench: Bench) -> AsyncIterator[Visitors]:
    """Whoever asks in this test."""
    async with contextlib.AsyncExitStack() as stack:
        yield Visitors(bench, stack)


async def said_to(bench: Bench, sent: bytes) -> bytes:
    """All that the pages' port answers to these bytes; b"" when it only closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.site.settings.pages_port)
    answer = b""
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(SOON.total_seconds()):
                answer = await reader.read(65536)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MORE_WITHIN_S):
                    while part := await reader.read(65536):
                        answer += part
        return answer
    finally:
        writer.transport.abort()


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


async def hang_up(talk: Conversation) -> None:
    await talk.operator.press("*2*3*6")
    await asyncio.sleep(1)
    assert not (talk.caller.ended_at or talk.operator.ended_at)
    await talk.caller.hang_up()
    await talk.operator.ended(within=SOON)


@pytest.mark.fault(
    "F18",
    "a hundred programs that follow the events and never read: each is put down 5 s after its line"
    " is full, all within 10 s of their coming, memory within 1 MB each, callers and wallboard are"
    " served as ever",
)
async def test_a_hundred_who_never_read_are_put_down_and_nobody_waits_for_them(
    bench: Bench, visitors: Visitors, measured: Measured
) -> None:
    program = await visitors.program("live")
    token = program.headers["Authorization"].removeprefix("Bearer ")
    async with bench.on_duty(Answer()) as [phone], a_busy_month(bench):
        talk = await bench.conversation(phone)
        before_mb, seen_mb = memory_mb(bench), []
        began = time.monotonic()
        silent = [NeverReads(bench.site.pages, token, ALL_EVENTS) for _ in range(MOST_STREAMS)]

        async def all_put_down() -> bool:
            seen_mb.append(memory_mb(bench))
            return all(line.was_put_down for line in silent)

        try:
            await until("all hundred are told", lambda: answers(program, ALL_EVENTS, 503))
            async with program.get("/api/v1/wallboard/stream") as wallboard:
                measured("served after s", await bench.controlled())
                told = await asyncio.wait_for(wallboard.content.readuntil(b"\n\n"), AT_ONCE_S)
                assert talk.form in told.decode()
                await until("all are put down", all_put_down)
            measured("all put down after s", time.monotonic() - began, 10, SOON.total_seconds())
            measured("memory at most MB more", max(seen_mb) - before_mb, UNREAD_AT_MOST_MB)
            assert await answers(program, ALL_EVENTS, 200), "there is room again"
        finally:
            for line in silent:
                line.wake()
        await hang_up(talk)
    await visitors.leave()
    await bench.check()


@contextlib.asynccontextmanager
async def a_busy_month(bench: Bench) -> AsyncIterator[None]:
    """As many events as an office tells in some weeks: more than a line that nobody reads holds."""
    connection = await asyncpg.connect(bench.site.database_url)
    try:
        await connection.execute(
            "INSERT INTO feed_events (key, kind, at, body)"
            " SELECT 'busy-' || n, 'call.ended', now(), jsonb_build_object('n', n)"
            " FROM generate_series(1, 6000) AS n"
        )
        yield
    finally:
        await connection.execute("DELETE FROM feed_events WHERE key LIKE 'busy-%'")
        await connection.close()


async def answers(program: aiohttp.ClientSession, path: str, status: int) -> bool:
    async with program.get(path) as answer:
        return answer.status == status


@pytest.mark.fault(
    "F24",
    "smuggled requests, 100 MB, 10,000 headers, a body that unpacks to 100 MB, lines that stay"
    " silent: refused or closed, memory within 32 MB, others are answered and people talk on",
)
async def test_malformed_requests_are_refused_and_nobody_notices(
    bench: Bench, visitors: Visitors, measured: Measured
) -> None:
    program = await visitors.program("live", "desk")
    bearer = program.headers["Authorization"].encode()
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        before_mb = memory_mb(bench)
        host = b"Host: 127.0.0.1\r\n"
        post = b"POST /login HTTP/1.1\r\n" + host
        smuggled = b"GET /smuggled HTTP/1.1\r\n" + host + b"\r\n"
        both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        form = b"Content-Type: application/x-www-form-urlencoded\r\n"
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        for name, sent in {
            "two lengths": post + form + both + smuggled,
            "two content lengths": post
            + b"Content-Length: 4\r\nContent-Length: 60\r\n\r\n"
            + smuggled,
            "a broken chunk": post + form + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + smuggled,
            "10,000 headers": post + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000)) + b"\r\n",
            "a header of 1 MB": post + b"X: " + b"x" * 1024 * 1024 + b"\r\n\r\n",
            "no HTTP": b"\x16\x03\x01" + bytes(range(256)),
        }.items():
            answered = statuses(await said_to(bench, sent))
            assert len(answered) <= 1, (name, answered)
            assert all(400 <= status < 500 for status in answered), (name, answered)
        inner = b"Content-Length: %d\r\n\r\n" % len(smuggled) + smuggled
        answered = statuses(
            await said_to(bench, b"POST /login HTTP/1.1\r\n" + host + upgrade + inner)
        )
        assert len(answered) == 1, "what stands in a body is no request"

        asked = b"POST /api/v1/desk/suggestions HTTP/1.1\r\n" + host
        asked += b"Authorization: " + bearer + b"\r\nContent-Type: application/json\r\n"
        packed = zlib.compress(b" " * HUGE)
        bomb = b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
        long = b"Content-Length: %d\r\n\r\n" % HUGE + b" " * 1024 * 1024
        assert statuses(await said_to(bench, asked + bomb)) in ([400], [413])
        assert statuses(await said_to(bench, asked + long)) in ([], [413])

        async with (
            silent_lines(bench, post, SILENT_AT_MOST + 100) as lines,
            asyncio.TaskGroup() as tasks,
        ):
            slow = tasks.create_task(answered_slowly(bench, asked))
            for _ in range(20):
                began = time.monotonic()
                async with program.get("/api/v1/wallboard") as answer:
                    assert answer.status == 200
                measured("another's answer at most s", time.monotonic() - began)
                await asyncio.sleep(0.05)
            await until(
                "silent lines are closed", lines.closed, timedelta(seconds=3 * ASK_WITHIN_S)
            )
        assert statuses(slow.result()) == [408]
        measured("memory grown MB", memory_mb(bench) - before_mb, GROWN_AT_MOST_MB)
        await hang_up(talk)
    await visitors.leave()
    await bench.check()


class Lines:
    """Lines on which a request was begun and never ended."""

    def __init__(self, readers: list[asyncio.StreamReader]) -> None:
        self._readers = readers

    async def closed(self) -> bool:
        """Whether the other side has put all of them down."""
        return all(reader.at_eof() or reader.exception() for reader in self._readers)


@contextlib.asynccontextmanager
async def silent_lines(bench: Bench, begun: bytes, count: int) -> AsyncIterator[Lines]:
    port = bench.site.settings.pages_port
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        for _, writer in opened:
            writer.write(begun)
        yield Lines([reader for reader, _ in opened])
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def answered_slowly(bench: Bench, head: bytes) -> bytes:
    """What is answered to a body of which one byte comes and then no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.site.settings.pages_port)
    try:
        writer.write(head + b"Content-Length: 100\r\n\r\n{")
        async with asyncio.timeout(3 * ASK_WITHIN_S):
            return await reader.read()
    finally:
        writer.transport.abort()


def memory_mb(bench: Bench) -> float:
    status = Path(f"/proc/{bench.site.agent_process_id}/status").read_text()
    return int(found(r"VmRSS:\s+(\d+)", status)) / 1024


@pytest.mark.fault(
    "F30",
    "markup and formulas in a caller's name reach a page as text, which may run nothing anyway,"
    " and a list as a quoted cell",
)
async def test_markup_and_formulas_in_a_name_stay_text(bench: Bench, visitors: Visitors) -> None:
    program = await visitors.program("calls", "persons", "recap")
    operator = await visitors.operator("siti.namanya")
    supervisor = await visitors.supervisor("ratna.namanya")
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        number, year = talk.form.split("/")[0], talk.form.rsplit("/", 1)[1]
        csrf = found(r'data-csrf="([^"]+)"', await text_of(operator, "/desk"))
        async with operator.put(
            f"/api/v1/desk/forms/{year}/{int(number)}/fields",
            json={"field": "caller_name", "text": HOSTILE},
            headers={"X-CSRF-Token": csrf},
        ) as answer:
            assert answer.status == 200, await answer.text()
        await hang_up(talk)
    await bench.archived(talk.form)
    async with supervisor.get("/calls") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = await answer.text()
    assert "&lt;script&gt;document" in page
    assert "<script>document" not in page
    day = f"{talk.answered_at:%Y}"
    listed = await text_of(program, f"/api/v1/recap?from={day}-01-01&to={day}-12-31&format=csv")
    row = next(line for line in listed.splitlines() if "<script>" in line)
    assert "'=cmd" in row
    assert not re.search(r'(^|,)"?=', row), row
    await visitors.leave()
    await bench.check()


async def text_of(browser: aiohttp.ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


@pytest.mark.fault(
    "F31",
    "passwords guessed from 200 addresses at once, a session fixed beforehand, another site's"
    " request: 5 tries an account, one answer for all, who is logged in stays so, people talk on",
)
async def test_who_guesses_passwords_learns_nothing_and_shuts_nobody_out(
    bench: Bench, visitors: Visitors, measured: Measured
) -> None:
    operator = await visitors.operator("siti.ditebak")
    stranger = await visitors.stranger()

    async def guess(count: int) -> tuple[int, str]:
        form = {"account": "siti.ditebak", "password": f"tebakan {count}"}
        headers = {"X-Forwarded-For": f"192.0.2.{count}"}
        async with stranger.post("/login", data=form, headers=headers) as answer:
            return answer.status, await answer.text()

    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        answers = await asyncio.gather(*(guess(count) for count in range(200)))
        counted = Counter(status for status, _ in answers)
        measured("guesses looked at", counted[401])
        assert 1 <= counted[401] <= 5
        assert len({text for status, text in answers if status == 401}) == 1
        assert counted[401] + counted[429] + counted[503] == 200, counted
        await text_of(operator, "/desk")
        headers = {"Cookie": f"{COOKIE}=fixed"}
        async with stranger.get("/desk", headers=headers, allow_redirects=False) as answer:
            assert answer.status == 303
        own = {"X-CSRF-Token": found(r'data-csrf="([^"]+)"', await text_of(operator, "/desk"))}
        for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            pause = operator.put("/api/v1/desk/presence", json={}, headers={**own, **foreign})
            async with pause as answer:
                assert (answer.status, (await answer.json(content_type=None))["title"]) == (
                    403,
                    "request_forged",
                )
        await hang_up(talk)
    await visitors.leave()
    await bench.check()


@pytest.mark.fault(
    "F32", "a stolen token that may only read tries to command: refused, and it is on record"
)
async def test_a_token_that_may_read_commands_nothing(bench: Bench, visitors: Visitors) -> None:
    program = await visitors.program("live")
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        number, year = talk.form.split("/")[0], talk.form.rsplit("/", 1)[1]
        await text_of(program, "/api/v1/wallboard")
        path = f"/api/v1/desk/forms/{year}/{int(number)}"
        for method, asked, body in (
            ("POST", f"{path}/buttons", {"step": "6"}),
            ("PUT", f"{path}/fields", {"field": "problem", "text": "x"}),
        ):
            async with program.request(method, asked, json=body) as answer:
                assert answer.status == 403
        report = await bench.record(talk.form)
        assert report.call.decision is None
        assert "problem" not in report.call.form.values
        acts = await Accounts(Pool(bench.site.database_url)).acts()
        refused = [act for act in acts if act.action == "refused" and act.by.startswith("token:")]
        assert {act.subject for act in refused} >= {"pressButton", "writeField"}
        await hang_up(talk)
    await visitors.leave()
    await bench.check()
