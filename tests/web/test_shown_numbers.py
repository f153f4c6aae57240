from agent.catalogue import read_words
from agent.web.shown_numbers import Numbers


def test_each_language_has_its_points_and_commas() -> None:
    words = read_words()
    indonesian, english = Numbers(words["id"]), Numbers(words["en"])
    assert (indonesian.count(1234.5), english.count(1234.5)) == ("1.234,5", "1,234.5")
    assert (indonesian.count(12), english.count(12.04)) == ("12", "12")
    assert (indonesian.seconds(2.35), english.seconds(None)) == ("2,4 dtk", "–")
    assert (indonesian.share(0.875), english.share(None)) == ("87,5%", "–")
