"""Indonesian words for what a record holds, as data: outcomes, states, facts, reasons."""

from collections.abc import Callable

Say = Callable[..., str]
"""A catalogue: the words of a key, with values in their places. Raises KeyError."""

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
    "form_incomplete": "sudah tercatat, lalu tidak lengkap lagi saat formulir diarsipkan",
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

WAYS = {
    "caller_email": "e-mail kepada penelepon",
    "level_email": "e-mail kepada tingkat berikutnya",
    "webhook": "webhook",
    "request_tracker": "Request Tracker",
}
