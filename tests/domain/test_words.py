"""Everything that a record can hold has its Indonesian words."""

from typing import get_args

import pytest

from agent.domain import words
from agent.domain.consultation import Outcome, StepState
from agent.domain.deviation_words import Refusal, Role, Verdict
from agent.domain.equipment import Kind


@pytest.mark.parametrize(
    ("spoken", "possible"),
    [
        (words.OUTCOMES, {outcome.value for outcome in Outcome}),
        (words.STEP_STATES, set(get_args(StepState))),
        (words.DEVIATION_STANDINGS, {"open", "explained", *get_args(Verdict)}),
        (words.WORD_ROLES, set(get_args(Role))),
        (words.WORD_REFUSALS, set(get_args(Refusal))),
        (words.EQUIPMENT_KINDS, set(get_args(Kind))),
    ],
)
def test_every_value_has_its_words(spoken: dict[str, str], possible: set[str]) -> None:
    assert set(spoken) == possible
