"""The recap over HTTP: its totals before it is made, and its files."""

import tempfile
from pathlib import Path

import pytest

from agent.database.access import access_of
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import escalated, in_turn, solved
from tests.web.site import Site

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
