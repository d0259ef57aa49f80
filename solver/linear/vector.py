"""PETSc vectors that hold the temperatures of every rank and the few global unknowns on the last one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.parallel import Comm


@dataclass(frozen=True)
class BorderedVector:
    """How temperatures and globals (wires, V) share one distributed vector.

    Attributes:
        comm: communicator.
        size: temperatures on this rank.
        globals: number of global unknowns, kept by the last rank and known to all.
    """

    comm: Comm
    size: int
    globals: int

    @property
    def _is_last(self) -> bool:
        return bool(self.comm.rank == self.comm.size - 1)

    def shell(self, context: object) -> PETSc.Mat:
        """Return a square matrix on such vectors whose product is `context.mult`."""
        local = self.size + (self.globals if self._is_last else 0)
        shape = ((local, PETSc.DETERMINE), (local, PETSc.DETERMINE))
        matrix = PETSc.Mat().createPython(shape, context, comm=self.comm)
        matrix.setUp()
        return matrix

    def load(self, vector: PETSc.Vec) -> tuple[Array, Array]:
        """Return the temperatures of this rank (a view) and all globals."""
        values = vector.getArray(readonly=True)
        mine = values[self.size :].copy() if self._is_last else None
        g = mine if self.comm.size == 1 else self.comm.bcast(mine, root=self.comm.size - 1)
        return values[: self.size], np.asarray(g)

    def store(self, vector: PETSc.Vec, T: Array, g: Array) -> None:
        """Write temperatures and globals into a vector."""
        values = vector.getArray()
        values[: self.size] = T
        if self._is_last:
            values[self.size :] = g
