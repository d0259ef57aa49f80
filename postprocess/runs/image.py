"""ltslm.png and ltslm.vtu: the laser-scanning image of a state, drawn from ltslm.npz."""

from __future__ import annotations

import zipfile
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meshio
import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import page, style
from hotmesa.postprocess.map import draw_contact_spans, draw_outline, three_digits
from hotmesa.postprocess.paraview import write_vtu
from hotmesa.postprocess.patches import NO_CORNERS, outlines
from hotmesa.postprocess.stable import NOT_COMPUTED
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ISOTHERM_COLOUR = "black"
MARGIN = 0.35
"""Part of the size of the mesa that the picture shows around it."""
COLOURS = 40
UNCOUNTED = -1
ONE_SIGN = 0.02
"""A response of the other sign below this part of the strongest one does not call for a two-sided scale."""


@dataclass(frozen=True, eq=False)
class LaserImage:
    """Laser-scanning image of one state, and what ltslm.npz holds: n nodes, m cells, c contacts.

    Attributes:
        node_xy: (n, 2) coordinates in µm.
        cells: (m, 3) triangles or (m, 2) intervals.
        cell_in_mesa: (m,) true for the cells of the mesa.
        image_mV_per_mW: (n,) dV/dP (= V/W) with the beam centred on each node.
        mesa_mV_per_mW, crystal_mV_per_mW: (n,) dV/dP by heat at a point of the mesa and of the crystal, NaN elsewhere.
        T_surface_K: (n,) temperature of the surface.
        T_junction_K: (n,) temperature of the junctions, NaN outside the mesa.
        V_mV, I_mA: of the state.
        beam_um: full width at half maximum of the beam, 0 for a point.
        hot_temperature_K: isotherm that is drawn.
        contact_xyr: (c, 3) centre and radius of the contacts in µm.
        geometry: "plan", "strip" or "disc".
        title: of the scenario.
        contact_corners: (p, 3) corners of contacts on a plan that are no discs: number of the contact, x and y in µm.
        growing_modes: of the state under constant current; -1 in files of versions that did not count them.
    """

    node_xy: Array
    cells: NDArray[np.int64]
    cell_in_mesa: NDArray[np.bool_]
    image_mV_per_mW: Array
    mesa_mV_per_mW: Array
    crystal_mV_per_mW: Array
    T_surface_K: Array
    T_junction_K: Array
    V_mV: float
    I_mA: float
    beam_um: float
    hot_temperature_K: float
    contact_xyr: Array
    geometry: str
    title: str
    contact_corners: Array = field(default_factory=lambda: NO_CORNERS)
    growing_modes: int = field(default_factory=lambda: UNCOUNTED)

    @property
    def contact_outlines(self) -> tuple[Array, ...]:
        """Outline of every contact on a plan, each of shape (n, 2), µm."""
        return outlines(self.contact_xyr, self.contact_corners)

    @property
    def words(self) -> str:
        """The state and the beam."""
        beam = f"beam {self.beam_um:g} µm wide (FWHM)" if self.beam_um > 0 else "point beam"
        return f"I = {three_digits(self.I_mA)} mA,  V = {three_digits(self.V_mV)} mV,  {beam}"

    @property
    def warning(self) -> str:
        """What stands beside the image of a state that a source of constant current does not hold, else ""."""
        if self.growing_modes == UNCOUNTED:
            return NOT_COMPUTED
        return f"not held by a current source (growing modes: {self.growing_modes})" if self.growing_modes else ""

    @property
    def mesa_cells(self) -> NDArray[np.int64]:
        """Cells of the mesa."""
        return self.cells[self.cell_in_mesa]

    def extremum(self) -> tuple[float, float, float]:
        """Return the strongest response (mV/mW) and where it is: value, x (µm), y (µm)."""
        k = int(np.nanargmax(np.abs(self.image_mV_per_mW)))
        return float(self.image_mV_per_mW[k]), float(self.node_xy[k, 0]), float(self.node_xy[k, 1])

    def save(self, folder: Path) -> Path:
        """Write ltslm.npz into a folder, whole or not at all, and return its path.

        Raises:
            OSError: the file cannot be written.
        """
        arrays: dict[str, Any] = {item.name: np.asarray(getattr(self, item.name)) for item in fields(self)}
        with whole_file(folder / "ltslm.npz") as stream:
            np.savez_compressed(stream, **arrays)
        return folder / "ltslm.npz"


