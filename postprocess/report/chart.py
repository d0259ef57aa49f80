"""Lines, points and axes of the charts, all in one look; values with every digit that their table has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.report.parts import Spec

DASHES = {style.STABLE: "solid", style.UNSTABLE_UNDER_VOLTAGE: "dash", style.UNSTABLE_UNDER_CURRENT: "dot"}
"""Kinds of line for what a source holds, as in the figures."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
"""With every colour goes a symbol, so that curves are told apart in grey too."""
GRID = "#e2e2e2"


def values(numbers: Iterable[Any]) -> list[Any]:
    """Return numbers as JSON takes them: None for what is not finite; words stay."""
    found = np.asarray(list(numbers) if not isinstance(numbers, np.ndarray) else numbers)
    if found.dtype.kind not in "fiu":
        return [str(item) for item in found]
    return [float(item) if np.isfinite(item) else None for item in found.astype(np.float64)]


def line(x: Iterable[Any], y: Iterable[Any], name: str, colour: str, **more: Any) -> Spec:
    """Return a line; `dash` and `width` are its look, whatever else is given goes to plotly.js."""
    look = {"color": colour, "dash": more.pop("dash", "solid"), "width": more.pop("width", 2)}
    return {"type": "scatter", "mode": "lines", "x": values(x), "y": values(y), "name": name, "line": look} | more


def points(x: Iterable[Any], y: Iterable[Any], name: str, colour: str, **more: Any) -> Spec:
    """Return points; `symbol` and `size` are their look, `hollow` draws their edge alone."""
    edge = {"color": colour, "width": 2 if more.pop("hollow", False) else 0}
    look = {
        "color": "white" if edge["width"] else colour, "symbol": more.pop("symbol", "circle"),
        "size": more.pop("size", 6), "line": edge,
    }  # fmt: skip
    return {"type": "scatter", "mode": "markers", "x": values(x), "y": values(y), "name": name, "marker": look} | more


def axes(x: str, y: str, **more: Any) -> Spec:
    """Return the layout of a chart with the names of its axes; `x_axis` and `y_axis` add to them."""
    common: Spec = {"gridcolor": GRID, "zeroline": False, "linecolor": "#444", "ticks": "outside", "automargin": True}
    layout: Spec = {
        "xaxis": common | {"title": {"text": x}} | more.pop("x_axis", {}),
        "yaxis": common | {"title": {"text": y}} | more.pop("y_axis", {}),
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#1a1a1a"},
        "margin": {"l": 64, "r": 16, "t": 16, "b": 52},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "hovermode": "closest",
        "legend": {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0, "xanchor": "left"},
    }
    return layout | more
