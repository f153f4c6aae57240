"""What a recap needs of an office, for the documents' tests."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime

from agent.documents.recap_files import RecapFrame
from agent.documents.recap_paper import PaperHead, Signature
from agent.documents.recap_summary import RecapSummary, summarise
from agent.domain.equipment import EquipmentDeviation
from agent.domain.form import parse_form
from agent.domain.recap import RecapCall
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_row import RowMaker
from agent.domain.recap_tally import RecapTally
from agent.domain.recap_words import parse_recap_words
from agent.domain.sop import parse_sop
from agent.settings import DATA

MADE_AT = datetime(2026, 11, 30, 18, 5, tzinfo=UTC)
NOVEMBER = RecapPeriod(date(2026, 11, 1), date(2026, 11, 30))
WORDS = parse_recap_words(tomllib.loads((DATA / "papers" / "recap.toml").read_text()))
_FORM = parse_form(tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text()))
HEAD = PaperHead(
    government="Pemerintah Kabupaten Batang",
    unit=("Sekretariat Daerah", "Layanan Pengadaan Secara Elektronik"),
    address="Jalan R.A. Kartini Nomor 1, Batang, Jawa Tengah",
    place="Batang",
    telephone="(0285) 391000",
    email="helpdesk@contoh.example",
    signers=(
        Signature(role="Koordinator Bidang Layanan dan Dukungan"),
        Signature(role="Sekretaris LPSE"),
        Signature(role="Ketua LPSE", name="Nama Ketua", nip="19700101 199503 1 001"),
    ),
)
FRAME = RecapFrame(
    period=NOVEMBER,
    zone="WIB",
    words=WORDS,
    forms={_FORM.name: _FORM},
    sop=parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text())),
    head=HEAD,
)
ROWS = RowMaker(WORDS, FRAME.forms, "WIB")


def counted(
    calls: list[RecapCall], equipment: Sequence[EquipmentDeviation] = ()
) -> tuple[RecapTally, RecapSummary]:
    """These calls and what was missing counted, and said in words."""
    tally = RecapTally("WIB")
    for call in calls:
        tally.add(call)
    for missing in equipment:
        tally.add_equipment(missing)
    summary = summarise(
        tally,
        WORDS,
        ROWS,
        period=NOVEMBER,
        zone="WIB",
        sop=FRAME.sop,
        made_at=MADE_AT,
        equipment=equipment,
    )
    return tally, summary
