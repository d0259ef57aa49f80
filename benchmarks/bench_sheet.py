"""The whole I(V) branch without a crystal: film and mesa as one sheet and as two."""

from __future__ import annotations

from typing import Any

import numpy as np
import plain_dolfinx
from tools import counted, median_of, on_branch, print_table, run, timed

from hotmesa.computing import trace
from hotmesa.meshes import TaggedMesh, build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Curve, Mesh, Scenario
from hotmesa.scenarios.schema.device import ConductanceBelow
from hotmesa.solver.device.stack import build_stack
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import BranchPoint

# Refinements that give about 1,000 and 10,000 nodes, with the target for the whole branch (s).
SIZES = ((1.38, 0.3, 5), (4.6, 2.0, 3))
RESISTANCE_K_PER_MW = 110.0
"""Of the bottom as a whole, the value of the uniform model in the paper."""
AGREEMENT = 1e-3


def sheet(refine: float) -> Scenario:
    """Return the N = 19 device without its crystal."""
    base = load_scenario("kurter2010-n19", ["stability.points=none"])
    area = base.mesa.area_um2
    conductance = 1e9 / (RESISTANCE_K_PER_MW * area)
    return base.model_copy(
        update={
            "name": "sheet",
            "crystal": None,
            "layers": tuple(layer for layer in base.layers if layer.region == "mesa"),
            "bath": ConductanceBelow(temperature_K=4.2, bottom_W_per_m2K=conductance),
            "mesh": Mesh(refine=refine),
        }
    )


def as_one(device: Scenario) -> Scenario:
    """Return the device with film and mesa at one temperature: a single layer that conducts as both do together."""
    film, mesa = build_stack(device)
    # Both are power laws between their nodes; so many places make the table of their sum exact to 1e-4.
    T = np.geomspace(4.0, 300.0, 60)
    along = (film.material.in_plane(T) * film.thickness + mesa.material.in_plane(T) * mesa.thickness) / mesa.thickness
    both = device.materials[device.layers[1].material].model_copy(
        update={
            "in_plane_W_per_mK": Curve(T_K=T.tolist(), values=along.tolist()),
            "out_of_plane_W_per_mK": Curve(T_K=T.tolist(), values=mesa.material.out_of_plane(T).tolist()),
            "anisotropy": None,
        }
    )
    layer = device.layers[1].model_copy(update={"material": "both"})
    return device.model_copy(update={"layers": (layer,), "materials": {"both": both}})


def plain(scenario: Scenario, tagged: TaggedMesh, points: list[BranchPoint], ours_s: float) -> dict[str, Any]:
    """Return what the plain script takes for the same points."""
    device = plain_dolfinx.PlainDevice(scenario, tagged)
    rows = on_branch(points)
    with timed() as clock:
        solutions = list(plain_dolfinx.trace(device, [row["I_mA"] for row in rows]))
    difference = max(abs(s.V_mV / row["V_mV"] - 1.0) for s, row in zip(solutions, rows, strict=True))
    steps = sum(s.newton_steps for s in solutions)
    return {
        "plain_cpu_s": clock.cpu_s,
        "plain_newton_steps": steps,
        "plain_differs_by": difference,
        "times_faster": clock.cpu_s / ours_s,
    }


def measure_size(temperatures: int, refine: float, target: float, repeats: int) -> dict[str, Any]:
    scenario = as_one(sheet(refine)) if temperatures == 1 else sheet(refine)
    with timed() as meshing:
        tagged = build_mesh(scenario)
    with timed() as setup:
        model = Model(scenario, tagged)
    points: list[BranchPoint] = []

    def work() -> None:
        points[:] = trace(model)

    clock = median_of(repeats, work)
    model, counts = counted(model)
    work()
    return {
        "temperatures_a_node": temperatures,
        "nodes": model.operators.owned,
        "unknowns": model.unknowns,
        "points": len(points),
        "newton_steps": sum(p.curve.newton_steps for p in points),
        "factorisations": counts.factorisations,
        "solves": counts.solves,
        "evaluations": counts.evaluations,
        "mesh_cpu_s": meshing.cpu_s,
        "setup_cpu_s": setup.cpu_s,
        "branch_wall_s": clock.wall_s,
        "branch_cpu_s": clock.cpu_s,
        "target_s": target,
        "met": clock.cpu_s <= target,
    } | plain(scenario, tagged, points, clock.cpu_s)


def measure() -> dict[str, Any]:
    rows = [measure_size(temperatures, *size) for temperatures in (1, 2) for size in SIZES]
    print_table("Film and mesa as one sheet and as two, N = 19, whole branch", rows)
    return {"rows": rows}


if __name__ == "__main__":
    run("Whole branch without a crystal: film and mesa as one sheet and as two", measure)
