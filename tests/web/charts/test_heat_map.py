from agent.web.charts.heat_map import heat_map
from tests.web.charts.pictures import NASTY, WORDS, of_class, read, shown, table, texts

LOAD = [[0.0] * 24, [0.0] * 9 + [1.0, 10.0] + [0.0] * 13]


def test_every_hour_has_its_field_its_shade_and_its_number() -> None:
    figure = read(heat_map(WORDS, ("Senin", NASTY), LOAD, shown))
    assert len(of_class(figure, "chart-cell")) == 48
    assert len(of_class(figure, "chart-heat-0")) == 46
    assert len(of_class(figure, "chart-heat-1")) == 1
    assert len(of_class(figure, "chart-heat-5")) == 1
    assert [e.text for e in of_class(figure, "chart-cell-number")] == ["1", "10"]
    assert table(figure)[2][10:12] == ["1", "10"]


def test_only_the_hours_that_are_asked_for_are_shown() -> None:
    figure = read(heat_map(WORDS, ("Senin", "Selasa"), LOAD, shown, range(8, 11)))
    assert table(figure)[0] == ["", "08.00", "09.00", "10.00"]
    assert "Selasa 10.00: 10" in texts(figure)


def test_an_empty_week_is_all_light() -> None:
    figure = read(heat_map(WORDS, ("Senin",), [[0.0] * 24], shown))
    assert len(of_class(figure, "chart-heat-0")) == 24
