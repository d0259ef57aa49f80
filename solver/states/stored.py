"""States of a finished run as starting points: which of them lie around a current, and the exact state there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.states import States
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Section
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

WALK_STEPS = 10
"""Steps in current from a stored state when Newton's method does not get there at once."""
SAME_BRANCH = 1e-3
"""How far (relative) a voltage may lie outside those of its neighbours on the branch: another mesher, not more."""


@dataclass(frozen=True)
class Crossing:
    """One place where a branch passes a current: between two neighbouring stored states.

    Attributes:
        first, second: numbers of the stored states before and after.
        part: of the way from the first to the second, by current.
        rows: their rows in iv.csv.
        V_mV: voltages at both.
    """

    first: int
    second: int
    part: float
    rows: tuple[int, int]
    V_mV: tuple[float, float]

    def __str__(self) -> str:
        """Return it in words."""
        return f"rows {self.rows[0]} to {self.rows[1]} ({self.V_mV[0]:.5g} to {self.V_mV[1]:.5g} mV)"


def crossings(states: States, I_mA: float) -> tuple[Crossing, ...]:
    """Return where the branch passes a current, in branch order.

    Folds in I are stored, so that the current is monotonic between neighbours.

    Raises:
        RequestError: the branch does not reach the current.
    """
    I = states.I_mA  # noqa: E741 - the symbol of the field
    result = []
    for k in range(len(I)):
        after = min(k + 1, len(I) - 1)
        inside = min(I[k], I[after]) < I_mA < max(I[k], I[after])
        if I[k] == I_mA or inside:
            second = after if inside else k
            part = float((I_mA - I[k]) / (I[second] - I[k])) if inside else 0.0
            rows, V = (int(states.row[k]), int(states.row[second])), (float(states.V_mV[k]), float(states.V_mV[second]))
            result.append(Crossing(k, second, part, rows, V))
    if not result:
        reach = f"from {I.min():.6g} to {I.max():.6g} mA" if len(I) else "nowhere"
        raise RequestError(f"a current of {I_mA:g} mA lies outside the stored states, which reach {reach}")
    return tuple(result)


def choose_crossing(result: Sequence[Crossing], row: int | None) -> Crossing:
    """Return the crossing nearest to a row of iv.csv, the first one without it.

    Raises:
        RequestError: the branch does not pass the current at or next to that row.
    """
    if row is None:
        return result[0]
    for crossing in result:
        if min(crossing.rows) <= row <= max(crossing.rows):
            return crossing
    known = "; ".join(str(crossing) for crossing in result)
    raise RequestError(f"the branch does not pass this current at row {row}; it does between {known}")


def flat_state(model: Model, states: States, k: int) -> Array:
    """Return stored state k as unknowns of a model (T, wires, V), each node taking the nearest stored value.

    On the mesh of the run these are the stored values themselves; on another mesh they are a starting point.
    """
    layout, xy = model.layout, model.operators.xy
    T = np.empty(layout.size)
    for number in range(len(layout.sublayers)):
        stored = states.T_K[k, number]
        known = np.flatnonzero(np.isfinite(stored))
        _, nearest = cKDTree(states.node_xy[known]).query(xy[layout.nodes_of(number)])
        T[layout.rows(number)] = stored[known[nearest]]
    wires = [states.wire_T_K[k, c] for c, sink in enumerate(model.contacts) if sink.wire is not None]
    return np.concatenate([T, wires, [states.V_mV[k]]])


def solve_at(problem: ThermalBranch, states: States, crossing: Crossing, I_mA: float) -> State:
    """Return the exact state of a crossing; the problem must be under current bias. Collective.

    Raises:
        SolveError: no state was found, or one that belongs to another part of the branch.
    """
    ends = [flat_state(problem.model, states, k) for k in (crossing.first, crossing.second)]
    try:
        return _checked(solve_steady_state(problem, I_mA, ends[0] + crossing.part * (ends[1] - ends[0])), crossing)
    except SolveError as error:
        reason = error
    for k, u in zip((crossing.first, crossing.second), ends, strict=True):
        try:
            return _checked(_walk(problem, u, float(states.I_mA[k]), I_mA), crossing)
        except SolveError as error:
            reason = error
    raise SolveError(
        f"the state at {I_mA:g} mA between {crossing} was not found: {reason}; "
        "keep more states (--set output.every=1) in the run, or take a current farther from the fold"
    )


def _walk(problem: ThermalBranch, u: Array, start_mA: float, end_mA: float) -> State:
    for current in np.linspace(start_mA, end_mA, WALK_STEPS + 1)[1:]:
        state = solve_steady_state(problem, float(current), u)
        u = state.u
    return state


def _checked(state: State, crossing: Crossing) -> State:
    """Return the state if its voltage lies between those of its neighbours: folds in V are stored as well."""
    slack = SAME_BRANCH * max(crossing.V_mV)
    if not min(crossing.V_mV) - slack <= state.V <= max(crossing.V_mV) + slack:
        raise SolveError(f"V = {state.V:.6g} mV belongs to another part of the branch")
    return state


DEVICE_SECTIONS = ("geometry", "mesa", "crystal", "layers", "materials", "contacts", "maps")
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
            run, states = read_stored(folder)
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
    when = f"t = {t:.6g} µs" if t is not None else f"I = {states.I_mA[k]:.6g} mA"
    return Start(flat_state(model, states, k), t, f"state of {folder} at {when}")


def read_stored(folder: Path) -> tuple[Run, States]:
    """Return the run in a folder, and its states.

    Raises:
        ResultError: it has none, or files are missing or damaged.
    """
    if not (folder / "states.npz").is_file():
        raise ResultError(f"{folder}: holds no states.npz: it is not the folder of a finished run")
    run = load_run(folder)
    if run.states is None or not len(run.states):
        raise ResultError(f"{folder}: states.npz holds no state")
    return run, run.states


def differences(there: Scenario, stored: States, scenario: Scenario, here: States) -> list[str]:
    """Return in words what makes the stored run one of another device or mesh; empty if nothing does."""
    result = []
    for section in DEVICE_SECTIONS:
        theirs, ours = getattr(there, section), getattr(scenario, section)
        if theirs != ours:
            result.append(f"another device: [{section}] differs{_first_difference(theirs, ours)}")
    if list(stored.layer_names) != list(here.layer_names):
        theirs, ours = (", ".join(states.layer_names) for states in (stored, here))
        result.append(f"another device: its sublayers are {theirs}, not {ours}")
    if stored.node_xy.shape != here.node_xy.shape or stored.cells.shape != here.cells.shape:
        theirs, ours = (f"{len(m.node_xy)} nodes and {len(m.cells)} cells" for m in (stored, here))
        result.append(f"another mesh: {theirs}, not {ours}")
    elif np.abs(stored.node_xy - here.node_xy).max() > 1e-9 * max(np.abs(here.node_xy).max(), 1e-30):
        result.append("another mesh: as many nodes, but in other places")
    elif not np.array_equal(stored.cells, here.cells):
        result.append("another mesh: the same nodes in other cells")
    return result


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
