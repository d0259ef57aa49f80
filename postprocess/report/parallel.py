"""Parallel coordinates of the cases of a study: an axis for each number, a line for each case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.compare import Ranking, number_in, varied_columns
from hotmesa.postprocess.report.chart import axes
from hotmesa.postprocess.report.parts import Chart, Spec, html_label
from hotmesa.scenarios.arrays import Array

COLOUR_MAP = "cividis"
"""Its lightness grows all the way, so that it can be read in grey."""
MOST_LINES = 400
MOST_AXES = 12


def parallel(
    rows: Sequence[Mapping[str, str]], about: Mapping[str, Any], names: Sequence[str], ranking: Ranking | str
) -> Iterator[Chart]:
    """Yield the chart; nothing where there are fewer than two axes or cases.

    The axes are those of the study and the numbers that are not the same everywhere; a case without one of them leaves
    a gap. The lines have the colour of the number that is ranked.
    """
    columns = _columns(rows, about, names)
    if len(columns) < 2 or len(rows) < 2:
        return
    by = ranking.by if isinstance(ranking, Ranking) and ranking.by in columns else [*columns][-1]
    places = {name: column.places for name, column in columns.items()}
    shade = places[by]
    order = np.argsort(np.where(np.isfinite(shade), shade, -1.0))[:MOST_LINES]
    traces = [_line(rows[k]["case"], [place[k] for place in places.values()], float(shade[k])) for k in order]
    layout = axes("", "", showlegend=False, margin={"l": 48, "r": 64, "t": 40, "b": 110})
    ticks = [*range(len(columns))]
    labels = [html_label(name) for name in columns]
    layout["xaxis"] |= {"tickvals": ticks, "ticktext": labels, "tickangle": 40, "range": [-0.3, len(ticks) - 0.7]}
    layout["yaxis"] |= {"visible": False, "range": [-0.12, 1.12]}
    layout["shapes"] = [
        {"type": "line", "x0": k, "x1": k, "y0": 0, "y1": 1, "line": {"color": "#444", "width": 1}} for k in ticks
    ]
    layout["annotations"] = [mark for k, column in enumerate(columns.values()) for mark in column.marks(k)]
    words = f"A line for each case, dark to light with growing {by}; gaps where a case has no such number."
    yield Chart("parallel-chart", words, traces, layout, 520, is_wide=True)


class _Column:
    """One axis: where each case lies between 0 and 1, and what stands beside it."""

    def __init__(self, texts: Sequence[str], numbers: Array) -> None:
        found = numbers[np.isfinite(numbers)]
        if len(found):
            low, high = float(found.min()), float(found.max())
            self.places: Array = (
                (numbers - low) / (high - low) if high > low else np.where(np.isfinite(numbers), 0.5, np.nan)
            )
            self.told = {0.0: f"{low:.4g}", 1.0: f"{high:.4g}"} if high > low else {}
            return
        levels = [*dict.fromkeys(text for text in texts if text)]
        between = max(len(levels) - 1, 1)
        self.places = np.array([levels.index(text) / between if text else np.nan for text in texts])
        self.told = {k / between: level for k, level in enumerate(levels)} if len(levels) > 1 else {}

    def marks(self, place: int) -> Iterator[Spec]:
        """Yield the texts beside the axis."""
        for y, text in self.told.items():
            side = {"yanchor": "bottom"} if y == 1.0 else {"yanchor": "top"} if y == 0.0 else {"yanchor": "middle"}
            yield {
                "x": place,
                "y": y,
                "text": text,
                "showarrow": False,
                "font": {"size": 11},
                "bgcolor": "#ffffffcc",
                **side,
            }


def _columns(rows: Sequence[Mapping[str, str]], about: Mapping[str, Any], names: Sequence[str]) -> dict[str, _Column]:
    wanted = dict.fromkeys((*varied_columns(rows, about), *names))
    columns = {name: _Column([row.get(name, "") for row in rows], np.array([number_in(row, name) for row in rows]))
               for name in wanted}  # fmt: skip
    return dict([(name, column) for name, column in columns.items() if column.told][:MOST_AXES])


def _line(case: str, places: Sequence[float], shade: float) -> Spec:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    colour = to_hex(colormaps[COLOUR_MAP](0.92 * shade)) if np.isfinite(shade) else style.UNIFORM_COLOUR
    y = [place if np.isfinite(place) else None for place in places]
    return {
        "type": "scatter", "mode": "lines", "x": [*range(len(places))], "y": y, "name": case, "text": case,
        "line": {"color": colour, "width": 1.6}, "hoverinfo": "name",
    }  # fmt: skip
