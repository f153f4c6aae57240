from agent.web.charts.columns import columns
from agent.web.charts.drawing import Series
from tests.web.charts.pictures import NASTY, WORDS, of_class, read, shown, table, texts

SERIES = (Series("Terjawab", (4.0, 0.0, 2.0)), Series(NASTY, (1.0, 0.0, 3.0)))


def test_columns_stand_on_one_another_and_are_as_high_as_their_numbers() -> None:
    figure = read(columns(WORDS, "Hari", ("1", "2", "3"), SERIES, shown))
    bars = of_class(figure, "chart-bar")
    assert len(bars) == 4, "of nothing there is no bar"
    heights = [float(bar.get("height", "0")) for bar in bars]
    assert heights[0] / heights[1] == 4.0
    assert abs(heights[2] / heights[3] - 2 / 3) < 0.01
    first, second = bars[:2]
    assert float(first.get("y", "0")) - float(second.get("y", "0")) == heights[1]
    assert first.get("fill") != second.get("fill")
    assert "1: Terjawab 4" in texts(figure)


def test_the_table_has_every_number_and_the_sums() -> None:
    figure = read(columns(WORDS, "Hari", ("1", "2", "3"), SERIES, shown))
    assert [row[-1] for row in table(figure)] == ["Σ", "5", "0", "5"]
    assert [row[1] for row in table(figure)] == ["Terjawab", "4", "0", "2"]


def test_many_days_are_named_one_in_so_many() -> None:
    names = tuple(f"hari-{place}" for place in range(300))
    figure = read(columns(WORDS, "Hari", names, [Series("a", (1.0,) * 300)], shown))
    ticks = [e for e in of_class(figure, "chart-tick") if (e.text or "").startswith("hari")]
    assert 6 <= len(ticks) <= 12
    assert len(table(figure)) == 301


def test_where_nothing_was_nothing_is_said() -> None:
    figure = read(columns(WORDS, "Hari", ("1",), [Series("a", (0.0,))], shown))
    assert "Tidak ada data" in texts(figure)
    assert "Tidak ada data" in texts(read(columns(WORDS, "Hari", (), [Series("a", ())], shown)))


def test_a_legend_that_finds_no_room_beside_goes_on_below() -> None:
    series = [Series(f"penelepon menutup saat menunggu {n}", (1.0,)) for n in range(6)]
    figure = read(columns(WORDS, "Hari", ("1",), series, shown))
    picture = figure.find(".//{*}svg")
    assert picture is not None
    width = float(picture.get("width", "0"))
    names = [e for e in of_class(figure, "chart-label") if "penelepon" in "".join(e.itertext())]
    assert len(names) == 6
    assert all(float(e.get("x", "0")) < width - 150 for e in names)
    lowest = max(float(e.get("y", "0")) for e in names)
    assert lowest > min(float(e.get("y", "0")) for e in names)
    assert all(float(bar.get("y", "0")) > lowest for bar in of_class(figure, "chart-bar"))
