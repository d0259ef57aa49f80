"""Error estimates: a whole branch with them against the same branch without, in one process."""

from __future__ import annotations

from typing import Any

from tools import print_table, run, timed

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.accuracy import Places, estimates
from hotmesa.solver.runs.branch import branch_points

DEVICES = (
    ("kurter2010-n19", ()),
    ("pristine-n28", ()),
    ("diagram-strip", ("mode=branch",)),
)


def branch(name: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    """Return the CPU time of a branch with the stability of its points, and of the estimates of its errors."""
    scenario = load_scenario(name, overrides)
    with timed() as model_clock:
        model = Model(scenario, build_mesh(scenario))
    places, points = Places(), 0
    with timed() as clock:
        for point in branch_points(model):
            places.take(point.row, point.curve.evaluation)
            points += 1
    with timed() as more:
        rows = [point.row for point in estimates(model, places)]
    without = model_clock.cpu_s + clock.cpu_s
    return {
        "device": name,
        "unknowns": model.unknowns,
        "points": points,
        "places": len(rows),
        "branch_cpu_s": without,
        "estimates_cpu_s": more.cpu_s,
        "with_over_without": (without + more.cpu_s) / without,
        "V_by_mesh_percent": rows[0]["mesh_error_V_percent"],
        "V_by_sublayers_percent": rows[0]["layer_error_V_percent"],
    }


def measure() -> dict[str, Any]:
    """Measure all devices."""
    rows = [branch(name, overrides) for name, overrides in DEVICES]
    print_table("Branches with and without the estimates of their errors", rows)
    return {"branches": rows}


if __name__ == "__main__":
    run("Error estimates: a whole branch with them against the same branch without, in one process", measure)
