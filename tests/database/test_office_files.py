"""Versions of the office's files are kept as they were used, and never change their content."""

import pytest

from agent.database.errors import OfficeFileChanged
from agent.database.office_files import keep_office_file, office_files


async def test_every_version_is_kept_and_read_again(url: str) -> None:
    await keep_office_file(url, "form", "formulir-1", {"a": 1})
    await keep_office_file(url, "form", "formulir-2", {"a": 2})
    await keep_office_file(url, "priority_table", "formulir-1", {"b": 1})
    await keep_office_file(url, "form", "formulir-1", {"a": 1})
    assert await office_files(url, "form") == {"formulir-1": {"a": 1}, "formulir-2": {"a": 2}}


async def test_a_version_with_other_content_is_refused_with_its_setting(url: str) -> None:
    await keep_office_file(url, "office_hours", "LPSE.BTG 1", {"opens": "07:30"})
    with pytest.raises(OfficeFileChanged, match=r"hours_file: .* raise the version"):
        await keep_office_file(url, "office_hours", "LPSE.BTG 1", {"opens": "08:00"})
    assert await office_files(url, "office_hours") == {"LPSE.BTG 1": {"opens": "07:30"}}
