"""Starting a transient from a state that another run has stored, after a check that it is the same device."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios import Scenario, ScenarioError, load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Section
from hotmesa.solver.model import Model
from hotmesa.solver.states.fields import MeshArrays, gather_mesh
from hotmesa.solver.states.stored import flat_state

DEVICE_SECTIONS = ("geometry", "mesa", "crystal", "layers", "materials", "contacts")
"""What must agree; bath temperature, law, bias and tolerances may differ."""


@dataclass(frozen=True)
class Stored:
    """The states of a run folder; see docs/results.md for states.npz.

    Attributes:
        t_us: time of each state, None where the run was no transient.
    """

    scenario: Scenario
    node_xy: Array
    cells: NDArray[np.int64]
    layer_names: tuple[str, ...]
    T_K: Array
    wire_T_K: Array
    V_mV: Array
    I_mA: Array
    row: NDArray[np.int64]
    t_us: Array | None


@dataclass(frozen=True)
class Start:
    """Where a transient starts: flat state, and the time it belongs to (None if it belongs to none)."""

    u: Array
    t_us: float | None
    text: str


def start_from(model: Model, scenario: Scenario) -> Start:
    """Return the state that a scenario's `transient.start` names. Collective.

    Raises:
        ScenarioError: the run cannot be read, or is one of another device or mesh; all reasons at once.
    """
    folder = Path(scenario.transient.start)
    mesh = gather_mesh(model.operators, model.tagged)
    stored: Stored | None = None
    problems: list[str] = []
    if mesh is not None:
        try:
            stored = read_stored(folder)
            problems = differences(stored, model, scenario, mesh)
        except ScenarioError as error:
            problems = list(error.problems)
    stored, problems = model.comm.bcast((stored, problems))
    if problems or stored is None:
        raise ScenarioError([f"transient.start: {folder}: {problem}" for problem in problems])
    k = choose(stored, scenario)
    t = None if stored.t_us is None else float(stored.t_us[k])
    when = f"t = {t:.6g} us" if t is not None else f"I = {stored.I_mA[k]:.6g} mA"
    return Start(flat_state(model, stored, k), t, f"state of {folder} at {when}")


def read_stored(folder: Path) -> Stored:
    """Return the states of a run folder.

    Raises:
        ScenarioError: files are missing or damaged.
    """
    path = folder / "states.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, Any] = {key: file[key] for key in file.files}
        state = {k: arrays[k] for k in ("node_xy", "cells", "T_K", "wire_T_K", "V_mV", "I_mA", "row")}
        names = tuple(str(name) for name in arrays["layer_names"])
    except FileNotFoundError:
        raise ScenarioError(["holds no states.npz: it is not the folder of a finished run"]) from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ScenarioError([f"states.npz is damaged: {error}"]) from None
    if not len(state["row"]):
        raise ScenarioError(["states.npz holds no state"])
    t_us = _times(folder, state["row"])
    return Stored(load_scenario(folder / "scenario.toml"), layer_names=names, t_us=t_us, **state)


def _times(folder: Path, rows: NDArray[np.int64]) -> Array | None:
    """Return the times of states that stand in given rows of transient.csv, None if there is no such file."""
    try:
        with (folder / "transient.csv").open(encoding="utf-8", newline="") as stream:
            t = np.array([float(row["t_us"]) for row in csv.DictReader(stream)])
        return np.asarray(t[rows])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ScenarioError([f"transient.csv does not fit states.npz: {error!r}"]) from None


def differences(stored: Stored, model: Model, scenario: Scenario, mesh: MeshArrays) -> list[str]:
    """Return in words what makes the stored run one of another device or mesh; empty if nothing does."""
    found = []
    for section in DEVICE_SECTIONS:
        theirs, ours = getattr(stored.scenario, section), getattr(scenario, section)
        if theirs != ours:
            found.append(f"another device: [{section}] differs{_first_difference(theirs, ours)}")
    names = tuple(s.name for s in model.layout.stack)
    if stored.layer_names != names:
        found.append(f"another device: its sublayers are {', '.join(stored.layer_names)}, not {', '.join(names)}")
    if stored.node_xy.shape != mesh.node_xy.shape or stored.cells.shape != mesh.cells.shape:
        theirs, ours = (f"{len(m.node_xy)} nodes and {len(m.cells)} cells" for m in (stored, mesh))
        found.append(f"another mesh: {theirs}, not {ours}")
    elif np.abs(stored.node_xy - mesh.node_xy).max() > 1e-9 * max(np.abs(mesh.node_xy).max(), 1e-30):
        found.append("another mesh: as many nodes, but in other places")
    elif not np.array_equal(stored.cells, mesh.cells):
        found.append("another mesh: the same nodes in other cells")
    return found


def _first_difference(theirs: object, ours: object) -> str:
    """Return the first key of a section that differs, in words; "" where the section is no table."""
    if isinstance(ours, str):
        return f" ({theirs} there, {ours} here)"
    if not isinstance(ours, Section) or not isinstance(theirs, Section):
        return ""
    for name in type(ours).model_fields:
        a, b = getattr(theirs, name), getattr(ours, name)
        if a != b:
            return f" ({name} = {a} there, {b} here)"
    return ""


def choose(stored: Stored, scenario: Scenario) -> int:
    """Return the number of the state that is asked for: nearest in time or current, else the last.

    Raises:
        ScenarioError: a time is asked for and the run has none.
    """
    transient = scenario.transient
    if transient.start_at_us is not None:
        if stored.t_us is None:
            raise ScenarioError(["transient.start_at_us: that run was no transient; give start_at_mA instead"])
        return int(np.argmin(np.abs(stored.t_us - transient.start_at_us)))
    if transient.start_at_mA is not None:
        return int(np.argmin(np.abs(stored.I_mA - transient.start_at_mA)))
    return len(stored.row) - 1
