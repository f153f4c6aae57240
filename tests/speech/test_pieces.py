from agent.speech.pieces import Piece, recording_of


def test_a_recording_is_called_as_the_head_of_the_prompts_file_says() -> None:
    alone = (Piece(pause_ms=200), Piece(text="Halo."))
    assert recording_of("welcome_noon", alone, 1) == "welcome_noon"
    several = (Piece(text="Halo."), Piece(pause_ms=200), Piece(text="Mohon tunggu."))
    assert [recording_of("connecting", several, at) for at in (0, 2)] == [
        "connecting_1",
        "connecting_2",
    ]
    named = (Piece(form_number="Nomor,", recording="form_number_is"), Piece(text="Halo."))
    assert recording_of("numbers", named, 0) == "form_number_is"


def test_a_number_without_a_lead_in_has_no_words() -> None:
    assert Piece(ticket_number="").words is None
