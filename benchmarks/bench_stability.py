"""Stability of one point: factorisations and solves, against the point itself."""

from __future__ import annotations

from typing import Any

from tools import print_table, run, timed

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch

DEVICES = (
    ("kurter2010-n19", ("branch.min_points=20", "numerics.path=sparse")),
    ("pristine-n28", ("branch.min_points=20", "numerics.path=sparse")),
    ("diagram-square", ()),
)
BIASES = (Bias.voltage(), Bias.current())


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


def measure() -> dict[str, Any]:
    rows = [branch(name, overrides) for name, overrides in DEVICES]
    for row in rows:
        print_table(f"Stability along {row['device']}", [{"what": key, "value": value} for key, value in row.items()])
    return {"branches": rows}


if __name__ == "__main__":
    run("Stability of one point: factorisations and solves, against the point itself", measure)
