"""chopped.csv, chopped.npz and pictures: laser-scanning images with a beam that is chopped at several frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.map import draw_contact_spans, draw_outline
from hotmesa.postprocess.runs.image import LaserImage
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file, write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILES = ("chopped.csv", "chopped.npz", "chopped.png", "chopped-*kHz.png")
COLUMNS = {
    "frequency_kHz": "of the chopped beam; 0 for a slow one",
    "strongest_mV_per_mW": "largest amplitude of δV over that of the absorbed power",
    "strongest_x_um": "where that is",
    "strongest_y_um": "where that is",
    "strongest_lag_deg": "by how much V lags there behind the answer to a slow beam",
    "middle_mV_per_mW": "amplitude with the beam on the middle of the mesa",
    "middle_lag_deg": "its lag",
    "middle_over_strongest": "the one amplitude over the other",
}
"""Columns of chopped.csv; the endings of the names are the units."""
COLOUR_MAP = "viridis"
LEAST_SHOWN = 1e-4
"""Amplitudes below this part of the strongest of a slow beam are not drawn: their lag means nothing."""
FIRST_LAG = -90.0
"""Lags are given from here up to a full turn (degrees)."""


@dataclass(frozen=True, eq=False)
class ChoppedImages:
    """Images of one state at k frequencies: V = V0 + Re[response P exp(i omega t)] under heat P cos(omega t).

    Attributes:
        still: the image of a slow beam, with mesh, state and title; n nodes.
        frequency_kHz: of the beam, shape (k,).
        response_mV_per_mW: complex, with the beam centred on each node, shape (k, n).
    """

    still: LaserImage
    frequency_kHz: Array
    response_mV_per_mW: Array

    @property
    def amplitude_mV_per_mW(self) -> Array:
        """Amplitude of V over that of the heat, shape (k, n)."""
        return np.abs(self.response_mV_per_mW)

    @property
    def lag_deg(self) -> Array:
        """Lag behind the strongest answer to a slow beam (degrees, from -90 up to 270), shape (k, n).

        Where a slow beam changes V in the other direction, a small frequency gives 180.
        """
        return lag_deg(self.response_mV_per_mW, self.still)

    @property
    def middle(self) -> int:
        """Node of the mesa nearest to its middle."""
        nodes = np.unique(self.still.mesa_cells)
        xy = self.still.node_xy[nodes]
        middle = 0.5 * (xy.min(axis=0) + xy.max(axis=0))
        if self.still.geometry == "disc":
            middle[0] = 0.0
        return int(nodes[np.argmin(np.hypot(*(xy - middle).T))])

    def rows(self) -> list[Row]:
        """Return the rows of chopped.csv: the slow beam, then every frequency."""
        still = self.still.image_mV_per_mW.astype(complex)
        return [
            self._row(float(F), response)
            for F, response in zip([0.0, *self.frequency_kHz], [still, *self.response_mV_per_mW], strict=True)
        ]

    def _row(self, frequency_kHz: float, response: Array) -> Row:
        amplitude, lag = np.abs(response), lag_deg(response, self.still)
        strongest, middle = int(np.nanargmax(amplitude)), self.middle
        values = (
            frequency_kHz, float(amplitude[strongest]), *map(float, self.still.node_xy[strongest]),
            float(lag[strongest]), float(amplitude[middle]), float(lag[middle]),
            float(amplitude[middle] / amplitude[strongest]),
        )  # fmt: skip
        return dict(zip(COLUMNS, values, strict=True))

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write chopped.csv and chopped.npz into a folder, draw the pictures, and return the paths.

        Raises:
            OSError: a file cannot be written.
        """
        table = write_table(folder / "chopped.csv", self.rows(), tuple(COLUMNS))
        with whole_file(folder / "chopped.npz") as stream:
            np.savez_compressed(
                stream,
                node_xy=self.still.node_xy,
                frequency_kHz=self.frequency_kHz,
                in_phase_mV_per_mW=self.response_mV_per_mW.real,
                quadrature_mV_per_mW=self.response_mV_per_mW.imag,
            )
        plots = {"chopped.png": partial(plot_chopped, self)}
        if self.still.geometry == "plan":
            names = (f"chopped-{F:g}kHz.png" for F in self.frequency_kHz)
            plots |= {name: partial(plot_chopped_map, self, k) for k, name in enumerate(names)}
        pictures = (save_picture(plot, folder / name) for name, plot in plots.items())
        return (table, folder / "chopped.npz", *filter(None, pictures))


def lag_deg(response: Array, still: LaserImage) -> Array:
    """Return by how much a complex response lags behind the strongest one of a slow beam (degrees, -90 to 270)."""
    behind = -np.angle(response * np.sign(still.extremum()[0]), deg=True)
    return np.asarray((behind - FIRST_LAG) % 360.0 + FIRST_LAG)


