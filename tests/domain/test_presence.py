"""The office's list of reasons: read, asked for, refused in one sentence."""

import tomllib
from typing import Any

import pytest

from agent.domain.presence import (
    PauseReasons,
    PauseReasonsInvalid,
    PauseReasonUnknown,
    parse_pause_reasons,
)
from agent.settings import DATA

CONTENT = tomllib.loads((DATA / "pause" / "usulan-1.toml").read_text("utf-8"))
REASONS: PauseReasons = parse_pause_reasons(CONTENT)


def test_the_offices_list_has_its_reasons_in_two_languages() -> None:
    codes = [reason.code for reason in REASONS.reasons]
    assert codes == ["istirahat", "ibadah", "rapat", "pelatihan", "administrasi", "lainnya"]
    assert REASONS.of_code("rapat").en == "Meeting"
    assert REASONS.of_key("1").code == "istirahat"


def test_an_unknown_reason_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(PauseReasonUnknown, match="choose one of istirahat, ibadah, rapat") as told:
        REASONS.of_code("tidur")
    assert "tidur" not in str(told.value)
    with pytest.raises(PauseReasonUnknown, match=r"\*41 istirahat"):
        REASONS.of_key("8")


@pytest.mark.parametrize(
    "change",
    [
        {"reasons": []},
        {"reasons": 5},
        {"colour": "red"},
        {"reasons": [{"code": "Rapat Besar", "key": "1", "id": "Rapat", "en": "Meeting"}]},
        {"reasons": [{"code": "rapat", "key": "0", "id": "Rapat", "en": "Meeting"}]},
        {"reasons": [{"code": "rapat", "key": "12", "id": "Rapat", "en": "Meeting"}]},
        {"reasons": [{"code": "rapat", "key": "1", "id": "Rapat"}]},
    ],
)
def test_what_is_no_list_of_reasons_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(PauseReasonsInvalid):
        parse_pause_reasons({**CONTENT, **change})


@pytest.mark.parametrize("field", ["code", "key"])
def test_a_code_or_key_that_stands_there_twice_is_named(field: str) -> None:
    first, second, *_ = CONTENT["reasons"]
    twice = [first, {**second, field: first[field]}]
    with pytest.raises(PauseReasonsInvalid, match=f"the {field} {first[field]} stands there twice"):
        parse_pause_reasons({**CONTENT, "reasons": twice})