def load_image(path: Path) -> LaserImage:
    """Return the image in a file.

    Raises:
        ResultError: the file is missing or damaged.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            items = (item for item in fields(LaserImage) if item.default_factory is MISSING or item.name in archive)
            values: dict[str, Any] = {item.name: archive[item.name] for item in items}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ResultError(f"{path}: cannot be read as a laser-scanning image ({error})") from error
    for name in ("V_mV", "I_mA", "beam_um", "hot_temperature_K"):
        values[name] = float(values[name])
    if "growing_modes" in values:
        values["growing_modes"] = int(values["growing_modes"])
    return LaserImage(**(values | {"geometry": str(values["geometry"]), "title": str(values["title"])}))


def render_image(path: Path) -> tuple[Path, ...]:
    """Draw ltslm.png and write ltslm.vtu beside an ltslm.npz, and return their paths.

    Raises:
        ResultError: the file is missing or damaged.
        OSError: a file cannot be written.
    """
    image = load_image(path)
    picture = save_picture(lambda: plot_image(image), path.with_suffix(".png"))
    return (*([picture] if picture else []), save_vtu(image, path.with_suffix(".vtu")))


def save_vtu(image: LaserImage, path: Path) -> Path:
    """Write the image for ParaView: dV_dP_mV_per_mW and T_surface_K at the nodes, in_mesa on the cells."""
    points = np.column_stack([image.node_xy, np.zeros(len(image.node_xy))])
    kind = "triangle" if image.cells.shape[1] == 3 else "line"
    data = {"dV_dP_mV_per_mW": image.image_mV_per_mW, "T_surface_K": image.T_surface_K}
    mesh = meshio.Mesh(
        points,
        [(kind, image.cells)],
        point_data={name: values.astype(np.float32) for name, values in data.items()},
        cell_data={"in_mesa": [image.cell_in_mesa.astype(np.float32)]},
    )
    return write_vtu(path, mesh)


@style.styled
def plot_image(image: LaserImage) -> Figure:
    """Return a figure of the image from above, with contacts and the isotherm of T_c; curves in a strip or disc."""
    figure = _draw_plan(image) if image.geometry == "plan" else _draw_line(image)
    page.heading(figure, image.title, image.words, image.warning)
    return figure


def colour_scale(values: Array) -> dict[str, Any]:
    """Return colour map and limits: one-sided where (nearly) all responses have one sign, else symmetric about 0."""
    low, high = float(min(values.min(), 0.0)), float(max(values.max(), 0.0))
    top = max(-low, high) or 1.0
    if high <= ONE_SIGN * top:
        return {"cmap": "viridis_r", "vmin": low, "vmax": 0.0}
    if -low <= ONE_SIGN * top:
        return {"cmap": "viridis", "vmin": 0.0, "vmax": top}
    return {"cmap": "RdBu_r", "vmin": -top, "vmax": top}


def _draw_plan(image: LaserImage) -> Figure:
    from matplotlib.ticker import MaxNLocator

    mesa = np.unique(image.mesa_cells)
    low, high = image.node_xy[mesa].min(axis=0), image.node_xy[mesa].max(axis=0)
    margin = (0.02 if bool(image.cell_in_mesa.all()) else MARGIN) * float((high - low).max())
    low, high = low - margin, high + margin
    shown = np.all((image.node_xy >= low - margin) & (image.node_xy <= high + margin), axis=1)
    width, depth = high - low
    figure = page.new_figure(6.6, 5.2 * float(np.clip(depth / width, 0.3, 1.5)) + 0.9)
    axes = figure.subplots()
    picture = _draw_response(axes, image, shown)
    _draw_overlays(axes, image, mesa)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xlabel="x (µm)", ylabel="y (µm)")
    bar = figure.colorbar(picture, ax=axes, pad=0.02, ticks=MaxNLocator(8))
    bar.set_label("response δV/δP at constant current (mV/mW)")
    return figure


def _draw_response(axes: Axes, image: LaserImage, shown: NDArray[np.bool_]) -> Any:
    """Draw the colours of crystal and mesa where nodes are shown and return what a colour bar needs."""
    from matplotlib.ticker import MaxNLocator
    from matplotlib.tri import Triangulation

    near = shown[image.cells].any(axis=1)
    parts = []
    inside = image.cell_in_mesa
    for region, point_response in ((~inside, image.crystal_mV_per_mW), (inside, image.mesa_mV_per_mW)):
        if np.any(region & near):
            nodes, local = np.unique(image.cells[region & near], return_inverse=True)
            # The response to a point jumps where the mesa ends; a beam sees both sides.
            values = image.image_mV_per_mW if image.beam_um > 0 else point_response
            x, y = image.node_xy[nodes].T
            parts.append((Triangulation(x, y, local.reshape(-1, 3)), values[nodes]))
    scale = colour_scale(np.concatenate([values for _, values in parts]))
    levels = MaxNLocator(COLOURS).tick_values(scale["vmin"], scale["vmax"])
    return [axes.tricontourf(triangles, values, levels=levels, **scale) for triangles, values in parts][-1]


def _draw_overlays(axes: Axes, image: LaserImage, mesa: NDArray[np.int64]) -> None:
    from matplotlib.tri import Triangulation

    draw_outline(axes, image.node_xy, image.mesa_cells, image.contact_outlines)
    T = image.T_junction_K[mesa]
    if T.min() < image.hot_temperature_K < T.max():
        local = np.searchsorted(mesa, image.mesa_cells)
        grid = Triangulation(image.node_xy[mesa, 0], image.node_xy[mesa, 1], local)
        lines = axes.tricontour(grid, T, levels=[image.hot_temperature_K], colors=ISOTHERM_COLOUR, linestyles="--")
        axes.clabel(lines, fmt=f"{image.hot_temperature_K:g} K", fontsize="small")


def _draw_line(image: LaserImage) -> Figure:
    mesa = np.unique(image.mesa_cells)
    order = mesa[np.argsort(image.node_xy[mesa, 0])]
    x = image.node_xy[order, 0]
    figure = page.new_figure(7.2, 4.8)
    axes = figure.subplots()
    axes.plot(x, image.image_mV_per_mW[order], color=style.BRANCH_COLOUR, linewidth=2.0, label="response")
    axes.set_ylabel("response δV/δP at constant current (mV/mW)")
    right = axes.twinx()
    right.plot(x, image.T_junction_K[order], color=style.HOT_COLOUR, linewidth=1.4, label="junction temperature")
    right.axhline(image.hot_temperature_K, color=style.HOT_COLOUR, linestyle=":", linewidth=1.0)
    right.set_ylabel("junction temperature (K)")
    draw_contact_spans(axes, image.contact_xyr, image.geometry)
    style.tidy(axes)
    axes.margins(x=0)
    figure.legend(loc="outside lower center", ncols=page.columns(3))
    return figure
