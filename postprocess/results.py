"""A finished (or interrupted) run, read back from its folder."""

from __future__ import annotations

import json
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from hotmesa.postprocess.errors import ResultError
from hotmesa.postprocess.tables import Column, read_table
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario

SWEEP_WORDS = ("jump", "jump_cause")
REQUIRED_COLUMNS = ("V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K", "dV_dI_ohm")
TRANSIENT_COLUMNS = ("t_us", "V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K")


@dataclass(frozen=True)
class States:
    """Fields at the stored points of a branch: k states, n nodes, m cells, S sublayers, c contacts.

    Attributes:
        node_xy: (n, 2) coordinates in µm; y = 0 on lines, x is the radius in a disc.
        cells: (m, 3) triangles or (m, 2) intervals, node numbers.
        cell_in_mesa: (m,) true for the cells of the mesa.
        layer_names: (S,) one name a sublayer, from top to bottom.
        T_K: (k, S, n) temperature, NaN outside the region of the layer.
        J_mA_per_um2: (k, n) current density, NaN outside the mesa.
        heating_uW_per_um2: (k, n) Joule power per area, NaN outside the mesa.
        row: (k,) row of iv.csv that belongs to the state.
        V_mV: (k,) voltage of the mesa.
        I_mA: (k,) current.
        wire_T_K: (k, c) temperature of the wire nodes.
        contact_xyr: (c, 3) centre and radius of the contact patches in µm.
        contact_names: (c,) their names.
        geometry: "plan", "strip" or "disc".
        modes: by bias ("voltage_bias", "current_bias", "load_line") the leading modes, (k, count, S, n), maximum 1;
            empty where the run kept none.
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


@dataclass(frozen=True)
class Run:
    """Everything that a run folder holds.

    Attributes:
        folder: where it was read from.
        rows: iv.csv (transient.csv of a transient, sweep.csv of a sweep) by column, one array of shape (points,) each;
            empty fields are NaN.
        scenario: the resolved scenario.
        provenance: versions, date, command; empty where the file is missing.
        summary: what summary.json held when the run was read; empty where the file is missing.
        uniform: uniform.csv by column, or None.
    """

    folder: Path
    rows: Mapping[str, Column]
    scenario: Scenario
    provenance: Mapping[str, Any]
    summary: Mapping[str, Any]
    uniform: Mapping[str, Column] | None

    @cached_property
    def states(self) -> States | None:
        """Fields at the stored points, read at first use; None where the run has none (uniform model).

        Raises:
            ResultError: states.npz is damaged or does not fit iv.csv.
        """
        path = self.folder / "states.npz"
        if not path.exists():
            return None
        states = _read_states(path)
        _check_states(path, states, len(self.rows["V_mV"]))
        return states

    @property
    def junctions(self) -> int:
        """Number n of junctions that carry voltage."""
        return self.scenario.mesa.resistive_junctions or self.scenario.mesa.junctions

    @property
    def hot_temperature_K(self) -> float:
        """Temperature in K above which a place belongs to a hot spot."""
        return self.scenario.output.hot_temperature_K

    @cached_property
    def area_um2(self) -> float:
        """Area of the mesa in µm²: of its triangles where there is a plan mesh, of the outline otherwise."""
        if self.scenario.geometry == "plan" and self.states is not None:
            return self.states.mesa_triangles_area_um2()
        return outline_area_um2(self.scenario)

    @property
    def normal_resistance_ohm(self) -> float:
        """Normal resistance R_N of the resistive junctions (n r / A) and a SIN contact in series, in ohm."""
        mesa = self.scenario.mesa
        return self.junctions * mesa.specific_resistance_ohm_um2 / self.area_um2 + self.scenario.law.sin_contact_ohm

    @cached_property
    def junction_T_K(self) -> Array | None:
        """Temperature of the junction layer, mean over its sublayers, shape (k, n), NaN outside the mesa, in K."""
        if self.states is None:
            return None
        return np.asarray(self.states.T_K[:, self.junction_layers].mean(axis=1))

    @cached_property
    def junction_layers(self) -> list[int]:
        """Numbers of the sublayers that hold the junctions; none where the run has no states.

        Raises:
            ResultError: states.npz has none of them.
        """
        if self.states is None:
            return []
        names = [layer.name for layer in self.scenario.layers if layer.junctions]
        wanted = [index for index, name in enumerate(self.states.layer_names) if belongs_to(str(name), names)]
        if not wanted:
            raise ResultError(
                f"{self.folder / 'states.npz'}: no sublayer of the junction layer {names}; "
                f"there are {', '.join(self.states.layer_names)}"
            )
        return wanted


def belongs_to(sublayer: str, layers: list[str]) -> bool:
    """Return whether a sublayer ("mesa", "mesa_02") is one of the named layers."""
    stem, _, number = sublayer.rpartition("_")
    return sublayer in layers or (number.isdigit() and stem in layers)


def outline_area_um2(scenario: Scenario) -> float:
    """Return the area of the mesa outline of a scenario in µm² (the shoelace formula for a polygon)."""
    mesa = scenario.mesa
    if mesa.radius_um is not None and (mesa.shape == "disc" or scenario.geometry == "disc"):
        return float(np.pi * mesa.radius_um**2)
    if mesa.shape == "polygon" and mesa.vertices_um is not None:
        x, y = np.array(mesa.vertices_um).T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
    return mesa.width_um * mesa.depth_um


def load_run(folder: str | Path) -> Run:
    """Return the run in a folder; states are read at first use.

    Raises:
        ResultError: the folder, iv.csv or scenario.toml is missing, or a file is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultError(f"{folder}: no such folder; a run writes one with `hotmesa run NAME --out {folder}`")
    scenario = read_scenario(folder / "scenario.toml")
    uniform_path = folder / "uniform.csv"
    uniform = read_table(uniform_path, REQUIRED_COLUMNS) if uniform_path.exists() else None
    if scenario.mode == "transient":
        rows = read_table(folder / "transient.csv", TRANSIENT_COLUMNS)
    elif scenario.mode == "sweep":
        rows = read_table(folder / "sweep.csv", (*REQUIRED_COLUMNS, *SWEEP_WORDS, "leg"), SWEEP_WORDS)
    elif scenario.mode == "uniform" and uniform is not None and not (folder / "iv.csv").exists():
        rows = uniform
    else:
        rows = read_table(folder / "iv.csv", REQUIRED_COLUMNS)
    provenance, summary = _read_json(folder / "provenance.json"), _read_json(folder / "summary.json")
    return Run(folder, rows, scenario, provenance, summary, uniform)


