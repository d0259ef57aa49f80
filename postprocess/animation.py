"""A run as a moving picture: temperature of the junctions, and beside it the point on the curve, state by state."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import accuracy, page, style
from hotmesa.postprocess.map import BAR_IN, caption, draw_contact_spans, draw_outline, temperature_scale
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.runs.branch import plot_iv
from hotmesa.postprocess.tables import ResultError, column
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FRAMES = 240
"""A run with more stored states shows as many, spread evenly in their order."""
ENDINGS = (".gif", ".mp4")

Update = Callable[[int], None]


def frames_of(run: Run) -> NDArray[np.int64]:
    """Return the numbers of the stored states that become pictures, in order.

    Raises:
        ResultError: the run has fewer than two stored states, so that nothing moves.
    """
    states = run.states
    count = 0 if states is None else len(states.row)
    if count < 2:
        raise ResultError(f"{run.scenario.name}: has {count} stored states, nothing moves; see output.every")
    chosen: NDArray[np.int64] = np.unique(np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(np.int64))
    return chosen


@style.styled
def animate(run: Run, path: Path, frames_per_s: float = 10.0) -> Path:
    """Write the stored states of a run one after the other as a moving picture, whole or not at all.

    Left the temperature of the junctions, right the curve with a moving point: I(V), or the hottest and the mean
    temperature against time. Scales are those of all states and do not move.

    Args:
        run: of any kind with fields.
        path: file; its ending, .gif or .mp4, is the format.
        frames_per_s: states a second.

    Raises:
        ResultError: nothing moves, or a table lacks a column.
        ValueError: an unknown ending.
        FileNotFoundError: an .mp4 is asked for and there is no ffmpeg.
        OSError: the file cannot be written.
    """
    from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter

    if path.suffix not in ENDINGS:
        raise ValueError(f"{path}: a moving picture ends with {' or '.join(ENDINGS)}")
    if path.suffix == ".mp4" and shutil.which("ffmpeg") is None:
        raise FileNotFoundError(f"{path}: .mp4 needs ffmpeg (apt-get install ffmpeg); .gif needs nothing more")
    frames = frames_of(run)
    figure, updates = _draw(run, frames)

    def show(state: int) -> list[Any]:
        for update in updates:
            update(int(state))
        return []

    moving = FuncAnimation(figure, show, frames=[int(state) for state in frames], blit=False)
    make: Any = PillowWriter if path.suffix == ".gif" else FFMpegWriter
    writer = make(fps=frames_per_s)
    draft = path.with_name(f".{path.stem}.part{path.suffix}")  # the writers look at the ending
    try:
        moving.save(str(draft), writer=writer, dpi=100)
        with whole_file(path) as stream:
            stream.write(draft.read_bytes())
    finally:
        draft.unlink(missing_ok=True)
    return path


def _draw(run: Run, frames: NDArray[np.int64]) -> tuple[Figure, tuple[Update, Update]]:
    """Return the figure of the first state, and what shows another one in each of its panels."""
    states, T = run.states, run.junction_T_K
    if states is None or T is None:
        raise ResultError(f"{run.scenario.name}: has no stored states, nothing moves")
    figure = page.new_figure(10.4 + BAR_IN, 5.0)
    left, right = figure.subplots(1, 2, width_ratios=[1.1, 1.0])
    page.heading(figure, style.title_of(run.scenario), accuracy.remark(run))
    values = T[np.ix_(frames, states.mesa_nodes)]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    draw = _plan if states.geometry == "plan" else _line
    updates = draw(figure, left, run, states, T, (low, high)), _point(right, run, states)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # from now on nothing but the values moves
    return figure, updates


def _plan(figure: Figure, axes: Axes, run: Run, states: States, T: Array, limits: tuple[float, float]) -> Update:
    from matplotlib.tri import Triangulation

    nodes, local = np.unique(states.mesa_cells, return_inverse=True)
    x, y = states.node_xy[nodes].T
    triangles = Triangulation(x, y, local.reshape(-1, 3))
    colours, norm = temperature_scale(*limits, run.hot_temperature_K)
    image = axes.tripcolor(triangles, T[0, nodes], shading="gouraud", cmap=colours, norm=norm)
    draw_outline(axes, states.node_xy, states.mesa_cells, states.contact_outlines)
    axes.set(xlabel="x (µm)", ylabel="y (µm)", aspect="equal")
    figure.colorbar(image, ax=axes).set_label("junction temperature T (K)")
    lines: list[Any] = []

    def update(state: int) -> None:
        values = T[state, nodes]
        image.set_array(values)
        for line in lines:
            line.remove()
        lines.clear()
        if np.nanmin(values) < run.hot_temperature_K < np.nanmax(values):
            look: dict[str, Any] = {"levels": [run.hot_temperature_K], "colors": "#3fd0ff", "linewidths": 1.8}
            lines.append(axes.tricontour(triangles, values, **look))
        axes.set_title(caption(run, states, state, separator=",  "))

    update(0)
    return update


def _line(_: Figure, axes: Axes, run: Run, states: States, T: Array, limits: tuple[float, float]) -> Update:
    nodes = states.mesa_nodes[np.argsort(states.node_xy[states.mesa_nodes, 0])]
    (line,) = axes.plot(states.node_xy[nodes, 0], T[0, nodes], color=style.HOT_COLOUR, linewidth=2.0)
    draw_contact_spans(axes, states.contact_xyr, states.geometry)
    axes.axhline(run.hot_temperature_K, color="black", linestyle="--", linewidth=1.0)
    margin = 0.05 * (limits[1] - limits[0]) + 0.1
    axes.set(ylim=(limits[0] - margin, limits[1] + margin), ylabel="junction temperature T (K)")
    style.tidy(axes)

    def update(state: int) -> None:
        line.set_ydata(T[state, nodes])
        axes.set_title(caption(run, states, state, separator=",  "))

    update(0)
    return update


def _point(axes: Axes, run: Run, states: States) -> Update:
    """Draw the curve of the run; return what moves the point on it."""
    if "t_us" in run.rows:
        x, y = column(run.rows, "t_us"), column(run.rows, "T_max_K")
        axes.plot(x, y, color=style.HOT_COLOUR, label="largest")
        axes.plot(x, column(run.rows, "T_mean_K"), color=style.BRANCH_COLOUR, linestyle="--", label="mean")
        axes.set(xlabel="time (µs)", ylabel="junction temperature (K)")
        style.tidy(axes)
        axes.legend()
    elif run.kind.table == "iv.csv":
        x, y = column(run.rows, "V_per_junction_mV"), column(run.rows, "I_mA")
        plot_iv(run, ax=axes)
    else:
        x, y = column(run.rows, "V_mV"), column(run.rows, "I_mA")
        axes.plot(x, y, color=style.BRANCH_COLOUR)
        axes.set(xlabel="voltage V (mV)", ylabel="current I (mA)")
        style.tidy(axes)
    (mark,) = axes.plot([], [], "o", color="black", markersize=8, zorder=10)

    def update(state: int) -> None:
        row = states.row[state]
        mark.set_data([x[row]], [y[row]])

    return update
