import pytest

from agent.speech.pieces import Piece
from agent.speech.prompt_text import LONGEST_TEXT, PromptTextInvalid, parse_text, render_text
from agent.speech.prompts import load_prompts

from .conftest import OFFICE, PROMPTS

prompts = load_prompts(PROMPTS, OFFICE)
NUMBERS = prompts.original("numbers_last").pieces
WELCOME = prompts.original("welcome_noon").pieces
WAIT = prompts.original("connecting").pieces


@pytest.mark.parametrize("name", prompts.names())
def test_every_prompt_of_the_file_is_the_same_after_it_was_written_as_a_line(name: str) -> None:
    original = prompts.original(name).pieces
    line = render_text(original)
    again = parse_text(line, name, original, "kantor-1")
    assert [(p.words, p.pause_ms, p.form_number, p.ticket_number) for p in again] == [
        (p.words, p.pause_ms, p.form_number, p.ticket_number) for p in original
    ]
    assert render_text(again) == line
    written = [p.recording for p in again if p.words]
    assert not any("kantor" in (recording or "") for recording in written), "all are recorded"


def test_words_that_stay_keep_their_recording_and_new_ones_have_one_of_their_version() -> None:
    line = "Panggilan tadi. {pause_250} Nomor formulir, {form_number} Tiketnya {ticket_number}"
    said = parse_text(line, "numbers_last", NUMBERS, "kantor-3")
    assert [(piece.words, piece.recording) for piece in said if piece.words] == [
        ("Panggilan tadi.", "numbers_last_kantor-3_1"),
        ("Nomor formulir,", "form_number_is"),
        ("Tiketnya", "numbers_last_kantor-3_4"),
    ]


def test_a_number_may_stand_without_a_lead_in() -> None:
    said = parse_text("Panggilan tadi: {pause_9} {form_number}{ticket_number}", "n", NUMBERS, "1")
    assert [piece.form_number for piece in said] == [None, None, "", None]
    assert said[-1].ticket_number == ""


def test_a_text_right_before_a_lead_in_stays_apart_from_it() -> None:
    pieces = (Piece(text="Mohon dicatat."), Piece(ticket_number="Nomor tiket,"))
    line = render_text(pieces)
    assert line == "Mohon dicatat. {pause_0} Nomor tiket, {ticket_number}"
    assert parse_text(line, "n", pieces, "1")[0].text == "Mohon dicatat."


def test_digits_and_the_offices_name_stay_as_they_are_written() -> None:
    (piece,) = parse_text("Helpdesk {lpse_name}, lantai 2,  pukul 07.30.", "w", WELCOME, "1")
    assert piece.text == "Helpdesk {lpse_name}, lantai 2, pukul 07.30."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "prompt_text_length"),
        ("   ", "prompt_text_length"),
        ("a" * (LONGEST_TEXT + 1), "prompt_text_length"),
        ("Halo. {pause_1} " * 31, "prompt_text_length"),
        ("…", "prompt_text_signs"),
        ("Halo\x07 Bapak", "prompt_text_signs"),
        ("Halo. {pause_100} …", "prompt_text_signs"),
        ("{pause_100}", "prompt_text_signs"),
        ("Halo {pause}", "prompt_place_strange"),
        ("Halo {pause_3001}", "prompt_place_strange"),
        ("Halo {pause_00100}", "prompt_place_strange"),
        ("Halo {form_number}", "prompt_place_strange"),
        ("Halo {nama}", "prompt_place_strange"),
        ("Halo {", "prompt_place_strange"),
        ("Kata sandi Anda adalah merdeka45.", "prompt_tells_secret"),
    ],
)
def test_what_cannot_be_said_or_must_not_is_refused(line: str, reason: str) -> None:
    with pytest.raises(PromptTextInvalid) as refused:
        parse_text(line, "connecting", WAIT, "1")
    assert refused.value.reason == reason


def test_a_lost_place_is_refused() -> None:
    twice = prompts.original("numbers").pieces
    for name, original, line in (
        ("welcome_noon", WELCOME, "Selamat siang."),
        ("numbers_last", NUMBERS, "Nomor tiket, {ticket_number}"),
        ("numbers_last", NUMBERS, "Nomor {form_number_3} {ticket_number}"),
        ("numbers", twice, "Mohon dicatat. {form_number} {ticket_number}"),
    ):
        with pytest.raises(PromptTextInvalid) as refused:
            parse_text(line, name, original, "1")
        assert refused.value.reason == "prompt_place_lost", line
