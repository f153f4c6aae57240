"""Whether somebody typed a password, a PIN or a one-time code into a text.

The helpdesk never asks for one and the record must never hold one. Most calls are about passwords,
though: that a word for a secret stands in a text means nothing. Only where a value follows it
("kata sandi saya adalah …", "OTP 4821") or is called one ("4821 itu kode OTP-nya") is one told. In
doubt, a word of plain letters is taken for prose.
"""

import re
import unicodedata
from typing import Literal

Kind = Literal["password", "vague", "code"]
Told = Literal["no", "maybe", "yes"]
"""How clearly what comes next is told as the secret: not, "… jadi X", "… adalah X"."""

_WORDS: dict[Kind, str] = {
    "code": "kode verifikasi|kode otentikasi|kode autentikasi|kode konfirmasi|kode keamanan"
    "|kode rahasia|kode akses|kode aktivasi|kode token|kode sms|verification code|security code"
    "|confirmation code|access code|authentication code|authenticator code|one time password"
    "|one time code|one-time password|passcode|token|otp|pin|2fa|mfa",
    "password": "password|pasword|passwod|passwort|passwrd|paswod|passwd|passphrase|katasandi"
    "|pswd|pwd",
    "vague": "kata kunci|sandi|pass|psw|pw",
}
_AS = {"a": "a4@", "e": "e3", "i": "i1!", "o": "o0", "s": "s5$"}
_BETWEEN = r"[\s._*\-]{0,3}"


def _however_spelled(word: str) -> str:
    """The word also as p4ssw0rd, p a s s w o r d and p.a.s.s.w.o.r.d."""
    return _BETWEEN.join(f"[{_AS.get(letter, letter)}]" for letter in re.sub("[ -]", "", word))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET_WORD = re.compile(
    r"(?<!\w)(?:"
    + "|".join(
        f"(?P<{kind}>{'|'.join(_however_spelled(word) for word in words.split('|'))})"
        for kind, words in _WORDS.items()
    )
    + r")(?:[\s-]?(?:nya|ku|mu)|s)?(?!\w)"
)

_YES = _words("adalah ialah yaitu yakni merupakan is was are")
_MAYBE = _words("jadi menjadi ke dengan pakai pake memakai menggunakan")
_BESIDE = _words(
    """saya anda aku kami kita beliau nya ku mu my the your his her our ini itu tersebut lama baru
    old new sementara temporary default awal spse sirup sikap inaproc lpse email e-mail atm bank
    kartu hp login log in masuk yang yg dipakai digunakan diganti ganti saat sekarang kemarin tadi
    barusan sms wa whatsapp untuk utk buat di dari for of to kode code angka kata sandi pada
    diterima dikirim dapat pak bapak bu ibu kak mas mbak"""
)
"""Words that may stand between the name of a secret and the secret."""
_ACCOUNT = _words("akun account user userid username user-id id pengguna npwp nik nama")
"""What follows one of these is a name, not a secret."""
_OTHERS = _ACCOUNT | _words("error kode tender paket nomor no hp wa versi perusahaan")
"""A sign after one of these tells something else."""
_ASKED = _words(
    """lupa lupakan lupanya reset mereset direset resetkan ganti mengganti ubah mengubah
    forgot forget change"""
)
"""Before a secret's name: somebody has none, so that a strange word after it is an account."""
_PERSON = _words("pak bapak bpk bu ibu sdr saudara saudari mas mbak nama pt cv")
"""Before "Sandi": a person."""
_UNITS = _words(
    """kali menit jam detik hari minggu bulan tahun karakter digit digits angka huruf orang user
    pengguna akun times minutes hours days characters x persen rupiah"""
)
_PROSE = _words(
    """salah tidak tdk tak gak ga nggak enggak belum blm sudah sdh telah masih bisa bukan gagal
    error hilang lupa lalu lewat kosong kadaluarsa kedaluwarsa kadaluwarsa expired invalid valid
    incorrect wrong not required rejected refused forgotten lost locked blocked too always still
    never correct working reset changed unknown missing empty needed accepted safe failed fails
    benar betul cocok sesuai sama beda berbeda lama baru aman kuat lemah wajib harus perlu mohon
    minta tolong bantuan bantu masalah kendala permasalahan problem issue permintaan pengguna user
    username akun account email nomor no ganti ubah rubah kembali ulang otomatis manual sistem
    aplikasi login masuk muncul tampil keluar sukses berhasil rusak aktif nonaktif via melalui oleh
    karena sebab saat ketika setelah sebelum dan atau and or yang pada untuk minimal maksimal
    sementara bawaan default pending tunggu menunggu lambat lama penting ada apa
    bagaimana kenapa mengapa what how why lagi terus sering jarang selalu pernah apakah kami kita
    penyedia ppk pokja pihak hanya cuma sensor null none nihil lihat surat terlampir pribadi"""
)
_PROSE_BEGINS = ("di", "ter", "ber", "mem", "men", "meng", "meny", "pem", "peng", "penge")

