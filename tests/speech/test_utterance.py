from agent.speech.utterance import Utterance


def test_the_same_words_are_the_same_utterance_so_that_they_are_rendered_once() -> None:
    once = Utterance("dua", "dua", ("digit_2",), is_number=True)
    again = Utterance("dua", "dua", ("digit_2",), is_number=True)
    assert len({once, again}) == 1


def test_a_word_in_a_phrase_is_another_utterance_than_the_same_word_in_a_number() -> None:
    phrase = Utterance("dua", "dua", ("digit_2",), is_number=False)
    assert phrase != Utterance("dua", "dua", ("digit_2",), is_number=True)
