"""A branch on one process and on several: wall time, iterations and messages, sparse path.

The branch is that of N = 19 to 1.2 mA without stability. Wall times mean something on a quiet machine only, and for as
many processes as there are cores; iterations and messages do everywhere. Each case runs in processes of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

from petsc4py import PETSc
from tools import counted, print_table, run

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.processes import outside_mpi
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model

# Refinements that give about 17,000, 50,000 and 140,000 unknowns, and on how many processes.
CASES = ((1.0, (1, 2, 3, 4)), (1.76, (1, 2)), (2.94, (1, 2)))
KEYS = ("numerics.path=sparse", "branch.end_current_mA=1.2", "branch.min_points=24", "stability.points=none")
WANTED_SPEEDUP = 1.7
FROM_UNKNOWNS = 50_000
EVENTS = ("MatMult", "VecMDot", "VecNorm", "VecDot")
"""What of PETSc sends messages along a branch."""


def child(refine: float) -> dict[str, Any]:
    """Return the figures of one branch on the processes at hand."""
    PETSc.Log.begin()
    scenario = load_scenario("kurter2010-n19", [*KEYS, f"mesh.refine={refine}"])
    tagged = build_mesh(scenario)
    comm = tagged.mesh.comm
    start = time.perf_counter()
    model, counts = counted(Model(scenario, tagged))
    setup = time.perf_counter() - start
    comm.barrier()
    start, cpu = time.perf_counter(), time.process_time()
    points = list(trace(model))
    comm.barrier()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    events = [PETSc.Log.Event(name).getPerfInfo() for name in EVENTS]
    sent = comm.allreduce(sum(event["numMessages"] for event in events))
    return {
        "unknowns": model.unknowns,
        "processes": comm.size,
        "points": len(points),
        "newton_steps": sum(p.curve.newton_steps for p in points),
        "factorisations": counts.factorisations,
        "solves": counts.solves,
        "setup_wall_s": setup,
        "branch_wall_s": wall,
        "branch_cpu_s": comm.allreduce(cpu),
        # Neighbours' values for products with the matrix, per process and product.
        "messages_a_product": sent / max(comm.size * events[0]["count"], 1),
        # Sums over all processes inside PETSc; besides them a solution with the preconditioner takes two exchanges of
        # all modes and one gathering of the small system.
        "reductions_a_solve": sum(event["numReductions"] for event in events) / max(counts.solves, 1),
        "V_mV": float(points[-1].row["V_mV"]),
    }


def on(processes: int, refine: float) -> dict[str, Any]:
    """Return the figures of one case."""
    mpiexec = shutil.which("mpiexec")
    if mpiexec is None:
        raise RuntimeError("there is no mpiexec")
    extra = {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_btl": "self,sm",
        # As the launcher has it: a process that waits leaves its core to others.
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        "OMP_NUM_THREADS": "1",
    }
    command = [mpiexec, "-n", str(processes), sys.executable, __file__, "--child", str(refine)]
    environment = outside_mpi(os.environ) | extra
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600, env=environment)
    return dict(json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{"))))


def measure() -> dict[str, Any]:
    sizes = []
    for refine, processes in CASES:
        rows = [on(n, refine) for n in processes]
        for row in rows:
            row["times_faster"] = rows[0]["branch_wall_s"] / row["branch_wall_s"]
            asked = row["processes"] == 2 and row["unknowns"] >= FROM_UNKNOWNS
            row["met"] = row["times_faster"] >= WANTED_SPEEDUP if asked else "-"
            row["V_differs_by"] = abs(row["V_mV"] / rows[0]["V_mV"] - 1.0)
        print_table(f"{rows[0]['unknowns']} unknowns", rows)
        sizes.append({"unknowns": rows[0]["unknowns"], "rows": rows})
    return {"sizes": sizes}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        figures = child(float(sys.argv[2]))
        if PETSc.COMM_WORLD.rank == 0:
            print(json.dumps(figures), flush=True)
    else:
        run("A branch on one process and on several (sparse path)", measure)
