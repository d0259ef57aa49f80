"""Sec. III.B of the paper, two phases: where the hot spot begins, how it grows, what current it carries."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from validation.kurter2010.page import IMAGES, Target, markdown, number, shades
from validation.kurter2010.runs import Trace, draw_held, trace
from validation.kurter2010.stacks import THICK

from hotmesa import load_scenario
from hotmesa.postprocess import page, style
from hotmesa.scenarios.arrays import Array

PLACES: dict[str, tuple[float, float] | None] = {
    "off the centre": (-1.5, -1.5),
    "in the centre": (0.0, 0.0),
    "at an edge": (-3.4, 0.0),
    "in a corner": (-3.4, -3.4),
    "no wire": None,
}
"""Where the wire touches (µm); the first place is that of the kurter2010 scenarios."""
SHOWN_HOT = (0.05, 0.3, 0.6, 0.9)
FINE = ("output.every=1", "branch.min_points=150", "mesh.refine=1.4", *THICK)


@cache
def spot(place: str) -> Trace:
    """Return the branch of N = 19 with the wire at a place, all fields kept."""
    scenario = load_scenario("kurter2010-n19", FINE)
    where = PLACES[place]
    if where is None:
        # Cooled by the crystal alone the mesa is normal at a smaller power.
        branch = scenario.branch.model_copy(update={"end_current_mA": 1.2})
        scenario = scenario.model_copy(update={"contacts": (), "branch": branch})
    else:
        contact = scenario.contacts[0].model_copy(update={"x_um": where[0], "y_um": where[1]})
        scenario = scenario.model_copy(update={"contacts": (contact,)})
    return trace(scenario)


def spread(run: Trace) -> Array:
    """Return the largest difference of temperature (K) over the mesa along the branch."""
    return run.column("T_max_K") - run.column("T_min_K")


def hot_nodes(run: Trace, k: int) -> Array:
    """Return the places (µm) of the hot nodes of a kept state, the hottest first, shape (nodes, 2)."""
    nodes = run.states.mesa_nodes
    T = run.junction_T_K[k][nodes]
    x, y = run.states.node_xy[nodes].T
    # Mirror images are equally hot up to rounding: the one at larger x and y counts as first.
    order = np.lexsort((-y, -x, -np.round(T, 6)))
    return np.asarray(run.states.node_xy[nodes][order[T[order] > run.scenario.output.hot_temperature_K]])


def beginning(run: Trace) -> tuple[float, float]:
    """Return the hottest place (µm) where a part of the mesa is hot for the first time."""
    first = int(np.argmax(run.at_states("hot_fraction") > 0))
    x, y = hot_nodes(run, first)[0]
    return float(x), float(y)


def front(run: Trace) -> tuple[Array, Array]:
    """Return the hot-spot area fraction and distance (µm) of the nearest hot node from the middle of the wire."""
    contact = run.scenario.contacts[0]
    parts, distances = [], []
    for k, part in enumerate(run.at_states("hot_fraction")):
        hot = hot_nodes(run, k)
        if len(hot):
            parts.append(part)
            distances.append(np.min(np.hypot(hot[:, 0] - contact.x_um, hot[:, 1] - contact.y_um)))
    return np.array(parts), np.array(distances)


def targets() -> list[Target]:
    """Return what the paper says of the hot spot in words, as numbers."""
    return [target for place in PLACES for target in _targets_of(place)]


def _targets_of(place: str) -> list[Target]:
    run, where = spot(place), PLACES[place]
    x, y = beginning(run)
    at = f"({x:.1f}, {y:.1f}) µm".replace("-0.0", "0.0")
    hot = run.column("hot_fraction")
    grows = bool(np.all(np.diff(hot) >= -1e-9) and hot[-1] > 0.999)
    if where is None:
        begin = [Target("no wire: hot spot begins", "in the middle", at, "1 µm from (0, 0)", bool(np.hypot(x, y) < 1))]
    else:
        far = float(np.hypot(x - where[0], y - where[1]))
        needed = 0.6 * farthest(where)
        distance = front(run)[1]
        nearer = bool(np.all(np.diff(distance) <= 1e-9) and distance[-1] < 1.0)
        begin = [
            Target(f"wire {place}: hot spot begins", "far from the wire", f"{at}, {far:.1f} µm away",
                   f"over {needed:.1f} µm (60 % of the farthest point)", far > needed),
            Target(f"wire {place}: border of the hot spot from the wire", "comes nearer all the way",
                   f"{distance[0]:.1f} to {distance[-1]:.1f} µm", "never goes back", nearer),
        ]  # fmt: skip
    slope, name = float(run.figures["least_slope_over_R_N"]), f"wire {place}" if where else place
    wanted = "positive" if where else "(no claim)"
    return [
        *begin,
        Target(f"{name}: hot-spot fraction", "grows to the whole mesa", f"{hot[-1]:.0%} at the end", "never shrinks",
               grows),
        Target(f"{name}: smallest dV/dI over R_N", wanted, f"{slope:.3f}", "> 0", slope > 0 if where else None),
    ]


def farthest(where: tuple[float, float]) -> float:
    """Return the distance (µm) from a place to the farthest corner of a mesa of 10 µm."""
    return float(np.hypot(5.0 + abs(where[0]), 5.0 + abs(where[1])))


def table() -> str:
    """Return place, current and temperatures of the hot spot for every place of the wire."""
    head = ("wire", "begins at (µm)", "I (mA)", "V/N (mV)", "T_max − T_min then (K)", "current share at half the area",
            "whole mesa hot from (mW)", "largest difference (K)", "backbending (mV per junction)")  # fmt: skip
    rows = []
    for place in PLACES:
        run = spot(place)
        begin, full = run.figures["nucleation"], run.figures["normal"]
        hot, share = run.column("hot_fraction"), run.column("hot_current_share")
        rows.append([
            place, "({:.1f}, {:.1f})".format(*beginning(run)).replace("-0.0", "0.0"), number(begin["I_mA"], 3),
            number(begin["V_per_junction_mV"]), number(float(spread(run)[begin["row"]]), 1),
            number(float(np.interp(0.5, hot, share))), number(full["P_mW"] if full else None),
            number(float(spread(run).max()), 1), number(run.figures["backbending_mV_per_junction"], 3),
        ])  # fmt: skip
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw maps, growth of the hot spot, and an animation, and return the names of the pictures."""
    _draw_maps("paper-hot-spot-maps.png")
    _draw_growth("paper-hot-spot-growth.png")
    _animate("paper-hot-spot.gif")
    return ["paper-hot-spot-maps.png", "paper-hot-spot-growth.png", "paper-hot-spot.gif"]


