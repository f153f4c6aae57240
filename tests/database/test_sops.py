"""Revisions of the procedure: kept as they ran, refused when they changed under the same name."""

import copy
import tomllib
from typing import Any

import pytest

from agent.database.connect import Connection
from agent.database.errors import SopRevisionChanged
from agent.database.sops import all_sops, changed_sops, load_sop
from agent.domain.sop import SopInvalid
from agent.settings import DATA
from tests.database.stories import SOP_NAME


@pytest.fixture
def content() -> dict[str, Any]:
    """The procedure's file as it is delivered."""
    return tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text())


async def test_loading_the_same_revision_again_is_no_change(
    url: str, content: dict[str, Any]
) -> None:
    sop = await load_sop(url, content)
    assert await all_sops(url) == {SOP_NAME: sop}


async def test_another_content_under_the_same_revision_is_refused(
    url: str, content: dict[str, Any]
) -> None:
    changed = copy.deepcopy(content)
    changed["steps"][2]["limit_s"] = 30
    with pytest.raises(SopRevisionChanged, match=f"{SOP_NAME}.*raise the revision"):
        await load_sop(url, changed)
    changed["revision"] = "01"
    newer = await load_sop(url, changed)
    assert set(await all_sops(url)) == {SOP_NAME, newer.name}
    assert (await all_sops(url))[newer.name].steps[2].limit_s == 30


async def test_what_is_no_procedure_is_not_kept(url: str, content: dict[str, Any]) -> None:
    with pytest.raises(SopInvalid):
        await load_sop(url, {**content, "steps": "none"})
    assert set(await all_sops(url)) == {SOP_NAME}


async def test_a_revision_that_was_changed_where_it_is_kept_is_known_by_its_hash(
    url: str, connection: Connection
) -> None:
    assert await changed_sops(connection) == []
    await connection.execute("UPDATE sop_revisions SET content = content - 'legal_basis'")
    assert await changed_sops(connection) == [SOP_NAME]
