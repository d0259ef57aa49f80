"""How much one mesa heats another: alpha_ij, the rise of mesa i by a small power that is spread over mesa j alone.

It is the inverse of the thermal part of the Jacobian at a state: heat that the junctions make is held, whatever their
temperature. Where the conductivities are the same all over a layer, as at rest, that operator is symmetric and so is
alpha; elsewhere kappa(T) makes them differ.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.stacks import Stacks
from hotmesa.solver.linear.bordered import BorderedSolver, Constraint, Update
from hotmesa.solver.model import Model, State

RTOL = 1e-10
TABLE = "crosstalk.csv"
AT_REST, AT_END = "rest", "end"


def crosstalk(model: Model, stacks: Stacks, e: State) -> Array:
    """Return alpha_ij (K/mW) at a state: mean rise of mesa i (row) by power in the junctions of mesa j. Collective.

    Args:
        model: of the device.
        stacks: its mesas.
        e: the state.
    """
    layout, shares = model.layout, model.parts.junction_shares
    wires, lin = np.zeros(len(model.wired)), model.linearise(_heat_held(e))
    solver = BorderedSolver(model.comm, model.conduction, layout.size, wires.size)
    held = Constraint(np.zeros(layout.size), wires, 1.0)
    columns = []
    for power in stacks.even(1e3):
        heat = np.zeros(layout.size)
        heat[layout.junction_rows] = np.outer(shares, power).ravel()
        rise = solver.solve(lin, held, Update(heat, wires, 0.0), RTOL).T
        columns.append(stacks.mean(shares @ rise[layout.junction_rows].reshape(shares.size, -1)))
    return np.column_stack(columns)


def _heat_held(e: State) -> State:
    """Return a state whose junctions answer to nothing."""
    none = {name: np.zeros_like(value) for name, value in vars(e.junctions).items()}
    return replace(e, junctions=replace(e.junctions, **none), stacks=None)


def crosstalk_rows(model: Model, end: State | None = None) -> list[Row]:
    """Return crosstalk.csv: a row a mesa at rest, then at the end of a branch; a column for each that is heated.

    At rest all is at the temperature of the bath. Collective.
    """
    stacks = model.stacks
    if stacks is None:
        return []
    states = {AT_REST: model.evaluate(*model.cold(), 0.0)} | ({} if end is None else {AT_END: end})
    rows: list[Row] = []
    for place, state in states.items():
        for name, alphas in zip(stacks.columns, crosstalk(model, stacks, state), strict=True):
            by = {f"alpha_by_{heated}_K_per_mW": float(a) for heated, a in zip(stacks.columns, alphas, strict=True)}
            rows.append({"at": place, "mesa": name, "I_mA": state.I, **by})
    return rows
