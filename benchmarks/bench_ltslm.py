"""Laser-scanning image: one adjoint solve against one perturbed state a point."""

from __future__ import annotations

from typing import Any

import numpy as np
from tools import print_table, run, timed

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.model import Model
from hotmesa.solver.runs.image import SOLVE_RTOL, surface_response
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

CURRENT_MA = 0.9
POINTS = 5
HEAT_UW = 0.5


def image(path: str) -> dict[str, Any]:
    """Return times and agreement on one path of the linear algebra."""
    scenario = load_scenario("kurter2010-n19", [f"numerics.path={path}"])
    model = Model(scenario, build_mesh(scenario))
    problem = ThermalBranch(model, Bias.current())
    state = solve_steady_state(problem, CURRENT_MA)
    u = state.u
    fresh = ThermalBranch(model, Bias.current())  # has to factorise, as a single image does
    with timed() as adjoint:
        response = surface_response(fresh, fresh.evaluate(u))
    nodes = model.layout.mesa_nodes
    places = np.linspace(0, nodes.size - 1, POINTS).astype(int)
    direct = np.empty(POINTS)
    with timed() as perturbed:
        for k, place in enumerate(places):
            direct[k] = difference(problem, u, int(place))
    with timed() as linear:
        for place in places:
            unit = Update(np.eye(1, model.layout.size, int(place))[0], np.zeros(len(model.wired)), 0.0)
            problem.linear.solve(state.jacobian, problem.control(state)[1].constraint, unit, SOLVE_RTOL)
    values = response.mesa[nodes]
    whole = nodes.size / POINTS
    return {
        "path": path,
        "points": int(nodes.size),
        "adjoint_s": adjoint.wall_s,
        "one_state_a_point_s": perturbed.wall_s / 2 * whole,
        "one_linear_solve_a_point_s": linear.wall_s * whole,
        "faster_than_states": perturbed.wall_s / 2 * whole / adjoint.wall_s,
        "faster_than_linear_solves": linear.wall_s * whole / adjoint.wall_s,
        "largest_difference": float(np.abs(values[places] - direct).max() / np.abs(values).max()),
    }


def difference(problem: ThermalBranch, u: Array, place: int) -> float:
    """Return dV/dP (mV/mW) at one unknown of the film from two states, heated and cooled."""
    voltages = []
    for heat in (HEAT_UW, -HEAT_UW):
        extra_heat = np.zeros(problem.model.layout.size)
        extra_heat[place] = heat
        heated = ThermalBranch(problem.model.variant(extra_heat=extra_heat), problem.bias)
        voltages.append(solve_steady_state(heated, CURRENT_MA, u).V)
    return (voltages[0] - voltages[1]) / (2 * HEAT_UW) * 1e3


def measure() -> dict[str, Any]:
    rows = [image(path) for path in ("condensed", "sparse")]
    print_table(f"Image of kurter2010-n19 at {CURRENT_MA:g} mA", rows)
    return {"images": rows}


if __name__ == "__main__":
    run("Laser-scanning image: one adjoint solve against one perturbed state a point", measure)
