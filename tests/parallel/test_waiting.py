"""A process that waits for another one leaves its core to whoever computes there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

SCRIPT = """
import os, time
from mpi4py import MPI
comm = MPI.COMM_WORLD
os.sched_setaffinity(0, {comm.bcast(min(os.sched_getaffinity(0)))})
comm.Barrier()
began = time.process_time()
while comm.rank == 0 and time.process_time() < began + 0.5:
    pass
comm.Barrier()
spent = comm.gather(time.process_time() - began)
if comm.rank == 0:
    print("spent", *spent)
"""
LAUNCHER = Path(__file__).resolve().parents[2] / "setup" / "enter.sh"


def test_a_process_that_waits_takes_no_time_from_one_that_computes(run_mpi: Callable) -> None:
    """With Open MPI 5 and 6: as much as the other if it does not yield, a hundredth of that if it does."""
    done: subprocess.CompletedProcess[str] = run_mpi(2, "-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    computing, waiting = map(float, done.stdout.split()[1:])
    assert computing >= 0.5
    assert waiting < 0.1 * computing
    # The launcher asks for the same.
    assert "OMPI_MCA_mpi_yield_when_idle=1" in LAUNCHER.read_text()
