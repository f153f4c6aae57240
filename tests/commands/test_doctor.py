"""`doctor`: names everything that is not well, each with its mend in one line."""

import json
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from tests.asterisk.pretend_ari import PretendAri
from tests.commands.shell import Ended, Shell


def mends(ended: Ended) -> dict[str, str]:
    """The mend of each thing that is not well; every one on the line below its finding."""
    lines = ended.out.splitlines()
    return {
        line.split()[1]: lines[place + 1].strip().removeprefix("→ ")
        for place, line in enumerate(lines)
        if line.startswith("✗")
    }


async def examine(shell: Shell, url: str, **settings: str) -> Ended:
    ended = await shell.start(url, "doctor", **settings)
    assert ended.err == ""
    assert ended.status == (1 if "✗" in ended.out else 0)
    return ended


async def test_it_is_content_where_everything_works_and_leaves_nothing_behind(
    url: str, shell: Shell
) -> None:
    async with PretendAri().client() as ari:
        ended = await examine(shell, url, LPSE_ARI_URL=ari.url.removesuffix("/ari"))
    assert ended.status == 0, ended.out
    told = [line.split()[:2] for line in ended.out.splitlines()]
    assert {what for _, what in told} == {
        "state_folder",
        "ari_secret_file",
        "letterhead_file",
        "hand_over",
        "pages",
        "sop_file",
        "speech",
        "database",
        "asterisk",
        "clocks",
    }
    assert {sign for sign, _ in told} == {"✓"}
    assert list(shell.folder.iterdir()) == [shell.secret]


