import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from msgspec.structs import astuple, replace

from agent.documents import recap_paper
from agent.documents.recap_paper import PaperHead, RecapPaper
from agent.domain.equipment import EquipmentDeviation
from agent.domain.recap import RecapCall, RecapDeviation
from agent.settings import ROOT
from tests.documents.preflight import COLOURS_OF_PDF_1_7, LATER_PART, complaints
from tests.documents.recap_office import HEAD, MADE_AT, ROWS, WORDS, counted
from tests.domain.recap_calls import MISSING, november

MARKUP = '#read("/etc/passwd") $x^2$ *bold* <b> \\ "quoted" 漢字 🙂 ' + "W" * 60


def typeset(
    folder: Path,
    calls: list[RecapCall],
    head: PaperHead = HEAD,
    equipment: Sequence[EquipmentDeviation] = (),
) -> Path:
    """The paper of these calls, and of what was missing."""
    work = folder / "work"
    work.mkdir()
    file = folder / "recap.pdf"
    paper = RecapPaper(file, work, WORDS, head, "WIB")
    for number, call in enumerate([call for call in calls if call.is_consultation], 1):
        paper.add(ROWS.row(number, call))
    tally, summary = counted(calls, equipment)
    paper.finish(summary, tally, MADE_AT)
    return file


def text_of(file: Path) -> str:
    """Everything that it says, on one line, without the places where a line may break."""
    pdf = pypdfium2.PdfDocument(str(file))
    try:
        said = " ".join(page.get_textpage().get_text_range() for page in pdf)
    finally:
        pdf.close()
    return re.sub(r"\s+", " ", re.sub("[\u200b\ufffe]", "", said))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    calls = november()
    calls[0] = replace(calls[0], fields=calls[0].fields | {"problem": MARKUP})
    return typeset(tmp_path_factory.mktemp("paper"), calls, equipment=MISSING)


@pytest.fixture(scope="module")
def text(month: Path) -> str:
    return text_of(month)


def test_what_the_paper_says_is_what_was_counted(text: str) -> None:
    calls = november()
    _, summary = counted(calls, MISSING)
    counts = (*summary.totals, *summary.outcomes, *summary.handling, *summary.deviations)
    for label, count in counts:
        assert f"{label} {count}" in text
    for figure in summary.figures:
        assert figure.value in text
        assert figure.counts in text
        assert figure.formula in text
    assert summary.footer in text
    assert summary.period in text
    without_spaces = text.replace(" ", "")
    for call in calls:
        assert (call.form_number in without_spaces) == call.is_consultation


def test_every_officer_has_his_line(text: str) -> None:
    _, summary = counted(november())
    assert {officer.name for officer in summary.officers} == {"Siti Aminah", "Budi Santoso"}
    for officer in summary.officers:
        assert " ".join(map(str, astuple(officer))) in text


def test_equipment_that_was_missing_has_its_section(text: str) -> None:
    assert "pengarsipan tidak berjalan 2026-11-03 03-11-2026 09.00 03-11-2026 11.00 4" in text
    october = "rekap bulan yang sudah tutup belum dibuat 2026-10 02-11-2026 00.00"
    assert f"{october} masih berlangsung" in text


def test_what_was_said_and_decided_of_a_deviation_is_there_whole(tmp_path: Path) -> None:
    call = next(call for call in november() if call.is_consultation)
    said = [" ".join(f"kata{place}-{word}" for word in range(180)) for place in (1, 2)]
    long = RecapDeviation("time", "2", 10.0, 12.5, 2.5, "met_late", said[0], "excused")
    longer = RecapDeviation("output", "3", None, None, None, "identity_not_recorded", said[1])
    unsaid = RecapDeviation("output", "8", None, None, None, "not_handed_over", None, "upheld")
    text = text_of(typeset(tmp_path, [replace(call, deviations=(long, longer, unsaid))] * 9))
    for told in (
        "L2 waktu +2,5 dtk (dapat dimaklumi, penjelasan: kata1-0",
        "L3 keluaran: identitas tidak dicatat (penjelasan: kata2-0",
        "L8 keluaran: tidak diteruskan melalui pesan (ditetapkan)",
    ):
        assert text.count(told) == 9
    words = Counter(re.findall(r"kata\d-\d+", text))
    assert words == {word: 9 for part in said for word in part.split()}


def test_it_has_a_letterhead_and_room_to_sign(text: str) -> None:
    for said in (
        "PEMERINTAH KABUPATEN BATANG",
        "SEKRETARIAT DAERAH",
        HEAD.address,
        "(0285) 391000",
    ):
        assert said in text
    assert "Batang, 1 Desember 2026" in text
    assert "Nama Ketua" in text
    assert "NIP 19700101 199503 1 001" in text
    assert [signer.role in text for signer in HEAD.signers] == [True] * 3


def test_what_a_caller_said_is_shown_and_never_typeset(text: str) -> None:
    assert '#read("/etc/passwd")' in text.replace(" ", "")
    assert "$x^2$" in text
    assert "*bold*" in text
    assert "root:" not in text


def test_it_is_an_archive_paper_of_a4_lying(month: Path) -> None:
    reader = pypdf.PdfReader(month)
    metadata = reader.xmp_metadata
    assert metadata is not None
    said = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in said
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in said
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (842, 595)


def test_another_validator_finds_nothing_that_pdf_a_2_forbids(month: Path, tmp_path: Path) -> None:
    assert complaints(month.read_bytes(), tmp_path) == {LATER_PART, COLOURS_OF_PDF_1_7}


def test_every_page_has_ink_and_its_margins_are_empty(month: Path) -> None:
    pdf = pypdfium2.PdfDocument(str(month))
    try:
        for page in pdf:
            picture = page.render(scale=0.5).to_pil().convert("L")
            assert picture.point(lambda grey: 255 * (grey < 200)).getbbox()
            edge = picture.crop((picture.width - 14, 0, picture.width, picture.height))
            assert edge.getextrema() == (255, 255), "something reaches out of the page"
    finally:
        pdf.close()


def test_an_empty_month_and_a_head_without_anything_have_their_paper(tmp_path: Path) -> None:
    text = text_of(typeset(tmp_path, [], PaperHead(unit=("LPSE Kabupaten Batang",))))
    assert "LPSE KABUPATEN BATANG" in text
    assert "Tidak ada konsultasi pada periode ini." in text
    assert "Perlengkapan yang tidak ada Tidak ada pada periode ini." in text
    assert "Panggilan masuk 0" in text


def test_a_list_that_is_too_long_for_paper_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recap_paper, "MOST_ROWS", 5)
    calls = november(20)
    text = text_of(typeset(tmp_path, calls))
    rows = sum(call.is_consultation for call in calls)
    assert f"Daftar {rows} konsultasi tidak dicetak" in text
    assert calls[0].form_number not in text.replace(" ", "")


def test_a_logo_stands_in_the_head(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
    )
    plain = typeset(tmp_path, [])
    (tmp_path / "again").mkdir()
    with_logo = typeset(tmp_path / "again", [], replace(HEAD, logo=logo))
    assert _first_page(plain) != _first_page(with_logo)


def test_the_template_evaluates_nothing() -> None:
    template = (ROOT / "agent" / "data" / "papers" / "recap.typ").read_text()
    assert "eval" not in template.replace("evaluated", "")


def _first_page(file: Path) -> bytes:
    pdf = pypdfium2.PdfDocument(str(file))
    try:
        return bytes(pdf[0].render(scale=0.5).to_pil().tobytes())
    finally:
        pdf.close()
