"""A diagram on two processes is that on one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

SCRIPT = """
import sys
from mpi4py import MPI
sys.path.insert(0, sys.argv[1])
from helpers.sheets import sheet, sheet_model
from hotmesa.solver.runs.diagram import Diagram
diagram = Diagram(sheet_model(sheet(3e-7, size_um=0.5)))
for _ in diagram.run():
    pass
if MPI.COMM_WORLD.rank == 0:
    for b in diagram.branches:
        print("branch", b.kind, b.origin, b.end, b.images, [p.growing for p in b.points])
        for p in b.points:
            print("number", p.curve.control, p.curve.evaluation.V)
    for c in diagram.crossings:
        e = c.bifurcation.point.evaluation
        print("number", e.I, e.V)
"""


def test_two_processes_find_the_same_branches(run_mpi: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    tests = str(Path(__file__).resolve().parents[1])
    one = subprocess.run([sys.executable, "-c", SCRIPT, tests], capture_output=True, text=True, timeout=120)
    two = run_mpi(2, "-c", SCRIPT, tests)
    assert one.returncode == 0, one.stderr
    assert two.returncode == 0, two.stderr
    words, values = ([line for line in one.stdout.splitlines() if line.startswith(k)] for k in ("branch", "number"))
    assert len(words) == 2 and len(values) > 50
    assert [line for line in two.stdout.splitlines() if line.startswith("branch")] == words
    others = [line for line in two.stdout.splitlines() if line.startswith("number")]
    here, there = (np.array([line.split()[1:] for line in lines], dtype=float) for lines in (values, others))
    np.testing.assert_allclose(there, here, rtol=1e-8)


WALLS = """
from mpi4py import MPI
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.diagram import Diagram
changes = ["geometry=strip", "crystal.depth_um=60", "mesh.rim_size_um=25", "mesh.size_um=24", "mode=diagram"]
changes += ["branch.end_current_mA=25", "branch.min_points=24", "diagram.max_branches=1", "numerics.path=sparse"]
changes += ["mesh.refine_for_walls=false"]
scenario = load_scenario("thz-300x60", changes)
diagram = Diagram(Model(scenario, build_mesh(scenario, MPI.COMM_WORLD)))
for _ in diagram.run():
    pass
if MPI.COMM_WORLD.rank == 0:
    for c in diagram.branches[0].counted:
        print("branch", c.on_mesh, c.held, c.open, c.pinned)
    for c in diagram.crossings:
        print("branch", c.pinned, c.bifurcation.appears)
        print("number", c.bifurcation.current)
"""


def test_two_processes_tell_the_same_of_the_mesh(run_mpi: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    one = subprocess.run([sys.executable, "-c", WALLS], capture_output=True, text=True, timeout=120)
    two = run_mpi(2, "-c", WALLS)
    assert one.returncode == 0, one.stderr
    assert two.returncode == 0, two.stderr
    words, values = ([line for line in one.stdout.splitlines() if line.startswith(k)] for k in ("branch", "number"))
    assert [line.split()[1] for line in words[-len(values) :]].count("True") == 3  # of the mesh
    assert len(values) == 4
    assert [line for line in two.stdout.splitlines() if line.startswith("branch")] == words
    others = [line for line in two.stdout.splitlines() if line.startswith("number")]
    here, there = (np.array([line.split()[1:] for line in lines], dtype=float) for lines in (values, others))
    np.testing.assert_allclose(there, here, rtol=1e-6)
