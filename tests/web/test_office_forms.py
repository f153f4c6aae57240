"""The forms of the office's decisions in a real browser: rows, keys, and nothing typed is lost."""

from collections.abc import AsyncIterator
from datetime import time

import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from agent.domain.working_time import Hours
from tests.web.browser import chromium, logged_in
from tests.web.site import Site

ALERT = "[role=alert]"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture
async def window(here: Site, browser: Browser) -> AsyncIterator[BrowserContext]:
    session = await here.log_in("administrator")
    async with logged_in(browser, session, here.origin) as opened:
        yield opened


async def opened(window: BrowserContext, path: str) -> Page:
    page = await window.new_page()
    await page.goto(path)
    return page


async def add_closure(page: Page, first: str, last: str) -> None:
    """By the keyboard, but for what a calendar wants clicked."""
    await page.get_by_role("button", name="Tambah hari tutup").press("Enter")
    row = page.locator('[data-rows="closures"] > [data-row]').last
    await expect(row.locator("[name=first]")).to_be_focused()
    for name, text in (("first", first), ("last", last), ("reason", "Pilkada"), ("source", "SE 7")):
        await row.locator(f"[name={name}]").fill(text)


async def decide(page: Page) -> None:
    await page.locator("#reason").fill("Surat Edaran 7")
    await page.locator("#reason").press("Enter")


async def test_a_refused_closure_stays_as_it_was_typed_until_it_can_count(
    here: Site, window: BrowserContext
) -> None:
    page = await opened(window, "/office/hours")
    await add_closure(page, "2026-12-09", "2026-12-08")
    await decide(page)
    await expect(page.locator(ALERT)).to_contain_text("Hari terakhir harus pada")
    await expect(page.locator(ALERT)).to_be_focused()
    last = page.locator("[data-rows=closures] [name=last]")
    await expect(last).to_have_value("2026-12-08")
    await expect(page.locator("#reason")).to_have_value("Surat Edaran 7")
    await last.fill("2026-12-09")
    before = here.parts.decided.hours
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    after = here.parts.decided.hours
    assert [one.reason for one in after.closures] == ["Pilkada"]
    assert (after.regular, after.ramadan) == (before.regular, before.ramadan)


async def test_what_somebody_else_decided_meanwhile_costs_nothing_that_was_typed(
    here: Site, window: BrowserContext
) -> None:
    mine, theirs = [await opened(window, "/office/hours") for _ in range(2)]
    for page, day in ((mine, "2026-12-09"), (theirs, "2026-12-10")):
        await add_closure(page, day, day)
    await decide(theirs)
    await expect(theirs).to_have_url(f"{here.origin}/office")
    await decide(mine)
    await expect(mine.locator(ALERT)).to_contain_text("baru saja diubah orang lain")
    await expect(mine.locator("[data-rows=closures] [name=first]")).to_have_value("2026-12-09")
    assert len(here.parts.decided.hours.closures) == 1


async def test_a_week_is_written_day_by_day(here: Site, window: BrowserContext) -> None:
    page = await opened(window, "/office/hours")
    for week in ("regular", "ramadan"):
        row = page.locator(f"[data-rows={week}] [data-row]").nth(5)
        await expect(row.locator("[name=opens]")).to_be_disabled()
        await row.locator("[data-open]").press("Space")
        await row.locator("[name=opens]").fill("08:00")
        await row.locator("[name=closes]").fill("12:00")
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    saturday = here.parts.decided.hours.regular[-1]
    assert saturday.days == ("saturday",)
    assert isinstance(saturday, Hours)
    assert (saturday.opens.hour, saturday.closes.hour, saturday.breaks) == (8, 12, ())


