"""What is answered to the installer: kept, and refused by its option where it cannot be."""

import re
from pathlib import Path

import pytest

from deploy.installed_answers import AnswerInvalid, Answers, read_answers
from tests.certificates import make_certificate


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "--trunk ADDRESS"),
        ({"trunk": ["telkom.example"]}, "--trunk telkom.example"),
        ({"trunk": ["192.0.2.300"]}, "--trunk 192.0.2.300"),
        ({"trunk": ["192.0.2.1"], "phones": ["fe80::/10"]}, "--phones fe80::/10"),
        ({"trunk": ["192.0.2.1"], "browsers": ["kantor"]}, "--browsers kantor"),
        ({"trunk": ["192.0.2.1"], "pages_origin": "http://x.example"}, "--pages-origin http://x"),
        ({"trunk": ["192.0.2.1"], "pages_origin": "https://x.example/"}, "without a path"),
        ({"trunk": ["192.0.2.1"], "pages_key": "/key"}, "belong together"),
    ],
)
def test_what_cannot_be_is_refused_by_its_option(
    tmp_path: Path, given: dict[str, object], said: str
) -> None:
    with pytest.raises(AnswerInvalid, match=re.escape(said)):
        read_answers(given, tmp_path / "site.toml")


def test_pages_are_looked_for_at_the_port_of_their_origin() -> None:
    assert Answers().pages_place is None
    assert Answers(pages_origin="https://x.example").pages_place == ("x.example", 443)
    assert Answers(pages_origin="https://x.example:8443").pages_place == ("x.example", 8443)


def test_a_certificate_must_be_there_and_fit_its_key(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    made, key = make_certificate(tmp_path)
    _, another = make_certificate(tmp_path / "other")
    for one, other, well in (
        (made, key, True),
        (made, another, False),
        (tmp_path / "x", key, False),
    ):
        given = {
            "trunk": ["192.0.2.1"],
            "pages_origin": "https://localhost",
            "pages_certificate": str(one),
            "pages_key": str(other),
        }
        if well:
            assert read_answers(given, tmp_path / "site.toml").pages_certificate == str(one)
        else:
            with pytest.raises(AnswerInvalid, match="--pages-certificate"):
                read_answers(given, tmp_path / "site.toml")
