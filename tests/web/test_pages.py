"""Every page in a real browser: nothing is broken, nobody is shut out, and a picture is kept."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, ConsoleMessage, expect

from agent.database.answers import add_answers, change_answer
from agent.domain.answer import Answer
from tests.database.agents import running_writer
from tests.database.form_stories import answer_parts
from tests.database.stories import escalated
from tests.web.browser import DESKTOP, TELEPHONE, chromium, faults_of, logged_in
from tests.web.site import PASSWORD, Site
from tests.web.tickets import open_ticket

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
    ("administrator", "/webhooks"),
    ("administrator", "/prompts"),
    ("supervisor", "/account"),
    ("auditor", "/audit"),
    ("administrator", "/sops"),
    ("administrator", "/office"),
    ("administrator", "/office/hours"),
    ("administrator", "/office/priority-table"),
    ("administrator", "/office/rules"),
    ("administrator", "/office/categories"),
    ("supervisor", "/calls"),
    ("supervisor", "/answers"),
    ("operator", "/answers/jam-layanan/history"),
    ("supervisor", "/tickets?state=all"),
    ("supervisor", "/tickets/26-00002-9"),
)
"""Who looks at which page."""
FORM_OF = "document.querySelector('form[data-prompt=connecting]')"
PICTURES = Path(os.environ.get("LPSE_VAR", "var")) / "screenshots"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest.mark.parametrize(("role", "path"), PAGES)
async def test_a_page_works_and_can_be_used_by_all(
    here: Site, browser: Browser, url: str, role: str, path: str
) -> None:
    await here.talks()
    if path.startswith("/tickets"):
        await open_ticket(url, number=2)
    if path.startswith("/answers"):
        await _answer_changed(url)
    session = await here.log_in(role)
    await _looked_at(here, browser, session, path)


async def test_deviations_can_be_read_and_decided_by_all(here: Site, browser: Browser) -> None:
    async with running_writer(here.parts.pool.url) as writer:
        for record in escalated(1, greeting_s=12.5).records:
            await writer.record(record)
    session = await here.log_in("supervisor")
    await _looked_at(here, browser, session, "/deviations")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/deviations")
        await page.locator("summary", has_text="Putuskan").click()
        await page.get_by_label("dapat dimaklumi").check()
        await page.get_by_label("Alasan").fill("Alat sudah diganti")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Tidak ada penyimpangan yang cocok.")).to_be_visible()


async def test_a_refused_word_stays_typed_and_a_kept_one_is_shown_in_its_place(
    here: Site, browser: Browser
) -> None:
    async with running_writer(here.parts.pool.url) as writer:
        for record in escalated(1, greeting_s=12.5).records:
            await writer.record(record)
    session = await here.log_in("operator")
    await _looked_at(here, browser, session, "/calls/2026/1")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/deviations")
        await page.get_by_role("link", name="0001/FK-TLP").click()
        await expect(page).to_have_url(f"{here.origin}/calls/2026/1#deviation-time-2")
        one = page.locator("#deviation-time-2")
        await one.locator("summary", has_text="Jelaskan").click()
        why = one.get_by_label("Mengapa terjadi")
        await why.fill("kata sandi saya rahasia123")
        await one.get_by_role("button").click()
        await expect(one.get_by_role("alert")).to_contain_text("kata sandi")
        await expect(why).to_have_value("kata sandi saya rahasia123")
        await why.fill("Headset rusak")
        await one.get_by_role("button").click()
        await expect(one).to_contain_text("Penjelasan op-101")
        await expect(one).to_contain_text("Headset rusak")
        await expect(page).to_have_url(f"{here.origin}/calls/2026/1#deviation-time-2")


async def test_of_two_who_write_an_answer_the_later_sees_both_texts_and_chooses(
    here: Site, browser: Browser, url: str
) -> None:
    await _answer_changed(url)
    session = await here.log_in("supervisor")
    for choice, stays in (("Pakai tulisan itu", "Jam buka"), ("Pertahankan", "Waktu layanan")):
        async with logged_in(browser, session, here.origin) as window:
            page = await window.new_page()
            await page.goto("/answers")
            form = page.locator("form[data-api^=PUT]")
            await page.locator("details", has=form).locator("summary").click()
            await form.get_by_label("Judul", exact=True).fill("Waktu layanan")
            await change_answer(
                url,
                "jam-layanan",
                "Budi",
                lambda old: msgspec.structs.replace(old, title="Jam buka"),
            )
            await form.get_by_role("button", name="Simpan").click()
            theirs = form.locator(".conflict")
            await expect(theirs).to_contain_text("Budi")
            await expect(theirs.locator("[data-part=title]")).to_have_text("Jam buka")
            await expect(form.get_by_label("Judul", exact=True)).to_have_value("Waktu layanan")
            assert not await faults_of(page)
            await page.screenshot(path=PICTURES / "answers-conflict.png", full_page=True)
            await form.get_by_role("button", name=choice).press("Enter")
            await expect(theirs).to_be_hidden()
            await page.keyboard.press("Enter")
            await expect(page.locator("strong", has_text=stays)).to_be_visible()
            assert not await page.locator(".conflict:visible").count()


async def test_who_retires_an_answer_reads_first_what_another_has_just_written(
    here: Site, browser: Browser, url: str
) -> None:
    await _answer_changed(url)
    session = await here.log_in("supervisor")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/answers")
        form = page.locator("form[data-api^=DELETE]")
        await page.locator("details", has=form).locator("summary").click()
        await change_answer(
            url, "jam-layanan", "Budi", lambda old: msgspec.structs.replace(old, title="Jam buka")
        )
        retire = form.get_by_role("button", name="Tarik jawaban")
        await retire.press("Enter")
        await expect(form.locator("[role=alert]")).to_contain_text("belum ditarik")
        theirs = form.locator(".conflict")
        await expect(theirs.locator("[data-part=title]")).to_have_text("Jam buka")
        assert not await faults_of(page)
        await form.get_by_role("button", name="Sudah saya baca").press("Enter")
        await expect(theirs).to_be_hidden()
        await expect(retire).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Tidak ada jawaban yang cocok.")).to_be_visible()


async def _answer_changed(url: str) -> None:
    await add_answers(url, [Answer(**answer_parts())], "Dewi")
    await change_answer(
        url, "jam-layanan", "Budi", lambda old: msgspec.structs.replace(old, answer="Setiap hari.")
    )


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without"])
async def test_on_a_telephone_the_menu_is_folded_behind_one_button(
    here: Site, browser: Browser, scripts: bool
) -> None:
    session = await here.log_in("administrator")
    async with logged_in(browser, session, here.origin, TELEPHONE, scripts) as window:
        page = await window.new_page()
        await page.goto("/office/hours")
        button, menu = page.locator(".fold summary"), page.get_by_role("navigation")
        await expect(button).to_have_text("Menu · Ketentuan")
        await expect(menu).to_be_hidden()
        content = await page.locator("main").bounding_box()
        assert content
        assert content["y"] < TELEPHONE[1] / 10, "the screen is the content's"
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await expect(button).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(menu).to_be_visible()
        await expect(page.get_by_role("button", name="Keluar")).to_be_visible()
        if scripts:
            assert not await faults_of(page)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(menu).to_be_hidden()
        await expect(page).not_to_have_url(f"{here.origin}/office/hours")
        await button.click()
        await expect(menu.locator("[aria-current=page]")).to_be_visible()


async def test_on_a_wide_screen_the_menu_is_not_folded(here: Site, browser: Browser) -> None:
    session = await here.log_in("administrator")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/office")
        await expect(page.locator(".fold")).to_be_hidden()
        current = page.get_by_role("navigation").locator("[aria-current=page]")
        await expect(current).to_have_text("Ketentuan")


async def test_the_login_can_be_used_by_all(here: Site, browser: Browser) -> None:
    await _looked_at(here, browser, await here.browser(), "/login")


async def test_what_is_shown_once_is_shown_to_who_uses_the_keyboard_alone(
    here: Site, browser: Browser
) -> None:
    session = await here.log_in("administrator")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/tokens")
        await page.get_by_label("Untuk apa").focus()
        await page.keyboard.type("papan di ruang depan")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.keyboard.press("Enter")
        once = page.locator("#once")
        await expect(once).to_be_focused()
        secret = await once.locator(".secret").inner_text()
        as_program = {"Authorization": f"Bearer {secret}"}
        program = await here.stack.enter_async_context(
            ClientSession(here.origin, headers=as_program)
        )
        assert (await here.get(program, "/api/v1/wallboard"))[0] == 200
        assert (await here.get(program, "/api/v1/calls"))[0] == 403, "what was not ticked"
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("strong")).to_have_text("papan di ruang depan")
        assert secret not in await page.content(), "and never again"

        await page.goto("/operators")
        await page.get_by_label("Nama").fill(" ")
        await page.keyboard.press("Enter")
        await expect(page.locator("form[data-api^=POST] [role=alert]")).to_be_visible()
        await page.get_by_label("Nama").fill("Ratna Dewi")
        await page.get_by_label("Telepon supervisor").check()
        await page.keyboard.press("Enter")
        await expect(page.locator("#once")).to_be_focused()
        await page.goto("/operators")
        supervisor = page.get_by_role("listitem").filter(has_text="Ratna Dewi")
        await expect(supervisor.locator(".badge")).to_have_text("telepon supervisor")


async def test_a_text_is_tried_rung_refused_and_put_in_force_on_the_page(
    here: Site, browser: Browser
) -> None:
    session = await here.log_in("administrator")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/prompts")
        form = page.locator("form[data-prompt=connecting]")
        text, told = form.locator("textarea"), form.locator("[role=status]")
        await page.locator("details", has=form).locator("summary").click()
        await text.fill("Sebentar {nama}.")
        await form.get_by_role("button", name="Berlakukan").click()
        await expect(form.locator("[role=alert]")).to_contain_text("Hanya isian")
        await expect(text).to_have_value("Sebentar {nama}.")
        await text.fill("Sebentar, Bapak/Ibu.")
        await form.get_by_role("button", name="Dengarkan dulu").click()
        await expect(told).to_contain_text("mbrola")
        await expect(form.locator("[role=alert]")).to_be_hidden()
        seconds = "form => form.querySelector('audio').duration"
        await page.wait_for_function(f"({seconds})({FORM_OF}) > 0.5")
        await form.get_by_role("button", name="Putar di telepon").click()
        await expect(told).to_contain_text("Telepon berdering: op-10")
        assert len(here.exchange.announced) == 1
        await form.get_by_role("button", name="Berlakukan").click()
        await expect(page.locator(".said", has_text="Sebentar, Bapak/Ibu.")).to_be_visible()
        renderer = here.parts.renderer
        assert renderer.prompts.text("connecting") == "Sebentar, Bapak/Ibu."
        renderer.take(await renderer.rendered({}))  # the tests that follow speak by it too


async def test_a_password_is_changed_on_the_page(here: Site, browser: Browser) -> None:
    session = await here.log_in("operator")
    async with logged_in(browser, session, here.origin) as window:
        page = await window.new_page()
        await page.goto("/account")
        for label, typed in (
            ("Kata sandi sekarang", PASSWORD),
            ("Kata sandi baru", "sungai-deras-di-hulu"),
            ("Kata sandi baru, sekali lagi", "sungai-deras-di-hulu"),
        ):
            await page.get_by_label(label, exact=True).fill(typed)
        await page.get_by_role("button", name="Simpan").click()
        await expect(page.get_by_text("Kata sandi sudah diganti.")).to_be_visible()
        await expect(page.get_by_label("Kata sandi sekarang")).to_have_value("")


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
            name = path.partition("?")[0].strip("/").replace("/", "-") or "first"
            picture = PICTURES / f"{name}-{size[0]}x{size[1]}.png"
            await page.screenshot(path=picture, full_page=True)
            wider = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wider <= 0, "nothing is beside the screen"
            assert not said, said
            assert not await faults_of(page)
