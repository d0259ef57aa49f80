"""Derivatives of a branch by all numbers of its scenario against the branch alone, and against two runs a parameter."""

from __future__ import annotations

from typing import Any

from tools import print_table, run, timed

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.sensitivity import needs_state, sensitivity_rows
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.parameters import chosen
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.runs.sensitive import Surroundings, branch_sensitivity, sensitive_points

SCENARIO = "kurter2010-n19"
ROUNDS = 2


def once(model: Model) -> dict[str, Any]:
    """Return what one branch and its derivatives take (CPU time of this process)."""
    with timed() as alone:
        points = sum(1 for _ in branch_points(model))
    with timed() as ready:
        surroundings = Surroundings.of(model, chosen(spelled_out(model.scenario)))
    with timed() as followed:
        found = list(sensitive_points(model, surroundings))
    with timed() as nucleation:
        found = list(sensitive_points(model, surroundings, needs_state(())))
    with timed() as summed:
        sensitivity_rows(branch_sensitivity(model, surroundings, found))
    parameters = len(surroundings.beside)
    cpu_s = ready.cpu_s + nucleation.cpu_s + summed.cpu_s
    return {
        "points": points,
        "parameters": parameters,
        "branch_alone_s": alone.cpu_s,
        "models_beside_s": ready.cpu_s,
        "with_dV_by_all_s": followed.cpu_s,
        "with_dT_max_too_s": nucleation.cpu_s,
        "figures_of_merit_s": summed.cpu_s,
        "all_over_alone": cpu_s / alone.cpu_s,
        "curves_over_alone": (ready.cpu_s + followed.cpu_s) / alone.cpu_s,
        "differences_over_alone": 2.0 * parameters,
    }


def measure() -> dict[str, Any]:
    scenario = load_scenario(SCENARIO)
    model = Model(scenario, build_mesh(scenario))
    rows = [once(model) for _ in range(ROUNDS)]
    print_table(f"Branch of {SCENARIO} with its derivatives (CPU time)", rows)
    return {"sensitivity": rows}


if __name__ == "__main__":
    run("Derivatives of a branch by all numbers of its scenario against the branch alone", measure)
