"""The few collective operations the solver needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from hotmesa.scenarios.arrays import Array

Comm = Any  # mpi4py ships no types
Number = Any  # a Python or NumPy number; NumPy types some reductions as arrays


def lasting(comm: Comm) -> Comm:
    """Return a communicator of the same ranks that outlives a mesh: the world, where it has no others.

    On several ranks PETSc frees what Python has dropped only where all ranks of a communicator ask for it, which nobody
    does any more for that of a mesh that is gone.
    """
    from mpi4py import MPI

    alike = MPI.Comm.Compare(comm, MPI.COMM_WORLD) in (MPI.IDENT, MPI.CONGRUENT)
    return MPI.COMM_WORLD if alike else comm


def global_sum(comm: Comm, value: Number) -> float:
    """Return the sum of a local number over all ranks."""
    return float(comm.allreduce(float(value)))


def global_sums(comm: Comm, values: Array) -> Array:
    """Return the sum of a small local array over all ranks, same shape."""
    if comm.size == 1:
        return values
    total = np.empty_like(values)
    comm.Allreduce(np.ascontiguousarray(values), total)
    return total


def global_max(comm: Comm, value: Number) -> float:
    """Return the largest local number over all ranks."""
    from mpi4py import MPI

    return float(comm.allreduce(float(value), op=MPI.MAX))


def global_min(comm: Comm, value: Number) -> float:
    """Return the smallest local number over all ranks."""
    return -global_max(comm, -float(value))