async def test_who_tried_to_call_out_is_named_but_not_what_he_dialled(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    ledger = tmp_path / "log" / "cel-custom" / "cel.jsonl"
    ledger.parent.mkdir(parents=True)
    log = tmp_path / "log" / "messages"
    log.write_text(
        "[2026-11-25 14:02:05.181] NOTICE[2] res_pjsip_session.c:  op-101: Call "
        "(UDP:10.0.0.9:5060) to extension '0085298765432' rejected because extension not found in "
        "context 'from-operators'.\n"
    )
    ended = await examine(shell, url, LPSE_LEDGER_FILE=str(ledger))
    assert "✗ calls_out        1 refused, the last 2026-11-25 14:02:05 from op-101 at 10.0.0.9" in (
        ended.out
    )
    assert "0085298765432" not in ended.out
    assert "operator remove" in mends(ended)["calls_out"]


async def test_a_letterhead_or_a_store_that_cannot_be_used_is_named(url: str, shell: Shell) -> None:
    shell.secret.write_text("id secret")
    ended = await examine(
        shell,
        url,
        LPSE_LETTERHEAD_FILE="/nowhere.toml",
        LPSE_ARCHIVE_STORE="s3://arsip/lpse",
        LPSE_ARCHIVE_S3_ENDPOINT="http://127.0.0.1:1",
        LPSE_ARCHIVE_S3_SECRET_FILE=str(shell.secret),
    )
    named = mends(ended)
    assert named["letterhead_file"] == "Mend /nowhere.toml"
    assert named["archive_store"] == "Start the store, or mend the settings archive_s3_…"


async def test_a_way_of_hand_over_is_named_or_what_it_lacks(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    told = {"LPSE_WEBHOOK_URL": "https://x.test/", "LPSE_WEBHOOK_SECRET_FILE": str(secret)}
    ended = await examine(shell, url, **told)
    assert "✗ hand_over        webhook_secret_file: " in ended.out
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    secret.chmod(0o644)
    assert mends(await examine(shell, url, **told))["hand_over"] == f"chmod 0640 {secret}"
    secret.chmod(0o640)
    assert "✓ hand_over        webhook" in (await examine(shell, url, **told)).out


async def test_a_wrong_ari_url_is_the_one_thing_that_is_named(url: str, shell: Shell) -> None:
    ended = await examine(shell, url, LPSE_ARI_URL="http://127.0.0.1:1")
    assert ended.status == 1
    assert mends(ended) == {"asterisk": "Start Asterisk, or mend ari_url"}
    assert "no answer at http://127.0.0.1:1: " in ended.out
    assert "✓ database         migrated" in ended.out


async def test_a_secret_that_everybody_can_read_is_named_with_the_command_that_shuts_it(
    url: str, shell: Shell
) -> None:
    shell.secret.chmod(0o644)
    ended = await examine(shell, url)
    assert mends(ended)["ari_secret_file"] == f"chmod 0640 {shell.secret}"


async def test_programs_get_the_findings_and_standard_output_holds_nothing_else(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    (recorded / "connecting.wav").write_bytes(b"no sound")  # which the speech room logs
    settings = {"LPSE_RECORDED_PROMPTS_FOLDER": str(recorded)}
    ended = await shell.start(url, "doctor", "--json", **settings)
    assert ended.status == 1
    told = json.loads(ended.out)
    assert [one["what"] for one in told if not one["well"]] == ["asterisk"]
    assert all(list(one) == ["what", "well", "found", "mend"] for one in told)
    assert "recording_ignored" in ended.err


NOWHERE = "/nowhere"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (
            {
                "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
                "LPSE_ARI_SECRET_FILE": NOWHERE,
                "LPSE_STATE_FOLDER": NOWHERE,
                "LPSE_PIPER_VOICE": NOWHERE,
            },
            {
                "database": "Start PostgreSQL, or mend DATABASE_URL",
                "ari_secret_file": "Run the set-up again; it makes the secret.",
                "state_folder": "mkdir -p /nowhere",
                "piper_voice": "Put it there, or unset piper_voice",
            },
        ),
        ({"LPSE_SOP_FILE": NOWHERE}, {"sop_file": "Mend /nowhere"}),
        ({"LPSE_SOP_FILE": sys.executable}, {"sop_file": f"Mend {sys.executable}"}),
        ({"LPSE_PROMPTS_FILE": NOWHERE}, {"prompts_file": "Mend /nowhere"}),
    ],
    ids=["four at once", "no procedure", "a procedure that is no text", "no prompts"],
)
async def test_everything_that_is_missing_is_named_with_its_mend(
    url: str, shell: Shell, settings: dict[str, str], named: dict[str, str]
) -> None:
    found = mends(await examine(shell, url, **settings))
    found.pop("asterisk", None)  # there is none, and without a secret it is not even asked
    assert found == named


async def test_a_database_without_tables_and_one_that_is_newer_have_mends_of_their_own(
    url: str, empty_url: str, shell: Shell
) -> None:
    assert mends(await examine(shell, empty_url))["database"] == "lpse-agent migrate"
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, sha256) VALUES (99, 'from_tomorrow', '')"
    )
    await connection.close()
    ended = await examine(shell, url)
    assert mends(ended)["database"] == "start the newer program that made it."


async def test_an_asterisk_that_is_too_old_says_which_to_install(url: str, shell: Shell) -> None:
    old = PretendAri()
    old.version = "20.9.2"
    async with old.client() as ari:
        ended = await examine(shell, url, LPSE_ARI_URL=ari.url.removesuffix("/ari"))
    assert mends(ended) == {"asterisk": "Asterisk 20.9.2 is too old: install 22.10.1 or newer."}


async def test_clocks_that_differ_are_named_with_how_to_keep_them(url: str, shell: Shell) -> None:
    fast = PretendAri()
    fast.clock = lambda: time.time() + 0.7
    async with fast.client() as ari:
        ended = await examine(shell, url, LPSE_ARI_URL=ari.url.removesuffix("/ari"))
    assert mends(ended) == {"clocks": "Keep this machine's clock by deploy/chrony/lpse.conf"}


async def test_a_setting_that_cannot_be_is_refused_by_its_name(url: str, shell: Shell) -> None:
    ended = await shell.start(url, "doctor", LPSE_HTTP_PORT="many")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("http_port: ")
    assert len(ended.err.splitlines()) == 1
