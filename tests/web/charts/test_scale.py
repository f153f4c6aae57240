from hypothesis import given
from hypothesis import strategies as st

from agent.web.charts.scale import TICKS, scale_of


@given(st.lists(st.none() | st.floats(0, 1e9), max_size=8))
def test_every_value_stands_between_the_ends_and_the_order_is_kept(
    values: list[float | None],
) -> None:
    scale = scale_of(values, 100.0, 10.0)
    known = sorted(value for value in values if value is not None)
    places = [scale.place(value) for value in known]
    assert all(10.0 <= place <= 100.0 for place in places)
    assert places == sorted(places, reverse=True)
    assert 2 <= len(scale.ticks) <= 2 * TICKS + 1
    assert scale.ticks[-1] * 1.0001 >= max(known, default=0.0)


@given(st.lists(st.integers(0, 10**6), max_size=8))
def test_counts_have_whole_ticks(values: list[int]) -> None:
    assert all(tick % 1 == 0 for tick in scale_of(values, 0.0, 1.0, whole=True).ticks)


def test_a_small_scale_is_round() -> None:
    assert scale_of([23.0], 0.0, 1.0).ticks == (0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
