import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.domain.secret_words import asks_for_secret, tells_secret

EXAMPLES = tomllib.loads(Path(__file__).with_name("secret_examples.toml").read_text("utf-8"))
NAMES = ["password", "kata sandi", "OTP", "PIN", "kode verifikasi", "kode OTP", "Password"]
thoroughly = settings(max_examples=150, deadline=None, derandomize=True)


def test_there_are_enough_examples_of_both_kinds() -> None:
    assert len(EXAMPLES["secret"]) >= 100
    assert len(EXAMPLES["harmless"]) >= 100
    assert not set(EXAMPLES["secret"]) & set(EXAMPLES["harmless"])


@pytest.mark.parametrize("text", EXAMPLES["secret"])
def test_a_secret_that_is_told_is_seen(text: str) -> None:
    assert tells_secret(text)


@pytest.mark.parametrize("text", EXAMPLES["harmless"])
def test_a_problem_with_a_secret_is_no_secret(text: str) -> None:
    assert not tells_secret(text)


@pytest.mark.parametrize("text", EXAMPLES["not_seen"])
def test_what_no_name_or_sign_tells_is_not_seen(text: str) -> None:
    assert not tells_secret(text)


@pytest.mark.parametrize("text", EXAMPLES["secret"])
def test_a_secret_is_seen_among_other_sentences_and_in_capitals(text: str) -> None:
    assert tells_secret(text.upper())
    if not text[0].isdigit():  # a bare number is called a secret only where nothing precedes it
        assert tells_secret(f"Penyedia CV Melati menelepon.\n{text}\nMohon bantuan.")


@pytest.mark.parametrize("text", EXAMPLES["harmless"])
def test_harmless_sentences_stay_harmless_one_after_another(text: str) -> None:
    assert not tells_secret(f"Penyedia CV Melati menelepon.\n{text}\nMohon bantuan.")


@thoroughly
@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    assert tells_secret(text) in (True, False)
    assert asks_for_secret(text) in (True, False)


@thoroughly
@given(
    st.sampled_from(NAMES[2:6]),
    st.integers(1000, 99_999_999),
    st.sampled_from([" ", ": ", " = ", " saya ", " nya ", " adalah ", "-nya yaitu ", "\n"]),
)
def test_a_code_of_four_to_eight_digits_behind_its_name_is_a_secret(
    name: str, code: int, between: str
) -> None:
    assert tells_secret(f"{name}{between}{code}")
    assert tells_secret(f"{name}{between}{' '.join(str(code))}")


@thoroughly
@given(
    st.sampled_from(["password", "kata sandi", "passwd", "katasandi"]),
    st.sampled_from(["\u200b", "\u200d", "\u2060", "\u00ad", " ", ".", "-", "_", "*", ""]),
    st.sampled_from(["melati2026", "Batang#1", "a1b2c3d4", "12345678"]),
)
def test_a_name_pulled_apart_or_with_invisible_signs_is_still_one(
    name: str, sign: str, value: str
) -> None:
    assert tells_secret(f"{sign.join(name)}: {value}")


@thoroughly
@given(st.lists(st.sampled_from(EXAMPLES["harmless"]), max_size=5))
def test_harmless_lines_together_are_harmless(lines: list[str]) -> None:
    assert not tells_secret("\n".join(lines))


@thoroughly
@given(st.text(st.sampled_from("bcfghjlmquvxyz0123456789 .,:#!\n"), max_size=200))
def test_without_the_name_of_a_secret_nothing_is_one(text: str) -> None:
    assume("psw" not in text)
    assert not tells_secret(text)


@pytest.mark.parametrize(
    "unit", ["password ", "p ", "otp 1", "a1: ", "kata sandi adalah ", '"', " "]
)
def test_the_longest_text_is_read_in_a_moment(unit: str) -> None:
    text = (unit * 4000)[:4000]
    began = time.process_time()
    tells_secret(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("label", ["Password SPSE", "Kata sandi", "PIN", "Kode OTP", "Passcode"])
def test_a_label_that_asks_for_a_secret_is_known(label: str) -> None:
    assert asks_for_secret(label)


@pytest.mark.parametrize("label", ["Nama", "Uraian permasalahan", "NPWP", "Kata kunci", "Penutup"])
def test_other_labels_ask_for_none(label: str) -> None:
    assert not asks_for_secret(label)
