"""What people type becomes words and nothing else; order and what is hidden."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.suggestion import (
    HIDDEN,
    MOST_WORDS,
    Meaning,
    Suggestion,
    Typed,
    parse_typed,
    ranked,
    render_tsquery,
    without_personal_data,
)


@pytest.mark.parametrize(
    ("typed", "words", "unfinished"),
    [
        ("Gagal login ke SPSE", ("gagal", "login", "spse"), True),
        ("gagal login ", ("gagal", "login"), False),
        ("tidak bisa unggah penaw", ("unggah", "penaw"), True),
        ("saya mau login.", ("login",), False),
        ("login gagal login", ("gagal", "login"), True),
        ("e-katalog", ("katalog",), True),
        ("error_42", ("error", "42"), True),
        ("yang dan di", (), False),
        ("", (), False),
        ("' | & ! : * ( ) \\ \x00", (), False),
        ("a'b\\c:*d", (), True),
        ("kata\x00sandi", ("katasandi",), True),
        ("\udcff lupa", ("lupa",), True),
    ],
)
def test_only_letters_and_digits_of_a_text_are_looked_at(
    typed: str, words: tuple[str, ...], unfinished: bool
) -> None:
    assert parse_typed(typed) == Typed(words, unfinished and bool(words))


def test_a_long_text_gives_a_bounded_number_of_words_and_keeps_the_last_typed() -> None:
    typed = parse_typed(" ".join(f"kata{number}" for number in range(400)))
    assert len(typed.words) == MOST_WORDS
    assert typed.words[0] == "kata0"
    assert typed.unfinished
    assert parse_typed("x" * 5000).words == ("x" * 40,)


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_any_text_gives_words_without_a_sign(text: str) -> None:
    for word in parse_typed(text).words:
        assert all(character.isalnum() or character.isnumeric() for character in word), word
        assert len(word) <= 40


def test_a_query_has_every_word_in_any_of_its_meanings() -> None:
    meanings = [
        Meaning(1, "lupa", 1.0),
        Meaning(2, "paswod", 1.0),
        Meaning(2, "password", 0.4),
        Meaning(2, "password", 0.4),
    ]
    assert render_tsquery(meanings, "&") == "('lupa') & ('paswod' | 'password')"
    assert render_tsquery(meanings, "|") == "('lupa') | ('paswod' | 'password')"
    assert render_tsquery([Meaning(1, "a'b\\", 1.0)], "|") == "('ab')"


def suggestion(reference: str, rank: float, day: int = 1, **more: str) -> Suggestion:
    kind = "answer" if reference.startswith("a") else "consultation"
    told = {"solution": f"solusi {reference}"} | more
    return Suggestion(  # type: ignore[misc]  # by name
        kind=kind,  # type: ignore[arg-type]
        reference=reference,
        since=date(2026, 3, day),
        rank=rank,
        **told,  # type: ignore[arg-type]
    )


def test_at_equal_rank_answers_come_first_and_then_what_is_newer() -> None:
    found = [
        suggestion("c-old", 0.51, day=1),
        suggestion("c-new", 0.50, day=9),
        suggestion("a-same", 0.49),
        suggestion("c-best", 0.80),
        suggestion("a-worse", 0.20, day=9),
    ]
    assert [one.reference for one in ranked(found, 9)] == [
        "c-best",
        "a-same",
        "c-new",
        "c-old",
        "a-worse",
    ]
    assert len(ranked(found, 2)) == 2


def test_the_same_text_is_suggested_once() -> None:
    found = [suggestion("c-1", 0.4, problem="p", solution="s", day=day) for day in (1, 2, 3)]
    assert [one.since.day for one in ranked(found, 9)] == [3]


FIELDS = {
    "caller_name": "Ibu Siti Aminah",
    "business_name": "CV. Melati Jaya",
    "npwp": "0012345678901000",
    "email": "siti@melati.co.id",
    "spse_user_id": "melati01",
    "contact_phone": "+628123456789",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Siti dari CV. Melati Jaya gagal login", f"{HIDDEN} dari {HIDDEN} gagal login"),
        ("MELATI JAYA lupa password", f"{HIDDEN} lupa password"),
        ("user melati01 terkunci", f"user {HIDDEN} terkunci"),
        ("kirim ke siti@melati.co.id", f"kirim ke {HIDDEN}"),
        ("kirim ke orang.lain@gmail.com ya", f"kirim ke {HIDDEN} ya"),
        ("NPWP 00.123.456.7-890.100 salah", f"NPWP {HIDDEN} salah"),
        ("hubungi 0812-9999-8888", f"hubungi {HIDDEN}"),
        ("bu Aminah menelepon", f"bu {HIDDEN} menelepon"),
        ("tahap 2 dari 15 paket, error 500", "tahap 2 dari 15 paket, error 500"),
        ("situsi lain", "situsi lain"),
    ],
)
def test_what_a_form_tells_of_people_is_hidden_in_its_texts(text: str, shown: str) -> None:
    assert without_personal_data(text, FIELDS) == shown


def test_a_form_without_people_hides_only_what_looks_like_them() -> None:
    assert without_personal_data("Lupa password", {}) == "Lupa password"
