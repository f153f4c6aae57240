"""Signs that the papers' fonts have, every one of them typeset; all others are replaced."""

import json
import unicodedata

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.documents.paper_text import MISSING, PRINTABLE, all_on_paper, on_paper

TEMPLATE = b"""
#set page(width: 20cm, height: auto)
#set text(font: "Libertinus Serif", weight: json("weight.json"))
#json("signs.json")
"""


def is_typeset(signs: str, weight: str) -> bool:
    files = {
        "main.typ": TEMPLATE,
        "signs.json": json.dumps(signs).encode(),
        "weight.json": json.dumps(weight).encode(),
    }
    try:
        typst.compile(files, pdf_standards=["a-3b"], ignore_system_fonts=True)  # type: ignore[call-overload]  # as in form_paper
    except typst.TypstError as error:
        assert "could not be displayed" in str(error)
        return False
    return True


@pytest.mark.parametrize("weight", ["regular", "bold"])
def test_every_sign_that_is_let_through_can_be_typeset(weight: str) -> None:
    signs = [chr(code) for first, last in PRINTABLE for code in range(first, last + 1)]
    assert on_paper("".join(signs)).replace("\u200b", "").strip() == "".join(signs).strip()
    assert is_typeset(" ".join(signs), weight)
    assert not is_typeset("😀", weight)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=100))
def test_whatever_comes_is_fit_for_paper_and_only_then(text: str) -> None:
    shown = on_paper(text)
    for sign in shown.replace("\n", "").replace("\u200b", ""):
        assert any(first <= ord(sign) <= last for first, last in PRINTABLE)
        assert unicodedata.category(sign)[0] != "C"
    assert on_paper(shown.replace("\u200b", "")) == shown
    assert all(len(word) <= 24 for word in shown.replace("\u200b", " ").split())


def test_what_has_no_sign_is_replaced_sign_by_sign_and_words_stay() -> None:
    assert on_paper("Halo 日本 😀\u202e!") == f"Halo {MISSING * 2} {MISSING}!"
    assert on_paper("e\u0301 – “ya” 5 ≤ 6 €") == "é – “ya” 5 ≤ 6 €"
    assert on_paper("satu\r\ndua\ttiga\x00") == "satu\ndua tiga"


def test_all_texts_of_a_document_are_made_fit_and_nothing_else() -> None:
    content = {"a\x00": ["日", {"b": "x\x07"}], "n": 1, "none": None, "true": True}
    assert all_on_paper(content) == {
        "a\x00": [MISSING, {"b": "x"}],
        "n": 1,
        "none": None,
        "true": True,
    }
