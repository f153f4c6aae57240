"""The paper as people and machines find it: opened again, read, drawn, and held to PDF/A-3b."""

import hashlib
import io
import re
import unicodedata
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from msgspec.structs import replace
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, IndirectObject, NameObject, TextStringObject

from agent.documents.archive import render_record
from agent.documents.form_paper import RECORD_NAME, facts_known_at, render_form_paper
from agent.documents.letterhead_file import Stationery
from agent.domain.call_state import Call
from agent.domain.consultation import judge
from agent.domain.letterhead import Letterhead, Signer
from tests.documents.papers import PRIORITY_TABLE, PROCEDURE, STATIONERY, record_in
from tests.documents.preflight import ATTACHMENT, COLOURS_OF_PDF_1_7, LATER_PART, complaints
from tests.domain.story import CALLER, FIRST, FORM, FORM_FILE, TICKET, Story, talking_with_form

A4 = (595, 842)
HOSTILE = (
    "#set page(width: 10pt) $x$ *b* _i_ `r` @a <b> \"q\" 's' \\u{41} // c /* c */ [ ] { } "
    '#panic("x") #read("/etc/passwd") #eval("1") = h\n= h\n- l\n+ e / t: d \u202eterbalik\u202c '
    "אבג اب 😀 日本 \x00\x1b[31m \ud800 e\u0301 &amp; <script> %s ]]> https://x.y/#a ~ -- ---"
)


def paper_of(call: Call, stationery: Stationery = STATIONERY) -> bytes:
    judgement = judge(call, PROCEDURE)
    record = render_record(call, judgement, PROCEDURE)
    return render_form_paper(
        call, judgement, PROCEDURE, FORM_FILE, call.form, stationery, record, PRIORITY_TABLE
    )


