from agent.web.charts.rows import rows
from tests.web.charts.pictures import NASTY, WORDS, of_class, read, shown, table, texts


def test_bars_are_as_long_as_their_counts_and_the_rest_is_one() -> None:
    counts = [(NASTY, 8.0), ("b", 4.0), ("c", 2.0), ("d", 2.0)]
    figure = read(rows(WORDS, ("Kategori", "Jumlah"), counts, shown, most=2, others="Lainnya"))
    lengths = [float(bar.get("width", "0")) for bar in of_class(figure, "chart-bar")]
    assert lengths[0] == 2 * lengths[1] == 2 * lengths[2]
    assert "Lainnya: 4" in texts(figure)
    assert [row[1] for row in table(figure)] == ["Jumlah", "8", "4", "2", "2"]


def test_of_nothing_nothing_is_drawn() -> None:
    figure = read(rows(WORDS, ("Kategori", "Jumlah"), [], shown))
    assert "Tidak ada data" in texts(figure)
    assert of_class(figure, "chart-bar") == []
