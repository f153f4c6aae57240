"""Nobody may do everything, and a number is shown in full only to those who need it."""

import pytest

from agent.domain.rights import (
    RIGHTS,
    SECOND_FACTOR,
    Identity,
    Right,
    Role,
    mask_number,
    mask_numbers,
)


def test_nobody_has_every_right() -> None:
    assert set(RIGHTS) == set(Role)
    assert all(rights < set(Right) for rights in RIGHTS.values())


def test_who_administers_accounts_sees_no_calls() -> None:
    administrator = RIGHTS[Role.ADMINISTRATOR]
    assert not administrator & {Right.CALLS, Right.PERSONS, Right.LISTEN, Right.DESK}


def test_whoever_may_more_than_his_own_desk_proves_it_twice() -> None:
    assert {role for role, rights in RIGHTS.items() if rights - {Right.DESK}} == SECOND_FACTOR


def test_what_is_not_named_is_not_allowed() -> None:
    nobody = Identity(account="a", name="A", rights=frozenset())
    assert not any(nobody.may(right) for right in Right)
    assert not nobody.may(tuple(Right))


def test_any_of_several_rights_is_enough() -> None:
    somebody = Identity(account="a", name="A", rights=frozenset({Right.DESK}))
    assert somebody.may((Right.TICKETS, Right.DESK))
    assert not somebody.may((Right.TICKETS, Right.CALLS))


@pytest.mark.parametrize(
    ("shown", "masked"),
    [
        ("081234567890", "0812•••••890"),
        ("+62 812-3456-7890", "+62 81•-••••-•890"),
        ("101", "101"),
        ("tanpa nomor", "tanpa nomor"),
    ],
)
def test_a_number_is_masked_in_its_middle(shown: str, masked: str) -> None:
    assert mask_number(shown) == masked


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.OPERATOR, True),
        (Role.SUPERVISOR, True),
        (Role.AUDITOR, False),
    ],
)
def test_who_sees_everybodys_calls_sees_persons_by_a_right_of_its_own(
    role: Role, sees: bool
) -> None:
    who = Identity(account="a", name="A", rights=RIGHTS[role])
    assert who.sees_persons(Right.CALLS) is sees
    assert who.sees_persons((Right.TICKETS, Right.CALLS)) is sees


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Penelepon 081234567890 menutup.", "Penelepon 0812•••••890 menutup."),
        ("dari (0812) 3456-7890, lalu", "dari (0812) ••••-•890, lalu"),
        ("+62 812.3456.7890;+6281234567890", "+62 81•.••••.•890;+6281••••••890"),
        ("NIK 3273010101900001", "NIK 3273•••••••••001"),
        ("NPWP 09.254.294.3-407.000", "NPWP 09.25•.•••.•-•••.000"),
        ("08 12 34 56 78 90", "08 12 •• •• •8 90"),
        ("0812 – 3456 – 7890", "0812 – •••• – •890"),
        ("2026-03-02 081234567890", "2026-••-•• •••••••••890"),
        ("pukul 09.00-09.15, 02-03-2026 09:15", "pukul 09.00-09.15, 02-03-2026 09:15"),
        ("antre (09.00 – 09.15) lama", "antre (09.00 – 09.15) lama"),
        ("sejak 2026-03-02 09.15.30 - 10.00", "sejak 2026-03-02 09.15.30 - 10.00"),
        ("tiket 26-00412-0", "tiket 26-00412-0"),
        ("0412/FK-TLP/LPSE.BTG/2026, 412/2026", "0412/FK-TLP/LPSE.BTG/2026, 412/2026"),
        ("telepon 101, 12.5 dtk, 3 kali\n5 menit", "telepon 101, 12.5 dtk, 3 kali\n5 menit"),
        ("", ""),
    ],
)
def test_the_numbers_of_people_are_masked_within_a_text_and_no_others(
    text: str, masked: str
) -> None:
    assert mask_numbers(text) == masked