_DIGIT_WORDS = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "nol kosong zero",
            "satu one",
            "dua two",
            "tiga three",
            "empat four",
            "lima five",
            "enam six",
            "tujuh seven",
            "delapan eight",
            "sembilan nine",
        )
    )
    for word in words.split()
}
_DIGIT_WORD = re.compile(rf"(?<!\w)(?:{'|'.join(_DIGIT_WORDS)})(?!\w|[\s-]time)")

_DATE_OR_HOUR = re.compile(
    r"(?:[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"|[0-9]{1,2}[.:][0-9]{2}(?::[0-9]{2})?)(?![\w-])"
)
_CODE = re.compile(
    r"(?:[0-9]{4,8}|[0-9](?:[\s._-]+[0-9]){3,7}|[0-9]{2,4}[\s-][0-9]{2,4}(?:[\s-][0-9]{2,3})?)"
    r"(?![\w/]|[-.:,][0-9])"
)
_LETTER_BY_LETTER = re.compile(r"\w(?:[\s._-]\w){3,}(?!\w)")
_NOT_A_VALUE = re.compile(
    r"[^@\s]+@[\w.-]+\.[a-z]{2,}"  # an e-mail address
    r"|(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?"  # a site
    r"|v?[0-9]+(?:\.[0-9]+)+"  # a version
    r"|ke-?[0-9]+|[0-9]+(?:x|kali|menit|jam|hari|digit|fa|an)"  # a count
    r"|(?:spse|windows|chrome|error|http|err|kode|v|versi)[-_]?[0-9.]+"
)
_SIGN = r"!@#$%^&*?+~|<>_"
_STEP = re.compile(
    r"(?P<tells>[:=]+>?|[-=]+>|→|[–—-](?=\s))"
    r"|(?P<quoted>[\"'“”‘’`](?P<inside>[^\"'“”‘’`\n]{1,40})[\"'“”‘’`])"
    r"|(?P<opened>[\"'“”‘’`(\[{]+)"
    r"|(?P<stop>[,;!?.]+(?=\s|$))"
    r"|(?P<count>[0-9]+[\s-]*(?:digits?|angka|karakter)(?:nya)?(?!\w))"
    r"|(?P<word>[\w-]+)(?=[\s:=,;.!?)\]\"'”’]|$)"
    r"|(?P<value>\S)"
)
_CLAUSE_END = re.compile(r"\n|[,;!?.](?=\s|$)")
_TOLD_LATER = re.compile(r"(\S+?)\s*(?:[:=]+\s*|\s(?:adalah|yaitu|yakni|ialah|is|was)\s+)(\S+)")
_CALLED = re.compile(r"(\S+)\s+(?:itu|ini|adalah|ialah|merupakan|is|was)\s+((?:\S+\s+){0,2})$")
_OWNED = re.compile(r"\s*-?(?:saya|anda|nya|my|$)")
_WINDOW = 160
"""Characters after a secret's name that are looked at."""


def tells_secret(text: str) -> bool:
    """Whether the text tells a password, a PIN or a one-time code; never raises."""
    plain = _readable(text)
    return any(
        _told_after(plain, found) or _told_before(plain, found)
        for found in _SECRET_WORD.finditer(plain)
    )


def asks_for_secret(label: str) -> bool:
    """Whether a label names a secret, as that of a field into which one would be written."""
    return any(_kind(found) != "vague" for found in _SECRET_WORD.finditer(_readable(label)))


