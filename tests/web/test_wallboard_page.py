"""The wallboard in a real browser: whoever uses it by the keyboard keeps his place."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from agent.database.operators import add_operator
from tests.runtime.exchange import arrival_of_call
from tests.runtime.waiting import until
from tests.web.browser import chromium, faults_of, logged_in
from tests.web.site import Site


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


async def test_a_control_keeps_the_focus_whatever_happens_on_the_floor(
    here: Site, browser: Browser, url: str
) -> None:
    dewi = await add_operator(
        url, "Dewi", lambda account: (account, "md5"), supervises=True, by="ratna"
    )
    here.exchange.reachable.add(dewi)
    await here.people.floor.refresh()
    session = await here.log_in("supervisor", operator=dewi)
    loop = await here.talks()
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/wallboard")
        row = page.locator("#calls > li").first
        listen = row.get_by_role("button", name="Dengarkan")
        await listen.focus()
        await row.evaluate("one => { one.dataset.seen = 'before'; }")
        clock = await row.locator(".clock").first.inner_text()
        await expect(row.locator(".clock").first).not_to_have_text(clock)
        await here.people.arrives(arrival_of_call(2))
        await expect(page.locator("#calls > li")).to_have_count(2)
        await expect(listen).to_be_focused()
        assert await row.get_attribute("data-seen") == "before", "it is not made anew"

        await page.keyboard.press("Enter")
        await expect(row).to_contain_text("Dewi: mendengarkan saja")
        await expect(listen).to_be_focused()
        assert await row.get_attribute("data-seen") is None, "it is another row"
        assert loop.call
        assert loop.call.supervision

        here.exchange.leave(loop.call.channel)
        await until(lambda: loop.call is not None and loop.call.ended is not None)
        await expect(page.locator("#calls > li")).to_have_count(1)
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        assert not await faults_of(page)
