"""Every page in a real browser: nothing is broken, nobody is shut out, and a picture is kept."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, ConsoleMessage

from tests.web.browser import DESKTOP, TELEPHONE, chromium, faults_of, logged_in
from tests.web.site import Site

PAGES: tuple[tuple[str, str], ...] = (
    ("operator", "/desk"),
    ("supervisor", "/wallboard"),
    ("auditor", "/statistics"),
    ("auditor", "/staffing"),
    ("auditor", "/recap"),
    ("supervisor", "/docs"),
    ("administrator", "/accounts"),
    ("administrator", "/operators"),
    ("administrator", "/tokens"),
    ("auditor", "/audit"),
    ("administrator", "/sops"),
    ("administrator", "/office"),
    ("supervisor", "/calls"),
)
"""Who looks at which page."""
PICTURES = Path(os.environ.get("LPSE_VAR", "var")) / "screenshots"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest.mark.parametrize(("role", "path"), PAGES)
async def test_a_page_works_and_can_be_used_by_all(
    here: Site, browser: Browser, role: str, path: str
) -> None:
    await here.talks()
    session = await here.log_in(role)
    await _looked_at(here, browser, session, path)


async def test_the_login_can_be_used_by_all(here: Site, browser: Browser) -> None:
    await _looked_at(here, browser, await here.browser(), "/login")


async def _looked_at(here: Site, browser: Browser, session: ClientSession, path: str) -> None:
    for size in (DESKTOP, TELEPHONE):
        async with logged_in(browser, session, here.origin, size) as window:
            page = await window.new_page()
            said: list[str] = []

            def heard(message: ConsoleMessage, said: list[str] = said) -> None:
                if message.type in ("error", "warning"):
                    said.append(message.text)

            page.on("console", heard)
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            answer = await page.goto(path, wait_until="load")
            assert answer
            assert answer.status == 200
            await page.wait_for_timeout(300)
            PICTURES.mkdir(parents=True, exist_ok=True)
            name = path.strip("/").replace("/", "-") or "first"
            picture = PICTURES / f"{name}-{size[0]}x{size[1]}.png"
            await page.screenshot(path=picture, full_page=True)
            wider = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wider <= 0, "nothing is beside the screen"
            assert not said, said
            assert not await faults_of(page)
