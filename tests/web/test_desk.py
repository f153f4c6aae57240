"""The desk in a real browser: it follows the call, and what is typed is never lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from agent.database.answers import add_answers
from agent.domain.answer import Answer
from agent.domain.events import DigitPressed
from agent.domain.identifiers import OperatorId
from agent.domain.rights import Role
from agent.runtime import clock
from agent.runtime.call_loop import CallLoop
from tests.database.form_stories import answer_parts, record_all, told_records
from tests.runtime.exchange import arrival_of_call
from tests.runtime.forms import IDENTITY
from tests.runtime.office import operators_leg
from tests.runtime.waiting import until
from tests.web.browser import chromium, faults_of, logged_in
from tests.web.site import OPERATOR, PASSWORD, Site

FIRST_FORM = "#f-caller_name"
AN_HOUR_AHEAD = """
    const origin = performance.timeOrigin + 3600e3, now = Date.now;
    Object.defineProperty(performance, "timeOrigin", { get: () => origin });
    Date.now = () => now() + 3600e3;
"""


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


async def test_the_clock_on_the_page_is_the_records_also_where_the_browsers_is_wrong(
    here: Site, window: BrowserContext
) -> None:
    page = await window.new_page()
    await page.add_init_script(AN_HOUR_AHEAD)
    await page.goto("/desk")
    loop = await here.talks()
    assert loop.call
    assert loop.call.offer
    answered = loop.call.offer.answered
    assert answered
    shown = page.locator("#steps .clock[data-since]").first
    await expect(shown).to_have_text(re.compile(r"^0:0[2-9]$"))
    at = datetime.fromisoformat(await shown.get_attribute("data-since") or "")
    assert at == answered.at
    minutes, seconds = (await shown.inner_text()).split(":")
    off_s = (clock.now() - at).total_seconds() - int(minutes) * 60 - int(seconds)
    assert -0.2 < off_s < 2.0, off_s
    ahead_s = await page.evaluate("Date.now() / 1000") - clock.now().timestamp()
    assert ahead_s > 3500, "the browser's own clock is wrong"


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


async def test_a_call_that_comes_while_somebody_types_is_offered_and_takes_nothing_away(
    here: Site, desk: Page
) -> None:
    first = await ended_call(here)
    await expect(desk.locator("#stage")).to_have_text("Selesai")
    await desk.locator("#f-problem").press_sequentially("Unggah ")
    second = await ringing_call(here)
    offer = desk.locator("#offer-text")
    await expect(offer).to_contain_text("Berdering: 0812-3456-789")
    await desk.keyboard.type("gagal")
    await until(lambda: written(first).get("problem") == "Unggah gagal")
    await here.people.talks(second)
    await expect(offer).to_contain_text(f"Berbicara: 0812-3456-789 ({number_of(second)})")
    await desk.keyboard.type(" lagi")
    # What is not yet saved when he turns away is still the first form's.
    open_call = desk.get_by_role("button", name="Buka panggilan ini")
    await desk.evaluate("document.getElementById('offer-open').focus()")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#form-number")).to_have_text(number_of(second))
    await expect(desk.locator("#caller-number")).to_be_focused()
    await expect(open_call).to_be_hidden()
    await desk.keyboard.type("nowhere")
    await until(lambda: written(first).get("problem") == "Unggah gagal lagi")
    await expect(desk.locator("#f-problem")).to_have_value("")
    assert "problem" not in written(second)
    await desk.get_by_role("link", name=number_of(first)).click()
    await expect(desk.locator("#f-problem")).to_have_value("Unggah gagal lagi")


async def test_a_call_that_comes_while_nobody_types_is_shown_at_once(
    here: Site, desk: Page
) -> None:
    await ended_call(here)
    await desk.locator("#f-problem").fill("Unggah gagal")
    await expect(desk.locator("#n-problem")).to_contain_text("Tersimpan")
    await desk.locator("#f-problem").blur()
    second = await ringing_call(here)
    await expect(desk.locator("#form-number")).to_have_text(number_of(second))
    await expect(desk.locator("#caller-number")).to_be_focused()
    await expect(desk.locator("#offer-open")).to_be_hidden()
    await expect(desk.locator("#f-problem")).to_have_value("")


async def test_what_is_typed_while_the_connection_is_away_stays_the_forms_it_was_typed_on(
    here: Site, desk: Page
) -> None:
    first = await ended_call(here)
    await desk.route("**/fields", lambda route: route.abort())
    await desk.locator("#f-problem").fill("Tidak dapat masuk")
    second = await ringing_call(here)
    await desk.get_by_role("button", name="Buka panggilan ini").press("Enter")
    await expect(desk.locator("#form-number")).to_have_text(number_of(second))
    await desk.locator(FIRST_FORM).fill("Budi")
    await desk.unroute("**/fields")
    await until(lambda: "caller_name" in written(second) and "problem" in written(first))
    assert written(first)["problem"] == "Tidak dapat masuk"
    assert "caller_name" not in written(first)
    assert "problem" not in written(second)


async def test_a_page_for_one_form_is_told_of_a_call_and_of_the_forms_end(
    here: Site, desk: Page
) -> None:
    first = await ended_call(here)
    await desk.goto(f"/desk?form={number_of(first)}")
    await expect(desk.locator("#form-number")).to_have_text(number_of(first))
    second = await ringing_call(here)
    await expect(desk.locator("#offer-text")).to_contain_text("Berdering: 0812-3456-789")
    await expect(desk.locator("#form-number")).to_have_text(number_of(first))
    assert not await faults_of(desk)
    closed = number_of(first)
    await here.parts.desk.finish(closed, "op-101")
    await expect(desk.locator("#form-number")).to_have_text(number_of(second))
    await expect(desk.locator("#offer-text")).to_have_text(
        f"Formulir {closed} sudah tidak terbuka."
    )
    await expect(desk).to_have_url(f"{here.origin}/desk")
    await desk.goto(f"/desk?form={closed}")
    await expect(desk.locator("#form-number")).to_have_text(number_of(second))
    await expect(desk.locator("#offer-text")).to_contain_text("sudah tidak terbuka")


async def test_what_was_not_saved_before_a_form_closed_stays_until_it_is_put_away(
    here: Site, desk: Page
) -> None:
    first = await ended_call(here)
    await desk.route("**/fields", lambda route: route.abort())
    await desk.locator("#f-problem").fill("Tidak dapat masuk")
    await here.parts.desk.finish(number_of(first), "op-101")
    await expect(desk.locator("#offer-text")).to_contain_text("tidak dapat disimpan lagi")
    await expect(desk.locator("#f-problem")).to_have_value("Tidak dapat masuk")
    await desk.get_by_role("button", name="Tutup formulir ini").press("Enter")
    await expect(desk.locator("#idle")).to_be_visible()
    assert await desk.evaluate("sessionStorage.length") == 0


async def test_earlier_consultations_are_looked_for_again_when_a_company_is_named(
    here: Site, desk: Page, url: str
) -> None:
    await record_all(url, told_records(901, "solved", phone="+628111111111"))
    await here.talks()
    await expect(desk.locator("#earlier")).to_have_text("Belum pernah menelepon.")
    await desk.locator("#f-npwp").fill("0012345678901000")
    await expect(desk.locator("#earlier-count")).to_have_text("1 konsultasi sebelumnya")
    await expect(desk.locator("#earlier")).to_contain_text("0901/FK-TLP")


async def test_a_chosen_answer_is_written_with_its_reference(
    here: Site, desk: Page, url: str
) -> None:
    await add_answers(url, [Answer(**answer_parts())], "Dewi")
    loop = await here.talks()
    await desk.locator("#f-problem").fill("jam layanan")
    await desk.get_by_role("button", name="Pakai").click()
    await expect(desk.locator("#f-solution")).to_have_value("Senin sampai Jumat.")
    await expect(desk.locator("#f-knowledge_reference")).to_have_value("jam-layanan")
    await until(lambda: {"solution", "knowledge_reference"} <= written(loop).keys())
    assert written(loop)["knowledge_reference"] == "jam-layanan"


async def test_a_secret_is_refused_with_the_reason_and_stays_on_the_screen(
    here: Site, desk: Page
) -> None:
    loop = await here.talks()
    await desk.locator("#f-problem").fill("password: melati9")
    await expect(desk.locator("#n-problem")).to_have_class("note refused")
    await expect(desk.locator("#f-problem")).to_have_value("password: melati9")
    assert loop.call
    assert "problem" not in loop.call.form.shown


async def test_who_reads_english_reads_no_other_language(here: Site, desk: Page) -> None:
    loop = await here.talks()
    await desk.get_by_role("button", name="English").click()
    greeting = "2. Answers the telephone kindly and politely, with a greeting"
    await expect(desk.locator("#steps")).to_contain_text(greeting)
    assert "Menerima" not in await desk.inner_text("main")
    assert not await faults_of(desk)
    assert loop.call
    form = loop.call.form_number
    await desk.goto(f"/calls/{form[-4:]}/{int(form.split('/')[0])}")
    await expect(desk.get_by_role("cell", name=greeting[3:])).to_be_visible()
    assert "Menerima" not in await desk.inner_text("main")


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


async def ended_call(here: Site) -> CallLoop:
    """A call that both have put down, its form still open; he alone is rung for the next."""
    here.exchange.reachable = {OperatorId(OPERATOR)}
    await here.people.floor.refresh()
    loop = await here.talks()
    assert loop.call
    here.exchange.leave(loop.call.channel)
    await until(lambda: loop.call is not None and loop.call.ended is not None)
    await until(lambda: here.people.floor.floor.operators[OperatorId(OPERATOR)].busy_with is None)
    return loop


async def ringing_call(here: Site) -> CallLoop:
    """Another call, which rings at the same operator's telephone."""
    loop = await here.people.arrives(arrival_of_call(2))
    await operators_leg(loop)
    return loop


def number_of(loop: CallLoop) -> str:
    assert loop.call
    return loop.call.form_number


def written(loop: CallLoop) -> dict[str, str]:
    assert loop.call
    return dict(loop.call.form.values)
