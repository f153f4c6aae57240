"""The settings choose the store."""

from pathlib import Path

import pytest

from agent.documents.archive_store import FolderStore
from agent.documents.chosen_store import chosen_store
from agent.documents.object_store import ObjectStore
from agent.settings import Settings, SettingsInvalid


def settings(folder: Path, **more: object) -> Settings:
    return Settings(
        database_url="postgresql://127.0.0.1/x",
        ari_url="http://127.0.0.1:8088",
        ari_secret_file=folder / "secret",
        state_folder=folder,
        **more,  # type: ignore[arg-type]  # each test's own
    )


def test_without_a_bucket_forms_are_in_the_state_folder(tmp_path: Path) -> None:
    store = chosen_store(settings(tmp_path))
    assert isinstance(store, FolderStore)
    store.keep("2026/a.pdf", b"x")
    assert (tmp_path / "archive" / "2026" / "a.pdf").is_file()


def test_a_bucket_needs_its_keys(tmp_path: Path) -> None:
    bucket = {"archive_store": "s3://arsip/lpse", "archive_s3_endpoint": "https://s3.example.org"}
    with pytest.raises(SettingsInvalid, match=r"^archive_s3_secret_file: is not set"):
        chosen_store(settings(tmp_path, **bucket))
    keys = tmp_path / "keys"
    keys.write_text("id\nsecret\n")
    chosen = chosen_store(settings(tmp_path, **bucket, archive_s3_secret_file=keys))
    assert isinstance(chosen, ObjectStore)
    without_endpoint = settings(tmp_path, archive_store="s3://arsip", archive_s3_secret_file=keys)
    assert isinstance(chosen_store(without_endpoint), ObjectStore)
