"""The desk in a real browser: it follows the call, and what is typed is never lost."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from agent.domain.events import DigitPressed
from agent.domain.rights import Role
from agent.runtime import clock
from tests.runtime.exchange import arrival_of_call
from tests.runtime.forms import IDENTITY
from tests.runtime.waiting import until
from tests.web.browser import chromium, logged_in
from tests.web.site import PASSWORD, Site

FIRST_FORM = "#f-caller_name"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture
async def window(here: Site, browser: Browser) -> AsyncIterator[BrowserContext]:
    session = await here.log_in("operator")
    async with logged_in(browser, session, here.origin) as opened:
        yield opened


@pytest_asyncio.fixture
async def desk(window: BrowserContext) -> Page:
    page = await window.new_page()
    await page.goto("/desk")
    return page


async def test_the_form_is_there_when_the_telephone_rings(here: Site, desk: Page) -> None:
    await expect(desk.locator("#idle")).to_be_visible()
    await here.people.arrives(arrival_of_call())
    await expect(desk.locator("#call")).to_be_visible()
    await expect(desk.locator("#stage")).to_have_text("Berdering")
    await expect(desk.locator("#caller-number")).to_have_text("0812-3456-789")
    await expect(desk.locator(FIRST_FORM)).to_be_editable()


async def test_a_key_on_the_telephone_moves_the_page_and_a_button_moves_the_call(
    here: Site, desk: Page
) -> None:
    loop = await here.talks()
    assert loop.call
    assert loop.call.offer
    leg = loop.call.offer.channel
    await desk.locator('[data-step="2"]').click()
    await until(lambda: loop.call is not None and loop.call.greeted is not None)
    for digit in "*8":
        loop.tell(DigitPressed(at=clock.now(), source="ARI", channel=leg, digit=digit))
    await expect(desk.locator("#numbers")).to_be_visible()
    await expect(desk.locator('[data-step="8"]')).to_have_attribute("aria-pressed", "true")
    assert loop.call.ticket_number
    await expect(desk.locator("#digits-ticket")).to_have_text(loop.call.ticket_number)


async def test_the_clock_on_the_page_is_the_records(here: Site, desk: Page) -> None:
    loop = await here.talks()
    await desk.wait_for_selector("#steps .clock[data-since]")
    shown = await desk.evaluate(
        """async () => {
            const { serverNow } = await import("/static/page.js");
            const clock = document.querySelector("#steps .clock[data-since]");
            return [serverNow(), clock.dataset.since];
        }"""
    )
    now_ms, since = shown
    off_s = abs(now_ms / 1000 - clock.now().timestamp())
    assert off_s < 0.2, off_s
    assert loop.call
    assert loop.call.offer
    assert loop.call.offer.answered
    assert datetime.fromisoformat(since) == loop.call.offer.answered.at


async def test_every_field_is_saved_by_itself_and_there_after_a_reload(
    here: Site, desk: Page
) -> None:
    loop = await here.talks()
    for field, text in IDENTITY.items():
        box = desk.locator(f"#f-{field}")
        if await box.evaluate("one => one.tagName") == "SELECT":
            await box.select_option(text)
        else:
            await box.fill(text)
    await until(lambda: loop.call is not None and "3" in loop.call.form_complete)
    await desk.reload()
    for field, text in IDENTITY.items():
        await expect(desk.locator(f"#f-{field}")).to_have_value(text)


async def test_what_is_typed_while_the_connection_is_away_is_sent_when_it_is_back(
    here: Site, window: BrowserContext, desk: Page
) -> None:
    loop = await here.talks()
    await expect(desk.locator("#call")).to_be_visible()
    await window.set_offline(True)
    await desk.locator("#f-problem").fill("Unggah penawaran gagal")
    await expect(desk.locator("#n-problem")).to_contain_text("Belum tersimpan")
    await window.set_offline(False)
    await until(lambda: loop.call is not None and "problem" in loop.call.form.shown)
    await expect(desk.locator("#n-problem")).to_contain_text("Tersimpan")


async def test_a_draft_that_was_not_sent_survives_a_reload(
    here: Site, window: BrowserContext, desk: Page
) -> None:
    loop = await here.talks()
    await expect(desk.locator("#call")).to_be_visible()
    await desk.route("**/fields", lambda route: route.abort())
    await desk.locator("#f-problem").fill("Tidak dapat masuk")
    await expect(desk.locator("#n-problem")).to_contain_text("Belum tersimpan")
    await desk.unroute("**/fields")
    await desk.reload()
    await expect(desk.locator("#f-problem")).to_have_value("Tidak dapat masuk")
    await until(lambda: loop.call is not None and "problem" in loop.call.form.shown)


async def test_two_who_write_see_each_other_and_lose_nothing(
    here: Site, window: BrowserContext, desk: Page
) -> None:
    loop = await here.talks()
    other = await window.new_page()
    await other.goto("/desk")
    await expect(other.locator("#call")).to_be_visible()
    await desk.locator(FIRST_FORM).fill("Budi")
    await expect(other.locator(FIRST_FORM)).to_have_value("Budi")
    # Both change the same field before either has seen the other's change.
    await other.route("**/fields", lambda route: route.abort())
    await other.locator(FIRST_FORM).fill("Budi Santoso")
    await desk.locator(FIRST_FORM).fill("Budiman")
    await until(lambda: loop.call is not None and loop.call.form.values["caller_name"] == "Budiman")
    await other.unroute("**/fields")
    note = other.locator("#n-caller_name")
    await expect(note).to_contain_text("Budiman")
    await expect(other.locator(FIRST_FORM)).to_have_value("Budi Santoso")
    await note.get_by_role("button", name="Pertahankan").click()
    await expect(desk.locator(FIRST_FORM)).to_have_value("Budi Santoso")
    assert loop.call
    assert loop.call.form.values["caller_name"] == "Budi Santoso"


async def test_a_secret_is_refused_with_the_reason_and_stays_on_the_screen(
    here: Site, desk: Page
) -> None:
    loop = await here.talks()
    await desk.locator("#f-problem").fill("password: melati9")
    await expect(desk.locator("#n-problem")).to_have_class("note refused")
    await expect(desk.locator("#f-problem")).to_have_value("password: melati9")
    assert loop.call
    assert "problem" not in loop.call.form.shown


async def test_all_can_be_done_with_the_keyboard_alone(here: Site, desk: Page) -> None:
    loop = await here.talks()
    await expect(desk.locator("#call")).to_be_visible()
    await desk.locator("#content").focus()
    pressed: set[str] = set()
    for _ in range(60):
        await desk.keyboard.press("Tab")
        now = await desk.evaluate(
            "document.activeElement.dataset.step || document.activeElement.id"
        )
        if now in ("2", "6") and now not in pressed:
            pressed.add(now)
            await desk.keyboard.press("Enter")
            await asyncio.sleep(0.2)
        if now == "f-caller_name":
            await desk.keyboard.type("Budi")
            break
    await until(
        lambda: (
            loop.call is not None
            and loop.call.decision == "solved"
            and loop.call.form.values.get("caller_name") == "Budi"
        )
    )


async def test_an_operator_writes_on_his_own_forms_only(here: Site) -> None:
    loop = await here.talks()
    await here.log_in("operator", "lain")
    await here.parts.accounts.change_role("lain", Role.OPERATOR, None, "test")
    other = await here.browser()
    page = await here.post(other, "/login", account="lain", password=PASSWORD)
    assert page.status == 303
    assert loop.call
    sequence, year = int(loop.call.form_number.split("/")[0]), loop.call.form_number[-4:]
    status, told = await here.ask(
        other, "PUT", f"/desk/forms/{year}/{sequence}/fields", {"field": "problem", "text": "a"}
    )
    assert (status, told["title"]) == (404, "form_not_open")
    assert not loop.call.form.shown
