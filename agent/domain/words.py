"""Indonesian words for what a record holds, as data: outcomes, states, prompts, causes, reasons."""

from collections.abc import Callable
from datetime import datetime

from agent.domain.ticket_events import (
    AnyTicketEvent,
    DueSet,
    ExternalNumberLinked,
    LevelAssigned,
    PriorityChanged,
    SolutionConfirmed,
    TicketOpened,
    TicketReopened,
    TicketSolved,
    TicketTaken,
    UserAnswered,
    UserAsked,
)

OUTCOMES = {
    "in_progress": "masih berlangsung",
    "abandoned_in_welcome": "penelepon menutup saat sambutan",
    "abandoned_waiting": "penelepon menutup saat menunggu",
    "unanswered": "tidak ada operator yang menjawab",
    "solved": "terjawab",
    "escalated": "dieskalasi",
    "dropped_by_caller": "penelepon menutup sebelum selesai",
    "undecided": "operator menutup tanpa keputusan",
    "interrupted": "terputus oleh gangguan",
    "voicemail": "meninggalkan pesan suara",
    "referred": "dirujuk ke pihak lain",
    "silent": "senyap",
    "prank": "iseng",
    "wrong_number": "salah sambung",
}

STEP_STATES = {
    "met": "terpenuhi",
    "running": "berjalan",
    "unmet": "tidak terpenuhi",
    "not_applicable": "tidak berlaku",
}

DEVIATION_KINDS = {"time": "waktu", "output": "keluaran", "equipment": "perlengkapan"}

REASONS = {
    "met_late": "dipenuhi terlambat",
    "not_met_in_time": "tidak dipenuhi dalam batas waktu",
    "identity_not_recorded": "identitas tidak dicatat",
    "ended_without_decision": "selesai tanpa keputusan",
    "solution_not_recorded": "jawaban tidak dicatat pada formulir",
    "not_handed_over": "tidak diteruskan melalui pesan",
    "caller_left_before_hearing": "penelepon menutup sebelum mendengar nomor",
    "numbers_not_heard": "nomor tidak diperdengarkan sampai akhir",
    "handled_without_the_service": "dilayani sentral telepon saat layanan ini tidak berjalan",
    "record_lost": "catatan awal panggilan hilang",
}

DEVIATION_STANDINGS = {
    "open": "terbuka",
    "explained": "sudah dijelaskan, belum diputuskan",
    "excused": "dapat dimaklumi",
    "upheld": "ditetapkan sebagai penyimpangan",
}

WORD_ROLES = {"explanation": "Penjelasan", "decision": "Keputusan"}

WORD_REFUSALS = {
    "nothing_said": "Mohon tuliskan alasannya: teks tidak boleh kosong.",
    "too_long": "Teks terlalu panjang: paling banyak 2000 huruf.",
    "secret": (
        "Teks ini tampaknya memuat kata sandi, PIN atau kode OTP, yang tidak boleh dicatat: "
        "mohon tulis kembali tanpa itu."
    ),
    "nobody_named": "Mohon sebutkan siapa yang berbicara: akun atau nama, 1 sampai 80 huruf.",
    "not_his_own": "Hanya operator yang bertanggung jawab yang dapat menjelaskan penyimpangan ini.",
    "his_own": "Penyimpangan sendiri tidak dapat diputuskan sendiri: mohon minta atasan lain.",
    "explained_by_him": "Yang memberi penjelasan tidak dapat memutuskan: mohon minta atasan lain.",
}

EQUIPMENT_KINDS = {
    "form_service": "layanan formulir tidak ada",
    "recap": "rekap bulan yang sudah tutup belum dibuat",
    "archive": "pengarsipan tidak berjalan",
}

FACTS = {
    "clock_started": "jam mulai",
    "call_arrived": "telepon masuk",
    "notice_heard_to_its_end": "pemberitahuan didengar sampai akhir",
    "operator_spoke": "operator berbicara",
    "operator_pressed_*2": "operator menekan *2",
    "operator_pressed_*3": "operator menekan *3",
    "operator_pressed_*6": "operator menekan *6",
    "decided_yes": "keputusan: dapat dijawab",
    "decided_no": "keputusan: tidak dapat dijawab",
    "identity_on_form": "identitas dan permasalahan tercatat pada formulir",
    "solution_on_form": "jawaban tercatat pada formulir",
    "case_handed_over": "pesan penerusan diterima",
    "form_archived": "lembar diarsipkan",
    "numbers_heard_by_operator": "nomor didengar operator",
    "numbers_heard_by_caller": "nomor didengar penelepon",
}