def text_of(paper: bytes) -> str:
    """All that is to be read on it, in one line, without the places where words may break."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages]
    return re.sub(r"\s+", " ", " ".join(pages).replace("\u200b", ""))


def escalated() -> Story:
    """Identity and problem on the form; the numbers are not heard: the caller leaves too soon."""
    story = talking_with_form()
    story.after(12).speaks()
    story.fills(
        ("caller_name", "Budi Hartono"),
        ("user_type", "penyedia"),
        ("business_name", "CV. Melati Jaya"),
        ("contact_phone", "0811-234-567"),
        ("email", "budi@melati.co.id"),
        ("application", "spse"),
        ("category", "06"),
        ("problem", "Tidak dapat mengunggah dokumen penawaran.\nPesan: koneksi terputus."),
        ("stage_deadline", "25-11-2026 15.00 WIB"),
        ("screenshot_promised", "ya"),
    )
    story.after(100).presses("*8")
    story.ticket()
    story.after(20).hangs_up(CALLER)
    story.after(0.1).hangs_up(FIRST)
    return story


@pytest.fixture(scope="module")
def paper() -> bytes:
    return paper_of(escalated().call)


def test_every_section_and_value_of_the_form_is_to_be_read(paper: bytes) -> None:
    text = text_of(paper)
    for section in FORM_FILE.sections:
        assert section.label.id.upper() in text
        for field in section.fields:
            assert field.label.id in text, field.id
    for told in (
        f"Nomor formulir : {FORM}",
        f"Nomor tiket : {TICKET}",
        "Waktu panggilan : 23-11-2026 09.00.00 WIB",
        "Jenis pengguna : Penyedia",
        "Kategori : Unggah dokumen kualifikasi/penawaran (Apendo/Spamkodok)",
        "Tidak dapat mengunggah dokumen penawaran. Pesan: koneksi terputus.",
        "Telepon kontak : +62811234567",
        "Batas waktu tahapan : 25-11-2026 15.00 WIB",
        "Tangkapan layar akan dikirim : Ya",
        "Versi tabel prioritas : usulan-1: Menengah (urgensi dan dampak diandaikan)",
        "Pemberitahuan rekaman dibacakan : 23-11-2026 09.00.08 WIB",
    ):
        assert told in text, told


def test_head_procedure_steps_deviations_and_signers_are_to_be_read(paper: bytes) -> None:
    text, letterhead = text_of(paper), STATIONERY.letterhead
    for line in (letterhead.government, *letterhead.unit):
        assert line.upper() in text
    assert letterhead.address in text
    for step in PROCEDURE.steps:
        assert step.activity in text
    for basis in (*PROCEDURE.legal_basis, *PROCEDURE.current_legal_basis):
        assert basis in text
    assert "Dasar hukum terkini (usulan, menunggu penetapan kepala LPSE)" in text
    assert "SOP-LPSE.BTG-017 revisi 00, berlaku 8 Januari 2017" in text
    assert "Hasil menurut rekaman: dieskalasi" in text
    assert "10 detik 2,000 detik terpenuhi jam mulai" in text  # step 2: limit, measured, evidence
    assert "dipenuhi dengan dokumen ini" in text  # step 7
    assert "Langkah 8, keluaran: penelepon menutup sebelum mendengar nomor" in text
    assert "Batang, 23 November 2026" in text
    for signer in letterhead.signers:
        assert signer.role in text
    pages = len(PdfReader(io.BytesIO(paper)).pages)
    assert f"Halaman {pages} dari {pages}" in text


def test_a_form_without_deviations_says_so() -> None:
    story = talking_with_form()
    assert "Tidak ada penyimpangan." in text_of(paper_of(story.call))


def test_the_record_is_inside_and_its_hash_is_printed(paper: bytes) -> None:
    record = record_in(paper)
    call = escalated().call
    assert record == render_record(call, judge(call, PROCEDURE), PROCEDURE)
    assert hashlib.sha256(record).hexdigest() in text_of(paper).replace(" ", "")


def test_the_same_call_gives_the_same_bytes_and_another_does_not(paper: bytes) -> None:
    call = escalated().call
    assert paper_of(call) == paper
    assert paper_of(replace(call, ticket_number="26-00413-0")) != paper


def test_the_papers_time_is_that_of_its_last_fact(paper: bytes) -> None:
    story = escalated()
    assert facts_known_at(story.call) == story.call.ended.at  # type: ignore[union-attr]  # it ended
    story.after(300).fills(("closing", "Terima kasih"))
    assert facts_known_at(story.call) == story.now
    told = PdfReader(io.BytesIO(paper)).metadata
    assert told
    assert told.creation_date == facts_known_at(escalated().call).replace(microsecond=0)


def test_it_claims_pdf_a_3b_and_keeps_what_it_claims(paper: bytes) -> None:
    """A structural check; the typesetter itself refuses whatever it knows to be against PDF/A."""
    reader = PdfReader(io.BytesIO(paper))
    catalog = reader.trailer["/Root"]
    xmp = catalog["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part(>|=\")3", xmp)
    assert re.search(r"pdfaid:conformance(>|=\")B", xmp)
    [intent] = catalog["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert intent.get_object()["/DestOutputProfile"].get_object().get_data()[36:40] == b"acsp"
    assert not reader.is_encrypted
    assert "/ID" in reader.trailer
    assert catalog["/Lang"] == "id"
    kinds = set()
    for thing in objects(reader):
        kinds |= {str(thing.get(key)) for key in ("/Type", "/S", "/Subtype") if key in thing}
        assert not {"/JS", "/JavaScript", "/AA", "/OpenAction", "/Launch"} & set(thing), thing
        if thing.get("/Type") == "/FontDescriptor":
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(thing), thing["/FontName"]
    assert "/FontDescriptor" in kinds
    assert not {"/JavaScript", "/Launch", "/Movie", "/Sound", "/RichMedia"} & kinds
    [named] = catalog["/AF"]
    attached = named.get_object()
    assert (attached["/F"], attached["/AFRelationship"]) == (RECORD_NAME, "/Source")
    assert attached["/EF"]["/F"].get_object()["/Subtype"] == "/application/json"


def test_another_validator_finds_nothing_that_pdf_a_3_forbids(paper: bytes, tmp_path: Path) -> None:
    assert complaints(paper, tmp_path) == {LATER_PART, COLOURS_OF_PDF_1_7, *ATTACHMENT}


def test_the_validator_sees_a_script_and_fonts_that_are_missing(
    paper: bytes, tmp_path: Path
) -> None:
    with_script = PdfWriter(clone_from=io.BytesIO(paper))
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")}
    with_script.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    fontless = PdfWriter(clone_from=io.BytesIO(paper))
    for font in fontless.pages[0]["/Resources"]["/Font"].values():
        descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert descriptor.pop("/FontFile2", None) or descriptor.pop("/FontFile3", None)
    for writer, broken in ((with_script, "6.2.5"), (fontless, "3.1.3")):
        out = io.BytesIO()
        writer.write(out)
        assert broken in complaints(out.getvalue(), tmp_path)


def objects(reader: PdfReader) -> list[DictionaryObject]:
    """Every dictionary of the file, also of its streams."""
    found = []
    for number in range(1, int(reader.trailer["/Size"])):  # type: ignore[call-overload]  # a number
        thing = reader.get_object(IndirectObject(number, 0, reader))
        if isinstance(thing, DictionaryObject):
            found.append(thing)
    assert found
    return found


@pytest.mark.parametrize("fields", [("caller_name",), ("problem", "solution")])
def test_no_text_of_a_caller_is_more_than_text(fields: tuple[str, ...]) -> None:
    story = talking_with_form()
    longest = {"caller_name": 200, "problem": 4000, "solution": 4000}
    filled = [(field, (HOSTILE * 20)[: longest[field]]) for field in fields]
    story.fills(*filled)
    assert len(story.call.form.shown) == len(fields)
    paper = paper_of(story.call)
    text = text_of(paper)
    for literal in ("#set page(width: 10pt) $x$ *b* _i_ `r` @a <b> \"q\" 's'", "#panic("):
        assert literal in text
    assert not any(unicodedata.category(sign) in ("Cc", "Co", "Cs") for sign in text)
    for page in PdfReader(io.BytesIO(paper)).pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == A4
        assert "/Annots" not in page, "an address in a text became a link"
    assert all_ink_is_within_margins(paper)
    # The record has the text as it was typed.
    assert "\\u202e" in repr(record_in(paper).decode())


@pytest.mark.parametrize("text", ["W" * 4000, "i" * 4000, "ya\n" * 1300, "□" * 4000, "-" * 4000])
def test_long_texts_break_over_lines_and_pages(text: str) -> None:
    story = talking_with_form()
    story.fills(("problem", text))
    paper = paper_of(story.call)
    assert all_ink_is_within_margins(paper)
    assert text_of(paper).replace(" ", "").count(text[0]) >= text.count(text[0])


def all_ink_is_within_margins(paper: bytes) -> bool:
    """Whether nothing is drawn beside the page's 2 cm left and right (a point of air is given)."""
    document = pypdfium2.PdfDocument(paper)
    for page in document:
        drawn = page.render(scale=1, grayscale=True).to_numpy()
        left, right = round(2 / 2.54 * 72) - 2, round(A4[0] - 2 / 2.54 * 72) + 2
        if (drawn[:, :left] < 250).any() or (drawn[:, right:] < 250).any():
            return False
    return True


