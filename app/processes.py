"""Several processes behind one command: who speaks, leaving together, what a child inherits."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from hotmesa.scenarios.errors import HotmesaError
from hotmesa.surroundings import rank_and_size

T = TypeVar("T")
_PATIENCE_S = 3.0
# A child that inherits these from a process started by mpirun would take itself for a part of that job.
_LAUNCHER = ("OMPI_", "OPAL_", "PMIX_", "PRTE_", "PMI_", "HYDI_", "MPI_LOCAL")
# Among them: settings of a user or of the launcher script, which hold for any job, and those that name the job.
_SETTINGS = ("OMPI_MCA_", "OMPI_ALLOW_RUN_AS_ROOT", "OPAL_PREFIX", "PMIX_MCA_", "PRTE_MCA_")
_OF_THE_JOB = ("OMPI_MCA_ess", "OMPI_MCA_orte", "OMPI_MCA_pmix", "PMIX_MCA_mca_base", "PRTE_MCA_ess")


def world() -> Any:
    """The MPI communicator of all processes, or None without mpi4py (the uniform model needs none)."""
    try:
        from mpi4py import MPI
    except ImportError:
        return None
    return MPI.COMM_WORLD


def itself() -> Any:
    """The MPI communicator of this process alone, or None without mpi4py."""
    try:
        from mpi4py import MPI
    except ImportError:
        return None
    return MPI.COMM_SELF


def on_first(comm: Any, action: Callable[[], T]) -> T | None:
    """Do something on the first process only, and return on all of them what it gave.

    Raises:
        HotmesaError, OSError: on all processes, if the action raised it on the first.
    """
    problem: Exception | None = None
    result: T | None = None
    if comm is None or comm.rank == 0:
        try:
            result = action()
        except (HotmesaError, OSError) as error:
            problem = error
    if comm is not None:
        result, problem = comm.bcast((result, problem))
    if problem is not None:
        raise problem
    return result


def on_any(comm: Any, flag: bool) -> bool:
    """Whether the flag is set on any process."""
    return flag if comm is None or comm.size == 1 else any(comm.allgather(flag))


def wait_for_all(comm: Any) -> None:
    """Return when all processes have come here: a process that leaves with an error ends the others."""
    if comm is not None and comm.size > 1:
        comm.Ibarrier().Wait()


def report_failure(text: str, status: int) -> int:
    """Write an error message once, wait for the other processes, and hand the exit status back."""
    comm = _all_processes()
    if comm is None or comm.size == 1 or comm.rank == 0:
        with suppress(OSError, ValueError):  # nobody may be there to read
            sys.stderr.write(f"hotmesa: {text}\n")
            sys.stderr.flush()
    return leave_together(status, text)


def leave_together(status: int, text: str = "") -> int:
    """Wait for the other processes at the end of this one, and hand the exit status back.

    One that has failed waits for seconds: if the others do not come, it alone has failed and speaks for itself, and MPI
    ends the others with it.
    """
    comm = _all_processes()
    if comm is not None and comm.size > 1:
        if _all_come(comm, _PATIENCE_S if status else float("inf")):
            _leave_in_order()
        elif text and comm.rank > 0:
            sys.stderr.write(f"hotmesa (process {comm.rank}): {text}\n")
    return status


def _all_processes() -> Any:
    """The MPI communicator of all processes, where MPI is at work or mpirun has started several; else None."""
    if "mpi4py.MPI" not in sys.modules and rank_and_size()[1] == 1:
        return None
    comm = world()
    return None if comm is None or sys.modules["mpi4py.MPI"].Is_finalized() else comm


def _leave_in_order() -> None:
    """End MPI at the exit with what all processes agree on: `python -m mpi4py` would abort it for a status above 0."""
    take_back = getattr(sys.modules["mpi4py.MPI"], "_set_abort_status", None)
    if take_back is not None:
        atexit.register(take_back, 0)


def _all_come(comm: Any, patience_s: float) -> bool:
    request, deadline = comm.Ibarrier(), time.monotonic() + patience_s
    while not request.Test():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def outside_mpi(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child that is no part of the MPI job of this process; settings of MPI are kept."""

    def names_the_job(name: str) -> bool:
        return name.startswith(_OF_THE_JOB) or (name.startswith(_LAUNCHER) and not name.startswith(_SETTINGS))

    return {name: value for name, value in environment.items() if not names_the_job(name)}


@contextmanager
def safe_path() -> Iterator[None]:
    """Let Python processes that are started meanwhile find no modules in the working folder, as `python -P` does."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
