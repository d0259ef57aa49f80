"""compare.png: the ranking, and what each varied key does to the number that is ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.scenarios.units import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hotmesa.postprocess.compare import Ranking

SHOWN = 30
PICTURE_DPI = 115
PER_ROW = 3
FEW = 6
BEST, REST = style.HOT_COLOUR, style.BRANCH_COLOUR


@style.styled
def plot_comparison(ranking: Ranking) -> Figure:
    """Return a figure of the ranking (the best 30 cases) and a panel for each axis: cases as dots, means as a line."""
    count = int(np.isfinite(ranking.values).sum())
    shown = min(count, SHOWN)
    panels = tuple(ranking.varied)
    lines = -(-len(panels) // PER_ROW)
    figure = style.new_figure(9.6, 1.6 + 0.19 * shown + 2.5 * lines, dpi=PICTURE_DPI)
    heights = [1.0 + 0.19 * shown, *([2.5] * lines)]
    parts: Any = figure.subfigures(1 + (lines > 0), 1, height_ratios=[heights[0], sum(heights[1:])] if lines else None)
    upper = parts[0] if lines else parts
    _draw_ranking(upper.subplots(), ranking, shown)
    if lines:
        columns = min(len(panels), PER_ROW)
        grid = np.atleast_1d(parts[1].subplots(lines, columns, sharey=True, squeeze=False)).ravel()
        for axes, name in zip(grid, panels, strict=False):
            _draw_effect(axes, ranking, name)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        for axes in grid[::columns]:
            axes.set_ylabel(label_of(ranking.by), fontsize=9)
    figure.suptitle(f"{ranking.title}\n{label_of(ranking.by)}, {ranking.rule} first".strip(), fontsize=11)
    return figure


def _draw_ranking(axes: Axes, ranking: Ranking, shown: int) -> None:
    values, places = ranking.values[:shown], np.arange(shown)
    axes.hlines(places, values.min(), values, color="#d0d7e6", linewidth=1.2)
    axes.plot(values[1:], places[1:], "o", color=REST, markersize=5)
    axes.plot(values[:1], places[:1], "o", color=BEST, markersize=7)
    axes.set_yticks(places, [row["case"] for row in ranking.rows[:shown]])
    axes.set_ylim(shown - 0.4, -0.6)
    style.tidy(axes)
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel(label_of(ranking.by), fontsize=9)
    missing = len(ranking.rows) - int(np.isfinite(ranking.values).sum())
    notes = [f"the best {shown} of {len(ranking.rows)} cases"] if shown < len(ranking.rows) else []
    notes += [f"{missing} without this number"] if missing else []
    if notes:
        axes.set_title(", ".join(notes), fontsize=9, loc="right")


def _draw_effect(axes: Axes, ranking: Ranking, name: str) -> None:
    words = [row.get(name, "") for row in ranking.rows]
    numbers = _as_numbers(words)
    ticks: list[str] | None = None
    if numbers is None:
        ticks = list(ranking.varied[name])
        numbers = np.array([ticks.index(word) for word in words], dtype=float)
    use = np.isfinite(ranking.values) & np.isfinite(numbers)
    x, y = numbers[use], ranking.values[use]
    axes.plot(x, y, "o", color=REST, markersize=3.5, alpha=0.5, markeredgewidth=0)
    levels = np.unique(x)
    axes.plot(levels, [y[x == level].mean() for level in levels], "-", color=style.NORMAL_COLOUR, linewidth=1.8)
    if not np.isnan(numbers[0]) and np.isfinite(ranking.values[0]):
        axes.plot(numbers[:1], ranking.values[:1], "o", color=BEST, markersize=6)
    if ticks is not None:
        axes.set_xticks(range(len(ticks)), ticks)
        axes.margins(x=0.15)
    else:
        if _is_logarithmic(levels):
            axes.set_xscale("log")
            axes.minorticks_off()
        if len(levels) <= FEW:
            axes.set_xticks(levels, [f"{level:g}" for level in levels])
    axes.set_xlabel(label_of(name), fontsize=8)
    style.tidy(axes)
    axes.tick_params(labelsize=8)


def _as_numbers(words: list[str]) -> Any:
    try:
        return np.array([float(word) if word else np.nan for word in words])
    except ValueError:
        return None


def _is_logarithmic(levels: Any) -> bool:
    """Return whether values look like powers: three or more, positive, over more than a factor of 8."""
    return len(levels) > 2 and levels[0] > 0 and levels[-1] / levels[0] > 8
