"""F29: a name that comes from outside leads to no file but where such files belong."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.asterisk.call_marks import parse_marks
from agent.asterisk.cel_events import told_by
from agent.documents.archive import archived_sha256
from agent.documents.archive_store import ArchiveFailed, FolderStore
from agent.domain.events import FormArchived, VoicemailLeft
from agent.domain.identifiers import CallId, ChannelId
from agent.runtime.doors import LedgerEntry
from tests.documents.papers import folder_archive
from tests.domain.story import FORM, solved

CHANNEL = ChannelId("1795338000.7")
OUTSIDE = [
    "../rahasia",
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "%2e%2e%2frahasia",
    "..\\rahasia",
    "x/../../rahasia",
    "rahasia\0",
    "rahasia\n",
    "link.json",
    "r" * 300,
]
PROMISE = (
    "a path for a name (../, absolute, %2e, a zero, a link) in a message, a call's marks or an"
    " archived form is refused at the door, and no file outside is touched"
)
pytestmark = pytest.mark.fault("F29", PROMISE)


@pytest.mark.parametrize("name", [*OUTSIDE, "1.1.wav/../x.wav", "1.1.wav.sh", "1.1.wav\n", ".wav"])
def test_a_message_has_the_name_that_the_dialplan_gives_or_none(name: str) -> None:
    entry = LedgerEntry(
        at=datetime(2026, 11, 25, tzinfo=UTC),
        kind="marked",
        channel=CHANNEL,
        linked=CHANNEL,
        mark="LPSE_VOICEMAIL",
        note=name,
    )
    assert told_by(entry) is None
    told = told_by(replace(entry, note="1795338000.7.wav"))
    assert told
    assert isinstance(told[1], VoicemailLeft)


@pytest.mark.parametrize("name", OUTSIDE)
async def test_a_form_is_filed_inside_the_archive_or_not_at_all(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "state" / "archive"
    archive = folder_archive(folder)
    assert parse_marks({"LPSE_CALL": name, "LPSE_FORM": FORM}) is None
    with pytest.raises(ArchiveFailed):
        await archive.write(replace(solved().call, call_id=CallId(name)))
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 (nobody else waits)
    # A form's number is what is written in it, and no part of a path.
    performed = await archive.write(replace(solved().call, form_number=name))
    assert isinstance(performed.event, FormArchived)
    assert (folder / performed.event.path).resolve().is_relative_to(folder)


@pytest.mark.parametrize("path", OUTSIDE)
def test_an_archived_form_is_read_inside_the_archive_or_not_at_all(
    tmp_path: Path, path: str
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (tmp_path / "rahasia").write_text("not yours")
    (folder / "link.json").symlink_to(tmp_path / "rahasia")
    assert archived_sha256(FolderStore(folder), path) is None
