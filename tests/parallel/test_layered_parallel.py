"""The preconditioner of a layered crystal takes the same iterations on any number of processes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hotmesa.solver.linear.depth import FIT

SCRIPT = """
import sys
import numpy as np
from mpi4py import MPI
sys.path.insert(0, sys.argv[1])
from helpers.devices import on_crystal
from hotmesa.meshes import build_mesh
from hotmesa.solver.linear.layered import LayeredFactors
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
scenario = on_crystal(path="sparse")
model = Model(scenario, build_mesh(scenario))
problem, layout = ThermalBranch(model), model.layout
T, wires = model.cold()
for k in range(len(layout.sublayers)):
    places = model.operators.xy[layout.nodes_of(k)]
    T[layout.rows(k)] += 40.0 * 0.8**k * np.exp(-((places - 1.0) ** 2).sum(axis=1) / 20.0)
state = problem.evaluate(np.concatenate([T, wires, [100.0]]))
_, row = problem.control(state)
step = problem.step(state, row, 0.0, 1e-9)
factors = problem.linear.operator._factors
assert isinstance(factors, LayeredFactors)
# The transpose, by the product of both with vectors that do not depend on the order of the nodes.
xy = [model.operators.xy[layout.nodes_of(k)] for k in range(len(layout.sublayers))]
x = np.concatenate([np.cos(k + places @ [0.3, 0.2]) for k, places in enumerate(xy)])
y = x**2
total = lambda value: MPI.COMM_WORLD.allreduce(float(value))
pair = total(y @ factors.solve(x)), total(x @ factors.solve(y, transposed=True))
heat = total(problem.split(step)[0].sum())
if MPI.COMM_WORLD.rank == 0:
    print("found", problem.linear.operator.solves, step[-1], heat, *pair)
"""


def test_iterations_and_solution_do_not_depend_on_the_processes(
    run_mpi: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    tests = str(Path(__file__).resolve().parents[1])
    found = {}
    for ranks in (1, 2, 4):
        done = run_mpi(ranks, "-c", SCRIPT, tests)
        assert done.returncode == 0, done.stderr
        words = next(line for line in done.stdout.splitlines() if line.startswith("found")).split()[1:]
        found[ranks] = int(words[0]), *(float(word) for word in words[1:])
    solves, *numbers = found[1]
    assert numbers[2] == pytest.approx(numbers[3], rel=1e-9)
    for ranks in (2, 4):
        assert found[ranks][0] == solves
        assert found[ranks][1:3] == pytest.approx(numbers[:2], rel=1e-10)  # the answer
        assert found[ranks][3:] == pytest.approx(numbers[2:], rel=FIT)  # the preconditioner, fitted so far
