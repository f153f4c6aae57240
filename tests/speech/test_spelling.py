import pytest

from agent.speech.errors import SpeechUnavailable
from agent.speech.prompts import load_prompts
from agent.speech.spelling import form_number_groups, sounds_of_signs, ticket_number_groups

from .conftest import OFFICE, PROMPTS

spelling = load_prompts(PROMPTS, OFFICE).spelling


def texts(groups: list) -> list[str]:
    return [group.text for group in groups]


def test_a_ticket_is_read_digit_by_digit_with_its_dashes_as_pauses() -> None:
    assert texts(ticket_number_groups("26-00412-7", spelling)) == [
        "dua enam",
        "nol nol",
        "empat satu dua",
        "tujuh",
    ]


def test_a_form_number_has_every_sign_read_at_the_head_of_its_group() -> None:
    assert texts(form_number_groups("0123/FK-TLP/LPSE.BTG/2026", spelling)) == [
        "nol satu dua tiga",
        "garing ef ka",
        "strip te el pe",
        "garing el pe es e",
        "titik be te ge",
        "garing dua nol dua enam",
    ]


@pytest.mark.parametrize(
    ("digits", "sizes"),
    [
        (1, [1]),
        (4, [4]),
        (5, [2, 3]),
        (6, [3, 3]),
        (7, [2, 2, 3]),
        (8, [2, 3, 3]),
        (13, [2] * 2 + [3] * 3),
    ],
)
def test_a_long_run_comes_in_groups_of_two_and_three(digits: int, sizes: list[int]) -> None:
    groups = ticket_number_groups("1" * digits, spelling)
    assert [len(group.recordings) for group in groups] == sizes


def test_no_digit_is_lost_or_moved() -> None:
    groups = ticket_number_groups("9876543210123", spelling)
    heard = [name.removeprefix("digit_") for group in groups for name in group.recordings]
    assert "".join(heard) == "9876543210123"


def test_a_group_names_the_recordings_that_make_it_up() -> None:
    (group,) = form_number_groups("/K2", spelling)
    assert group.recordings == ("word_garing", "letter_k", "digit_2")


def test_every_sign_has_a_sound_of_its_own() -> None:
    names = [sound.recordings[0] for sound in sounds_of_signs(spelling)]
    assert len(names) == len(set(names)) == 10 + 26 + 3


@pytest.mark.parametrize("number", ["", "12#4", "12\n34", "٣", "😀", "1" * 4096])
def test_a_number_that_cannot_be_read_is_refused(number: str) -> None:
    with pytest.raises(SpeechUnavailable):
        form_number_groups(number, spelling)
    with pytest.raises(SpeechUnavailable):
        ticket_number_groups(number, spelling)
