from datetime import date, time, timedelta

from hypothesis import given
from msgspec.structs import replace

from agent.domain.consultation import Outcome
from agent.domain.priority import Level
from agent.domain.recap import COLUMNS, OF_PERSONS, RecapCall, RecapDeviation, StepTime
from agent.domain.recap_row import RowMaker, shortened
from agent.domain.ticket import TicketStage
from tests.documents.recap_office import FRAME, ROWS, WORDS
from tests.domain.recap_calls import FORM, MIDNIGHT, any_calls

CALL = RecapCall(
    form_number="0001/FK-TLP/LPSE.BTG/2026",
    outcome=Outcome.ESCALATED,
    arrived_at=MIDNIGHT + timedelta(hours=8, minutes=5, seconds=7.9),
    answered_at=MIDNIGHT + timedelta(hours=8, minutes=6),
    ended_at=MIDNIGHT + timedelta(hours=8, minutes=10),
    caller_number="+6281234567890",
    operator="op-101",
    operator_name="Siti Aminah",
    form=FORM,
    fields={
        "caller_name": "Agus",
        "user_type": "ppk",
        "institution": "Dinas Pendidikan",
        "application": "spse",
        "category": "08",
        "problem": "Jadwal berubah",
        "email": "agus@contoh.example",
        "directed_to": "lpse_support",
    },
    ticket_number="26-00001-7",
    ticket_stage=TicketStage.TAKEN,
    ticket_level=Level.LKPP,
    ticket_priority="high",
    external_number="LS1",
    steps=(StepTime("2", "met", 10.0, 12.5),),
    deviations=(
        RecapDeviation("time", "2", 10.0, 12.5, 2.5, "met_late"),
        RecapDeviation("output", "8", None, None, None, "numbers_not_heard"),
    ),
)


def test_a_row_has_every_column_in_the_words_of_the_office() -> None:
    assert ROWS.row(7, CALL) == {
        "number": 7,
        "date": date(2026, 11, 1),
        "began": time(8, 5, 7),
        "ended": time(8, 10),
        "form_number": "0001/FK-TLP/LPSE.BTG/2026",
        "ticket_number": "26-00001-7",
        "name": "Agus",
        "user_type": "PPK (Pejabat Pembuat Komitmen)",
        "company": "Dinas Pendidikan",
        "contact": "0812-3456-7890, agus@contoh.example",
        "application": "SPSE",
        "category": "Jadwal & tahapan",
        "problem": "Jadwal berubah",
        "solution": None,
        "answered": "T",
        "priority": "Tinggi",
        "escalated_to": "Helpdesk LKPP",
        "directed_to": "LPSE Support (trouble ticketing)",
        "external_number": "LS1",
        "status": "Tiket ditangani",
        "finished": None,
        "confirmation": None,
        "operator": "Siti Aminah",
        "step_2": 12.5,
        "step_3": None,
        "step_7": None,
        "step_8": None,
        "deviations": "L2 waktu +2,5 dtk; L8 keluaran: nomor tidak diperdengarkan sampai akhir",
        "note": None,
    }


def test_without_persons_a_row_tells_numbers_and_choices_and_nobodys_words() -> None:
    rows = RowMaker(WORDS, FRAME.forms, "WIB", persons=False)
    late = replace(CALL.deviations[0], explanation="Agus bicara lama", verdict="excused")
    call = replace(CALL, deviations=(late,))
    whole, masked = ROWS.row(7, call), rows.row(7, call)
    hidden = {column: "(disamarkan)" for column in OF_PERSONS if whole[column] is not None}
    assert set(hidden) == {"name", "company", "contact", "problem", "external_number"}
    said = "L2 waktu +2,5 dtk (dapat dimaklumi, penjelasan: (disamarkan))"
    assert masked == whole | hidden | {"deviations": said}


def test_a_confirmed_ticket_is_finished_by_the_users_word() -> None:
    at = MIDNIGHT + timedelta(days=2)
    row = ROWS.row(1, replace(CALL, ticket_stage=TicketStage.CONFIRMED, ticket_confirmed_at=at))
    assert (row["status"], row["finished"]) == ("Selesai", date(2026, 11, 3))
    assert row["confirmation"] == "Dikonfirmasi pengguna"


def test_a_call_that_nobody_answered_has_its_caller_and_its_reason() -> None:
    call = RecapCall(
        form_number="1",
        outcome=Outcome.ABANDONED_WAITING,
        arrived_at=MIDNIGHT,
        caller_shown="anonymous",
    )
    row = ROWS.row(1, call)
    assert (row["contact"], row["note"]) == ("anonymous", "Ditutup saat menunggu")
    assert (row["status"], row["answered"], row["operator"]) == ("Tidak terlayani", None, None)


def test_choices_of_a_form_that_is_not_known_stand_as_they_are() -> None:
    row = ROWS.row(1, replace(CALL, form="another-9"))
    assert row["category"] == "08"
    assert ROWS.category("08") == "Jadwal & tahapan"
    assert ROWS.category("77") == "77"
    assert ROWS.category("") == "Tanpa kategori"


@given(any_calls())
def test_any_consultation_has_a_row(call: RecapCall) -> None:
    assert tuple(ROWS.row(1, call)) == COLUMNS


def test_long_texts_are_cut_at_a_sign_and_say_so() -> None:
    assert shortened("satu\n dua", 8) == "satu dua"
    assert shortened("satu dua tiga", 9) == "satu dua…"
