"""What is kept of an operator's phone, and what Asterisk is told about it."""

import hashlib
import re

import pytest

from agent.asterisk.phone_accounts import (
    EASY_LETTERS,
    digest_of,
    make_password,
    phone_account_objects,
)


def test_a_password_is_four_groups_of_letters_that_nobody_confuses() -> None:
    passwords = {make_password() for _ in range(200)}
    assert len(passwords) == 200
    for password in passwords:
        assert re.fullmatch(rf"([{EASY_LETTERS}]{{4}}-){{3}}[{EASY_LETTERS}]{{4}}", password)
    assert not set("01lo") & set(EASY_LETTERS)


def test_a_digest_is_the_hash_of_account_realm_and_password() -> None:
    kept = digest_of("op-101", "lpse-helpdesk", "rahasia")
    text = b"op-101:lpse-helpdesk:rahasia"
    assert kept.sha256 == hashlib.sha256(text).hexdigest()
    assert kept.md5 == hashlib.md5(text, usedforsecurity=False).hexdigest()
    assert digest_of("op-102", "lpse-helpdesk", "rahasia") != kept


def test_objects_come_in_an_order_in_which_each_finds_what_it_names() -> None:
    objects = phone_account_objects("op-101", digest_of("op-101", "r", "p"))
    assert [o.object_type for o in objects] == ["auth", "aor", "endpoint"]
    assert {o.object_id for o in objects} == {"op-101"}
    endpoint = objects[-1].fields
    assert (endpoint["auth"], endpoint["aors"]) == ("op-101", "op-101")
    assert (endpoint["context"], endpoint["allow_transfer"]) == ("from-operators", "no")


def test_no_password_is_in_the_objects_and_both_hashes_are() -> None:
    kept = digest_of("op-101", "r", "rahasia-sekali")
    objects = phone_account_objects("op-101", kept)
    assert "rahasia-sekali" not in str(objects)
    assert objects[0].fields["password_digest"] == f"MD5:{kept.md5},SHA-256:{kept.sha256}"


@pytest.mark.parametrize("account", ["trunk", "op-", "op-1&PJSIP/trunk", "op-1\n", "OP-1", ""])
def test_an_account_of_another_form_is_refused(account: str) -> None:
    with pytest.raises(ValueError, match="op- and digits"):
        phone_account_objects(account, digest_of(account, "r", "p"))
