from agent.web.charts.chart import Chart
from agent.web.charts.drawing import Drawing
from tests.web.charts.pictures import NASTY, WORDS, read, table


def test_the_table_has_its_caption_and_headings_and_only_text() -> None:
    chart = Chart(
        words=WORDS,
        picture=Drawing(WORDS, 10, 10).markup(),
        columns=("Hari", "Jumlah"),
        rows=((NASTY, "3"),),
    )
    figure = read(chart)
    assert [(e.text or "")[:9] for e in figure.iter("caption")] == ["Panggilan"]
    assert table(figure)[0] == ["Hari", "Jumlah"]
    assert table(figure)[1][1] == "3"
    assert [e.get("scope") for e in figure.iter("th")] == ["col", "col", "row"]
    assert "<script" not in chart.markup
