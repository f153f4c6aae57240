"""The purge on a real database: what is too old goes, what is held stays, what was cut goes on."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.database.connect import Connection
from agent.database.erasure import ErasureStore
from agent.database.holds import add_hold, lift_hold
from agent.database.recap import RecapStore
from agent.runtime.errors import EffectFailed
from agent.runtime.monthly_recap import MadeRecap
from agent.runtime.purge import (
    FileNotRemoved,
    Purged,
    PurgeJob,
    Retention,
    look,
    remover_of,
)
from agent.runtime.purge import (
    purge as run_purge,
)
from tests.database.a_person import Office, everything, left_a_message, left_of, of_ratna, record
from tests.database.stories import MORNING, Story

KEPT = Retention(audio_days=90, form_years=10)


async def purge(eraser: ErasureStore, now: datetime) -> Purged:
    """As the owner does, by the defaults."""
    return await run_purge(eraser, now, KEPT, "agent", lambda _due, _error: None)


def after(**time: float) -> datetime:
    return MORNING + timedelta(hours=1) + timedelta(**time)


@pytest.fixture
def message() -> Story:
    return left_a_message(2)


async def test_two_clocks_run_sounds_first_and_the_form_by_the_archives(
    url: str, connection: Connection, tmp_path: Path, message: Story
) -> None:
    office, story = Office(url, tmp_path), of_ratna(1)
    await record(url, story, message)
    sound, document = office.message_of(message), office.document_of(message)
    assert await purge(office.eraser, after(days=89)) == Purged()
    assert sound.exists()
    assert await purge(office.eraser, after(days=90)) == Purged(audio=1)
    assert (sound.exists(), document.exists()) == (False, True)
    assert left_of(await everything(connection)) != []
    almost = datetime(2036, 3, 1, tzinfo=UTC)
    assert await purge(office.eraser, almost) == Purged()
    over = datetime(2036, 3, 3, tzinfo=UTC)
    assert await look(office.eraser, over, KEPT) == Purged(forms=2)
    assert await purge(office.eraser, over) == Purged(forms=2)
    assert not document.exists()
    assert left_of(await everything(connection)) == []
    assert await purge(office.eraser, over) == Purged()
    runs = await connection.fetch("SELECT * FROM purges ORDER BY id")
    assert [(run["audio_erased"], run["forms_erased"]) for run in runs] == [
        (0, 0), (1, 0), (0, 0), (0, 2), (0, 0),
    ]  # fmt: skip
    assert all(run["ended_at"] for run in runs)
    assert runs[1]["audio_before"] == after(days=0)
    why = await connection.fetchval("SELECT why FROM erasures WHERE what = 'audio' AND purge = 2")
    assert why == "audio_kept_days = 90"


def recap_of_march(office: Office) -> Path:
    """A file of the recap of the month in which the stories are told."""
    folder = office.recaps / "2026-03"
    folder.mkdir(parents=True)
    (folder / "rekap.csv").write_text("Ratna")
    return folder


async def test_a_months_recap_goes_after_the_last_of_its_forms(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, store = Office(url, tmp_path), RecapStore(url)
    held = of_ratna(2)
    await record(url, of_ratna(1), held)
    march, april = recap_of_march(office), office.recaps / "2026-04"
    april.mkdir()
    made = MadeRecap(
        path="2026-03/rekap.pdf", sha256="ab" * 32, made_at=MORNING, rows=2, totals={"offered": 2}
    )
    await store.keep(date(2026, 3, 1), made)
    hold = await add_hold(url, "op-101", "perkara", held.form_number, office.keys)
    assert await purge(office.eraser, datetime(2036, 3, 31, tzinfo=UTC)) == Purged(forms=1, held=1)
    april_ten_years_on = datetime(2036, 4, 2, tzinfo=UTC)
    assert await purge(office.eraser, april_ten_years_on) == Purged(held=1)
    assert march.exists(), "it names the caller of the held form"
    await lift_hold(url, "op-101", "selesai", hold)
    assert await purge(office.eraser, april_ten_years_on) == Purged(forms=1)
    assert await look(office.eraser, april_ten_years_on, KEPT) == Purged(recaps=1)
    assert await purge(office.eraser, april_ten_years_on) == Purged(recaps=1)
    assert (march.exists(), april.exists()) == (False, True)
    assert await purge(office.eraser, april_ten_years_on) == Purged()
    kept = await connection.fetchrow("SELECT month, by, why, purge FROM recap_erasures")
    assert tuple(kept or ()) == (date(2026, 3, 1), "agent", "form_kept_years = 10", 4)
    assert await connection.fetchval("SELECT recaps_erased FROM purges WHERE id = 4") == 1
    purpose = "recap 2026-03: form_kept_years = 10"
    assert await connection.fetchval("SELECT count(*) FROM access_log WHERE purpose = $1", purpose)
    assert await store.months() == {date(2026, 3, 1)}, "it is not made again"


async def test_a_recap_whose_folder_is_away_is_told_and_tried_again(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, told = Office(url, tmp_path), list[str]()
    made = MadeRecap(path="x", sha256="ab" * 32, made_at=MORNING, rows=0, totals={})
    await RecapStore(url).keep(date(2026, 3, 1), made)
    over = after(days=365 * 11)

    async def run() -> Purged:
        return await run_purge(
            office.eraser, over, KEPT, "agent", lambda what, _: told.append(what)
        )

    assert await run() == Purged(failed=1)
    assert told == ["recap 2026-03"]
    assert await connection.fetchval("SELECT count(*) FROM recap_erasures") == 0
    march = recap_of_march(office)
    assert await run() == Purged(recaps=1)
    assert not march.exists()


async def test_a_hold_stops_both_clocks_and_is_counted(
    url: str, tmp_path: Path, message: Story
) -> None:
    office = Office(url, tmp_path)
    await record(url, message)
    sound = office.message_of(message)
    hold = await add_hold(url, "op-101", "perkara", message.form_number, office.keys)
    over = after(days=365 * 11)
    assert await look(office.eraser, over, KEPT) == Purged(held=2)
    assert await purge(office.eraser, over) == Purged(held=2)
    assert sound.exists()
    await lift_hold(url, "op-101", "selesai", hold)
    assert await purge(office.eraser, over) == Purged(audio=1, forms=1)


async def test_a_look_changes_nothing(
    url: str, connection: Connection, tmp_path: Path, message: Story
) -> None:
    office = Office(url, tmp_path)
    await record(url, message)
    before = await everything(connection)
    assert await look(office.eraser, after(days=365 * 11), KEPT) == Purged(audio=1, forms=1)
    assert await everything(connection) == before


async def test_a_purge_that_is_interrupted_is_gone_on_with(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office = Office(url, tmp_path)
    stories = [of_ratna(number) for number in (1, 3, 4, 5)]
    await record(url, *stories)
    files = [office.document_of(story) for story in stories]
    over = after(days=365 * 11)
    remove, gone = remover_of(office.archive), 0

    async def cut_in_the_third(name: str) -> None:
        nonlocal gone
        await remove(name)
        gone += 1
        if gone == 3:
            raise asyncio.CancelledError  # after the file and before its record

    cut = {"form": cut_in_the_third, "audio": remover_of(office.audio)}
    with pytest.raises(asyncio.CancelledError):
        await purge(ErasureStore(url, office.keys, cut), over)
    assert any(file.exists() for file in files), "it was not interrupted"
    assert await connection.fetchval("SELECT ended_at FROM purges") is None
    assert await connection.fetchval("SELECT count(*) FROM erasures WHERE what = 'form'") == 2
    assert await purge(office.eraser, over) == Purged(forms=2)
    assert left_of(await everything(connection)) == []
    assert not any(file.exists() for file in files)


async def test_what_fails_for_one_call_is_counted_and_tried_again(
    url: str, tmp_path: Path, message: Story
) -> None:
    office = Office(url, tmp_path)
    await record(url, of_ratna(1), message)
    over = after(days=365 * 11)
    office.audio.rename(tmp_path / "elsewhere")
    assert await purge(office.eraser, over) == Purged(forms=1, failed=2)
    (tmp_path / "elsewhere").rename(office.audio)
    assert await purge(office.eraser, over) == Purged(audio=1, forms=1)


async def test_the_job_purges_at_once_and_again_and_waits_for_a_database(
    url: str, connection: Connection, tmp_path: Path, message: Story
) -> None:
    office = Office(url, tmp_path)
    await record(url, message)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        job = PurgeJob(office.eraser, lambda: Retention(0, 0), every_s=0.05)
        running = tasks.create_task(job.run())
        while await connection.fetchval("SELECT count(ended_at) FROM purges") < 2:  # noqa: ASYNC110 nobody is told
            await asyncio.sleep(0.02)
        running.cancel()
    assert left_of(await everything(connection)) == []
    (tmp_path / "b").mkdir()
    away = Office("postgresql://x@127.0.0.1:1/x", tmp_path / "b").eraser
    with pytest.raises(EffectFailed):
        await purge(away, after())
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(PurgeJob(away, lambda: KEPT).run())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()


async def test_a_name_that_leads_out_of_its_folder_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    other = tmp_path / "other.wav"
    other.write_text("x")
    remove = remover_of(tmp_path / "audio")
    for name in ("../other.wav", str(other), "a\0b"):
        with pytest.raises(FileNotRemoved):
            await remove(name)
    assert other.exists()
    await remove("gone.wav")
