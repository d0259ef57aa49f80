"""Stability of one point: factorisations and solves, against the point itself; and of a whole run, in one process."""

from __future__ import annotations

from typing import Any

from tools import print_table, run, timed

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.accuracy import Places, estimates
from hotmesa.solver.runs.branch import branch_options, branch_points
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch

DEVICES = (
    ("kurter2010-n19", ("branch.min_points=20", "numerics.path=sparse")),
    ("pristine-n28", ("branch.min_points=20", "numerics.path=sparse")),
    ("diagram-square", ()),
)
ABOUT = "Stability of one point: factorisations and solves, against the point itself; and of a whole run"
BIASES = (Bias.voltage(), Bias.current())
WHOLE = "kurter2010-n19"
"""On the condensed path, as it is bundled."""


def branch(name: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    """Return the cost of the stability of the points of a branch under both biases, warm-started along it."""
    scenario = load_scenario(name, overrides)
    model = Model(scenario, build_mesh(scenario))
    problem, stability = ThermalBranch(model), Stability(model)
    points, steps, growing, stability_s = 0, 0, 0, 0.0
    with timed() as whole:
        for point in follow(problem, *problem.cold_start(), branch_options(model)):
            with timed() as clock:
                found = stability.modes_under(point.evaluation, BIASES)
            stability_s += clock.cpu_s
            points, steps = points + 1, steps + point.newton_steps
            growing += found[0].unstable > 0
    bordered = steps + points  # one for each Newton step, one for the tangent
    return {
        "device": name,
        "unknowns": stability.model.unknowns,
        "points": points,
        "with_growing_modes": growing,
        "factorisations_a_point": stability.factorisations / points,
        "points_computed_anew": stability.computed_anew,
        # Where the number of growing modes changes, under the biases where it does.
        "searches_for_other_modes": stability.checked,
        # With the factors of this point, for both biases together, all searches included.
        "solves_a_point": stability.solves / points,
        "solves_a_point_and_bias": stability.solves / points / len(BIASES),
        "bordered_solves_a_branch_point": bordered / points,
        "factor_solves_a_branch_point": problem.linear.operator.solves / points,
        # A solve of the branch is bordered and takes several with the factors; this is the figure to keep below 6.
        "stability_in_solves_of_the_branch": stability.solves / problem.linear.operator.solves * bordered / points,
        "stability_ms": 1e3 * stability_s / points,
        "branch_ms": 1e3 * (whole.cpu_s - stability_s) / points,
        "stability_over_branch": stability_s / (whole.cpu_s - stability_s),
    }


def whole_runs(name: str) -> list[dict[str, Any]]:
    """Return the CPU time of a run from its scenario to its last point without stability, with it, and with errors."""
    rows: list[dict[str, Any]] = []
    for points in ("none", "none", "counts"):  # the first pays for what is loaded and kept
        scenario = load_scenario(name, [f"stability.points={points}"])
        places, count = Places(), 0
        with timed() as clock:
            model = Model(scenario, build_mesh(scenario))
            for point in branch_points(model):
                places.take(point.row, point.curve.evaluation)
                count += 1
        what = {"none": "without stability", "counts": "growing modes counted at all points"}[points]
        rows.append({"run": f"{name}, {what}", "points": count, "cpu_s": clock.cpu_s})
    with timed() as more:
        list(estimates(model, places))
    with_errors = f"{name}, growing modes and errors by mesh and sublayers"
    rows = [*rows[1:], rows[-1] | {"run": with_errors, "cpu_s": rows[-1]["cpu_s"] + more.cpu_s}]
    return [row | {"over_without": row["cpu_s"] / rows[0]["cpu_s"]} for row in rows]


def measure() -> dict[str, Any]:
    rows = [branch(name, overrides) for name, overrides in DEVICES]
    for row in rows:
        print_table(f"Stability along {row['device']}", [{"what": key, "value": value} for key, value in row.items()])
    whole = whole_runs(WHOLE)
    print_table("Whole runs with and without", whole)
    return {"branches": rows, "whole_runs": whole}


if __name__ == "__main__":
    run(ABOUT, measure)
