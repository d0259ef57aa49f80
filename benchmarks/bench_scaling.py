"""One steady state against the number of unknowns: time and peak memory, sparse path.

Every size runs in a process of its own, whose peak memory is read at its end. The state before, at a current 1 % lower,
starts from the condensed solution on a coarse mesh; what is measured is the step from that state to the next.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from tools import counted, print_table, run, timed

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import full_temperatures
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady, solve_steady_state

# Refinements that give about 10,000, 50,000 and 200,000 unknowns.
REFINEMENTS = (0.75, 1.76, 3.7)
CURRENT_MA = 0.8


def guess_for(model: Model) -> Any:
    """Return the flat state of a model interpolated from a coarse condensed solution."""
    scenario = load_scenario("kurter2010-n19", ["mesh.refine=0.7", "stability.points=none"])
    coarse = Model(scenario, build_mesh(scenario))
    e = solve_steady(coarse, Bias.current(), 0.99 * CURRENT_MA)
    T = []
    for field, k in zip(full_temperatures(coarse, e), range(len(model.layout.sublayers)), strict=True):
        known = np.isfinite(field)
        xy, target = coarse.operators.xy[known], model.operators.xy[model.layout.nodes_of(k)]
        values = LinearNDInterpolator(xy, field[known])(target)
        outside = ~np.isfinite(values)
        values[outside] = NearestNDInterpolator(xy, field[known])(target[outside])
        T.append(values)
    return np.concatenate([*T, e.wires, [e.V]])


def flat(problem: ThermalBranch, state: Any) -> Any:
    return state.u


def one_size(refine: float) -> dict[str, Any]:
    """Return the figures of one size (runs in a child process)."""
    changes = [f"mesh.refine={refine}", "numerics.path=sparse", "stability.points=none"]
    scenario = load_scenario("kurter2010-n19", changes)
    with timed() as meshing:
        tagged = build_mesh(scenario)
    with timed() as setup:
        model, counts = counted(Model(scenario, tagged))
    guess = guess_for(model)
    problem = ThermalBranch(model, Bias.current())
    with timed() as first:
        before = solve_steady_state(problem, 0.99 * CURRENT_MA, guess)
    start = replace(counts)
    with timed() as clock:
        solve_steady_state(problem, CURRENT_MA, flat(problem, before))
    return {
        "unknowns": model.unknowns,
        "mesh_cpu_s": meshing.cpu_s,
        "setup_cpu_s": setup.cpu_s,
        "first_state_cpu_s": first.cpu_s,
        "next_state_wall_s": clock.wall_s,
        "next_state_cpu_s": clock.cpu_s,
        "evaluations": counts.evaluations - start.evaluations,
        "factorisations": counts.factorisations - start.factorisations,
        "products": counts.products - start.products,
        "us_per_unknown": clock.cpu_s / model.unknowns * 1e6,
        "peak_memory_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-9,
    }


def measure() -> dict[str, Any]:
    rows = []
    for refine in REFINEMENTS:
        command = [sys.executable, __file__, "--child", str(refine)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    print_table("One steady state from the one at 1 % less current, sparse path", rows)
    return {"rows": rows}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(one_size(float(sys.argv[2]))))
    else:
        run("One steady state against the number of unknowns (sparse path): time and peak memory", measure)
