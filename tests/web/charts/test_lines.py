import pytest

from agent.web.charts.drawing import Series
from agent.web.charts.lines import SIGNS, lines
from tests.web.charts.pictures import WORDS, of_class, read, shown, table, texts

WAITS = (Series("Median", (4.0, None, 6.0, 8.0)), Series("Persentil 90", (9.0, None, None, 40.0)))


def test_a_line_breaks_where_there_is_no_number() -> None:
    figure = read(lines(WORDS, "Hari", tuple("1234"), WAITS, shown))
    median, most = of_class(figure, "chart-trend")
    assert [step[0] for step in median.get("d", "").split()] == ["M", "M", "L"]
    assert [step[0] for step in most.get("d", "").split()] == ["M", "M"]
    assert table(figure)[2] == ["2", "–", "–"]


def test_each_line_has_a_sign_of_its_own() -> None:
    figure = read(lines(WORDS, "Hari", tuple("1234"), WAITS, shown))
    signs = {e.get("d"): e.get("class") for e in of_class(figure, "chart-sign")}
    assert set(signs) == set(SIGNS[:2])
    with pytest.raises(AssertionError):
        lines(WORDS, "Hari", (), [Series("a", ())] * 5, shown)


def test_a_limit_has_its_name_and_its_place_in_the_scale() -> None:
    figure = read(lines(WORDS, "Hari", tuple("1234"), WAITS, shown, ("Batas", 50.0)))
    limit = of_class(figure, "chart-limit")[0]
    drawn = of_class(figure, "chart-trend")[1].get("d", "").split()
    highest = float(drawn[-1].partition(",")[2])
    assert float(limit.get("y1", "0")) < highest, "40 lies below the limit of 50"
    assert "Batas 50" in texts(figure)


def test_of_no_number_nothing_is_drawn() -> None:
    figure = read(lines(WORDS, "Hari", ("1",), [Series("a", (None,))], shown, ("Batas", 3.0)))
    assert "Tidak ada data" in texts(figure)
