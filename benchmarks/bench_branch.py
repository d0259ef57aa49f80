"""The whole I(V) branch of the N = 19 mesa on its crystal, in units of one MUMPS factorisation of its Jacobian.

Condensed path, sparse path and a plain DOLFINx script, all in one process. The unit is the CPU time of ONE numeric LU
(MUMPS as PETSc calls it by default, pattern known, median of 5) of the sparse Jacobian at a state in the middle of the
branch, so that the ratios do not depend on the machine as long as its BLAS is a good one.
"""

from __future__ import annotations

from typing import Any

import plain_dolfinx
from petsc4py import PETSc
from tools import Clock, counted, median_of, on_branch, print_table, run, timed

from hotmesa.computing import trace
from hotmesa.meshes import TaggedMesh, build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import BranchPoint

# Refinements that give about 15,000 and 50,000 unknowns on the sparse path.
REFINEMENTS = (1.0, 1.8)
END_MA = 1.6
TARGETS = {"condensed": 15.0, "sparse": 50.0}
WITH_PLAIN_SCRIPT = REFINEMENTS[:1]
REPEATS = {("condensed", 1.0): 5, ("sparse", 1.0): 3, ("condensed", 1.8): 3, ("sparse", 1.8): 1}
AGREEMENT = 1e-3
"""The plain script interpolates the film's conductivity in its own way: the same to the order of the mesh."""


def scenario_of(refine: float, path: str) -> Scenario:
    keys = {"mesh.refine": refine, "numerics.path": path, "branch.end_current_mA": END_MA, "stability.points": "none"}
    return load_scenario("kurter2010-n19", [f"{key}={value}" for key, value in keys.items()])


def one_lu(matrix: PETSc.Mat) -> Clock:
    """Return the time of one numeric factorisation whose symbolic part is known."""
    ksp = PETSc.KSP().create(matrix.comm)
    ksp.setType("preonly")
    ksp.getPC().setType("lu")
    ksp.getPC().setFactorSolverType("mumps")
    rhs, x = matrix.createVecs()
    rhs.set(1.0)

    def factorise() -> None:
        # Assembling tells PETSc that the values are new; without it the factors would simply be kept.
        matrix.assemble()
        ksp.setOperators(matrix)
        ksp.setUp()

    factorise()
    clock = median_of(5, factorise)
    ksp.solve(rhs, x)
    if ksp.getConvergedReason() <= 0:
        raise RuntimeError("MUMPS failed")
    ksp.destroy()
    return clock


def branch(refine: float, path: str, tagged: TaggedMesh) -> tuple[dict[str, Any], Model, list[BranchPoint]]:
    """Return the times of one path, its model and its points."""
    scenario = scenario_of(refine, path)
    with timed() as setup:
        model = Model(scenario, tagged)
    points: list[BranchPoint] = []

    def work() -> None:
        points[:] = trace(model)

    repeats = REPEATS[path, refine]
    model, counts = counted(model)
    clock = median_of(repeats, work)
    row = {
        "path": path,
        "unknowns": model.unknowns,
        "points": len(points),
        "newton_steps": sum(p.curve.newton_steps for p in points),
        "factorisations": counts.factorisations // repeats,
        "solves": counts.solves // repeats,
        "evaluations": counts.evaluations // repeats,
        "setup_cpu_s": setup.cpu_s,
        "timed_runs": repeats,
        "branch_wall_s": clock.wall_s,
        "branch_cpu_s": clock.cpu_s,
    }
    return row, model, points


def plain(tagged: TaggedMesh, refine: float, points: list[BranchPoint]) -> tuple[dict[str, Any], float]:
    """Return the times of the plain script at the currents of hotmesa's points, and how well the voltages agree."""
    with timed() as setup:
        device = plain_dolfinx.PlainDevice(scenario_of(refine, "sparse"), tagged)
    rows = on_branch(points)
    with timed() as clock:
        solutions = list(plain_dolfinx.trace(device, [row["I_mA"] for row in rows]))
    difference = max(abs(s.V_mV / row["V_mV"] - 1.0) for s, row in zip(solutions, rows, strict=True))
    steps = sum(s.newton_steps for s in solutions)
    return {
        "path": "plain script",
        "unknowns": device.size * len(device.stack),
        "points": len(solutions),
        "newton_steps": steps,
        "factorisations": steps,
        "solves": 3 * steps,
        "evaluations": steps,
        "setup_cpu_s": setup.cpu_s,
        "timed_runs": 1,
        "branch_wall_s": clock.wall_s,
        "branch_cpu_s": clock.cpu_s,
    }, difference


def largest_difference(a: list[BranchPoint], b: list[BranchPoint]) -> float:
    """Return the largest relative difference of voltage and peak temperature at the ends of two branches."""
    ends = [(p[-1].row["V_mV"], p[-1].row["T_max_K"]) for p in (a, b)]
    return max(abs(float(x) / float(y) - 1.0) for x, y in zip(*ends, strict=True))


def measure_size(refine: float) -> dict[str, Any]:
    tagged = build_mesh(scenario_of(refine, "auto"))
    sparse, model, points = branch(refine, "sparse", tagged)
    middle = points[len(points) // 2].curve.evaluation.jacobian
    conduction: Any = model.conduction
    lu = one_lu(conduction.jacobian(middle.kappa, middle.local))
    condensed, _, condensed_points = branch(refine, "condensed", tagged)
    rows = [condensed, sparse]
    result: dict[str, Any] = {"refine": refine, "plan_nodes": model.operators.owned}
    result["paths_differ_by"] = largest_difference(points, condensed_points)
    if refine in WITH_PLAIN_SCRIPT:
        row, result["plain_differs_by"] = plain(tagged, refine, points)
        result["plain_agrees"] = result["plain_differs_by"] <= AGREEMENT
        rows.append(row)
    for row in rows:
        row["branch_in_LU"] = row["branch_cpu_s"] / lu.cpu_s
        row["with_setup_in_LU"] = (row["branch_cpu_s"] + row["setup_cpu_s"]) / lu.cpu_s
        row["target_in_LU"] = TARGETS.get(row["path"], "-")
        row["met"] = row["branch_in_LU"] <= TARGETS[row["path"]] if row["path"] in TARGETS else "-"
    return result | {"lu_wall_s": lu.wall_s, "lu_cpu_s": lu.cpu_s, "rows": rows}


def measure() -> dict[str, Any]:
    sizes = []
    for refine in REFINEMENTS:
        size = measure_size(refine)
        sizes.append(size)
        unit = f"one LU takes {size['lu_cpu_s']:.3f} s (CPU)"
        print_table(f"N = 19 on its crystal, plan of {size['plan_nodes']} nodes: {unit}", size["rows"])
        for key in ("paths_differ_by", "plain_differs_by"):
            if key in size:
                print(f"  {key}: {size[key]:.1e}")
    return {"sizes": sizes}


if __name__ == "__main__":
    run("Whole N = 19 branch on its crystal in units of one MUMPS LU of the same Jacobian", measure)