def _triangles(run: Trace) -> tuple[Any, Any]:
    from matplotlib.tri import Triangulation

    nodes, local = np.unique(run.states.mesa_cells, return_inverse=True)
    xy = run.states.node_xy[nodes]
    return Triangulation(xy[:, 0], xy[:, 1], local.reshape(-1, 3)), nodes


def draw_map(axes: Any, run: Trace, k: int, limits: tuple[float, float]) -> Any:
    """Draw the temperature of one kept state with the border of the hot spot and the wire."""
    from matplotlib.patches import Circle

    triangles, nodes = _triangles(run)
    T = run.junction_T_K[k][nodes]
    image = axes.tripcolor(triangles, T, shading="gouraud", cmap="inferno", vmin=limits[0], vmax=limits[1])
    hot = run.scenario.output.hot_temperature_K
    if T.min() < hot < T.max():
        axes.tricontour(triangles, T, levels=[hot], colors="#3fd0ff", linewidths=1.8)
    for contact in run.scenario.contacts:
        axes.add_patch(
            Circle((contact.x_um, contact.y_um), contact.radius_um, fill=False, color="white", linewidth=1.5)
        )
    unheld = "" if run.held[run.states.row[k]] else ", unstable"
    share = f"{run.at_states('hot_fraction')[k]:.0%} hot{unheld}"
    axes.set_title(f"I = {run.states.I_mA[k]:.2f} mA, {share}", fontsize="small")
    axes.set(aspect="equal", xticks=[], yticks=[])
    return image


def _draw_maps(name: str) -> None:
    figure = page.new_figure(9.5, 11.5, layout="compressed", dpi=110)
    panels = figure.subplots(len(PLACES), len(SHOWN_HOT))
    limits = (30.0, 110.0)
    for line, place in zip(panels, PLACES, strict=True):
        run = spot(place)
        hot = run.at_states("hot_fraction")
        for axes, wanted in zip(line, SHOWN_HOT, strict=True):
            image = draw_map(axes, run, nearest(hot, wanted), limits)
        line[0].set_ylabel(f"wire {place}" if PLACES[place] else place)
    bar = figure.colorbar(image, ax=panels, shrink=0.5)
    bar.set_label("junction temperature (K)")
    style.save_figure(figure, IMAGES / name)


def nearest(hot: Array, wanted: float) -> int:
    """Return the kept state whose hot spot is nearest to the wanted one, among those that have a hot spot."""
    return int(np.argmin(np.where(hot > 0, np.abs(hot - wanted), np.inf)))


def _draw_growth(name: str) -> None:
    figure = page.new_figure(10.0, 4.3)
    left, middle, right = figure.subplots(1, 3)
    for place, colour in zip(PLACES, shades(len(PLACES)), strict=True):
        run = spot(place)
        I, hot, share = (run.column(key) for key in ("I_mA", "hot_fraction", "hot_current_share"))  # noqa: E741
        draw_held(left, I, hot, run.held, color=colour, linewidth=1.7, label=place)
        left.plot(np.where(run.held, I, np.nan), share, "--", color=colour, linewidth=1.2)
        if PLACES[place] is not None:
            middle.plot(*front(run), color=colour, linewidth=1.7)
        draw_held(right, run.column("V_per_junction_mV"), I, run.held, color=colour, linewidth=1.7)
    for axes, x, y in ((left, "I (mA)", "hot part of area (—) and current (- -)"),
                       (middle, "hot part of the area", "distance of its border from the wire (µm)"),
                       (right, "V/N (mV)", "I (mA)")):  # fmt: skip
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        style.tidy(axes)
    right.set(xlim=(10, 45), ylim=(0, 1.7))
    if not all(spot(place).held.all() for place in PLACES):
        right.set_title("dotted: not held by a current source", fontsize="small")
    left.set_xlim(0.0, 1.6)
    left.legend(frameon=False, loc="upper left")
    style.save_figure(figure, IMAGES / name)


def _animate(name: str) -> None:
    """Write an animation of the branch of the first place, 30 pictures between 0.4 mA and the end."""
    from matplotlib.animation import PillowWriter

    run = spot(next(iter(PLACES)))
    currents = run.states.I_mA
    wanted = np.linspace(0.4, 1.5, 30)
    with page.on_page(None):
        figure = page.new_figure(4.2, 3.6, dpi=75)
    writer = PillowWriter(fps=6)
    with writer.saving(figure, str(IMAGES / name), dpi=75):
        for current in wanted:
            figure.clear()
            axes = figure.subplots()
            image = draw_map(axes, run, int(np.argmin(np.abs(currents - current))), (30.0, 110.0))
            figure.colorbar(image, label="T (K)")
            writer.grab_frame()
