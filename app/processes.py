"""Several MPI processes behind one command: who speaks, and leaving together. Works without mpi4py too."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from hotmesa.folder import FolderError

_PATIENCE_S = 3.0


def world() -> Any:
    """The MPI communicator of all processes, or None without mpi4py (the uniform model needs none)."""
    try:
        from mpi4py import MPI
    except ImportError:
        return None
    return MPI.COMM_WORLD


def on_first(comm: Any, action: Callable[[], None]) -> None:
    """Do something on the first process only.

    Raises:
        FolderError: on all processes, if the action raised it on the first.
    """
    problem: str | None = None
    if comm is None or comm.rank == 0:
        try:
            action()
        except FolderError as error:
            problem = str(error)
    if comm is not None:
        problem = comm.bcast(problem)
    if problem is not None:
        raise FolderError(problem)


def anywhere(comm: Any, flag: bool) -> bool:
    """Whether the flag is set on any process."""
    return flag if comm is None or comm.size == 1 else any(comm.allgather(flag))


def wait_for_all(comm: Any) -> None:
    """Return when all processes have come here: a process that leaves with an error ends the others."""
    if comm is not None and comm.size > 1:
        comm.Ibarrier().Wait()


def leave_together(text: str, status: int) -> int:
    """Write an error message once, wait for the other processes, and hand the exit status back.

    If the others do not come within seconds, this process alone has failed and speaks for itself.
    """
    loaded = sys.modules.get("mpi4py.MPI")
    comm = loaded.COMM_WORLD if loaded is not None and not loaded.Is_finalized() else None
    if comm is None or comm.size == 1 or comm.rank == 0:
        sys.stderr.write(f"hotmesa: {text}\n")
        sys.stderr.flush()
    if comm is not None and comm.size > 1 and not _all_come(comm) and comm.rank > 0:
        sys.stderr.write(f"hotmesa (process {comm.rank}): {text}\n")
    return status


def _all_come(comm: Any) -> bool:
    request, deadline = comm.Ibarrier(), time.monotonic() + _PATIENCE_S
    while not request.Test():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
