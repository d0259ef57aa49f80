"""Fields at points of a run as arrays, and their file states.npz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.patches import NO_CORNERS, outlines
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file

FILE = "states.npz"
DERIVATIVES = "derivatives.npz"
"""Of a branch that was computed for a fit; read and written by postprocess/derivatives.py."""
_POINTS = ("T_K", "J_mA_per_um2", "heating_uW_per_um2", "row", "V_mV", "I_mA", "wire_T_K")
"""Arrays with one entry a state; the others belong to the mesh and are the same for all."""
_MODES = "modes_"


@dataclass(frozen=True, eq=False)
class States:
    """Fields at k points of a run: n nodes, m cells, S sublayers, c contacts.

    Attributes:
        node_xy: (n, 2) coordinates in µm; y = 0 on lines, x is the radius in a disc.
        cells: (m, 3) triangles or (m, 2) intervals, node numbers.
        cell_in_mesa: (m,) true for the cells of the mesa.
        layer_names: (S,) one name a sublayer, from top to bottom.
        T_K: (k, S, n) temperature, NaN outside the region of the layer.
        J_mA_per_um2: (k, n) current density, NaN outside the mesa.
        heating_uW_per_um2: (k, n) Joule power per area over all junction sublayers, NaN outside the mesa.
        row: (k,) row of the table that belongs to the state.
        V_mV: (k,) voltage of the mesa.
        I_mA: (k,) current.
        wire_T_K: (k, c) temperature of the wire nodes.
        contact_xyr: (c, 3) centre and radius of the contact patches in µm; of one that is no disc the radius of its
            area, half its width on a line.
        contact_names: (c,) their names.
        geometry: "plan", "strip" or "disc".
        modes: by bias ("voltage_bias", "current_bias", "load_line") the leading modes, (k, count, S, n), maximum 1;
            empty where the run kept none.
        electrode_mV: (k, n) potential of the electrode over the base of the stack, NaN outside the mesa; None without
            an `[electrode]`: V is the same everywhere.
        contact_corners: (p, 3) corners of contacts on a plan that are no discs: number of the contact, x and y in µm.
    """

    node_xy: Array
    cells: NDArray[np.int64]
    cell_in_mesa: NDArray[np.bool_]
    layer_names: NDArray[np.str_]
    T_K: Array
    J_mA_per_um2: Array
    heating_uW_per_um2: Array
    row: NDArray[np.int64]
    V_mV: Array
    I_mA: Array
    wire_T_K: Array
    contact_xyr: Array
    contact_names: NDArray[np.str_]
    geometry: str
    modes: Mapping[str, Array] = field(default_factory=dict)
    contact_corners: Array = field(default_factory=lambda: NO_CORNERS)
    electrode_mV: Array | None = None

    def __len__(self) -> int:
        """Return the number k of states."""
        return len(self.row)

    def __eq__(self, other: object) -> bool:
        """Return whether all arrays are the same, NaN at the same places."""
        if not isinstance(other, States):
            return NotImplemented
        a, b = self.arrays(), other.arrays()
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)

    __hash__ = None  # type: ignore[assignment]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what states.npz holds, by name."""
        plain = {name: np.asarray(getattr(self, name)) for name in _always()}
        if len(self.contact_corners):
            plain["contact_corners"] = self.contact_corners
        if self.electrode_mV is not None:
            plain["electrode_mV"] = self.electrode_mV
        return plain | {_MODES + name: values for name, values in self.modes.items()}

    @property
    def contact_outlines(self) -> tuple[Array, ...]:
        """Outline of every contact on a plan, each of shape (n, 2), µm."""
        return outlines(self.contact_xyr, self.contact_corners)

    @property
    def mesa_cells(self) -> NDArray[np.int64]:
        """Cells of the mesa, shape (m_mesa, 3) or (m_mesa, 2)."""
        return self.cells[self.cell_in_mesa]

    @cached_property
    def mesa_nodes(self) -> NDArray[np.int64]:
        """Numbers of the nodes of the mesa, increasing, shape (n_mesa,)."""
        return np.unique(self.mesa_cells)

    def mesa_triangles_area_um2(self) -> float:
        """Area of the mesa in the mesh in µm² (plan only)."""
        corners = self.node_xy[self.mesa_cells]
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        return float(np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2)

    def first(self, count: int) -> States:
        """Return the first states."""
        modes = {name: shapes[:count] for name, shapes in self.modes.items()}
        return replace(self, modes=modes, **{name: getattr(self, name)[:count] for name in self._points()})

    def _points(self) -> tuple[str, ...]:
        """Return the names of the arrays with one entry a state."""
        return _POINTS if self.electrode_mV is None else (*_POINTS, "electrode_mV")

    def at_row(self, row: int) -> States:
        """Return the same states as belonging to one row of a table."""
        return replace(self, row=np.full(len(self.row), row))

    def save(self, folder: Path) -> Path:
        """Write states.npz into a folder, whole or not at all, and return its path.

        Raises:
            OSError: the file cannot be written.
        """
        path = folder / FILE
        arrays: dict[str, Any] = self.arrays()  # mypy would take names of arrays for options of numpy
        with whole_file(path) as stream:
            np.savez_compressed(stream, **arrays)
        return path