async def test_the_breaks_of_a_day_of_its_own_are_written_changed_and_taken_away(
    here: Site, window: BrowserContext
) -> None:
    page = await opened(window, "/office/hours")
    await page.get_by_role("button", name="Tambah hari dengan jam sendiri").press("Enter")
    row = page.locator("[data-rows=extra_days] > [data-row]").last
    typed = (
        ("on", "2026-12-12"), ("opens", "08:00"), ("closes", "15:00"),
        ("reason", "Batas akhir tender"), ("source", "SE 9"),
        ("breaks.0.0", "12:00"), ("breaks.0.1", "12:45"),
    )  # fmt: skip
    for name, text in typed:
        await row.locator(f'[name="{name}"]').fill(text)
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    assert here.parts.decided.hours.extra_days[0].breaks == ((time(12), time(12, 45)),)

    page = await opened(window, "/office/hours")
    ends = row_of_extra_day(page).get_by_label("Istirahat 1 selesai")
    await expect(ends).to_have_value("12:45")
    await ends.fill("11:45")
    await decide(page)
    await expect(page.locator(ALERT)).to_contain_text("2026-12-12")
    await expect(ends).to_have_value("11:45")
    await ends.fill("13:00")
    for label, text in (("Istirahat 2 mulai", "14:00"), ("Istirahat 2 selesai", "14:15")):
        await row_of_extra_day(page).get_by_label(label).fill(text)
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    two = ((time(12), time(13)), (time(14), time(14, 15)))
    assert here.parts.decided.hours.extra_days[0].breaks == two

    page = await opened(window, "/office/hours")
    for label in ("Istirahat 1 mulai", "Istirahat 1 selesai"):
        await row_of_extra_day(page).get_by_label(label).fill("")
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    assert here.parts.decided.hours.extra_days[0].breaks == two[1:]


def row_of_extra_day(page: Page) -> Locator:
    return page.locator("[data-rows=extra_days] > [data-row]").first


async def test_priorities_are_chosen_and_their_terms_written(
    here: Site, window: BrowserContext
) -> None:
    page = await opened(window, "/office/priority-table")
    await page.locator('[name="matrix.not_urgent.small"]').select_option("medium")
    target = page.locator('[data-term]:has([name="priorities.low.target"])')
    await target.locator("input").fill("9.5")
    await target.locator("select").select_option("hours")
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    table = here.parts.decided.now.table
    assert table.matrix.not_urgent.small == "medium"
    assert table.priorities.low.target.hours == 9.5
    assert [one.level for one in table.priorities.high.escalations] == ["admin_ppe", "lkpp"]
    assert table.priorities.high.escalations[0].after.hours == 0
    assert table.priorities.high.before_stage_closes


async def test_rules_of_calls_are_typed_and_what_is_beyond_their_limits_is_not_sent(
    here: Site, window: BrowserContext
) -> None:
    page = await opened(window, "/office/rules")
    ring = page.get_by_label("Telepon operator berdering (detik)")
    await expect(ring).to_have_value("20")
    await ring.fill("3601")
    await decide(page)
    await expect(ring).to_be_focused()
    assert here.parts.decided.rules.ring_seconds == 20
    await ring.fill("22.5")
    await page.get_by_label("Suara disimpan (hari)").fill("30")
    await page.get_by_label("Nomor didengar oleh").select_option("operator")
    before = here.parts.decided.rules
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    after = here.parts.decided.rules
    assert after == replace(
        before, version="kantor-1", ring_seconds=22.5, audio_kept_days=30,
        numbers_heard_by="operator",
    )  # fmt: skip


async def test_categories_are_added_moved_and_retired(here: Site, window: BrowserContext) -> None:
    page = await opened(window, "/office/categories")
    rows = page.locator("[data-rows=categories] > [data-row]")
    await rows.nth(13).locator("[name=retired]").check()
    await rows.nth(1).locator("[data-do=up]").press("Enter")
    await page.get_by_role("button", name="Tambah kategori").press("Enter")
    await rows.last.locator('[name="label.id"]').fill("Audit probity")
    await decide(page)
    await expect(page).to_have_url(f"{here.origin}/office")
    choices = here.parts.decided.form.choices("category")
    assert list(choices)[:2] == ["02", "01"]
    assert choices["18"].id == "Audit probity"
    assert "14" not in choices
