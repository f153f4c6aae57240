"""The real pages over a real database and a pretend exchange, and browsers that log in there.

async with site(writer, exchange, url, renderer) as here:  # an office, no call yet
    browser = await here.log_in("supervisor")          # an aiohttp session with its cookie
    await here.get(browser, "/wallboard")
    await here.ask(browser, "PUT", "/desk/…", {...})   # the API, with CSRF, as the pages ask it
    form = await here.talks()                          # a caller is connected with op-101
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyotp
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from yarl import URL

from agent.database.accounts import Accounts
from agent.database.feed import FeedStore
from agent.database.operators import add_operator
from agent.database.pool import Pool
from agent.database.sops import load_sop
from agent.domain.rights import SECOND_FACTOR, Role
from agent.office import content_of, keep_decisions
from agent.runtime.announcements import AnnouncementDesk
from agent.runtime.call_loop import CallLoop
from agent.runtime.feed import Feed
from agent.runtime.form_desk import FormDesk
from agent.runtime.recorder import Recorder
from agent.runtime.supervision import SupervisionDesk
from agent.settings import DATA, Settings
from agent.speech.renderer import Renderer
from agent.web.guard import COOKIE, csrf_of
from agent.web.parts import Parts
from agent.web.passwords import hash_password
from agent.web.site import make_site
from tests.runtime.exchange import PretendExchange, arrival_of_call
from tests.runtime.forms import WITH_FORM
from tests.runtime.office import PROCEDURE, Office, office

PASSWORD = "kuda-laut-menari-9"  # noqa: S105 — of accounts that live as long as a test
OPERATOR = "op-101"


@dataclass
class Site:
    """The pages at their address, and what stands below them."""

    origin: str
    parts: Parts
    people: Office
    exchange: PretendExchange
    stack: AsyncExitStack
    secrets: dict[str, str] = field(default_factory=dict)
    """Second factors, by account."""

    async def browser(self) -> ClientSession:
        """A browser that nobody has logged in with."""
        jar = CookieJar(unsafe=True, treat_as_secure_origin=URL(self.origin))
        session = ClientSession(self.origin, cookie_jar=jar, headers={"Origin": self.origin})
        return await self.stack.enter_async_context(session)

    async def account(self, role: str, name: str | None = None, operator: str | None = None) -> str:
        """An account of this role, whose password is PASSWORD; an operator's phone is OPERATOR."""
        account = name or role
        kept = self.parts.accounts
        phone = operator or (OPERATOR if role == "operator" else None)
        await kept.add(account, account.title(), Role(role), phone, "none yet", "test")
        await kept.choose_password(account, _HASH, b"")
        return account

    async def log_in(
        self, role: str, name: str | None = None, operator: str | None = None
    ) -> ClientSession:
        """A browser that somebody of this role has logged in with, by the forms."""
        browser, account = await self.browser(), await self.account(role, name, operator)
        page = await self.post(browser, "/login", account=account, password=PASSWORD)
        if Role(role) in SECOND_FACTOR:
            text = await page.text()
            self.secrets[account] = found(r'class="secret">(\w+)<', text)
            code = pyotp.TOTP(self.secrets[account]).now()
            page = await self.post(browser, "/login/code", step=step_in(text), code=code)
        assert page.status == 303, await page.text()
        return browser

    async def post(self, browser: ClientSession, path: str, **fields: str) -> ClientResponse:
        """Send a form; where it leads is not followed."""
        return await browser.post(path, data=fields, allow_redirects=False)

    async def get(self, browser: ClientSession, path: str) -> tuple[int, str]:
        """A page's status and text."""
        async with browser.get(path, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def ask(
        self, browser: ClientSession, method: str, path: str, body: object = None
    ) -> tuple[int, Any]:
        """Ask the API as the pages do: status, and the JSON of the answer."""
        headers = {"X-CSRF-Token": self.csrf(browser)}
        async with browser.request(method, f"/api/v1{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    def csrf(self, browser: ClientSession) -> str:
        """What the pages of this browser know."""
        cookies = browser.cookie_jar.filter_cookies(URL(self.origin))
        return csrf_of(cookies[COOKIE].value) if COOKIE in cookies else ""

    async def talks(self) -> CallLoop:
        """A caller is connected with OPERATOR."""
        loop = await self.people.arrives(arrival_of_call())
        await self.people.talks(loop)
        return loop


@asynccontextmanager
async def site(
    recorder: Recorder, exchange: PretendExchange, url: str, renderer: Renderer
) -> AsyncIterator[Site]:
    """An office with its pages, which speaks by this renderer."""
    sop = await load_sop(url, content_of(DATA / "sop" / "SOP-LPSE.BTG-017.toml", "sop_file"))
    await add_operator(url, "Siti Aminah", lambda _account: ("0" * 64, "0" * 32), by="ratna")
    async with AsyncExitStack() as stack:
        settings = Settings(
            database_url=url,
            ari_url="http://127.0.0.1:1",
            ari_secret_file=DATA,
            state_folder=Path(stack.enter_context(TemporaryDirectory(prefix="lpse-site-"))),
        )
        decided = await keep_decisions(settings, sop.office_name)
        people = await stack.enter_async_context(office(recorder, exchange, WITH_FORM))
        decided.told = lambda now: people.dispatcher.use_decisions(now.form, decided.rules)
        pool = Pool(url)
        stack.push_async_callback(pool.aclose)
        news = FeedStore(url)
        stack.push_async_callback(news.aclose)
        feed = Feed(news, look_every_s=0.05)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        following = tasks.create_task(feed.run())
        stack.callback(following.cancel)
        parts = Parts(
            settings=settings,
            sop=sop,
            sops={PROCEDURE.name: PROCEDURE},
            decided=decided,
            pool=pool,
            accounts=Accounts(pool),
            dispatcher=people.dispatcher,
            floor=people.floor,
            desk=FormDesk(people.dispatcher, decided.forms),
            supervision=SupervisionDesk(
                people.dispatcher, lambda: people.floor.supervisors, allowed=True
            ),
            board=people.board,
            feed=feed,
            renderer=renderer,
            announcements=AnnouncementDesk(exchange, people.floor),
        )
        runner = web.AppRunner(make_site(parts), shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        yield Site(f"http://127.0.0.1:{port}", parts, people, exchange, stack)


def found(pattern: str, text: str) -> str:
    """What the pattern's group finds."""
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def step_in(text: str) -> str:
    """How far somebody's login is, as its form carries it."""
    return found(r'name="step" value="([^"]+)"', text)


_HASH = hash_password(PASSWORD)
