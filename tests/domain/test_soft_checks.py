from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.office_time import ZONES
from agent.domain.soft_checks import (
    CHECKS,
    WARNINGS,
    Checked,
    check_email,
    check_error_code,
    check_moment,
    check_nik,
    check_npwp,
    check_phone,
    check_rup_code,
    check_tender_code,
)

Check = Callable[[str], Checked]
thoroughly = settings(max_examples=150, deadline=None, derandomize=True)


def checked(check: Check, text: str) -> tuple[str, ...]:
    found = check(text)
    return (found.value, *found.warnings)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("01.312.166.0-091.000", ("0013121660091000", "npwp_old_form")),
        ("013121660091000", ("0013121660091000", "npwp_old_form")),
        ("0013121660091000", ("0013121660091000",)),
        ("0013 1216 6009 1000", ("0013121660091000",)),
        ("01.312.166.1-091.000", ("0013121661091000", "npwp_old_form", "npwp_check_digit")),
        ("0013121661091000", ("0013121661091000", "npwp_check_digit")),
        ("3171011708450001", ("3171011708450001",)),
        ("3171015708450001", ("3171015708450001",)),
        ("3171013202450001", ("3171013202450001", "npwp_birth_date")),
        ("12345", ("12345", "npwp_length")),
        ("0013121660091000123456", ("0013121660091000123456", "npwp_length")),
        ("tidak punya", ("tidak punya", "npwp_not_digits")),
        ("٠١٣١٢١٦٦٠٠٩١٠٠٠", ("٠١٣١٢١٦٦٠٠٩١٠٠٠", "npwp_not_digits")),
    ],
)
def test_a_tax_number(text: str, wanted: tuple[str, ...]) -> None:
    assert checked(check_npwp, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3171011708450001", ("3171011708450001",)),
        ("31.7101.570845.0001", ("3171015708450001",)),
        ("3171012902000001", ("3171012902000001",)),
        ("9501011708990001", ("9501011708990001",)),
        ("3171010008450001", ("3171010008450001", "nik_birth_date")),
        ("3171014008450001", ("3171014008450001", "nik_birth_date")),
        ("3171013104990001", ("3171013104990001", "nik_birth_date")),
        ("3171012902010001", ("3171012902010001", "nik_birth_date")),
        ("3171018108450001", ("3171018108450001", "nik_birth_date")),
        ("3171011713450001", ("3171011713450001", "nik_birth_date")),
        ("317101170845000", ("317101170845000", "nik_length")),
        ("KTP hilang", ("KTP hilang", "nik_not_digits")),
    ],
)
def test_an_identity_number(text: str, wanted: tuple[str, ...]) -> None:
    assert checked(check_nik, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0811-591-999", ("+62811591999",)),
        ("62811591999", ("+62811591999",)),
        ("0285 391234", ("+62285391234",)),
        ("081 123 456 789", ("+6281123456789",)),
        ("144", ("144", "phone_not_valid")),
        ("0811234567 / 0812345678", ("0811234567 / 0812345678", "phone_not_valid")),
        ("sama dengan di atas", ("sama dengan di atas", "phone_not_valid")),
    ],
)
def test_a_telephone(text: str, wanted: tuple[str, ...]) -> None:
    assert checked(check_phone, text) == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("budi@cvmelati.co.id", "budi@cvmelati.co.id"),
        (" Budi.Santoso+lpse@GMAIL.com ", "Budi.Santoso+lpse@gmail.com"),
        ("ppk_dinkes@batangkab.go.id", "ppk_dinkes@batangkab.go.id"),
        ("a@b.id", "a@b.id"),
    ],
)
def test_an_email_address_as_usually_written(text: str, value: str) -> None:
    assert check_email(text) == Checked(value)


@pytest.mark.parametrize(
    "text",
    [
        "budi",
        "budi@",
        "@gmail.com",
        "budi@gmail",
        "budi@gmail..com",
        "budi..s@gmail.com",
        ".budi@gmail.com",
        "budi @gmail.com",
        "budi@-gmail.com",
        "budi@gmail.c",
        "budi@@gmail.com",
        "budi et gmail titik com",
        "a" * 65 + "@gmail.com",
        "a@" + "b." * 130 + "id",
    ],
)
def test_an_email_address_that_looks_wrong_is_kept_with_a_warning(text: str) -> None:
    assert check_email(text) == Checked(text, ("email_not_valid",))


