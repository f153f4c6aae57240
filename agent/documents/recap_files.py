"""All files of one recap, written call by call and put in place when they are whole."""

import hashlib
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, get_args

import msgspec

from agent.documents.recap_list import RecapList
from agent.documents.recap_paper import PaperHead, RecapPaper
from agent.documents.recap_sheet import RecapSheet
from agent.documents.recap_summary import RecapSummary, summarise
from agent.domain.equipment import EquipmentDeviation
from agent.domain.recap import RecapCall
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_row import Forms, RowMaker
from agent.domain.recap_tally import RecapTally
from agent.domain.recap_words import RecapWords
from agent.domain.sop import Sop

Format = Literal["pdf", "xlsx", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)


class RecapFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What a recap is of, and how the office says and signs it."""

    period: RecapPeriod
    zone: str
    words: RecapWords
    forms: Forms
    sop: Sop
    head: PaperHead
    persons: bool = True
    """Whether it tells who called and what was said."""

    @property
    def stem(self) -> str:
        """The name of its files without the ending."""
        return f"rekap-{self.period.first}-{self.period.last}"


class RecapFile(msgspec.Struct, frozen=True):
    """One file that was written, and what it holds."""

    path: Path
    sha256: str


class WrittenRecap(msgspec.Struct, frozen=True):
    """A whole recap: its files, and what they tell."""

    files: tuple[RecapFile, ...]
    rows: int
    made_at: datetime
    summary: RecapSummary
    tally: RecapTally


class RecapFiles:
    """Takes every call once; whoever leaves it before `finish` leaves no file behind.

    It blocks, and takes a processor for itself: nothing for an event loop that serves calls.
    """

    def __init__(self, folder: Path, formats: tuple[Format, ...], frame: RecapFrame) -> None:
        self._folder = folder
        self._frame = frame
        self._rows = RowMaker(frame.words, frame.forms, frame.zone, persons=frame.persons)
        self._tally = RecapTally(frame.zone)
        self._equipment: list[EquipmentDeviation] = []
        self._count = 0
        # Beside the place of the files, so that putting them there is one step.
        folder.mkdir(parents=True, exist_ok=True)
        self._work = tempfile.TemporaryDirectory(prefix=".rekap-", dir=folder)
        work = Path(self._work.name)
        self._drafts = {form: work / f"{frame.stem}.{form}" for form in FORMATS if form in formats}
        drafts, words = self._drafts, frame.words
        self._list = RecapList(drafts["csv"], words) if "csv" in drafts else None
        self._sheet = RecapSheet(drafts["xlsx"], words) if "xlsx" in drafts else None
        self._paper = (
            RecapPaper(drafts["pdf"], work, words, frame.head, frame.zone)
            if "pdf" in drafts
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._work.cleanup()

    def take(self, call: RecapCall) -> None:
        """Count a call, and give it its row if it was a consultation."""
        self._tally.add(call)
        if not call.is_consultation:
            return
        self._count += 1
        row = self._rows.row(self._count, call)
        for writer in (self._list, self._sheet, self._paper):
            if writer:
                writer.add(row)

    def take_equipment(self, missing: EquipmentDeviation) -> None:
        """Count equipment that was missing beyond one call, and give it its line."""
        self._tally.add_equipment(missing)
        self._equipment.append(missing)

    def finish(self, made_at: datetime) -> WrittenRecap:
        """Write what comes after the rows, and put all files in their place, over older ones.

        Raises OSError, and AssertionError when the totals do not add up.
        """
        frame = self._frame
        differences = self._tally.totals.differences()
        assert not differences, differences
        summary = summarise(
            self._tally,
            frame.words,
            self._rows,
            period=frame.period,
            zone=frame.zone,
            sop=frame.sop,
            made_at=made_at,
            equipment=self._equipment,
        )
        for writer in (self._list, self._sheet):
            if writer:
                writer.finish(summary)
        if self._paper:
            self._paper.finish(summary, self._tally, made_at)
        files = tuple(self._put(draft) for draft in self._drafts.values())
        return WrittenRecap(files, self._count, made_at, summary, self._tally)

    def _put(self, draft: Path) -> RecapFile:
        sha256 = hashlib.sha256(draft.read_bytes()).hexdigest()
        draft.chmod(0o640)  # it names people
        return RecapFile(draft.rename(self._folder / draft.name), sha256)
