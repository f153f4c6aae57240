"""Suggestions from a real index: words in any form, typing errors, days, and no personal data."""

import tomllib
from datetime import date, timedelta

import pytest

from agent.database.answers import add_answers, retire_answer
from agent.database.connect import Connection
from agent.database.search import suggest, suggestions
from agent.domain.answer import Answer, parse_answers
from agent.domain.suggestion import Suggestion
from agent.settings import DATA
from tests.database.form_stories import answer_parts, record_all, told_records
from tests.database.stories import MORNING

TODAY = date(2026, 3, 2)
FORGOTTEN = "usulan-lupa-password-inaproc"
UPLOAD = "usulan-unggah-penawaran"


@pytest.fixture
async def answered(url: str) -> str:
    """The answers that come with the program."""
    content = tomllib.loads((DATA / "answers" / "usulan-1.toml").read_text("utf-8"))
    await add_answers(url, parse_answers(content), "Dewi")
    return url


async def found(url: str, typed: str, today: date = TODAY) -> list[Suggestion]:
    return await suggest(url, typed, today, "WIB")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("lupa password", FORGOTTEN),
        ("lupa paswod", FORGOTTEN),
        ("gagal login", FORGOTTEN),
        ("kata sandi terlupa ", FORGOTTEN),
        ("unggah penawaran", UPLOAD),
        ("mengunggah penawaran gagal", UPLOAD),
        ("pengunggahan penawarannya", UPLOAD),
        ("ungah penawran ", UPLOAD),
        ("gagal mengunggah penawar", UPLOAD),
        ("sanggahan", "usulan-sanggah"),
        ("menyangga", "usulan-sanggah"),
        ("verivikasi dokumen ", "usulan-dokumen-verifikasi"),
        ("insert or update on table rekanan", "usulan-error-rekanan"),
    ],
)
async def test_words_are_found_in_any_form_unfinished_and_with_typing_errors(
    answered: str, typed: str, first: str
) -> None:
    assert (await found(answered, typed))[0].reference == first


async def test_an_answer_is_shown_on_its_days_only(answered: str) -> None:
    old, new = "usulan-lupa-password-spse", FORGOTTEN

    async def shown(today: date) -> set[str]:
        return {one.reference for one in await found(answered, "lupa password", today)}

    assert {old, new} & await shown(date(2023, 12, 31)) == {old}
    assert {old, new} & await shown(date(2024, 1, 1)) == {new}
    await retire_answer(answered, new, "Dewi")
    assert {old, new} & await shown(date(2024, 1, 1)) == set()


async def test_solved_consultations_are_found_once_they_are_archived(url: str) -> None:
    solved = told_records(1, problem="Apendo menolak berkas", solution="Berkas dienkripsi ulang")
    await record_all(url, solved[:-1])
    assert await found(url, "apendo") == []
    await record_all(url, solved, told_records(2, "escalated", problem="Apendo rusak"))
    (one,) = await found(url, "apendo")
    assert (one.kind, one.reference) == ("consultation", "0001/FK-TLP/LPSE.BTG/2026")
    assert (one.problem, one.solution) == ("Apendo menolak berkas", "Berkas dienkripsi ulang")
    assert one.since == date(2026, 3, 2)
    assert [s.reference for s in await found(url, "mengenkripsi ")] == [one.reference]


async def test_a_correction_after_the_archive_is_found_by_its_new_words(
    url: str, connection: Connection
) -> None:
    await record_all(url, told_records(1, problem="Apendo menolak berkas"))
    await connection.execute(
        'UPDATE consultation_forms SET fields = fields || \'{"problem": "Jadwal tender"}\''
    )
    assert await found(url, "menolak berkas ") == []
    assert len(await found(url, "jadwal ")) == 1
    await connection.execute("UPDATE consultation_forms SET fields = fields - 'solution'")
    await connection.execute("UPDATE consultation_forms SET fields = fields - 'problem'")
    assert await found(url, "jadwal ") == []


async def test_no_personal_data_is_in_a_suggestion(url: str) -> None:
    people = {
        "caller_name": "Rudi Hartono",
        "business_name": "CV Melati Jaya",
        "phone": "+628123456789",
        "npwp": "0012345678901000",
    }
    problem = "Rudi dari Melati Jaya (08123456789, rudi@melati.id) gagal login"
    solution = "NPWP 0012345678901000 milik Hartono diperiksa, login berhasil"
    await record_all(url, told_records(1, problem=problem, solution=solution, **people))
    (one,) = await found(url, "gagal login")
    assert one.problem == "… dari … (…, …) gagal login"
    assert one.solution == "NPWP … milik … diperiksa, login berhasil"
    told = repr(one).lower()
    for personal in (*people.values(), "rudi", "hartono", "melati", "08123456789"):
        assert personal.lower() not in told


async def test_at_equal_rank_the_offices_answer_stands_above_a_consultation(url: str) -> None:
    text = "Cara mencetak kontrak elektronik"
    await add_answers(
        url, [Answer(**answer_parts(id="cetak", title=text, question=text, answer="Menu"))], "Dewi"
    )
    await record_all(url, told_records(1, problem=f"{text} {text}", solution="Menu"))
    kinds = [one.kind for one in await found(url, "mencetak kontrak ")]
    assert kinds == ["answer", "consultation"]


async def test_of_a_common_word_the_newest_consultations_are_shown(url: str) -> None:
    days = [
        told_records(n, start=MORNING + timedelta(days=n), solution=f"Cara {n}") for n in (1, 2, 3)
    ]
    await record_all(url, *days)
    assert [one.solution for one in await found(url, "penawaran ")] == [
        "Cara 3",
        "Cara 2",
        "Cara 1",
    ]


HOSTILE = (
    "",
    "   ",
    "'",
    "''' OR 1=1 --",
    '"',
    "\\",
    "\\'",
    "a & b | !c <-> d:*",
    ":*",
    "!!!",
    "(((",
    "\x00",
    "lupa\x00password",
    "%",
    "_",
    "%%_%",
    "\udcff",
    "\u202e\u0000",
    "x" * 4000,
    "lupa " * 800,
    "; DROP TABLE answers; --",
    "😀 ½ ² Ⅳ ٣ ǅ",
    " ".join(f"kata{number}" for number in range(500)),
)


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda typed: ascii(typed)[:20])
async def test_hostile_text_is_only_ever_words(
    answered: str, connection: Connection, typed: str
) -> None:
    for one in await suggestions(connection, typed, TODAY, "WIB"):
        assert one.rank > 0
    assert await connection.fetchval("SELECT count(*) FROM answers") >= 15


async def test_filling_in_a_form_costs_the_search_nothing_before_the_archive(
    url: str, connection: Connection
) -> None:
    await record_all(url, told_records(1)[:-1])
    assert await connection.fetchval("SELECT count(*) FROM search_words") == 0
    assert await connection.fetchval("SELECT count(*) FROM solved_texts") == 0
