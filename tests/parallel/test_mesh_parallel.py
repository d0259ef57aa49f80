"""Meshes on two processes: the same mesh as on one, and errors that reach both."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COUNTS = """
import json, sys
import numpy as np
from mpi4py import MPI
from hotmesa.meshes import build_mesh
from hotmesa.meshes.compat import geometry_dofmap
from hotmesa.scenarios.schema import Scenario

comm = MPI.COMM_WORLD
found = {}
for geometry in ("plan", "strip"):
    wire = {"x_um": 1.5, "y_um": 0.7, "contact_K_per_mW": 3.0}
    device = {"name": "t", "geometry": geometry, "crystal": {}, "contacts": [wire]}
    tagged = build_mesh(Scenario.model_validate(device), comm)
    topology = tagged.mesh.topology
    dim = topology.dim
    owned = topology.index_map(dim).size_local
    mine = {name: tagged.cells(name) for name in tagged.regions}
    counts = {name: comm.allreduce(int((cells < owned).sum())) for name, cells in mine.items()}
    counts["nodes"] = topology.index_map(0).size_global
    counts["cells"] = topology.index_map(dim).size_global
    facets = tagged.rim_facets()
    counts["rim"] = comm.allreduce(int((facets < topology.index_map(dim - 1).size_local).sum()))
    counts["regions"] = sorted(tagged.regions.items())
    corner = tagged.mesh.geometry.x[geometry_dofmap(tagged.mesh)]
    middle = corner.mean(axis=1)[mine["mesa"]]
    counts["misplaced"] = comm.allreduce(int((np.abs(middle) > 5).any(axis=1).sum()))
    found[geometry] = counts
    shared = comm.allgather(owned)
if comm.rank == 0:
    print(json.dumps({"found": found, "ranks": comm.size, "owned": shared}))
"""

FAILING = """
from mpi4py import MPI
from hotmesa.meshes import MeshError, build_mesh
from hotmesa.scenarios.schema import Scenario

try:
    build_mesh(Scenario.model_validate({"name": "t", "contacts": [{"x_um": 20, "contact_K_per_mW": 3.0}]}))
except MeshError as error:
    seen = MPI.COMM_WORLD.gather(str(error))
    if MPI.COMM_WORLD.rank == 0:
        print(len(seen), len(set(seen)), seen[0])
"""

Runner = Callable[..., subprocess.CompletedProcess[str]]


def test_one_and_two_processes_have_the_same_mesh(run_mpi: Runner, tmp_path: Path):
    script = tmp_path / "counts.py"
    script.write_text(COUNTS)
    one = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    two = run_mpi(2, "-m", "mpi4py", str(script))
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    alone, shared = json.loads(one.stdout), json.loads(two.stdout)
    assert alone["found"] == shared["found"]
    assert (alone["ranks"], shared["ranks"]) == (1, 2)
    assert min(shared["owned"]) > 0
    assert alone["found"]["plan"]["misplaced"] == 0


@pytest.mark.parametrize("ranks", [2])
def test_an_error_of_the_first_process_reaches_all(run_mpi: Runner, tmp_path: Path, ranks: int):
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    done = run_mpi(ranks, "-m", "mpi4py", str(script))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 1 'contact:wire' reaches to or beyond")