PROMPTS = {
    "welcome_morning": "salam pagi",
    "welcome_noon": "salam siang",
    "welcome_afternoon": "salam sore",
    "welcome_evening": "salam malam",
    "recording_notice": "pemberitahuan rekaman",
    "connecting": "pemberitahuan sedang disambungkan",
    "please_wait": "permintaan menunggu",
    "nobody_available": "permintaan maaf dan nomor formulir",
    "numbers": "nomor formulir dan nomor tiket",
    "numbers_last": "nomor panggilan sebelumnya",
    "no_numbers_yet": "kabar bahwa tiket belum ada",
    "tone_accepted": "nada diterima",
    "tone_refused": "nada ditolak",
}

PLAYBACK_RESULTS = {
    "done": "didengar sampai akhir",
    "failed": "tidak selesai diputar",
    "stopped": "dihentikan",
    "overdue": "tidak ada kabar akhirnya",
    "refused": "tidak dapat diputar",
}

WAYS = {
    "caller_email": "e-mail kepada penelepon",
    "level_email": "e-mail kepada tingkat berikutnya",
    "webhook": "webhook",
    "request_tracker": "Request Tracker",
}

SUPERVISION = {
    "listen": "mendengarkan saja",
    "whisper": "membisiki operator",
    "join": "ikut berbicara",
}

TICKET_STAGES = {
    "new": "baru",
    "taken": "ditangani",
    "waiting_for_user": "menunggu pengguna",
    "solved": "selesai, menunggu konfirmasi",
    "confirmed": "dikonfirmasi selesai",
    "reopened": "dibuka kembali",
}
LEVELS = {"helpdesk": "Helpdesk", "admin_ppe": "Admin PPE", "lkpp": "LKPP"}
PRIORITIES = {"high": "Tinggi", "medium": "Menengah", "low": "Rendah"}
AXES = {"urgency": "urgensi", "impact": "dampak"}

# Q.850, as telephones say why a leg ended.
CAUSES = {
    16: "ditutup",
    17: "sibuk",
    18: "tidak ada tanggapan",
    19: "tidak diangkat",
    20: "telepon tidak terdaftar",
    21: "ditolak",
    26: "dibatalkan",
    27: "telepon tidak terjangkau",
    31: "ditutup",
    34: "tidak ada saluran",
    38: "jaringan terganggu",
    127: "sebab tidak diketahui",
}


def ticket_line(event: AnyTicketEvent, shown: Callable[[datetime | None], str]) -> str:
    """One event of a ticket's history; `shown` writes moments."""
    match event:
        case TicketOpened(choice=choice) | PriorityChanged(choice=choice):
            what = "Tiket dibuka" if isinstance(event, TicketOpened) else "Prioritas diubah"
            reason = f": {choice.override.reason}" if choice.override else ""
            assumed = " dan ".join(AXES[axis] for axis in choice.assumed)
            assumed = f" ({assumed} tidak diisi)" if assumed else ""
            return f"{what}, prioritas {PRIORITIES[choice.priority]}{assumed}{reason}"
        case DueSet(due=due):
            return f"Batas waktu ditetapkan: {shown(due.target_at)}"
        case TicketTaken():
            return "Mulai ditangani"
        case LevelAssigned(level=level):
            return f"Diteruskan ke {LEVELS[level]}"
        case UserAsked(question=text):
            return f"Pertanyaan kepada pengguna: {text}"
        case UserAnswered(answer=text):
            return f"Jawaban pengguna: {text}"
        case TicketSolved(solution=text):
            return f"Jawaban/solusi: {text}"
        case SolutionConfirmed():
            return "Pengguna menyatakan selesai"
        case TicketReopened(reason=text):
            return f"Dibuka kembali: {text}"
        case ExternalNumberLinked(external_number=number):
            return f"Nomor LPSE Support: {number}"


def cause(code: int | None) -> str:
    """Why a leg ended."""
    return "berakhir" if code is None else CAUSES.get(code, f"sebab {code}")