def test_the_check_of_the_margins_sees_ink_beside_them(paper: bytes) -> None:
    assert all_ink_is_within_margins(paper)
    document = pypdfium2.PdfDocument(paper)
    document[0].set_cropbox(40, 0, *A4)
    out = io.BytesIO()
    document.save(out)
    assert not all_ink_is_within_margins(out.getvalue())


def test_a_logo_and_signers_names_are_on_the_paper() -> None:
    logo = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
        b'<rect width="9" height="9" fill="#111"/></svg>'
    )
    letterhead = Letterhead(
        office="LPSE.X",
        government="Pemerintah Kota X",
        unit=("Bagian Y",),
        address="Jalan Z #1 *tebal*",
        place="X",
        telephone="(0285) 391571",
        email="lpse@x.go.id",
        website="lpse.x.go.id",
        logo="x.svg",
        signers=(Signer(role="Ketua", name="Dr. A. B.", nip="197001011995031001"),),
    )
    call = escalated().call
    paper = paper_of(call, Stationery(letterhead, logo))
    text = text_of(paper)
    for told in ("Jalan Z #1 *tebal*", "Dr. A. B.", "NIP 197001011995031001", "lpse@x.go.id"):
        assert told in text
    top_left = pypdfium2.PdfDocument(paper)[0].render(scale=1).to_numpy()[45:110, 57:115]
    assert (top_left < 60).mean() > 0.5


def test_a_call_that_nobody_took_has_a_paper_too() -> None:
    story = Story()
    story.arrives()
    story.after(timedelta(seconds=3).total_seconds()).hangs_up(CALLER)
    text = text_of(paper_of(story.call))
    assert "penelepon menutup saat sambutan" in text
    assert "Petugas :" in text
