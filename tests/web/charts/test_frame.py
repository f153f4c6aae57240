from agent.web.charts.drawing import Drawing
from agent.web.charts.frame import LEFT, RIGHT, places_of
from tests.web.charts.pictures import WORDS


def test_places_lie_in_their_order_between_the_ends() -> None:
    drawing = Drawing(WORDS, 900, 300)
    for count in (1, 2, 366):
        places = places_of(drawing, count)
        assert len(places) == count
        assert places == sorted(set(places))
        assert places[0] > LEFT
        assert places[-1] < 900 - RIGHT
    assert places_of(drawing, 0) == []
