"""Which ways are on, by the settings alone."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.handover.senders import make_senders
from agent.settings import Settings, SettingsInvalid
from tests.handover.test_webhooks import SECRET

ALL = {"caller_email", "level_email", "webhook", "request_tracker"}


def office(folder: Path, **changed: Any) -> Settings:
    for name, content in (("password", "p"), ("hook", SECRET), ("token", "1-2-3")):
        (folder / name).write_text(content)
    told: dict[str, Any] = {
        "smtp_host": "mail.lpse.test",
        "smtp_user": "agent",
        "smtp_password_file": folder / "password",
        "mail_from": "helpdesk@lpse.test",
        "level_addresses": "admin_ppe=ppe@lpse.test",
        "webhook_url": "https://tts.lpse.test/hook",
        "webhook_secret_file": folder / "hook",
        "request_tracker_url": "https://rt.lpse.test",
        "request_tracker_token_file": folder / "token",
        "request_tracker_queue": "LPSE",
        **changed,
    }
    return Settings(
        database_url="", ari_url="", ari_secret_file=folder, state_folder=folder, **told
    )


async def test_a_way_is_on_when_it_has_its_settings(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    assert set(make_senders(office(tmp_path), session)) == ALL
    for setting, off in (
        ("smtp_host", {"caller_email", "level_email"}),
        ("level_addresses", {"level_email"}),
        ("webhook_url", {"webhook"}),
        ("request_tracker_url", {"request_tracker"}),
    ):
        assert set(make_senders(office(tmp_path, **{setting: None}), session)) == ALL - off


@pytest.mark.parametrize(
    "setting", ["smtp_password_file", "webhook_secret_file", "request_tracker_token_file"]
)
async def test_a_secret_that_cannot_be_read_stops_the_start_with_its_key(
    session: aiohttp.ClientSession, tmp_path: Path, setting: str
) -> None:
    with pytest.raises(SettingsInvalid, match=f"^{setting}: "):
        make_senders(office(tmp_path, **{setting: tmp_path / "nothing"}), session)


async def test_an_unfit_secret_or_file_of_texts_stops_the_start_with_its_key(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    unfit = tmp_path / "unfit"
    unfit.write_text("secret")
    with pytest.raises(SettingsInvalid, match=r"^webhook_secret_file: "):
        make_senders(office(tmp_path, webhook_secret_file=unfit), session)
    with pytest.raises(SettingsInvalid, match=r"^messages_file: "):
        make_senders(office(tmp_path, messages_file=unfit), session)