class Kept(list[States]):
    """States of a run as they come; a point asks for their number, which must not cost as much as all before it."""

    def __init__(self, parts: Iterable[States] = ()) -> None:
        """Take those that there are."""
        super().__init__(parts)
        self.states = sum(map(len, self))

    def append(self, part: States) -> None:
        """Add some more."""
        super().append(part)
        self.states += len(part)


def join(parts: Sequence[States]) -> States:
    """Return states of one mesh together, in their order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    points = {name: np.concatenate([getattr(part, name) for part in parts]) for name in first._points()}
    modes = {name: np.concatenate([part.modes[name] for part in parts]) for name in first.modes}
    return replace(first, modes=modes, **points)


def read_states(path: Path, table: str = "", points: int | None = None) -> States:
    """Return the fields in a states.npz.

    Args:
        path: the file.
        table: name of the table that it belongs to, for messages.
        points: number of rows of that table; None where it is not known.

    Raises:
        ResultError: the file is missing, damaged, or does not fit its table.
    """
    try:
        # Opened here, because numpy leaves the file open when the archive is damaged.
        with path.open("rb") as stream:
            states = unpacked(path, stream)
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file") from None
    if len(states) and points is not None and (states.row.min() < 0 or states.row.max() >= points):
        raise ResultError(f"{path}: refers to row {states.row.max()} of {table}, which has {points} rows")
    return states


def unpacked(path: Path, stream: IO[bytes]) -> States:
    """Return the fields in an archive that stands in a file.

    Raises:
        ResultError: it is damaged.
    """
    return _states(path, read_arrays(path, stream))


def read_arrays(path: Path, stream: IO[bytes]) -> dict[str, Any]:
    """Return the arrays in an archive of numpy that stands in a file.

    Raises:
        ResultError: it is damaged.
    """
    try:
        with np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        # A flipped bit lets zipfile, zlib, struct, tokenize and numpy fail each in its own way.
        raise ResultError(f"{path}: is damaged ({error}); compute the run again") from error


def _states(path: Path, values: dict[str, Any]) -> States:
    names = list(_always())
    missing = [name for name in names if name not in values]
    if missing:
        raise ResultError(f"{path}: lacks {', '.join(missing)}")
    modes = {name.removeprefix(_MODES): value for name, value in values.items() if name.startswith(_MODES)}
    k, n, m = (len(np.atleast_1d(values[name])) for name in ("row", "node_xy", "cells"))
    S, c = (len(np.atleast_1d(values[name])) for name in ("layer_names", "contact_names"))
    corners = 3 if str(values["geometry"]) == "plan" else 2
    expected: dict[str, tuple[str, tuple[int, ...]]] = {
        "node_xy": ("f", (n, 2)),
        "cells": ("iu", (m, corners)),
        "cell_in_mesa": ("b", (m,)),
        "layer_names": ("U", (S,)),
        "T_K": ("f", (k, S, n)),
        "J_mA_per_um2": ("f", (k, n)),
        "heating_uW_per_um2": ("f", (k, n)),
        "row": ("iu", (k,)),
        "V_mV": ("f", (k,)),
        "I_mA": ("f", (k,)),
        "wire_T_K": ("f", (k, c)),
        "contact_xyr": ("f", (c, 3)),
        "contact_names": ("U", (c,)),
        "geometry": ("U", ()),
    }
    for name, (kinds, shape) in expected.items():
        _check(path, name, values[name], kinds, shape)
    corners_of = values.get("contact_corners", NO_CORNERS)
    _check(path, "contact_corners", corners_of, "f", (len(np.atleast_1d(corners_of)), 3))
    electrode = values.get("electrode_mV")
    if electrode is not None:
        _check(path, "electrode_mV", electrode, "f", (k, n))
    for name, shapes in modes.items():
        _check(path, _MODES + name, shapes, "f", (k, shapes.shape[1] if shapes.ndim > 1 else 0, S, n))
    cells = values["cells"]
    if m and (cells.min() < 0 or cells.max() >= n):
        raise ResultError(f"{path}: a cell refers to node {cells.max()} of {n}")
    plain = {name: values[name] for name in names} | {"geometry": str(values["geometry"])}
    return States(**plain, modes=modes, contact_corners=corners_of, electrode_mV=electrode)


def _always() -> Iterator[str]:
    """Return the names of the arrays that every file holds."""
    return (item.name for item in fields(States) if item.name not in ("modes", "contact_corners", "electrode_mV"))


def _check(path: Path, name: str, values: NDArray[Any], kinds: str, shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise ResultError(f"{path}: {name} has shape {values.shape} instead of {shape}")
    if values.dtype.kind not in kinds:
        raise ResultError(f"{path}: {name} holds values of type {values.dtype}; the file is damaged")


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f" and b.dtype.kind == "f")
