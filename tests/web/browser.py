"""A real browser (Debian's chromium) that somebody has logged in with, and axe to look at pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from yarl import URL

CHROMIUM = "/usr/bin/chromium"
DESKTOP = (1366, 768)
TELEPHONE = (390, 844)
AXE = Path(AXE_FILE_PATH).read_text()
SERIOUS = ("serious", "critical")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser, which ends with the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def logged_in(
    browser: Browser,
    session: ClientSession,
    origin: str,
    size: tuple[int, int] = DESKTOP,
    scripts: bool = True,
) -> AsyncIterator[BrowserContext]:
    """A window with the cookies of a session that has logged in by the forms."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="id-ID", base_url=origin,
        java_script_enabled=scripts,
    )  # fmt: skip
    cookies = session.cookie_jar.filter_cookies(URL(origin))
    await context.add_cookies(
        [
            {
                "name": name, "value": cookie.value, "url": origin.replace("http:", "https:"),
                "secure": True, "httpOnly": True, "sameSite": "Strict",
            }
            for name, cookie in cookies.items()
        ]
    )  # fmt: skip
    try:
        yield context
    finally:
        await context.close()


async def faults_of(page: Page) -> list[str]:
    """What axe finds serious or worse, each as one line."""
    # By evaluation, which the page's own policy does not forbid: nothing inline runs there.
    await page.evaluate(AXE)
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]
