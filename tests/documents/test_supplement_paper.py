"""The sheet about a deviation, as it is read and drawn, and held against PDF/A like the form."""

import io
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from agent.documents.supplement_paper import compose_supplement_paper
from agent.documents.typesetting import typeset
from agent.domain.consultation import judge
from agent.domain.deviation_words import DeviationWord, decide, explain
from agent.domain.supplement import ProvingEvent, Supplement
from tests.documents.papers import PROCEDURE, SAY, STATIONERY
from tests.documents.preflight import COLOURS_OF_PDF_1_7, LATER_PART, complaints
from tests.documents.test_form_paper import HOSTILE, all_ink_is_within_margins, text_of
from tests.domain.story import CALLER, FIRST, FORM, MORNING, SITI, TICKET, talking

AFTERNOON = MORNING + timedelta(hours=6)


def decided(explanation: str = "Headset rusak", why: str = "Gangguan alat") -> Supplement:
    """Siti greeted late and said why; her supervisor excused it."""
    story = talking()
    story.after(12.5).speaks()
    story.after(60).hangs_up(CALLER)
    story.hangs_up(FIRST)
    story.archived()
    [late] = judge(story.call, PROCEDURE).deviations
    words: list[DeviationWord] = [explain(late, explanation, SITI, AFTERNOON)]
    words.append(
        decide(late, words, "excused", why, "Kepala Bidang", AFTERNOON + timedelta(minutes=5))
    )
    return Supplement(
        call_id=story.call.call_id,
        kind="time",
        step="2",
        sequence=2,
        path="2026/c0ffee.time-2-2.pdf",
        form_path="2026/c0ffee.pdf",
        form_sha256="ab" * 32,
        call=story.call,
        words=tuple(words),
        deviation=late,
        proof=tuple(ProvingEvent(place, story.told[place - 1]) for place in late.events),
        names={SITI: "Siti Aminah"},
    )


def paper_of(supplement: Supplement) -> bytes:
    return typeset(compose_supplement_paper(supplement, PROCEDURE, STATIONERY, SAY))


@pytest.fixture(scope="module")
def paper() -> bytes:
    return paper_of(decided())


def test_everything_about_the_deviation_is_to_be_read_on_one_page(paper: bytes) -> None:
    text = text_of(paper)
    for told in (
        STATIONERY.letterhead.government.upper(),
        "LEMBAR TAMBAHAN SIMPANGAN",
        f"Nomor formulir: {FORM}",
        "Langkah : 2. ",
        "Jenis : waktu",
        "Sebab : dipenuhi terlambat",
        "Batas : 10 detik",
        "Terukur : 12,500 detik",
        "Lebih : 2,500 detik",
        f"Petugas : Siti Aminah ({SITI})",
        f"Penjelasan oleh Siti Aminah ({SITI}), 23-11-2026 15.00.00 WIB Headset rusak",
        "Keputusan oleh Kepala Bidang, 23-11-2026 15.05.00 WIB: dapat dimaklumi Gangguan alat",
        "2026/c0ffee.pdf",
        "Batang, 23 November 2026",
        "Halaman 1 dari 1",
    ):
        assert told in text, told
    assert "ab" * 32 in text.replace(" ", "")
    assert TICKET not in text
    for one in decided().proof:
        assert f"#{one.place} 23-11-2026" in text
    assert len(PdfReader(io.BytesIO(paper)).pages) == 1


def test_a_deviation_that_a_later_fact_took_away_says_so_and_has_no_proof() -> None:
    supplement = decided()
    text = text_of(paper_of(replace(supplement, deviation=None)))
    assert "Keadaan : tidak ada lagi menurut rekaman yang terakhir" in text
    assert "Terukur : 12,500 detik" in text, "the words were about this value"
    assert f"#{supplement.proof[0].place} 23-11-2026" not in text


def test_the_same_sheet_gives_the_same_bytes(paper: bytes) -> None:
    assert paper_of(decided()) == paper


def test_what_people_said_is_never_more_than_text() -> None:
    paper = paper_of(decided(HOSTILE[:1900].replace("\ud800", ""), "W" * 2000))
    text = text_of(paper)
    assert '#panic("x")' in text
    assert not any(unicodedata.category(sign) in ("Cc", "Co", "Cs") for sign in text)
    assert all_ink_is_within_margins(paper)


def test_preflight_finds_nothing_that_pdf_a_3_forbids(paper: bytes, tmp_path: Path) -> None:
    assert complaints(paper, tmp_path) <= {LATER_PART, COLOURS_OF_PDF_1_7}
