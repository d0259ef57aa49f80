"""surface.csv and surface.png: the temperature of the surface of one state as a camera sees it, and along any line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.blur import node_areas, smear
from hotmesa.postprocess.cuts import along
from hotmesa.postprocess.map import caption, draw_outline, temperature_scale
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import rows_of, write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Surface:
    """The surface of a stored state: film or other top of the mesa, beside it the crystal.

    Attributes:
        run: with fields.
        state: number of the stored state.
        start, end: of the line (µm), shape (2,).
        blur_um: full width at half maximum of the image of a point; 0 for none.
    """

    run: Run
    state: int
    start: Array
    end: Array
    blur_um: float = 0.0

    @property
    def states(self) -> States:
        """The fields of the run.

        Raises:
            ResultError: it has none.
        """
        if self.run.states is None:
            raise ResultError(f"{self.run.folder}: holds no states.npz, so that no surface is known")
        return self.run.states

    @cached_property
    def sharp_T_K(self) -> Array:
        """Temperature of the uppermost layer at every node (K), shape (n,)."""
        T = self.states.T_K[self.state]
        first = np.argmax(np.isfinite(T), axis=0)
        return np.asarray(T[first, np.arange(T.shape[1])])

    @cached_property
    def T_K(self) -> Array:
        """The same as it is seen (K), shape (n,): its mean under a Gaussian, by area, over the whole plan."""
        if self.blur_um == 0.0:
            return self.sharp_T_K
        area = node_areas(self.states.node_xy, self.states.cells)
        return smear(self.states.node_xy, self.sharp_T_K * area, area, self.blur_um)

    @cached_property
    def line(self) -> dict[str, Array]:
        """Columns of surface.csv along the line, NaN outside the plan."""
        distance, T = along(self.states, self.T_K, self.states.cells, self.start, self.end)
        _, sharp = along(self.states, self.sharp_T_K, self.states.cells, self.start, self.end)
        x, y = (self.start + distance[:, None] / max(distance[-1], 1e-300) * (self.end - self.start)).T
        columns = {"distance_um": distance, "x_um": x, "y_um": y, "T_K": T}
        return columns | ({"T_sharp_K": sharp} if self.blur_um else {})

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write surface.csv and surface.png into a folder and return the paths.

        Raises:
            OSError: a file cannot be written.
        """
        table = write_table(folder / "surface.csv", rows_of(self.line))
        picture = save_picture(partial(plot_surface, self), folder / "surface.png")
        return (table, *([picture] if picture else []))


def surface_of(
    run: Run, state: int, line_um: tuple[float, float, float, float] | None = None, blur_um: float = 0.0
) -> Surface:
    """Return the surface of a stored state; without a line along x over the mesa, through its hottest place."""
    made = Surface(run, state, np.zeros(2), np.zeros(2), blur_um)
    if line_um is not None:
        return Surface(run, state, np.array(line_um[:2]), np.array(line_um[2:]), blur_um)
    nodes = made.states.mesa_nodes
    xy = made.states.node_xy[nodes]
    y = float(xy[int(np.argmax(made.sharp_T_K[nodes])), 1])
    ends = xy[:, 0].min(), xy[:, 0].max()
    return Surface(run, state, np.array([ends[0], y]), np.array([ends[1], y]), blur_um)


@style.styled
def plot_surface(surface: Surface) -> Figure:
    """Return a figure of the surface of the mesa from above, with the line, and of the temperature along it."""
    states, level = surface.states, surface.run.hot_temperature_K
    if states.geometry == "plan":
        figure, left, axes = page.pair(11.0, 4.6)
        _draw_map(figure, left, surface)
    else:
        figure = page.new_figure(7.0, 4.6)
        axes = figure.subplots()
    line = surface.line
    at = line["x_um"] if states.geometry != "plan" else line["distance_um"]
    if surface.blur_um:
        axes.plot(at, line["T_sharp_K"], color=style.UNIFORM_COLOUR, linewidth=1.4, label="surface")
    seen = f"seen, {surface.blur_um:g} µm wide (FWHM)" if surface.blur_um else "surface"
    axes.plot(at, line["T_K"], color=style.BLUE, linewidth=2.0, label=seen)
    axes.axhline(level, color="black", linestyle="--", linewidth=1.0, label=f"{level:g} K")
    names = {"plan": "distance along the line (µm)", "strip": "x (µm)", "disc": "radius r (µm)"}
    axes.set(xlabel=names[states.geometry], ylabel="temperature of the surface (K)")
    style.tidy(axes)
    axes.margins(x=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=page.columns(3))
    x0, y0, x1, y1 = (f"{place:.3g}".replace("-", "−") for place in (*surface.start, *surface.end))
    words = f"line from ({x0}, {y0}) to ({x1}, {y1}) µm" if states.geometry == "plan" else ""
    told = caption(surface.run, states, surface.state, separator=",  ")
    page.heading(figure, style.title_of(surface.run.scenario), f"{told},  {words}".strip(", "))
    return figure


def _draw_map(figure: Figure, axes: Axes, surface: Surface) -> None:
    from matplotlib.tri import Triangulation

    states, level = surface.states, surface.run.hot_temperature_K
    nodes = states.mesa_nodes
    xy, T = states.node_xy[nodes], surface.T_K[nodes]
    triangles = Triangulation(xy[:, 0], xy[:, 1], np.searchsorted(nodes, states.mesa_cells))
    colours, norm = temperature_scale(float(T.min()), float(T.max()), level)
    picture = axes.tripcolor(triangles, T, shading="gouraud", cmap=colours, norm=norm)
    draw_outline(axes, states.node_xy, states.mesa_cells, states.contact_outlines)
    if T.min() < level < T.max():
        axes.tricontour(triangles, T, levels=[level], colors="#3fd0ff", linewidths=1.8)
    axes.plot(*np.column_stack([surface.start, surface.end]), color="white", linewidth=2.6)
    axes.plot(*np.column_stack([surface.start, surface.end]), color="black", linestyle="--", linewidth=1.2)
    axes.set(aspect="equal", xlabel="x (µm)", ylabel="y (µm)")
    figure.colorbar(picture, ax=axes, shrink=0.9, pad=0.02).set_label("temperature of the surface (K)")