def _readable(text: str) -> str:
    """Small letters of the usual width, nothing invisible, digits for the words of digits."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] not in "CM")
    return _DIGIT_WORD.sub(lambda found: _DIGIT_WORDS[found[0]], text)


def _kind(found: re.Match[str]) -> Kind:
    return next(kind for kind in _WORDS if found[kind])


def _told_after(text: str, found: re.Match[str]) -> bool:
    """Walk on from the secret's name over words that may stand between, to a value or to prose."""
    kind = _kind(found)
    before = re.split(r"[,.;:!?\n]", text[max(0, found.start() - 40) : found.start()])[-1].split()
    if kind == "vague" and before and before[-1] in _PERSON:
        return False
    asked = kind != "code" and any(word in _ASKED for word in before[-2:])
    rest = text[found.end() : found.end() + _WINDOW]
    told: Told = "no"
    account = False
    for step in _STEP.finditer(rest):
        word = _stem(step["word"] or "")
        if step["tells"]:
            told = told if account else "yes"  # "user: budi" names the user
        elif step["stop"]:
            if kind != "code":  # "OTP, 482913"
                return False
        elif step["quoted"] and _is_strong_quote(step["inside"]):
            return True
        elif step["quoted"]:
            return _is_value(rest, step.start("inside"), kind, told, asked)
        elif step["opened"] or step["count"]:
            continue
        elif word in _YES:
            told, account = "yes", False
        elif word in _MAYBE:
            told, account = "yes" if told == "yes" else "maybe", False
        elif word in _ACCOUNT or word in _BESIDE:
            account = word in _ACCOUNT
        elif account and told == "no" and not _CODE.match(rest, step.start()):
            account = False  # this was the account's name
        elif _is_value(rest, step.start(), kind, told, asked):
            return True
        else:
            return not asked and kind != "code" and _is_told_later(rest[step.start() :])
    return False


def _stem(word: str) -> str:
    return re.sub(r"-?nya$", "", word)


def _is_strong_quote(inside: str) -> bool:
    return len(inside.split()) == 2 and _is_strong("".join(inside.split()), 6)


def _is_told_later(rest: str) -> bool:
    """After some words of the same sentence: "password sementara dari admin: Abc12345"."""
    end = _CLAUSE_END.search(rest)
    told = _TOLD_LATER.search(rest[: end.start()] if end else rest)
    return told is not None and _stem(told[1]) not in _OTHERS and _is_strong(told[2], 6)


def _is_value(rest: str, at: int, kind: Kind, told: Told, asked: bool) -> bool:
    """Whether a secret begins here, after a name of this kind that was told this clearly."""
    if _DATE_OR_HOUR.match(rest, at):
        return False
    if code := _CODE.match(rest, at):
        after = re.findall(r"\w+", rest[code.end() : code.end() + 20])
        if after and after[0] in _UNITS:
            return False
        if kind == "code" or told == "yes":
            return True
        return not asked and not re.fullmatch(r"(?:19|20)[0-9]{2}", code[0])
    if told == "no" and (asked or kind == "code"):
        return False
    if _LETTER_BY_LETTER.match(rest, at):
        return True
    if _is_strong(rest[at:].split(maxsplit=1)[0], 4 if told == "yes" else 6):
        return True
    return kind == "password" and told == "yes" and _is_a_word_alone(rest[at:])


def _is_strong(token: str, shortest: int) -> bool:
    """Letters with digits or signs, as no word of a language is written."""
    token = token.strip("\"'“”‘’`()[]{}.,;:")
    bare = token.rstrip("!?")
    if len(token) < shortest or _NOT_A_VALUE.fullmatch(bare):
        return False
    letters = any(c.isalpha() for c in token)
    digits = any(c.isdigit() for c in token)
    signs = any(c in _SIGN for c in bare)
    if token.isdigit():
        return shortest == 4  # a longer number in prose is some code of a tender or a company
    return letters and (digits or signs)


def _is_a_word_alone(rest: str) -> bool:
    """One or two words, then the sentence ends: "kata sandi: merdeka"; prose is longer."""
    end = _CLAUSE_END.search(rest)
    words = re.findall(r"[^\W\d_][\w-]*", rest[: end.start()] if end else rest)
    return (
        1 <= len(words) <= 2
        and all(len(word) > 2 and len(set(word)) > 1 for word in words)
        and not any(_stem(word) in _PROSE or word.startswith(_PROSE_BEGINS) for word in words)
    )


def _told_before(text: str, found: re.Match[str]) -> bool:
    """The value first: "4821 itu kode OTP-nya", "Rahasia#1 is my password", "482913 OTP saya"."""
    kind = _kind(found)
    head = text[max(0, found.start() - _WINDOW) : found.start()]
    called = _CALLED.search(head)
    if called and all(word in _BESIDE for word in called[2].split()):
        value = called[1]
    elif kind == "code" and _OWNED.match(text, found.end()):
        value = head.strip()  # only where nothing else stands before
    else:
        return False
    if _DATE_OR_HOUR.fullmatch(value):
        return False
    return _CODE.fullmatch(value) is not None if kind == "code" else _is_strong(value, 4)
