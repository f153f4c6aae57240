"""The letterhead's files: words and picture, refused in a sentence."""

from pathlib import Path

import pytest

from agent.documents.letterhead_file import LARGEST_LOGO, read_stationery
from agent.domain.letterhead import LetterheadInvalid
from agent.settings import DATA

TEXT = (DATA / "letterhead" / "LPSE.BTG.toml").read_text("utf-8")


SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    b'<rect width="9" height="9"/></svg>'
)


def letterhead(folder: Path, text: str) -> Path:
    file = folder / "letterhead.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_logo_beside_the_letterhead_is_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "kota.svg").write_bytes(SVG)
    stationery = read_stationery(letterhead(tmp_path, f'logo = "kota.svg"\n{TEXT}'))
    assert (stationery.logo, stationery.logo_name) == (SVG, "logo.svg")
    assert read_stationery(letterhead(tmp_path, TEXT)).logo_name == ""


def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(b"x" * (LARGEST_LOGO + 1))
    (tmp_path / "text.svg").write_bytes(b"no picture")
    for text, said in (
        (f'logo = "none.svg"\n{TEXT}', "logo: "),
        (f'logo = "large.png"\n{TEXT}', "larger than"),
        (f'logo = "text.svg"\n{TEXT}', "no picture that can be printed"),
        ("office = ", "Invalid value"),
        ("", "missing required field"),
    ):
        with pytest.raises(LetterheadInvalid, match=said):
            read_stationery(letterhead(tmp_path, text))
    with pytest.raises(LetterheadInvalid, match="No such file"):
        read_stationery(tmp_path / "nowhere.toml")
