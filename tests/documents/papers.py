"""What tests of archived forms share: an archive in a folder, and the record inside a paper."""

import io
import tomllib
from pathlib import Path

from pypdf import PdfReader

from agent.catalogue import read_words
from agent.documents.archive import Archive
from agent.documents.archive_store import ArchiveStore, FolderStore
from agent.documents.form_paper import RECORD_NAME
from agent.documents.letterhead_file import read_stationery
from agent.domain.priority import parse_priority_table
from agent.domain.sop import Sop, parse_sop
from agent.settings import DATA
from tests.domain.story import FORM_FILE, SOP

PROCEDURE: Sop = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
SAY = read_words()["id"]
PRIORITY_TABLE = parse_priority_table(
    tomllib.loads((DATA / "priority" / "usulan-1.toml").read_text("utf-8"))
)
STATIONERY = read_stationery(DATA / "letterhead" / "LPSE.BTG.toml")


def archive_in(store: ArchiveStore) -> Archive:
    """The archive of the office that comes with the program."""
    return Archive(
        store,
        {SOP: PROCEDURE},
        {FORM_FILE.name: FORM_FILE},
        lambda: FORM_FILE,
        STATIONERY,
        lambda: PRIORITY_TABLE,
        SAY,
    )


def folder_archive(folder: Path) -> Archive:
    """The same in a folder."""
    return archive_in(FolderStore(folder))


def record_in(paper: bytes) -> bytes:
    """The machine's record that is attached to a paper; it is the only attachment."""
    attached = PdfReader(io.BytesIO(paper)).attachments
    assert list(attached) == [RECORD_NAME]
    [record] = attached[RECORD_NAME]
    return record
