"""A letterhead is refused with one sentence for each mistake, and the office's own is good."""

import tomllib
from typing import Any

import pytest

from agent.domain.letterhead import LetterheadInvalid, parse_letterhead
from agent.settings import DATA

GOOD: dict[str, Any] = {
    "office": "LPSE.X",
    "government": "Pemerintah Kota X",
    "unit": ["Sekretariat Daerah", "LPSE"],
    "address": "Jalan Y 1",
    "place": "X",
    "telephone": "(0285) 391571",
    "email": "lpse@x.go.id",
    "signers": [{"role": "Ketua", "name": "Dr. A", "nip": "19700101 199503 1 001"}],
}


def test_every_letterhead_that_comes_with_the_program_is_good() -> None:
    files = list((DATA / "letterhead").glob("*.toml"))
    assert files
    for file in files:
        head = parse_letterhead(tomllib.loads(file.read_text("utf-8")))
        assert head.office == file.stem
        assert [signer.role.split()[0] for signer in head.signers] == [
            "Koordinator",
            "Sekretaris",
            "Ketua",
        ]


def test_what_is_not_needed_may_be_left_out() -> None:
    least = {k: v for k, v in GOOD.items() if k not in ("telephone", "email")}
    head = parse_letterhead(least | {"signers": [{"role": "Ketua"}]})
    assert (head.telephone, head.email, head.website, head.logo) == ("", "", "", "")
    assert (head.signers[0].name, head.signers[0].nip) == ("", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"government": " "}, "government: is empty"),
        ({"place": ""}, "place: is empty"),
        ({"unit": []}, "unit: must have 1 to 3 lines"),
        ({"unit": ["a", "b", "c", "d"]}, "unit: must have 1 to 3 lines"),
        ({"unit": ["a", ""]}, "unit 2: is empty"),
        ({"address": "dua\nbaris"}, "address: must be one printable line of at most 120 signs"),
        ({"address": "x" * 121}, "address: must be one printable line of at most 120 signs"),
        ({"website": "a\u202eb"}, "website: must be one printable line of at most 120 signs"),
        ({"telephone": "ask Budi"}, "telephone: ask Budi is no telephone number"),
        ({"email": "lpse"}, "email: lpse is no e-mail address"),
        ({"signers": []}, "signers: must be 1 to 4"),
        ({"signers": [{"role": "K"}] * 5}, "signers: must be 1 to 4"),
        ({"signers": [{"role": ""}]}, "role of signer 1: is empty"),
        ({"signers": [{"role": "K", "nip": "12"}]}, "signer 1: nip 12 has not the 18 digits"),
        ({"logo": "../secret.svg"}, "logo: ../secret.svg is no file's name"),
        ({"logo": "logo.exe"}, "logo: logo.exe is no file's name"),
        ({"logos": "x"}, "unknown field `logos`"),
        ({"unit": "one"}, "Expected `array`"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(changes: dict[str, Any], said: str) -> None:
    parse_letterhead(GOOD)
    with pytest.raises(LetterheadInvalid) as refused:
        parse_letterhead(GOOD | changes)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(LetterheadInvalid) as refused:
        parse_letterhead(GOOD | {"government": "", "email": "x", "signers": []})
    assert len(str(refused.value).splitlines()) == 3
