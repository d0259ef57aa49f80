"""diagram.png: all branches of a diagram, how stable they are, and what the states on them look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, scene, style
from hotmesa.postprocess.map import COLOUR_MAP, draw_outline, plot_map
from hotmesa.postprocess.merit import curve_of
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs.branch import NUMBERS as OF_BRANCH
from hotmesa.postprocess.runs.branch import between, plot_iv, sentences
from hotmesa.postprocess.runs.branch import summarise as of_branch
from hotmesa.postprocess.stable import legend, remark, stable_states
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table, column
from hotmesa.postprocess.walls import ELEMENTS, PINNED, elements

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.YELLOW, style.SKY, "#000000")
MAPS_IN_A_ROW = 6
WIDTH_IN = 11.5
LEAST_CONTRAST_K = 0.1
"""Smaller differences of temperature over the mesa count as none."""
NUMBERS = {**OF_BRANCH, **ELEMENTS}
"""Numbers in summary.json of a diagram: those of its branch from rest, and its elements."""


def summarise(run: Run) -> dict[str, Any]:
    """Return the figures of merit of a diagram; numbers that do not exist are None and say why under `reasons`."""
    values, (sizes, reasons) = of_branch(run), elements(run.provenance)
    return values | sizes | {"reasons": values["reasons"] | reasons}



@dataclass(frozen=True)
class BranchPart:
    """One branch of a diagram: its line in diagram.csv and its points.

    Attributes:
        number: of the branch, 0 for the one from rest.
        kind: place of its hot spot.
        run: its folder.
    """

    number: int
    kind: str
    run: Run

    @property
    def rows(self) -> Table:
        """Its points by column."""
        return self.run.rows

    @property
    def colour(self) -> str:
        """Its colour in all parts of the figure."""
        return COLOURS[self.number % len(COLOURS)]


def branches_of(run: Run) -> list[BranchPart]:
    """Return the branches of a diagram."""
    table = run.tables["diagram.csv"]
    lines = zip(column(table, "branch"), table["kind"], table["folder"], strict=True)
    return [BranchPart(int(number), str(kind), run.parts.get(str(place), run)) for number, kind, place in lines]


@style.styled
def plot_diagram(run: Run) -> Figure | None:
    """Return a figure of all branches of a diagram; None where it was interrupted before there was one.

    Above: I against V per junction, and the largest against the mean temperature difference, of all branches; below:
    the junction temperature at the largest contrast of each branch (plans only).
    """
    if "diagram.csv" not in run.tables:
        return None
    branches = branches_of(run)
    shown = [b for b in branches if _middle(b) is not None] if run.scenario.geometry == "plan" else []
    narrow = page.is_narrow(WIDTH_IN)
    across, curves_in = (MAPS_IN_A_ROW // 2, 9.6) if narrow else (MAPS_IN_A_ROW, 5.4)
    rows = -(-len(shown) // across)
    figure = page.new_figure(page.STACKED * WIDTH_IN if narrow else WIDTH_IN, curves_in + 2.5 * rows)
    above: Any = figure
    if rows:
        above, below = figure.subfigures(2, 1, height_ratios=[curves_in, 2.5 * rows])
        _draw_maps(below, shown, rows, across)
    left, right = above.subplots(2, 1) if narrow else above.subplots(1, 2)
    for branch in branches:
        draw_lines(left, right, branch, run.junctions)
    _draw_bifurcations(left, right, run)
    _finish(left, right)
    _zoom(left, branches, run.junctions)
    page.heading(figure, title_of(run.scenario), *dict.fromkeys(map(_legend, shown)))
    return figure


def _contrast(rows: Table) -> Any:
    return column(rows, "T_max_K") - column(rows, "T_min_K")


def draw_lines(left: Axes, right: Axes, branch: BranchPart, junctions: int) -> None:
    """Draw a branch, dense between its points, into I(V) and into the temperature difference over the current."""
    v, I = column(branch.rows, "V_mV") / junctions, column(branch.rows, "I_mA")  # noqa: E741
    curve = curve_of(branch.rows, branch.run.normal_resistance_ohm)
    label: str | None = f"{branch.number} {branch.kind}"
    for segment in style.segments(style.answers(branch.rows)):
        rows = slice(segment.first, segment.last + 1)
        look = style.LOOKS[segment.answer] | {"color": branch.colour}
        x, y = (v[rows], I[rows]) if curve is None else between(curve, junctions, segment.first, segment.last)
        left.plot(x, y, **look)
        right.plot(I[rows], _contrast(branch.rows)[rows], **look)
    left.plot([], [], color=branch.colour, linewidth=2.0, label=label)


def _draw_bifurcations(left: Axes, right: Axes, run: Run) -> None:
    table = run.tables.get("bifurcations.csv")
    if table is None:
        return
    look: dict[str, Any] = {"linestyle": "none", "markersize": 6, "markerfacecolor": "white", "zorder": 6}
    I, v = column(table, "I_mA"), column(table, "V_per_junction_mV")  # noqa: E741
    pinned = np.array([str(change) == PINNED for change in table["change"]], dtype=bool)
    if pinned.any():
        left.plot(v[pinned], I[pinned], "x", color="#9a9a9a", label="of the mesh alone", **look)
    left.plot(v[~pinned], I[~pinned], "o", color="black", label="bifurcation", **look)
    onrest = (column(table, "branch") == 0) & ~pinned
    right.plot(I[onrest], np.zeros(int(onrest.sum())), "o", color="black", **look)


def _finish(left: Axes, right: Axes) -> None:
    for answer, name in style.NAMES.items():
        right.plot([], [], color="black", label=name, **style.LOOKS[answer])
    left.set_xlabel("voltage per junction V/n (mV)")
    left.set_ylabel("current I (mA)")
    right.set_xlabel("current I (mA)")
    right.set_ylabel("hottest minus coldest place (K)")
    for axes in (left, right):
        style.tidy(axes)
        axes.set_ylim(bottom=0)
    left.legend(loc="upper left")
    right.legend(loc="upper left")


def _zoom(axes: Axes, branches: list[BranchPart], junctions: int) -> None:
    """Show the part of the plane in which the branches lie that leave the one from rest, with as much on each side."""
    others = [b for b in branches if b.number > 0]
    if not others:
        return
    for name, scale, limit in (("V_mV", junctions, axes.set_xlim), ("I_mA", 1, axes.set_ylim)):
        values = np.concatenate([column(b.rows, name) for b in others]) / scale
        low, high = float(values.min()), float(values.max())
        limit(max(0.0, low - 0.5 * (high - low)), high + 0.5 * (high - low))


def _middle(branch: BranchPart) -> int | None:
    """Return the stored state of a branch with the largest contrast, of those that the source holds if there are any.

    None where it has no states or is uniform.
    """
    states = branch.run.states
    if states is None or len(states.row) == 0:
        return None
    contrast = _contrast(branch.rows)[states.row]
    held = stable_states(branch.run, states.row) & (contrast > LEAST_CONTRAST_K)
    best = int(np.argmax(np.where(held, contrast, -1.0) if held.any() else contrast))
    return best if contrast[best] > LEAST_CONTRAST_K else None


def _legend(branch: BranchPart) -> str:
    """Return what "unstable" in the title of the map of a branch means."""
    state, states = _middle(branch), branch.run.states
    return "" if state is None or states is None else legend(branch.run, states.row[state : state + 1])


def _draw_maps(figure: Any, branches: list[BranchPart], rows: int, across: int) -> None:
    axes = np.atleast_1d(figure.subplots(rows, across)).ravel()
    for ax in axes[len(branches) :]:
        ax.set_axis_off()
    for number, (ax, branch) in enumerate(zip(axes, branches, strict=False)):
        state, states, T = _middle(branch), branch.run.states, branch.run.junction_T_K
        if state is None or states is None or T is None:
            continue
        xy = states.node_xy
        image = ax.tripcolor(
            xy[:, 0], xy[:, 1], states.mesa_cells, np.nan_to_num(T[state]), shading="gouraud", cmap=COLOUR_MAP
        )
        bar = figure.colorbar(image, ax=ax, fraction=0.046)
        bar.ax.tick_params(labelsize="x-small")
        bar.ax.set_title("T (K)", fontsize="x-small")
        draw_outline(ax, xy, states.mesa_cells, states.contact_outlines)
        ax.set_aspect("equal")
        ax.locator_params(nbins=4)
        ax.tick_params(labelsize="x-small")
        ax.set_xlabel("x (µm)", fontsize="small")
        if number % across == 0:
            ax.set_ylabel("y (µm)", fontsize="small")
        held = remark(branch.run, int(states.row[state]))
        ax.set_title(
            f"{branch.number} {branch.kind}{held}\n{states.I_mA[state]:.3g} mA", fontsize="small", color=branch.colour
        )


FIGURES = {"iv.png": plot_iv, "diagram.png": plot_diagram, "map.png": plot_map, **scene.FIGURE}
"""Figures by file name; a figure is added by a function and an entry here."""

__all__ = ["FIGURES", "NUMBERS", "plot_diagram", "sentences", "summarise"]
