"""Nobody may do everything, and a number is shown in full only to those who need it."""

import pytest

from agent.domain.rights import RIGHTS, SECOND_FACTOR, Identity, Right, Role, mask_number


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
