"""map.png: temperature of the junctions at four states from the onset of the hot spot to full normality."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import accuracy, page, style
from hotmesa.postprocess.choice import PANELS, states_to_show
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.stable import legend, remark
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR_MAP = "inferno"
MOST_NAMES = 3
CAPTION_IN = 2.2
"""A panel that is narrower has current and voltage below each other."""
BAR_IN = 1.4
"""Width of the colour bar with its label."""
NOISE = 1e-9
"""Currents and voltages (mA, mV) below this are rounding errors."""


@style.styled
def plot_map(run: Run) -> Figure | None:
    """Return a figure of the junction temperature at a few states (see `choice`); None for a run without states.

    Plan: maps with a common colour scale, the outline of the mesa, the contacts (white lines) and the isotherm of the
    hot temperature. Strip and disc: T against x or r.

    Args:
        run: of any kind with fields; lengths are in µm, temperatures in K.

    Raises:
        ResultError: the fields are damaged, or do not fit the table of the run.
    """
    states, junction = run.states, run.junction_T_K
    if states is None or junction is None or len(states.row) == 0:
        return None
    chosen = states_to_show(run, states)
    if states.geometry == "plan":
        return _draw_plan(run, states, junction, chosen)
    return _draw_lines(run, states, junction, chosen)


def temperature_scale(low: float, high: float, level_K: float) -> tuple[Any, Any]:
    """Return colour map and norm from low to high (K): where they enclose the hot temperature its colours jump there.

    A hot spot then shows in every panel, however little it is above that temperature and however hot others are; the
    lightness grows all the way, so that the picture can be read in grey.
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, Normalize, TwoSlopeNorm

    base = colormaps[COLOUR_MAP]
    if not low < level_K < high:
        return base, Normalize(low, high if high - low > 1e-6 else low + 1.0)
    below, above = base(np.linspace(0.0, 0.5, 128)), base(np.linspace(0.7, 1.0, 128))
    return ListedColormap(np.concatenate([below, above])), TwoSlopeNorm(level_K, low, high)


