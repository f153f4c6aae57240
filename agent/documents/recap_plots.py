"""The recap's plots as SVG, for eyes of every kind: no colour says anything alone.

matplotlib is heavy: it is loaded by whoever draws, never by the service.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.documents.recap_summary import Line, RecapSummary, seconds, whole
from agent.domain.recap_figures import StepFigures, step_figures
from agent.domain.recap_tally import RecapTally
from agent.domain.recap_words import RecapWords

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of Okabe and Ito's palette, told apart by every kind of eye, and by their brightness in grey.
BLUE, SKY, ORANGE, INK, GREY = "#0072B2", "#56B4E9", "#D55E00", "#222222", "#8A8A8A"
HATCHES = {"time": "", "output": "////", "equipment": "...."}
MOST_CATEGORIES = 10
HEIGHT = 2.15
"""Inches; three rows of plots fill the page."""

Draw = Callable[["Axes"], None]


def draw_plots(
    folder: Path, summary: RecapSummary, tally: RecapTally, words: RecapWords, zone: str
) -> None:
    """Write hours.svg, weekdays.svg, steps.svg, deviations.svg and categories.svg."""
    plots: dict[str, tuple[float, Draw]] = {
        "hours": (6.3, lambda axes: _hours(axes, tally, words, zone)),
        "weekdays": (4.3, lambda axes: _weekdays(axes, summary, words)),
        "steps": (5.3, lambda axes: _steps(axes, step_figures(tally), words)),
        "deviations": (5.3, lambda axes: _deviations(axes, tally, words)),
        "categories": (10.7, lambda axes: _categories(axes, summary, words)),
    }
    for name, (width, draw) in plots.items():
        _draw(folder / f"{name}.svg", width, words.plots[name], draw)


def _draw(file: Path, width: float, title: str, draw: Draw) -> None:
    from matplotlib.figure import Figure  # see the head of this file

    figure = Figure(figsize=(width, HEIGHT), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=9, loc="left", color=INK, fontweight="bold")
    axes.tick_params(labelsize=7, length=2, color=GREY)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    draw(axes)
    figure.savefig(file, metadata={"Date": None})


def _hours(axes: "Axes", tally: RecapTally, words: RecapWords, zone: str) -> None:
    hours = tally.totals.hours
    bars = axes.bar(range(24), hours, color=BLUE, width=0.75)
    axes.bar_label(bars, [whole(n) if n else "" for n in hours], fontsize=6, padding=1)
    axes.set_xticks(range(24), [f"{hour:02}" for hour in range(24)])
    _name_axes(axes, words.plots["hours_axis"].format(zone=zone), words.plots["calls_axis"])


def _weekdays(axes: "Axes", summary: RecapSummary, words: RecapWords) -> None:
    names, counts = _columns(summary.weekdays)
    bars = axes.bar(range(len(counts)), counts, color=BLUE, width=0.65)
    axes.bar_label(bars, [whole(n) if n else "" for n in counts], fontsize=6, padding=1)
    axes.set_xticks(range(len(names)), names)
    _name_axes(axes, "", words.plots["calls_axis"])


def _steps(axes: "Axes", steps: Sequence[StepFigures], words: RecapWords) -> None:
    """Median and percentile 90 as hundredths of the limit: the limits differ sixtyfold."""
    measured = [step for step in steps if step.limits_s and step.p50_s is not None]
    if not measured:
        return _nothing(axes, words)
    for place, step in enumerate(measured):
        limit = step.limits_s[-1]
        p50, p90 = (step.p50_s or 0.0), (step.p90_s or 0.0)
        half, most = p50 / limit * 100, p90 / limit * 100
        axes.plot([half, most], [place, place], color=GREY, linewidth=1.2, zorder=1)
        first = place == 0
        axes.scatter(
            [half],
            [place],
            marker="o",
            s=30,
            color=BLUE,
            label=words.plots["p50"] if first else None,
        )
        axes.scatter(
            [most],
            [place],
            marker="D",
            s=26,
            facecolor="white",
            edgecolor=ORANGE,
            linewidth=1.4,
            zorder=2,
            label=words.plots["p90"] if first else None,
        )
        told = f"{seconds(p50, words)} – {seconds(p90, words)}"
        axes.annotate(told, (half, place), (0, 6), textcoords="offset points", fontsize=6)
    widest = max((step.p90_s or 0.0) / step.limits_s[-1] * 100 for step in measured)
    axes.set_xlim(0, max(125.0, widest * 1.1))
    axes.set_ylim(len(measured) - 0.5, -0.7)
    axes.axvline(100, color=INK, linestyle="--", linewidth=1, label=words.plots["steps_limit"])
    labels = [
        f"{words.text('step', step=step.step)} ({seconds(step.limits_s[-1], words)})"
        for step in measured
    ]
    axes.set_yticks(range(len(measured)), labels)
    axes.set_xlabel(words.plots["steps_axis"], fontsize=7, loc="left")
    axes.legend(fontsize=6, frameon=False, loc="upper right", bbox_to_anchor=(1.0, -0.1), ncols=3)
    return None


def _deviations(axes: "Axes", tally: RecapTally, words: RecapWords) -> None:
    found = sorted(tally.totals.deviations_by_step.items(), key=_by_step)
    if not found:
        return _nothing(axes, words)
    for place, (key, count) in enumerate(found):
        kind = key.partition(" ")[0]
        bar = axes.barh(
            [place],
            [count],
            color=SKY,
            edgecolor=INK,
            linewidth=0.5,
            hatch=HATCHES[kind],
            height=0.6,
        )
        axes.bar_label(bar, [whole(count)], fontsize=6, padding=2)
    names = [_deviation(key, words) for key, _ in found]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    _name_axes(axes, words.plots["deviations_axis"], "", along="x")
    return None


def _deviation(key: str, words: RecapWords) -> str:
    kind, _, of = key.partition(" ")
    beyond_a_call = words.equipment_kinds.get(of)
    return beyond_a_call or f"{words.deviation_kinds[kind]} {words.text('step', step=of)}"


def _categories(axes: "Axes", summary: RecapSummary, words: RecapWords) -> None:
    lines = list(summary.categories[:MOST_CATEGORIES])
    if rest := summary.categories[MOST_CATEGORIES:]:
        lines.append((words.plots["others"], sum(count for _, count in rest)))
    if not lines:
        return _nothing(axes, words)
    names, counts = _columns(lines)
    bars = axes.barh(range(len(counts)), counts, color=BLUE, height=0.65)
    axes.bar_label(bars, [whole(n) for n in counts], fontsize=6, padding=2)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    _name_axes(axes, words.plots["categories_axis"], "", along="x")
    return None


def _name_axes(axes: "Axes", x: str, y: str, along: str = "y") -> None:
    """Names of both axes; the one that counts begins with zero and has whole numbers alone."""
    from matplotlib.ticker import MaxNLocator  # see the head of this file

    axes.set_xlabel(x, fontsize=7)
    axes.set_ylabel(y, fontsize=7)
    counted = axes.yaxis if along == "y" else axes.xaxis
    counted.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))
    axes.grid(axis="y" if along == "y" else "x", color="#DDDDDD", linewidth=0.5)
    axes.set_axisbelow(True)


def _nothing(axes: "Axes", words: RecapWords) -> None:
    axes.text(0.5, 0.5, words.plots["nothing"], ha="center", va="center", fontsize=8, color=INK)
    axes.set_axis_off()


def _columns(lines: Sequence[Line]) -> tuple[list[str], list[int]]:
    return [name for name, _ in lines], [count for _, count in lines]


def _by_step(found: tuple[str, int]) -> tuple[int, str, str]:
    kind, _, step = found[0].partition(" ")
    digits = "".join(sign for sign in step if sign.isdigit())
    return int(digits or 0), step, kind
