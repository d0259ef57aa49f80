"""Starting a transient from a state that another run has stored, after a check that it is the same device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotmesa.postprocess.errors import ResultError
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.states import States
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Section
from hotmesa.solver.model import Model
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.stored import flat_state

DEVICE_SECTIONS = ("geometry", "mesa", "crystal", "layers", "materials", "contacts")
"""What must agree; bath temperature, law, bias and tolerances may differ."""


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
    here = Fields(model).of(model.evaluate(*model.cold(), 0.0))
    stored: tuple[States, Array | None] | None = None
    problems: list[str] = []
    if here is not None:
        try:
            run = read_stored(folder)
            states = stored_states(run)
            problems = differences(run.scenario, states, scenario, here)
            stored = states, run.column("t_us")[states.row] if "t_us" in run.rows else None
        except ResultError as error:
            problems = [str(error)]
    stored, problems = model.comm.bcast((stored, problems))
    if problems or stored is None:
        raise ScenarioError([f"transient.start: {problem}" for problem in problems])
    states, t_us = stored
    k = choose(states, t_us, scenario)
    t = None if t_us is None else float(t_us[k])
    when = f"t = {t:.6g} us" if t is not None else f"I = {states.I_mA[k]:.6g} mA"
    return Start(flat_state(model, states, k), t, f"state of {folder} at {when}")


def read_stored(folder: Path) -> Run:
    """Return a run with states.

    Raises:
        ResultError: it has none, or files are missing or damaged.
    """
    if not (folder / "states.npz").is_file():
        raise ResultError(f"{folder}: holds no states.npz: it is not the folder of a finished run")
    run = load_run(folder)
    if not len(stored_states(run)):
        raise ResultError(f"{folder}: states.npz holds no state")
    return run


def stored_states(run: Run) -> States:
    """Return the states of a run.

    Raises:
        ResultError: it has none.
    """
    if run.states is None:
        raise ResultError(f"{run.folder}: holds no states.npz")
    return run.states


def differences(there: Scenario, stored: States, scenario: Scenario, here: States) -> list[str]:
    """Return in words what makes the stored run one of another device or mesh; empty if nothing does."""
    found = []
    for section in DEVICE_SECTIONS:
        theirs, ours = getattr(there, section), getattr(scenario, section)
        if theirs != ours:
            found.append(f"another device: [{section}] differs{_first_difference(theirs, ours)}")
    if list(stored.layer_names) != list(here.layer_names):
        theirs, ours = (", ".join(states.layer_names) for states in (stored, here))
        found.append(f"another device: its sublayers are {theirs}, not {ours}")
    if stored.node_xy.shape != here.node_xy.shape or stored.cells.shape != here.cells.shape:
        theirs, ours = (f"{len(m.node_xy)} nodes and {len(m.cells)} cells" for m in (stored, here))
        found.append(f"another mesh: {theirs}, not {ours}")
    elif np.abs(stored.node_xy - here.node_xy).max() > 1e-9 * max(np.abs(here.node_xy).max(), 1e-30):
        found.append("another mesh: as many nodes, but in other places")
    elif not np.array_equal(stored.cells, here.cells):
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


def choose(stored: States, t_us: Array | None, scenario: Scenario) -> int:
    """Return the number of the state that is asked for: nearest in time or current, else the last.

    Raises:
        ScenarioError: a time is asked for and the run has none.
    """
    transient = scenario.transient
    if transient.start_at_us is not None:
        if t_us is None:
            raise ScenarioError(["transient.start_at_us: that run was no transient; give start_at_mA instead"])
        return int(np.argmin(np.abs(t_us - transient.start_at_us)))
    if transient.start_at_mA is not None:
        return int(np.argmin(np.abs(stored.I_mA - transient.start_at_mA)))
    return len(stored.row) - 1
