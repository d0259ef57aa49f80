"""The junction temperature of the stored states as a map that a slider moves, small enough for one file.

A plan is read at the points of a regular raster, linearly within the triangles of the mesh; a strip or disc stays on
its nodes. Temperatures are whole numbers of 16 bits between the lowest and the highest of all states, 0 outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import style
from hotmesa.postprocess.map import caption, mesa_outline, name_circles, temperature_scale
from hotmesa.postprocess.report.chart import axes, line
from hotmesa.postprocess.report.document import packed
from hotmesa.postprocess.report.parts import Chart, Moving, Spec
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

MOST_STEPS = 120
MOST_VALUES = 600_000
"""Of all states together: 1.6 MB in the file before they are compressed."""
MOST_PLACES = 8_000
LEVELS = 65_000
STOPS = 12
"""Colours on each side of the hot temperature; between them they are mixed."""
ISOTHERM = "#3fd0ff"
_ROOM = {"l": 64, "r": 16, "t": 30, "b": 52}
"""Around a map: the numbers of its colour bar stand over its upper end."""


@dataclass(frozen=True)
class Raster:
    """A regular raster over a mesa: centres of its cells in µm, and for each the corners and weights of its triangle.

    Attributes:
        x_um: (columns,) from left to right.
        y_um: (rows,) upwards.
        corner: (rows × columns, 3) numbers of nodes.
        weight: (rows × columns, 3) their parts of the value, NaN outside the mesa.
    """

    x_um: Array
    y_um: Array
    corner: NDArray[np.int64]
    weight: Array

    def values(self, nodal: Array) -> Array:
        """Return fields (k, n) on the nodes at the places of the raster, (k, rows × columns), NaN outside."""
        return np.asarray(np.sum(nodal[:, self.corner] * self.weight, axis=2))


def raster_of(states: States, places: int) -> Raster:
    """Return a raster of about so many places over the rectangle around a mesa in the plane, in square cells."""
    from matplotlib.tri import Triangulation

    nodes, local = np.unique(states.mesa_cells, return_inverse=True)
    xy = states.node_xy[nodes]
    cells: NDArray[np.int64] = local.reshape(-1, 3)
    low, extent = xy.min(axis=0), np.asarray(np.ptp(xy, axis=0))
    size = float(np.sqrt(np.prod(extent) / places))
    count = np.maximum(np.round(extent / size).astype(int), 2)
    x, y = (low[k] + extent[k] * (np.arange(count[k]) + 0.5) / count[k] for k in (0, 1))
    place = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    finder = Triangulation(xy[:, 0], xy[:, 1], cells).get_trifinder()
    found = np.asarray(finder(place[:, 0], place[:, 1]), dtype=np.int64)
    corner = cells[np.maximum(found, 0)]
    a, b, c = (xy[corner[:, k]] for k in range(3))
    area = _cross(b - a, c - a)
    weight = np.stack(
        [_cross(b - place, c - place), _cross(c - place, a - place), _cross(a - place, b - place)], axis=1
    )
    weight = weight / area[:, None]
    weight[found < 0] = np.nan
    return Raster(x, y, nodes[corner], weight)


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def steps_of(states: States) -> NDArray[np.int64]:
    """Return the stored states that the slider shows, evenly where there are many."""
    chosen = np.linspace(0, len(states) - 1, min(len(states), MOST_STEPS)).round().astype(np.int64)
    return np.asarray(np.unique(chosen))


def moving_of(run: Run, curve: Chart, along: tuple[str, str]) -> Moving | None:
    """Return map and curve with a slider; None for a run without fields.

    Args:
        run: of any kind with fields.
        curve: chart that gets the point of the state.
        along: columns of the table that are its axes.
    """
    states, T = run.states, run.junction_T_K
    if states is None or T is None or not len(states):
        return None
    steps = steps_of(states)
    if states.geometry == "plan":
        raster = raster_of(states, min(MOST_PLACES, MOST_VALUES // len(steps)))
        seen, shape, drawn, key = raster.values(T[steps]), (len(raster.y_um), len(raster.x_um)), [0, 1], "z"
    else:
        nodes = states.mesa_nodes[np.argsort(states.node_xy[states.mesa_nodes, 0])]
        seen, shape, drawn, key = T[np.ix_(steps, nodes)], (1, len(nodes)), [0], "y"
    low, high = float(np.nanmin(T[steps])), float(np.nanmax(T[steps]))
    step_K = max(high - low, 1e-6) / LEVELS
    whole = np.where(np.isnan(seen), 0, 1 + np.round((seen - low) / step_K)).astype("<u2")
    rows = states.row[steps]
    data: dict[str, Any] = {
        "map": "map", "curve": curve.name, "key": key, "traces": drawn, "rows": shape[0], "columns": shape[1],
        "low_K": low, "step_K": step_K, "values": packed(whole.tobytes()), "row": rows.tolist(),
        "x": column(run.rows, along[0])[rows].tolist(), "y": column(run.rows, along[1])[rows].tolist(),
        "captions": [caption(run, states, int(state), separator=", ").replace(",  ", ", ") for state in steps],
    }  # fmt: skip
    chart = _plan(run, states, raster, (low, high)) if key == "z" else _line(run, states, nodes, (low, high))
    point: Spec = {
        "type": "scatter", "mode": "markers", "x": [], "y": [], "name": "state of the map", "cliponaxis": False,
        "marker": {"size": 15, "color": "rgba(255,255,255,0)", "line": {"color": "black", "width": 3}},
    }  # fmt: skip
    curve = Chart(curve.name, curve.words, [*curve.traces, point], curve.layout, curve.height_px)
    return Moving(chart, curve, data, _start(run, rows, T[steps]))


def _start(run: Run, rows: NDArray[np.int64], T: Array) -> int:
    """Return the step that is shown first: nearest to a mesa that is half hot, else with the largest differences."""
    hot = column(run.rows, "hot_fraction")[rows]
    inside = (hot > 0.0) & (hot < 1.0)
    if inside.any():
        return int(np.argmin(np.where(inside, np.abs(hot - 0.5), np.inf)))
    return int(np.argmax(np.nanmax(T, axis=1) - np.nanmin(T, axis=1)))


def colour_scale(low: float, high: float, level_K: float) -> list[list[Any]]:
    """Return the colours of `temperature_scale` for plotly.js: pairs of part of the way from low to high and colour."""
    from matplotlib.colors import to_hex

    colours, norm = temperature_scale(low, high, level_K)
    if not low < level_K < high:
        places = np.linspace(0.0, 1.0, 2 * STOPS)
        return [[float(place), to_hex(colours(place))] for place in places]
    level = (level_K - low) / (high - low)
    below, above = np.linspace(0.0, level, STOPS), np.linspace(level, 1.0, STOPS)
    just = 1e-9 * (high - low)
    parts = [(place, low + place * (high - low) - (just if place == level else 0.0)) for place in below]
    parts += [(place, low + place * (high - low) + (just if place == level else 0.0)) for place in above]
    return [[float(place), to_hex(colours(norm(value)))] for place, value in parts]


def _plan(run: Run, states: States, raster: Raster, limits: tuple[float, float]) -> Chart:
    level, (low, high) = run.hot_temperature_K, limits
    enclosed = low < level < high
    places: Spec = {"x": raster.x_um.tolist(), "y": raster.y_um.tolist(), "z": []}
    ticks = [low, level, high] if enclosed else [low, high]
    heat = places | {
        "type": "heatmap", "zmin": low, "zmax": max(high, low + 1e-6), "colorscale": colour_scale(low, high, level),
        "hovertemplate": "x %{x:.2f} µm<br>y %{y:.2f} µm<br>T %{z:.2f} K<extra></extra>", "hoverongaps": False,
        "colorbar": {
            "title": {"text": "junction temperature T (K)", "side": "right"}, "thickness": 14, "outlinewidth": 0,
            "tickvals": ticks, "ticktext": [f"{value:.4g}" for value in ticks], "tickmode": "array",
        },
    }  # fmt: skip
    isotherm = places | {
        "type": "contour", "contours": {"start": level, "end": level, "size": 1.0, "coloring": "none"},
        "line": {"color": ISOTHERM, "width": 2.5}, "hoverinfo": "skip", "showscale": False, "showlegend": False,
    }  # fmt: skip
    outline = states.node_xy[mesa_outline(states.mesa_cells)]
    gaps = np.concatenate([outline, np.full((len(outline), 1, 2), np.nan)], axis=1).reshape(-1, 2)
    border = line(gaps[:, 0], gaps[:, 1], "mesa", "#000000", width=1.5, hoverinfo="skip", showlegend=False)
    circles: list[Spec] = [
        {"type": "path", "path": _path(outline), "line": {"color": colour, "width": width}}
        for outline in states.contact_outlines
        for colour, width in (("black", 4), ("white", 2))
    ]
    extent = np.ptp(states.node_xy[states.mesa_nodes], axis=0)
    square: Spec = {"scaleanchor": "x", "constrain": "domain"}
    plain: Spec = {"showgrid": False, "constrain": "domain"}
    layout = axes(
        "x (µm)", "y (µm)", x_axis=plain, y_axis=plain | square, shapes=circles, showlegend=False, margin=_ROOM
    )
    words = "Temperature of the junctions over the mesa in the state of the slider"
    words += f"; blue line: {level:g} K" if enclosed else f"; no place of a stored state passes {level:g} K"
    circled = name_circles(states)
    words += f"; {circled}." if circled else "."
    height = int(np.clip(130 + 460 * extent[1] / extent[0], 220, 520))
    return Chart("map", words, [heat, isotherm, border], layout, height)


def _path(outline: Array) -> str:
    """Return a closed line through points (k, 2) as plotly.js takes it."""
    return f"M{'L'.join(f'{x:.6g},{y:.6g}' for x, y in outline)}Z"


def _line(run: Run, states: States, nodes: NDArray[np.int64], limits: tuple[float, float]) -> Chart:
    x, level, (low, high) = states.node_xy[nodes, 0], run.hot_temperature_K, limits
    margin = 0.05 * (high - low) + 0.1
    radial = states.geometry == "disc"
    spans = [
        {
            "type": "rect", "yref": "paper", "y0": 0, "y1": 1,
            "x0": 0.0 if radial else float(place - r), "x1": float(place + r),
            "fillcolor": "#9fb8d8", "opacity": 0.35, "line": {"width": 0}, "layer": "below",
        }
        for place, _, r in map(tuple, states.contact_xyr)
    ]  # fmt: skip
    curve = line(x, np.full(len(x), np.nan), "T", style.HOT_COLOUR, width=3)
    mark = line([x.min(), x.max()], [level, level], f"{level:g} K", "#000000", dash="dash", width=1.5)
    layout = axes(
        "radius r (µm)" if radial else "x (µm)", "junction temperature T (K)", shapes=spans,
        y_axis={"range": [low - margin, high + margin]},
    )  # fmt: skip
    words = "Temperature of the junctions in the state of the slider"
    words += "; shaded: contacts." if spans else "."
    return Chart("map", words, [curve, mark], layout)
