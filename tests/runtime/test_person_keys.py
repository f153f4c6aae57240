"""Keyed hashes: the same for the same person, useless without the office's key."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.domain.personal_data import Person
from agent.runtime.person_keys import PersonKeys, PersonKeyUnreadable

FILE = "person.key"
RATNA = Person("number", "+6281298765432")


def test_a_person_has_one_key_in_an_office_and_another_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    key = PersonKeys(tmp_path / FILE).of(RATNA)
    assert key == PersonKeys(tmp_path / FILE).of(RATNA)
    assert key != PersonKeys(tmp_path / "other" / FILE).of(RATNA)
    assert key != PersonKeys(tmp_path / FILE).of(Person("name", RATNA.value))
    assert "6281298765432" not in key
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_secret_of_one_use_is_no_other_and_no_hash_of_a_text(tmp_path: Path) -> None:
    keys = PersonKeys(tmp_path / FILE)
    secret = keys.secret_of("second factor of siti")
    assert secret == PersonKeys(tmp_path / FILE).secret_of("second factor of siti")
    assert secret != keys.secret_of("second factor of budi")
    assert secret.hex() != keys.digest("second factor of siti")


def test_many_who_need_it_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: PersonKeys(tmp_path / FILE).of(RATNA), range(16)))
    assert len(set(keys)) == 1
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_a_key_that_is_damaged_or_out_of_reach_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(PersonKeyUnreadable, match="damaged"):
        PersonKeys(tmp_path / FILE).of(RATNA)
    with pytest.raises(PersonKeyUnreadable):
        PersonKeys(tmp_path / "none" / FILE).of(RATNA)