@pytest.mark.parametrize(
    ("check", "text", "wanted"),
    [
        (check_tender_code, "48658064", ("48658064",)),
        (check_tender_code, "10011129000", ("10011129000",)),
        (check_tender_code, "100 1112 9000", ("10011129000",)),
        (check_tender_code, "4865806", ("4865806", "tender_code_shape")),
        (check_tender_code, "4865806a", ("4865806a", "tender_code_shape")),
        (check_rup_code, "50123456", ("50123456",)),
        (check_rup_code, "10011129000", ("10011129000", "rup_code_shape")),
        (check_error_code, ' insert or\nupdate on "rekanan" ', ('insert or update on "rekanan"',)),
        (check_error_code, "E-4031", ("E-4031",)),
    ],
)
def test_a_code(check: Check, text: str, wanted: tuple[str, ...]) -> None:
    assert checked(check, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-25T15:00", ("2026-11-25T15:00:00+07:00",)),
        ("2026-11-25 15:00:59", ("2026-11-25T15:00:00+07:00",)),
        ("25-11-2026 15.00 WIB", ("2026-11-25T15:00:00+07:00",)),
        ("25/11/2026 pukul 15.00 wita", ("2026-11-25T15:00:00+08:00",)),
        ("5.1.2026, 9:05 WIT", ("2026-01-05T09:05:00+09:00",)),
        ("25-11-2026", ("2026-11-25", "moment_without_hour")),
        ("31-02-2026 10:00", ("31-02-2026 10:00", "moment_not_understood")),
        ("25-11-2026 25:00", ("25-11-2026 25:00", "moment_not_understood")),
        ("besok sore", ("besok sore", "moment_not_understood")),
    ],
)
def test_a_day_and_hour(text: str, wanted: tuple[str, ...]) -> None:
    assert checked(lambda typed: check_moment(typed, "WIB"), text) == wanted


@thoroughly
@given(st.datetimes(), st.sampled_from(sorted(ZONES)), st.sampled_from(sorted(ZONES)))
def test_a_moment_is_of_the_office_unless_it_names_its_zone(
    moment: datetime, office: str, named: str
) -> None:
    text = f"{moment.day}-{moment.month}-{moment.year:04d} {moment.hour}.{moment.minute:02d}"
    wanted = moment.replace(second=0, microsecond=0)
    assert check_moment(text, office).value == wanted.replace(tzinfo=ZONES[office]).isoformat()
    assert (
        check_moment(f"{text} {named}", office).value
        == wanted.replace(tzinfo=ZONES[named]).isoformat()
    )


@thoroughly
@given(
    st.sampled_from(sorted(CHECKS)),
    st.text(st.characters(exclude_categories=[]), max_size=60)
    | st.from_regex(r"[0-9 .\-/+@a-c]{0,24}", fullmatch=True),
)
def test_no_check_ever_refuses_and_a_normal_form_stays_as_it_is(kind: str, text: str) -> None:
    found = CHECKS[kind](text)
    assert set(found.warnings) <= set(WARNINGS)
    assert set(check_moment(text, "WIB").warnings) <= set(WARNINGS)
    if not found.warnings:
        assert CHECKS[kind](found.value) == found


@thoroughly
@given(st.integers(0, 10**15 - 1))
def test_an_old_tax_number_is_found_under_its_new_form(number: int) -> None:
    old = f"{number:015d}"
    assert check_npwp(old).value == check_npwp("0" + old).value
    assert ("npwp_check_digit" in check_npwp(old).warnings) == (
        "npwp_check_digit" in check_npwp("0" + old).warnings
    )


def test_every_warning_can_be_given() -> None:
    given_by: set[str] = set(check_moment("", "WIB").warnings)
    given_by |= set(check_moment("1-1-2026", "WIB").warnings)
    for check in CHECKS.values():
        for text in ("x", "1", "1" + "0" * 14, "1" + "0" * 15):
            given_by |= set(check(text).warnings)
    assert given_by == set(WARNINGS)
