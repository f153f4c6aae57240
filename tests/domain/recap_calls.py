"""Calls for the tests of the recap: a plausible month of an office, and calls of any kind."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.consultation import Outcome
from agent.domain.equipment import EquipmentDeviation
from agent.domain.priority import Level
from agent.domain.recap import RecapCall, RecapDeviation, StepTime
from agent.domain.ticket import TicketStage

FORM = "formulir-konsultasi-1"
LIMITS = {"2": 10.0, "3": 120.0, "7": 600.0, "8": 600.0}
MIDNIGHT = datetime(2026, 10, 31, 17, tzinfo=UTC)
"""The first moment of November 2026 in WIB."""

_OUTCOMES = {
    Outcome.SOLVED: 60,
    Outcome.ESCALATED: 16,
    Outcome.ABANDONED_WAITING: 6,
    Outcome.DROPPED_BY_CALLER: 4,
    Outcome.ABANDONED_IN_WELCOME: 3,
    Outcome.REFERRED: 3,
    Outcome.SILENT: 2,
    Outcome.WRONG_NUMBER: 2,
    Outcome.UNANSWERED: 1,
    Outcome.VOICEMAIL: 1,
    Outcome.PRANK: 1,
    Outcome.INTERRUPTED: 1,
}
_NAMES = ("Siti Rahmawati", "Agus Prasetyo", "Dewi Lestari", "Bambang Sutrisno", "Nur Hidayah")
_FIRMS = (
    "CV Melati Jaya",
    "PT Karya Bangun Persada",
    "CV Sumber Rejeki Abadi",
    "PT Tirta Nusantara",
)
_OFFICES = ("Dinas Pekerjaan Umum dan Penataan Ruang", "RSUD Batang", "Dinas Pendidikan")
_OPERATORS = {"op-101": "Siti Aminah", "op-102": "Budi Santoso"}
_PROBLEMS = (
    ("spse", "01", "Tidak dapat masuk ke SPSE setelah migrasi akun ke INAPROC"),
    ("inaproc", "05", "Akun INAPROC belum terhubung dengan akun penyedia lama"),
    ("spse", "02", "Menanyakan berkas yang dibawa untuk verifikasi penyedia"),
    (
        "apendo",
        "06",
        "Unggah dokumen penawaran gagal pada 98 persen, batas waktu hari ini pukul 15.00",
    ),
    ("sirup", "10", "RUP yang sudah diumumkan tidak tampil ketika membuat paket"),
    ("spse", "08", "Jadwal tahapan pembukaan penawaran berubah dan tidak ada pemberitahuan"),
    ("e_katalog", "11", "Pesanan e-purchasing tidak dapat disetujui oleh PPK"),
    ("sikap", "04", "Data pengalaman pada SIKaP tidak dapat ditarik ke dalam penawaran"),
)
_SOLUTIONS = (
    "Dipandu masuk melalui halaman INAPROC dan mengatur ulang sandi sendiri",
    "Dijelaskan daftar berkas asli dan jam layanan verifikasi",
    "Disarankan memakai jaringan lain dan memperkecil berkas; unggah berhasil saat dipandu",
    "Dipandu memperbarui data pada menu kualifikasi",
)


MISSING = (
    EquipmentDeviation(
        kind="archive",
        subject="2026-11-03",
        began_at=MIDNIGHT + timedelta(days=2, hours=9, seconds=30),
        ended_at=MIDNIGHT + timedelta(days=2, hours=11),
        proof={"consultations": 4, "form_numbers": ["0001/FK-TLP/LPSE.BTG/2026"]},
    ),
    EquipmentDeviation(
        kind="recap",
        subject="2026-10",
        began_at=MIDNIGHT + timedelta(days=1),
        ended_at=None,
        proof={"closed_at": "2026-11-01T00:00:00+07:00"},
    ),
)
"""Equipment that was missing in November beyond one call."""


def november(count: int = 300) -> list[RecapCall]:
    """A month of an office, the same every time."""
    chance = random.Random(2026)  # noqa: S311 — nothing is kept secret by it
    workdays = [day for day in range(30) if (MIDNIGHT + timedelta(days=day, hours=7)).weekday() < 5]
    moments = sorted(
        MIDNIGHT
        + timedelta(
            days=chance.choice(workdays), hours=chance.triangular(7.4, 16.4, 9.6), seconds=count
        )
        for _ in range(count)
    )
    return [_plausible(chance, number, at) for number, at in enumerate(moments, 1)]


def _plausible(chance: random.Random, number: int, at: datetime) -> RecapCall:
    outcome = chance.choices(tuple(_OUTCOMES), tuple(_OUTCOMES.values()))[0]
    call = RecapCall(
        form_number=f"{number:04}/FK-TLP/LPSE.BTG/2026",
        outcome=outcome,
        arrived_at=at,
        caller_number=f"+6281{chance.randint(20000000, 39999999)}",
        caller_shown="0812",
    )
    if outcome == Outcome.ABANDONED_IN_WELCOME:
        return replace(call, ended_at=at + timedelta(seconds=chance.uniform(1, 12)))
    queued = at + timedelta(seconds=chance.uniform(11.5, 12.5))
    call = replace(call, queued_at=queued)
    wait = min(290.0, chance.expovariate(1 / 14) + 2.5)
    if outcome in (Outcome.ABANDONED_WAITING, Outcome.UNANSWERED, Outcome.VOICEMAIL):
        return replace(call, ended_at=queued + timedelta(seconds=wait * 3))
    operator = chance.choice(tuple(_OPERATORS))
    answered = queued + timedelta(seconds=wait)
    talk = chance.uniform(4, 20) if not call.is_consultation else chance.lognormvariate(5.4, 0.5)
    return _talked(
        chance,
        number,
        replace(
            call,
            answered_at=answered,
            ended_at=answered + timedelta(seconds=talk),
            operator=operator,
            operator_name=_OPERATORS[operator],
        ),
    )


def _talked(chance: random.Random, number: int, call: RecapCall) -> RecapCall:
    if not call.is_consultation:
        return call
    penyedia = chance.random() < 0.7
    application, category, problem = chance.choice(_PROBLEMS)
    fields = {
        "caller_name": chance.choice(_NAMES),
        "user_type": "penyedia" if penyedia else chance.choice(("ppk", "pp", "pokja")),
        "business_name" if penyedia else "institution": chance.choice(
            _FIRMS if penyedia else _OFFICES
        ),
        "application": application,
        "category": category,
        "problem": problem,
    }
    seconds = {
        "2": chance.gammavariate(4, 1.2),
        "3": chance.gammavariate(6, 13),
        "7": chance.gammavariate(2, 60),
    }
    if call.outcome == Outcome.SOLVED:
        fields |= {"solution": chance.choice(_SOLUTIONS), "confirmation": "sesuai"}
    if call.outcome == Outcome.ESCALATED:
        seconds["8"] = chance.gammavariate(5, 30)
        stage = chance.choice(tuple(TicketStage))
        fields |= {
            "email": "penyedia@contoh.example",
            "escalated_to": chance.choice(("admin_ppe", "lkpp")),
            "directed_to": chance.choice(("email", "lpse_support")),
        }
        call = replace(
            call,
            ticket_number=f"26-{number:05}-7",
            ticket_stage=stage,
            ticket_level=chance.choice(tuple(Level)),
            ticket_priority=chance.choice(("high", "medium", "low")),
            external_number=f"LS{number:06}" if chance.random() < 0.5 else None,
            ticket_confirmed_at=call.ended_at if stage == TicketStage.CONFIRMED else None,
        )
    steps = tuple(StepTime(step, "met", LIMITS[step], took) for step, took in seconds.items())
    late = tuple(
        RecapDeviation("time", t.step, t.limit_s, t.seconds, t.seconds - t.limit_s, "met_late")
        for t in steps
        if t.seconds and t.limit_s and t.seconds > t.limit_s
    )
    if chance.random() < 0.03:
        late += (RecapDeviation("output", "3", None, None, None, "identity_not_recorded"),)
    if chance.random() < 0.01:
        late += (RecapDeviation("equipment", "1", None, None, None, "record_lost"),)
    archived = call.ended_at + timedelta(seconds=seconds["7"]) if call.ended_at else None
    return replace(
        call,
        form=FORM,
        fields=fields,
        steps=steps,
        deviations=late,
        archived_at=archived,
        called_again=chance.random() < 0.1,
    )


_moments = st.integers(-86_400, 32 * 86_400).map(lambda s: MIDNIGHT + timedelta(seconds=s))
_spans = st.none() | st.floats(-5, 5000).map(lambda s: timedelta(seconds=s))
_steps = st.builds(
    StepTime,
    st.sampled_from(["1a", "2", "3", "7", "8"]),
    st.sampled_from(["met", "running", "unmet", "not_applicable"]),
    st.none() | st.sampled_from([5.0, 10.0, 120.0, 600.0]),
    st.none() | st.floats(0, 2000),
)
_deviations = st.builds(
    RecapDeviation,
    st.sampled_from(["time", "output", "equipment"]),
    st.sampled_from(["1", "2", "3", "8"]),
    st.none(),
    st.none(),
    st.none(),
    st.just("met_late"),
)
_texts = st.dictionaries(
    st.sampled_from(["category", "confirmation", "caller_name", "contact_phone", "problem"]),
    st.text("=+-@\t\n<#*a1", max_size=8)
    | st.sampled_from(["01", "99", "belum_sesuai", "=1+1", "08123456789"]),
)


@st.composite
def any_calls(draw: st.DrawFn) -> RecapCall:
    """A call of any kind, also of kinds that no service would record."""
    arrived = draw(_moments)
    spans = [draw(_spans) for _ in range(3)]
    queued, answered, ended = (arrived + span if span is not None else None for span in spans)
    ticket = draw(st.booleans())
    return RecapCall(
        form_number=f"{draw(st.integers(1, 9999)):04}/FK-TLP/LPSE.BTG/2026",
        outcome=draw(st.sampled_from(Outcome)),
        arrived_at=arrived,
        queued_at=queued,
        answered_at=answered,
        ended_at=ended,
        archived_at=ended + timedelta(seconds=draw(st.floats(-5, 900))) if ended else None,
        called_again=draw(st.none() | st.booleans()),
        operator=draw(st.sampled_from([None, "op-101", "op-102"])),
        caller_number=draw(st.none() | st.just("+628123456789")),
        fields=draw(_texts),
        form=draw(st.sampled_from([None, FORM, "another-2"])),
        ticket_number="26-00001-7" if ticket else None,
        ticket_stage=draw(st.sampled_from(TicketStage)) if ticket else None,
        ticket_level=draw(st.sampled_from(Level)) if ticket else None,
        steps=tuple(draw(st.lists(_steps, max_size=4))),
        deviations=tuple(draw(st.lists(_deviations, max_size=3))),
    )