@style.styled
def plot_chopped(images: ChoppedImages) -> Figure:
    """Return amplitude and lag of the response: along a strip or disc, else against the frequency."""
    figure, left, right = page.pair(9.6, 4.6)
    (_draw_spectrum if images.still.geometry == "plan" else _draw_profiles)(left, right, images)
    left.set_ylabel("amplitude of δV/δP (mV/mW)")
    right.set_ylabel("lag of δV (degrees)")
    for axes in (left, right):
        style.tidy(axes)
        axes.margins(x=0.02)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=page.columns(4))
    page.heading(figure, images.still.title, images.still.words, images.still.warning)
    return figure


def _draw_spectrum(left: Axes, right: Axes, images: ChoppedImages) -> None:
    rows = images.rows()
    F = np.array([row["frequency_kHz"] for row in rows[1:]], dtype=float)
    order = np.argsort(F)
    looks = ("strongest", "strongest place", style.BLUE, "o"), ("middle", "middle of the mesa", style.ORANGE, "s")
    for name, label, colour, marker in looks:
        amplitude, lag = (
            np.array([row[f"{name}_{unit}"] for row in rows], dtype=float) for unit in ("mV_per_mW", "lag_deg")
        )
        left.plot(F[order], amplitude[1:][order], color=colour, marker=marker, label=label)
        left.axhline(amplitude[0], color=colour, linestyle=":", label=f"{label}, slow beam")
        right.plot(F[order], lag[1:][order], color=colour, marker=marker)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("frequency of the beam (kHz)")
    left.set_yscale("log")


def _draw_profiles(left: Axes, right: Axes, images: ChoppedImages) -> None:
    from matplotlib import colormaps

    still = images.still
    nodes = np.unique(still.mesa_cells)
    nodes = nodes[np.argsort(still.node_xy[nodes, 0])]
    x = still.node_xy[nodes, 0]
    slow = np.abs(still.image_mV_per_mW[nodes])
    draw_contact_spans(left, still.contact_xyr, still.geometry)
    left.plot(x, slow, color="black", linestyle=":", label="slow beam")
    order = np.argsort(images.frequency_kHz)
    colours = colormaps[COLOUR_MAP](np.linspace(0.0, 0.85, max(len(order), 2)))
    for colour, k in zip(colours, order, strict=False):
        amplitude, lag = images.amplitude_mV_per_mW[k, nodes], images.lag_deg[k, nodes]
        left.plot(x, amplitude, color=colour, label=f"{images.frequency_kHz[k]:g} kHz")
        right.plot(x, np.where(amplitude > LEAST_SHOWN * slow.max(), lag, np.nan), color=colour)
    left.set_yscale("log")
    left.set_ylim(bottom=max(left.get_ylim()[0], LEAST_SHOWN * float(slow.max())))
    draw_contact_spans(right, still.contact_xyr, still.geometry)


@style.styled
def plot_chopped_map(images: ChoppedImages, number: int) -> Figure:
    """Return maps of amplitude and lag over the mesa at one of the frequencies."""
    still = images.still
    mesa = np.unique(still.mesa_cells)
    width, depth = np.ptp(still.node_xy[mesa], axis=0)
    height = 4.6 * float(np.clip(depth / width, 0.3, 1.5))
    figure, left, right = page.pair(10.4, height + 1.1)
    amplitude = images.amplitude_mV_per_mW[number, mesa]
    lag = np.where(amplitude > LEAST_SHOWN * np.abs(still.extremum()[0]), images.lag_deg[number, mesa], np.nan)
    top = {"cmap": COLOUR_MAP, "vmin": 0.0, "vmax": float(np.nanmax(amplitude)) or 1.0}
    _draw_map(left, images, amplitude, "amplitude of δV/δP (mV/mW)", top)
    limits = {"cmap": "cividis", "vmin": float(np.nanmin(lag)), "vmax": float(np.nanmax(lag))}
    _draw_map(right, images, lag, "lag of δV (degrees)", limits)
    chopped = f"{still.words},  chopped at {images.frequency_kHz[number]:g} kHz"
    page.heading(figure, still.title, chopped, still.warning)
    return figure


def _draw_map(axes: Axes, images: ChoppedImages, values: Array, label: str, look: dict[str, Any]) -> None:
    from matplotlib.tri import Triangulation

    still = images.still
    mesa = np.unique(still.mesa_cells)
    triangles = Triangulation(still.node_xy[mesa, 0], still.node_xy[mesa, 1], np.searchsorted(mesa, still.mesa_cells))
    triangles.set_mask(~np.isfinite(values)[triangles.triangles].all(axis=1))
    picture = axes.tripcolor(triangles, np.nan_to_num(values), shading="gouraud", **look)
    draw_outline(axes, still.node_xy, still.mesa_cells, still.contact_outlines)
    axes.set(aspect="equal", xlabel="x (µm)", ylabel="y (µm)")
    axes.figure.colorbar(picture, ax=axes, location="bottom", pad=0.02).set_label(label)
