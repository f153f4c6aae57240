"""The recap over HTTP: its totals before it is made, and its files."""

import re
import tempfile
from pathlib import Path

import openpyxl
import pytest
from aiohttp import ClientSession

from agent.database.access import access_of
from agent.database.connect import Connection
from agent.database.deviation_words import explain
from tests.commands.shell import Shell
from tests.database.a_person import left_of, write_form
from tests.database.agents import running_writer
from tests.database.stories import MORNING, escalated, in_turn, solved
from tests.documents.test_recap_paper import text_of
from tests.web.site import Site
from tests.web.test_site import token_for

MARCH = "from=2026-03-01&to=2026-03-31"


def left() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("lpse-recap-*"))


async def record(here: Site) -> None:
    async with running_writer(here.parts.pool.url) as writer:
        for one in in_turn([escalated(1), solved(2)]):
            await writer.record(one)


async def test_a_list_is_made_sent_and_on_record(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(here)
    for name, value in Shell(tmp_path).environment(here.parts.pool.url).items():
        monkeypatch.setenv(name, value)
    auditor = await here.log_in("auditor")
    async with auditor.get(f"/api/v1/recap?{MARCH}&format=csv") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].endswith('.csv"')
        text = (await answer.read()).decode("utf-8-sig")
    assert escalated(1).form_number in text and solved(2).form_number in text
    acts = await here.parts.accounts.acts(by="auditor")
    assert acts[0].action == "recap_downloaded"
    for story in (escalated(1), solved(2)):
        (line,) = await access_of(here.parts.pool.url, [story.form_number])
        assert (line.by, line.action, line.purpose) == ("auditor", "export", "lpse-agent recap")
    assert not left(), "nothing that names people stays"


def said_in(file: Path) -> str:
    """Everything that a recap says, in lower case, without what stands between digits."""
    if file.suffix == ".csv":
        text = file.read_text("utf-8-sig")
    elif file.suffix == ".pdf":
        text = text_of(file)
    else:
        sheets = openpyxl.load_workbook(file).worksheets
        text = "\n".join(str(row) for sheet in sheets for row in sheet.iter_rows(values_only=True))
    return re.sub(r"(?<=\d)-(?=\d)", "", text).lower()


async def test_who_may_not_see_persons_gets_the_numbers_alone(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: Connection
) -> None:
    story, url = escalated(1, greeting_s=12.5), here.parts.pool.url
    async with running_writer(url) as writer:
        for one in story.records:
            await writer.record(one)
    await write_form(connection, story, in_log=False)
    said = "Ibu Ratna W. lama mencari berkas"
    await explain(url, story.form_number, "2", "time", said, "op-101", MORNING, "op-101")
    for name, value in Shell(tmp_path).environment(url).items():
        monkeypatch.setenv(name, value)

    async def told(browser: ClientSession, form: str) -> str:
        async with browser.get(f"/api/v1/recap?{MARCH}&format={form}") as answer:
            assert answer.status == 200
            file = tmp_path / f"recap.{form}"
            file.write_bytes(await answer.read())
        return said_in(file)

    auditor = await here.log_in("auditor")
    for form in ("pdf", "xlsx", "csv"):
        text = await told(auditor, form)
        assert not left_of(text)
        assert "6285711122233" not in text
        assert "085711122233" not in text
        assert text.count("(disamarkan)") == 7, "six cells and an explanation"
        for kept in ("spse", "siti aminah", "l2 waktu +", "tiket baru"):
            assert kept.replace(" ", "") in text.replace(" ", "")
    acts = await here.parts.accounts.acts(by="auditor")
    assert [act.detail["persons"] for act in acts[:3]] == [False] * 3
    assert not left_of(await told(await token_for(here, "recap"), "csv"))
    supervisor = await here.log_in("supervisor")
    for browser in (await token_for(here, "recap", "persons"), supervisor):
        text = await told(browser, "csv")
        for whole in ("ratna wulandari", "cv melati", "085711122233", "lama mencari", "minta"):
            assert whole in text
        assert "disamarkan" not in text


async def test_a_recap_that_fails_is_told_in_one_sentence(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in Shell(tmp_path).environment("postgresql://127.0.0.1:1/none").items():
        monkeypatch.setenv(name, value)
    auditor = await here.log_in("auditor")
    status, told = await here.ask(auditor, "GET", f"/recap?{MARCH}&format=csv")
    assert (status, told["title"]) == (503, "recap_failed")


async def test_one_is_made_at_a_time(here: Site) -> None:
    auditor = await here.log_in("auditor")
    async with here.parts.making:
        status, told = await here.ask(auditor, "GET", f"/recap?{MARCH}&format=csv")
    assert (status, told["title"]) == (503, "recap_busy")


async def test_the_preview_has_the_totals_and_leads_to_each_format(here: Site) -> None:
    await record(here)
    auditor = await here.log_in("auditor")
    status, text = await here.get(auditor, f"/recap?{MARCH}")
    assert status == 200
    for form in ("pdf", "xlsx", "csv"):
        assert f"/api/v1/recap?from=2026-03-01&amp;to=2026-03-31&amp;format={form}" in text
    assert '<td class="count">2</td>' in text
    operator = await here.log_in("operator")
    assert (await here.get(operator, "/recap"))[0] == 403