def read_scenario(path: Path) -> Scenario:
    """Return the resolved scenario in a file of a result folder.

    Raises:
        ResultError: the file is missing or damaged.
    """
    try:
        with path.open("rb") as stream:
            return Scenario.model_validate(tomllib.load(stream))
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file; is {path.parent} the folder of a run?") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise ResultError(f"{path}: is damaged or from another version ({error})") from error


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{path}: is damaged ({error}); delete it, it is made anew from the other files") from error
    if not isinstance(value, dict):
        raise ResultError(f"{path}: holds a {type(value).__name__} instead of a table")
    return value


def _read_states(path: Path) -> States:
    names = [item.name for item in fields(States) if item.name != "modes"]
    try:
        # Opened here, because numpy leaves the file open when the archive is damaged.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise ResultError(f"{path}: lacks {', '.join(missing)}")
            values: dict[str, Any] = {name: archive[name] for name in names}
            modes = {name.removeprefix("modes_"): archive[name] for name in archive.files if name.startswith("modes_")}
    except ResultError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise ResultError(f"{path}: is damaged ({error}); compute the run again") from error
    values["geometry"] = str(values["geometry"])
    values["cell_in_mesa"] = values["cell_in_mesa"].astype(bool)
    values["contact_xyr"] = values["contact_xyr"].reshape(-1, 3)
    return States(**values, modes=modes)


def _check_states(path: Path, states: States, points: int) -> None:
    count, nodes, cells = len(states.row), len(states.node_xy), len(states.cells)
    expected: dict[str, tuple[int, ...]] = {
        "node_xy": (nodes, 2),
        "cell_in_mesa": (cells,),
        "T_K": (count, len(states.layer_names), nodes),
        "J_mA_per_um2": (count, nodes),
        "heating_uW_per_um2": (count, nodes),
        "V_mV": (count,),
        "I_mA": (count,),
    }
    for name, shape in expected.items():
        found = np.shape(getattr(states, name))
        if found != shape:
            raise ResultError(f"{path}: {name} has shape {found} instead of {shape}")
    if count and (states.row.min() < 0 or states.row.max() >= points):
        raise ResultError(f"{path}: refers to row {states.row.max()} of iv.csv, which has {points} rows")
    if cells and (states.cells.min() < 0 or states.cells.max() >= nodes):
        raise ResultError(f"{path}: a cell refers to node {states.cells.max()} of {nodes}")
