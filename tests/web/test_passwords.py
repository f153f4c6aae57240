"""Passwords."""

import asyncio
import re

import pytest

from agent.web.passwords import (
    STRANGERS_AT_MOST,
    WAITING_AT_MOST,
    Passwords,
    PasswordWeak,
    TooBusy,
    hash_password,
    is_known_device,
    known_device,
    make_password,
    refuse_weak,
)

GOOD = "sungai-deras-di-hulu"


async def test_a_password_is_known_by_its_hash_alone() -> None:
    passwords = Passwords()
    hashed = await passwords.hash(GOOD)
    assert hashed.startswith("$argon2id$")
    assert GOOD not in hashed
    assert await passwords.right(hashed, GOOD)
    assert not await passwords.right(hashed, GOOD + "x")


async def test_more_than_can_wait_are_turned_away() -> None:
    passwords, hashed = Passwords(), hash_password(GOOD)
    asked = [passwords.right(hashed, GOOD) for _ in range(WAITING_AT_MOST + 2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer is True for answer in answers].count(True) == WAITING_AT_MOST
    assert sum(isinstance(answer, TooBusy) for answer in answers) == 2


async def test_strangers_leave_places_to_those_who_were_here_before() -> None:
    passwords, hashed = Passwords(), hash_password(GOOD)
    crowd = [passwords.right(hashed, GOOD, stranger=True) for _ in range(STRANGERS_AT_MOST + 2)]
    answers = await asyncio.gather(
        *crowd, passwords.right(hashed, GOOD), passwords.hash(GOOD), return_exceptions=True
    )
    assert [answer is True for answer in answers[:-1]].count(True) == STRANGERS_AT_MOST + 1
    assert sum(isinstance(answer, TooBusy) for answer in answers) == 2
    assert isinstance(answers[-1], str)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "password_length"),
        ("x" * 129, "password_length"),
        ("aaaaaaaaaaaab", "password_common"),
        ("Indonesia1945", "password_common"),
        ("SITI.AMINAH-12345", "password_common"),
        ("halo-aminah-pagi", "password_common"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(PasswordWeak, match=why):
        refuse_weak(password, "siti.aminah", "Siti Aminah")
    refuse_weak(GOOD, "siti.aminah", "Siti Aminah")


def test_a_given_password_is_read_out_without_mistake_and_never_twice_the_same() -> None:
    given = {make_password() for _ in range(50)}
    assert len(given) == 50
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", one) for one in given)


def test_a_known_browser_is_of_one_account_and_one_password() -> None:
    kept = known_device("siti", "hash", "nonce")
    assert is_known_device("siti", "hash", kept)
    for account, hashed, other in (
        ("budi", "hash", kept),
        ("siti", "another", kept),
        ("siti", "hash", kept[:-1]),
        ("siti", "hash", None),
        ("siti", "hash", ""),
    ):
        assert not is_known_device(account, hashed, other)