def _draw_plan(run: Run, states: States, junction: Array, chosen: NDArray[np.int64]) -> Figure:
    from matplotlib.tri import Triangulation

    nodes, local = np.unique(states.mesa_cells, return_inverse=True)
    xy = states.node_xy[nodes]
    triangles = Triangulation(xy[:, 0], xy[:, 1], local.reshape(-1, 3))
    width, depth = np.ptp(xy, axis=0)
    columns = PANELS if width < 2 * depth else 1 if width > 3.5 * depth else 2
    columns = min(columns, len(chosen))
    size_in = 3.1 if columns == PANELS else 9.0 / columns
    if page.room_in(columns * size_in + BAR_IN) < 0.75 * columns * size_in + BAR_IN:
        columns = -(-columns // 2)
    size_in = min(size_in, (page.room_in(PANELS * size_in + BAR_IN) - BAR_IN) / columns)
    rows = -(-len(chosen) // columns)
    height_in = rows * (size_in * float(depth / width) + 0.75) + 0.7
    figure = page.new_figure(columns * size_in + BAR_IN, height_in, layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    values = junction[np.ix_(chosen, nodes)]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    colours, norm = temperature_scale(low, high, run.hot_temperature_K)
    for axes, state, temperature in zip(panels.flat, chosen, values, strict=False):
        image = axes.tripcolor(triangles, temperature, shading="gouraud", cmap=colours, norm=norm)
        _draw_isotherm(axes, triangles, temperature, run.hot_temperature_K)
        draw_outline(axes, states.node_xy, states.mesa_cells, states.contact_outlines)
        shown = caption(run, states, int(state))
        axes.set_title(shown if size_in > CAPTION_IN else shown.replace(",  ", "\n"))
        axes.set_aspect("equal")
        axes.tick_params(labelsize="small")
    _name_contacts(panels[0, 0], states)
    _label_grid(panels, len(chosen))
    bar = figure.colorbar(image, ax=panels, shrink=0.9, pad=0.015)
    bar.set_label("junction temperature T (K)")
    if low < run.hot_temperature_K < high:
        bar.set_ticks([*np.linspace(low, run.hot_temperature_K, 4), *np.linspace(run.hot_temperature_K, high, 4)[1:]])
        bar.ax.yaxis.set_major_formatter("{x:.3g}")
        bar.ax.axhline(run.hot_temperature_K, color="#3fd0ff", linewidth=1.8)
    isotherm = f"blue line: {run.hot_temperature_K:g} K" if low < run.hot_temperature_K < high else ""
    words = filter(None, (isotherm, name_circles(states), legend(run, states.row[chosen]), accuracy.remark(run)))
    page.heading(figure, title_of(run.scenario), ",  ".join(words))
    return figure


def name_circles(states: States) -> str:
    """Return what the white lines of a map are, by the names of the contacts; "" without contacts."""
    names = [str(name) for name in states.contact_names]
    word = "outline" if len(states.contact_corners) else "circle"
    if len(names) > MOST_NAMES:
        return f"white {word}s: {len(names)} contacts"
    return f"white {word}{'s' * (len(names) > 1)}: {', '.join(names)}" if names else ""


def _name_contacts(axes: Axes, states: States) -> None:
    """Write names at the circles of a panel where there is more than one; a single one is named in the title."""
    from matplotlib.patheffects import withStroke

    if 1 < len(states.contact_names) <= MOST_NAMES:
        for name, (x, y, _) in zip(states.contact_names, states.contact_xyr, strict=True):
            stroke = [withStroke(linewidth=2.0, foreground="black")]
            axes.text(x, y, str(name), color="white", fontsize="small", ha="center", va="center", path_effects=stroke)


def _label_grid(panels: Any, used: int) -> None:
    for number, axes in enumerate(panels.flat):
        axes.set_visible(number < used)
    columns = panels.shape[1]
    for axes in panels.flat[max(used - columns, 0) : used]:  # the lowest of each column
        axes.set_xlabel("x (µm)")
        axes.tick_params(labelbottom=True)
    for axes in panels[:, 0]:
        axes.set_ylabel("y (µm)")


def _draw_isotherm(axes: Axes, triangles: Any, temperature: Array, level_K: float) -> None:
    if np.nanmin(temperature) < level_K < np.nanmax(temperature):
        axes.tricontour(triangles, temperature, levels=[level_K], colors="#3fd0ff", linewidths=1.8)


def draw_outline(axes: Axes, xy: Array, mesa_cells: NDArray[np.int64], contacts: Iterable[Array]) -> None:
    """Draw the outlines of the mesa, the edges that belong to one of its triangles only, and of contacts (n, 2), µm."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Polygon

    axes.add_collection(LineCollection(list(xy[mesa_outline(mesa_cells)]), colors="black", linewidths=1.2))
    for corners in contacts:
        for colour, width in (("black", 2.6), ("white", 1.5)):
            axes.add_patch(Polygon(corners, closed=True, fill=False, color=colour, linewidth=width))
    axes.autoscale_view()


def mesa_outline(mesa_cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the edges (e, 2) that belong to one triangle only, as node numbers."""
    edges = np.sort(np.concatenate([mesa_cells[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.asarray(unique[count == 1])


def draw_contact_spans(axes: Axes, contact_xyr: Array, geometry: str) -> None:
    """Shade the contacts of a strip or disc and name the axis."""
    for number, (x, _, radius) in enumerate(contact_xyr):
        low, label = 0.0 if geometry == "disc" else x - radius, None if number else "contact"
        axes.axvspan(low, x + radius, color="#9fb8d8", alpha=0.35, linewidth=0, label=label)
    axes.set_xlabel("radius r (µm)" if geometry == "disc" else "x (µm)")


def caption(run: Run, states: States, state: int, separator: str = "\n") -> str:
    """Return what a stored state is: current and voltage per junction (or time), and how much of the mesa is hot."""
    hot = column(run.rows, "hot_fraction")[states.row[state]]
    share = f"{100 * hot:.0f} % hot" if np.isfinite(hot) else ""
    if 0 < hot < 0.01:
        share = f"{100 * hot:.1g} % hot"
    share += remark(run, int(states.row[state]))
    current, voltage = three_digits(states.I_mA[state]), three_digits(states.V_mV[state] / run.junctions)
    if "t_us" in run.rows:
        t = column(run.rows, "t_us")[states.row[state]]
        return f"t = {t:.4g} µs,  I = {current} mA{separator}{share}"
    return f"I = {current} mA,  V/n = {voltage} mV{separator}{share}"


def three_digits(value: float) -> str:
    """Return a number with three significant digits, zeros kept, so that captions line up: "36.0"; noise is "0"."""
    if abs(value) < NOISE:
        return "0"
    return f"{value:#.3g}".rstrip(".")


def _draw_lines(run: Run, states: States, junction: Array, chosen: NDArray[np.int64]) -> Figure:
    from matplotlib import colormaps

    figure = page.new_figure(7.5, 5.4)
    axes = figure.subplots()
    nodes = states.mesa_nodes
    nodes = nodes[np.argsort(states.node_xy[nodes, 0])]
    colours = colormaps[COLOUR_MAP](np.linspace(0.15, 0.8, max(len(chosen), 2)))
    for colour, state in zip(colours, chosen, strict=False):
        label = caption(run, states, int(state), separator=",  ")
        axes.plot(states.node_xy[nodes, 0], junction[state, nodes], color=colour, linewidth=2.0, label=label)
    draw_contact_spans(axes, states.contact_xyr, states.geometry)
    level = run.hot_temperature_K
    axes.axhline(level, color="black", linestyle="--", linewidth=1.0, label=f"{level:g} K")
    axes.set_ylabel("junction temperature T (K)")
    style.tidy(axes)
    axes.margins(x=0)
    figure.legend(loc="outside lower center", ncols=page.columns(2))
    page.title(axes, title_of(run.scenario), accuracy.remark(run))
    return figure
