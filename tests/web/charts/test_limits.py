from agent.web.charts.limits import LimitWords, TimesToLimit, limits
from tests.web.charts.pictures import NASTY, WORDS, of_class, read, shown, table, texts

NAMES = LimitWords(
    step="Langkah", limit="batas", p50="median", p90="persentil 90", within="Dalam batas"
)
STEPS = (
    TimesToLimit(name="L2", limit_s=10.0, p50_s=5.0, p90_s=15.0, within="80%"),
    TimesToLimit(name=NASTY, limit_s=600.0, p50_s=None, p90_s=None, within="–"),
)


def x_of(transform: str | None) -> float:
    return float((transform or "").removeprefix("translate(").partition(",")[0])


def test_a_time_over_its_limit_lies_beyond_the_line() -> None:
    figure = read(limits(WORDS, NAMES, STEPS, shown))
    limit = float(of_class(figure, "chart-limit")[0].get("x1", "0"))
    half, most = (x_of(e.get("transform")) for e in of_class(figure, "chart-sign")[:2])
    assert half < limit < most
    assert abs((limit - 230) - 2 * (half - 230)) < 0.1, "5 of 10 seconds is half the way"
    assert "L2: persentil 90 15" in texts(figure)


def test_a_step_that_nobody_took_has_its_limit_and_no_mark() -> None:
    figure = read(limits(WORDS, NAMES, STEPS, shown))
    assert len(of_class(figure, "chart-span")) == 1
    assert table(figure)[2][1:] == ["600", "–", "–", "–"]
    nothing = read(limits(WORDS, NAMES, STEPS[1:], shown))
    assert "Tidak ada data" in texts(nothing)
