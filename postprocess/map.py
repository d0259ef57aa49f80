"""map.png: temperature of the junctions at four states from the onset of the hot spot to full normality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import style
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.stable import remark, sentence
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS, MOST_PANELS = 4, 8
COLOUR_MAP = "inferno"
NOISE = 1e-9
"""Currents and voltages (mA, mV) below this are rounding errors."""


@style.styled
def plot_map(run: Run) -> Figure | None:
    """Return a figure of the junction temperature at up to four states; None for a run without states.

    Plan: maps with a common colour scale, the outline of the mesa, the contact patches (circles) and the isotherm of
    the hot temperature. Strip and disc: T against x or r.

    Args:
        run: of any kind with fields; lengths are in µm, temperatures in K.

    Raises:
        ResultError: the fields are damaged, or do not fit the table of the run.
    """
    states, junction = run.states, run.junction_T_K
    if states is None or junction is None or len(states.row) == 0:
        return None
    if "t_us" in run.rows:
        times, T_max = (column(run.rows, name)[states.row] for name in ("t_us", "T_max_K"))
        chosen = choose_moments(times, T_max, run.scenario.transient.save_at_us or ())
    else:
        chosen = choose_states(column(run.rows, "hot_fraction")[states.row], states.I_mA)
    if states.geometry == "plan":
        return _draw_plan(run, states, junction, chosen)
    return _draw_lines(run, states, junction, chosen)


def choose_states(hot_fraction: Array, I_mA: Array) -> NDArray[np.int64]:
    """Return up to four states in branch order: hot fraction nearest to 5 %, 1/3, 2/3 and 1 (or the largest reached).

    Where fewer than four states have a hot spot, the rest are those whose currents lie farthest from the chosen ones.

    Args:
        hot_fraction: (k,) part of the mesa that is hot, at the stored states.
        I_mA: (k,) currents of the states.
    """
    hot = np.nan_to_num(hot_fraction)
    chosen: list[int] = []
    if hot.max(initial=0.0) > 0:
        largest = float(hot.max())
        # The first state that is as hot as any: later ones only get hotter all over.
        chosen.append(int(np.flatnonzero(hot >= largest - 1e-9)[0]))
        for target in (0.05 * largest, largest / 3, 2 * largest / 3):
            free = [int(k) for k in np.flatnonzero(hot > 0) if int(k) not in chosen and k < chosen[0]]
            if free:
                chosen.append(min(free, key=lambda k: abs(float(hot[k]) - target)))
    while len(chosen) < min(PANELS, len(hot)):
        rest = [k for k in range(len(hot)) if k not in chosen]
        chosen.append(max(rest, key=lambda k: min((abs(float(I_mA[k] - I_mA[c])) for c in chosen), default=I_mA[k])))
    return np.array(sorted(chosen), dtype=np.int64)


def choose_moments(t_us: Array, T_max_K: Array, requested_us: Sequence[float] = ()) -> NDArray[np.int64]:
    """Return the stored states of a transient to show in order of time: the hottest, and those at the requested times.

    Without requests up to four are shown, the others spread evenly. No time is shown twice: of two states at a jump of
    the source it is the one behind, or the hottest.
    """
    hottest = int(np.argmax(T_max_K))
    last = [k for k in range(len(t_us)) if k == len(t_us) - 1 or t_us[k + 1] > t_us[k]]
    others = [k for k in last if t_us[k] != t_us[hottest]]
    wanted = [k for k in others if np.any(np.isclose(t_us[k], requested_us, rtol=1e-9, atol=0.0))]
    if len(requested_us) == 0 and others:
        places = np.linspace(min(1, len(others) - 1), len(others) - 1, min(PANELS - 1, len(others)))
        wanted = [others[k] for k in np.unique(places.round().astype(int))]
    return np.array(sorted([hottest, *wanted[: MOST_PANELS - 1]]), dtype=np.int64)


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
    rows = -(-len(chosen) // columns)
    size_in = 3.1 if columns == PANELS else 9.0 / columns
    height_in = rows * (size_in * float(depth / width) + 0.75) + 0.7
    figure = style.new_figure(columns * size_in + 1.4, height_in, layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    values = junction[np.ix_(chosen, nodes)]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    colours, norm = temperature_scale(low, high, run.hot_temperature_K)
    for axes, state, temperature in zip(panels.flat, chosen, values, strict=False):
        image = axes.tripcolor(triangles, temperature, shading="gouraud", cmap=colours, norm=norm)
        _draw_isotherm(axes, triangles, temperature, run.hot_temperature_K)
        draw_outline(axes, states.node_xy, states.mesa_cells, states.contact_xyr)
        axes.set_title(caption(run, states, int(state)), fontsize=10)
        axes.set_aspect("equal")
        axes.tick_params(labelsize=9)
    _label_grid(panels, len(chosen))
    bar = figure.colorbar(image, ax=panels, shrink=0.9, pad=0.015)
    bar.set_label("junction temperature T (K)", fontsize=11)
    if low < run.hot_temperature_K < high:
        bar.set_ticks([*np.linspace(low, run.hot_temperature_K, 4), *np.linspace(run.hot_temperature_K, high, 4)[1:]])
        bar.ax.yaxis.set_major_formatter("{x:.3g}")
        bar.ax.axhline(run.hot_temperature_K, color="#3fd0ff", linewidth=1.8)
    figure.suptitle(
        f"{title_of(run.scenario)}\n"
        + ",  ".join(
            [f"blue line: {run.hot_temperature_K:g} K"] * (low < run.hot_temperature_K < high)
            + ["white circle: contact"] * bool(len(states.contact_xyr))
            + ["stability not computed"] * (sentence(run) == "stability not computed")
        ),
        fontsize=11,
    )  # fmt: skip
    return figure


def _label_grid(panels: Any, used: int) -> None:
    for number, axes in enumerate(panels.flat):
        axes.set_visible(number < used)
    for axes in panels[-1, :]:
        axes.set_xlabel("x (µm)", fontsize=10)
    for axes in panels[:, 0]:
        axes.set_ylabel("y (µm)", fontsize=10)


def _draw_isotherm(axes: Axes, triangles: Any, temperature: Array, level_K: float) -> None:
    if np.nanmin(temperature) < level_K < np.nanmax(temperature):
        axes.tricontour(triangles, temperature, levels=[level_K], colors="#3fd0ff", linewidths=1.8)


def draw_outline(axes: Axes, xy: Array, mesa_cells: NDArray[np.int64], contact_xyr: Array) -> None:
    """Draw the outline of the mesa, the edges that belong to one of its triangles only, and circles for contacts."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle

    axes.add_collection(LineCollection(list(xy[mesa_outline(mesa_cells)]), colors="black", linewidths=1.2))
    for x, y, radius in contact_xyr:
        for colour, width in (("black", 2.6), ("white", 1.5)):
            axes.add_patch(Circle((x, y), radius, fill=False, color=colour, linewidth=width))
    axes.autoscale_view()


def mesa_outline(mesa_cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the edges (e, 2) that belong to one triangle only, as node numbers."""
    edges = np.sort(np.concatenate([mesa_cells[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.asarray(unique[count == 1])


def draw_contact_spans(axes: Axes, contact_xyr: Array, geometry: str) -> None:
    """Shade the contacts of a strip or disc and name the axis."""
    for x, _, radius in contact_xyr:
        low = 0.0 if geometry == "disc" else x - radius
        axes.axvspan(low, x + radius, color="#9fb8d8", alpha=0.35, linewidth=0, label="contact")
    axes.set_xlabel("radius r (µm)" if geometry == "disc" else "x (µm)", fontsize=11)


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

    figure = style.new_figure(7.5, 5.4)
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
    axes.set_ylabel("junction temperature T (K)", fontsize=11)
    style.tidy(axes)
    axes.margins(x=0)
    figure.legend(fontsize=9, frameon=False, loc="outside lower center", ncols=2)
    axes.set_title(title_of(run.scenario), fontsize=12)
    return figure
