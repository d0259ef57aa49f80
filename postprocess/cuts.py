"""Temperature along lines through the hottest place: profile.png in the plane, section.png in depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import accuracy, page, style
from hotmesa.postprocess.choice import states_to_show
from hotmesa.postprocess.map import COLOUR_MAP, caption, draw_contact_spans, temperature_scale
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.solids import Heights, heights
from hotmesa.postprocess.spot import plot_place
from hotmesa.postprocess.stable import stable_states
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAMPLES = 401
"""Places along a line."""
FINE = 200
"""Rows of a layer in the picture of its depth."""


def hottest(run: Run, state: int) -> Array:
    """Return x and y (µm) of the hottest place of the junctions in a stored state, shape (2,).

    Raises:
        ValueError: the run has no states.
    """
    states, T = run.states, run.junction_T_K
    if states is None or T is None:
        raise ValueError("a run without states has no hottest place")
    return np.array(states.node_xy[int(np.nanargmax(T[state]))], dtype=np.float64)


def along(states: States, values: Array, cells: Any, start: Array, end: Array) -> tuple[Array, Array]:
    """Return the distance (µm) from the start of a straight line, and the values there, NaN outside the cells.

    Args:
        states: whose nodes hold the values, linear between them.
        values: (n,) at the nodes.
        cells: (m, 3) triangles, or (m, 2) intervals of a strip or disc, on which they are taken.
        start: (2,) in µm; in a strip or disc its x counts alone.
        end: (2,) in µm.
    """
    t = np.linspace(0.0, 1.0, SAMPLES)
    points = start + t[:, None] * (end - start)
    length = float(np.linalg.norm(end - start))
    if states.geometry != "plan":
        nodes = np.unique(cells)
        nodes = nodes[np.argsort(states.node_xy[nodes, 0])]
        x = states.node_xy[nodes, 0]
        return length * t, np.interp(points[:, 0], x, values[nodes], left=np.nan, right=np.nan)
    import pyvista

    nodes, local = np.unique(cells, return_inverse=True)
    plane = pyvista.PolyData.from_regular_faces(np.insert(states.node_xy[nodes], 2, 0.0, axis=1), local.reshape(-1, 3))
    plane.point_data["value"] = values[nodes]
    line = pyvista.Line((*start, 0.0), (*end, 0.0), resolution=SAMPLES - 1)
    line = line.sample(plane, tolerance=1e-6 * length)  # an edge of the mesa may be the line
    inside = np.asarray(line.point_data["vtkValidPointMask"], dtype=bool)
    return length * t, np.where(inside, np.asarray(line.point_data["value"]), np.nan)


@style.styled
def plot_profile(run: Run) -> Figure | None:
    """Return a figure of the junction temperature along x and along y through the hottest place of a few states.

    None for a run without states. In a strip or disc there is one direction.

    Args:
        run: of any kind with fields; lengths are in µm, temperatures in K.
    """
    states, T = run.states, run.junction_T_K
    if states is None or T is None or len(states.row) == 0:
        return None
    chosen = states_to_show(run, states)
    if states.geometry == "plan":
        figure, *panels = page.pair(11.0, 5.0)
    else:
        figure = page.new_figure(7.0, 5.0)
        panels = [figure.subplots()]
    low, high = states.node_xy[states.mesa_nodes].min(axis=0), states.node_xy[states.mesa_nodes].max(axis=0)
    from matplotlib import colormaps

    colours = colormaps[COLOUR_MAP](np.linspace(0.15, 0.8, max(len(chosen), 2)))
    for axes, axis in zip(panels, (0, 1), strict=False):
        for colour, state in zip(colours, chosen, strict=False):
            start, end = hottest(run, int(state)), hottest(run, int(state))
            start[axis], end[axis] = low[axis], high[axis]
            distance, values = along(states, T[state], states.mesa_cells, start, end)
            label = caption(run, states, int(state), separator=",  ") if axis == 0 else None
            axes.plot(low[axis] + distance, values, color=colour, linewidth=2.0, label=label)
        axes.axhline(run.hot_temperature_K, color="black", linestyle="--", linewidth=1.0)
        axes.set(xlabel=_name(states, axis), ylabel="junction temperature T (K)")
        style.tidy(axes)
        axes.margins(x=0)
    if states.geometry != "plan":
        draw_contact_spans(panels[0], states.contact_xyr, states.geometry)
    figure.legend(loc="outside lower center", ncols=page.columns(2))
    through = "through the hottest place of each state" if states.geometry == "plan" else ""
    lines = f"{through}, dashed: {run.hot_temperature_K:g} K".strip(", ")
    page.heading(figure, style.title_of(run.scenario), lines, accuracy.remark(run))
    return figure


def _name(states: States, axis: int) -> str:
    return "radius r (µm)" if states.geometry == "disc" else f"{'xy'[axis]} (µm)"


@style.styled
def plot_section(run: Run) -> Figure | None:
    """Return a figure of the temperature in depth, along x through the hottest place of a mesa that is half hot.

    It is the state nearest to that of those that the source holds, the hottest one where there is no hot spot.

    Film and mesa are drawn higher than they are, by the factor that the figure tells; the crystal is to scale and cut
    at a depth of 0.6 widths of the mesa. None for a run without states.

    Args:
        run: of any kind with fields; lengths are in µm, temperatures in K.
    """
    states, T = run.states, run.junction_T_K
    if states is None or T is None or len(states.row) == 0:
        return None
    state = _half_hot(run, states, T)
    place = hottest(run, state)
    xy = states.node_xy[states.mesa_nodes]
    half = 0.5 * float(np.ptp(xy[:, 0]))
    ends = np.array([xy[:, 0].min() - half, xy[:, 0].max() + half]).clip(*_span(states))
    start, end = np.array([ends[0], place[1]]), np.array([ends[1], place[1]])
    cuts = [along(states, layer, _cells_of(states, layer), start, end) for layer in states.T_K[state]]
    drawn = heights(run.scenario, 2.0 * half)
    z, fine = _in_depth(drawn, np.array([values for _, values in cuts]))
    figure = page.new_figure(8.0, 4.6)
    axes = figure.subplots()
    _fill(figure, axes, run, ends[0] + cuts[0][0], z, fine)
    for name, borders in drawn.borders_um.items():
        axes.axhline(borders[0], color="#9a9a9a", linewidth=0.6)
        if borders[0] > -drawn.depth_um:
            axes.text(1.01, borders[0], name, transform=axes.get_yaxis_transform(), va="top", fontsize="small")
    axes.set(xlabel=_name(states, 0), ylim=(z[-1], z[0]))
    axes.set_ylabel("height z (µm)" + (f", above 0 × {drawn.mesa_factor:g}" if drawn.mesa_factor > 1.0 else ""))
    lines = caption(run, states, state, separator=",  "), accuracy.remark(run)
    page.heading(figure, style.title_of(run.scenario), *lines)
    return figure


def _half_hot(run: Run, states: States, T: Array) -> int:
    """Return the stored state nearest to a mesa that is half hot, of those that the source holds if there are any."""
    held = stable_states(run, states.row)
    held = held if held.any() else ~held
    hot = np.nan_to_num(column(run.rows, "hot_fraction")[states.row])
    spot = held & (hot > 0.0) & (hot < 1.0)
    return int(np.argmin(np.where(spot, abs(hot - 0.5), np.where(held, 2.0 - 1e-6 * np.nanmax(T, axis=1), np.inf))))


def _cells_of(states: States, values: Array) -> NDArray[np.int64]:
    """Return the cells on which a layer has a temperature."""
    return states.cells if np.isfinite(values[np.unique(states.cells)]).all() else states.mesa_cells


def _span(states: States) -> tuple[float, float]:
    x = states.node_xy[:, 0]
    return float(x.min()), float(x.max())


def _in_depth(drawn: Heights, values: Array) -> tuple[Array, Array]:
    """Return heights (l + 1,) and temperatures (l, SAMPLES) between them, linear between the middles of sublayers."""
    borders: list[Array] = []
    rows: list[Array] = []
    first = 0
    for edges in drawn.borders_um.values():
        own = values[first : first + len(edges) - 1]
        first += len(edges) - 1
        levels = np.linspace(edges[0], max(edges[-1], -drawn.depth_um), FINE + 1)
        if levels[0] > levels[-1]:
            middles, at = 0.5 * (edges[1:] + edges[:-1])[::-1], 0.5 * (levels[1:] + levels[:-1])
            rows += [np.array([np.interp(at, middles, column) for column in own[::-1].T]).T]
            borders += [levels if not borders else levels[1:]]
    return np.concatenate(borders), np.concatenate(rows)


def _fill(figure: Figure, axes: Axes, run: Run, x: Array, z: Array, values: Array) -> None:
    """Draw the temperature of each sublayer over its height, with the isotherm of the hot temperature."""
    level = run.hot_temperature_K
    colours, norm = temperature_scale(float(np.nanmin(values)), float(np.nanmax(values)), level)
    edges = np.concatenate([[x[0]], 0.5 * (x[1:] + x[:-1]), [x[-1]]])
    image = axes.pcolormesh(edges, z, values, cmap=colours, norm=norm, rasterized=True)
    bar = figure.colorbar(image, ax=axes, pad=0.12)
    bar.set_label("temperature T (K)")
    if np.nanmin(values) < level < np.nanmax(values):
        axes.contour(x, 0.5 * (z[1:] + z[:-1]), values, levels=[level], colors="#3fd0ff", linewidths=1.8)
        bar.ax.axhline(level, color="#3fd0ff", linewidth=1.8)


ON_REQUEST: Mapping[str, Callable[[Run], Figure | None]] = {
    "profile.png": plot_profile, "section.png": plot_section, "spot.png": plot_place,
}  # fmt: skip
"""Figures of every run with fields that are drawn when they are asked for."""
