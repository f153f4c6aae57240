"""`purge`: counted, done, and said when something failed."""

import json

import pytest

from agent.database.office_decisions import NewDecision, decide
from agent.database.pool import Pool
from tests.commands.shell import Shell
from tests.database.a_person import left_a_message, of_ratna, record
from tests.database.desk import keep_in_force
from tests.domain.offices import rules_of_calls


async def test_what_is_too_old_is_counted_first_and_erased_then(
    url: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stories are of March 2026: their sounds are too old at once, their forms in ten years."""
    message = left_a_message(2)
    await record(url, of_ratna(1), message)
    monkeypatch.setenv("LPSE_AUDIO_KEPT_DAYS", "1")
    monkeypatch.setenv("LPSE_VOICEMAIL_FOLDER", str(shell.folder / "sounds"))
    counted = json.loads((await shell.run(url, "purge", "--dry-run", "--json")).stdout)
    assert counted == {"audio": 1, "forms": 0, "held": 0, "failed": 0, "recaps": 0}
    failed = await shell.run(url, "purge", "--json")
    assert (failed.exit_code, json.loads(failed.stdout)["failed"]) == (1, 1)
    assert failed.stderr == f"{message.form_number}: There is no folder {shell.folder}/sounds.\n"
    (shell.folder / "sounds").mkdir()
    done = await shell.run(url, "purge")
    assert done.exit_code == 0, done.output
    assert "rekaman suara   1" in done.stdout
    again = json.loads((await shell.run(url, "purge", "--json")).stdout)
    assert again == {"audio": 0, "forms": 0, "held": 0, "failed": 0, "recaps": 0}


async def test_what_the_office_has_decided_counts_and_not_the_setting(
    url: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(url, left_a_message(2))
    await keep_in_force(url)
    pool = Pool(url)
    new = NewDecision(
        kind="office_rules", name="kantor-1", based_on="setelan-1", by="ratna", reason="Rapat",
        content=rules_of_calls(version="kantor-1", audio_kept_days=3650),
    )  # fmt: skip
    await decide(pool, new)
    await pool.aclose()
    monkeypatch.setenv("LPSE_AUDIO_KEPT_DAYS", "1")
    counted = json.loads((await shell.run(url, "purge", "--dry-run", "--json")).stdout)
    assert counted["audio"] == 0
