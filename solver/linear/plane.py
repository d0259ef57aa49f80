"""The depth modes of a crystal on several processes: each solves some of the modes on the whole plane."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.linear.depth import Modes
from hotmesa.solver.linear.symmetric import Cholesky
from hotmesa.solver.parallel import Comm


class Plane:
    """Stiffness and areas of the whole plan on every process, its nodes in the order of the processes.

    Attributes:
        stiffness: shape (n, n); nothing is coupled to a node that is fixed.
        mass: lumped areas (µm²), shape (n,).
        starts: first node of each process, with their number at the end.
    """

    def __init__(self, comm: Comm, stiffness: sp.csr_matrix, mass: Array, fixed: NDArray[np.bool_]) -> None:
        """Gather what each process has of its own nodes. Collective."""
        self.comm = comm
        parts = comm.allgather((stiffness.tocsr(), mass, fixed))
        self.mass = np.concatenate([part[1] for part in parts])
        self.fixed = np.concatenate([part[2] for part in parts])
        self.starts = np.cumsum([0, *(part[1].size for part in parts)])
        free = sp.diags((~self.fixed).astype(float))
        whole = sp.vstack([part[0] for part in parts]).tocsr()
        # A node that is fixed keeps its diagonal, which only has to be some positive number.
        self.stiffness = (free @ whole @ free + sp.diags(np.where(self.fixed, whole.diagonal(), 0.0))).tocsr()
        self.stiffness.sort_indices()

    @property
    def mine(self) -> slice:
        """The nodes of this process."""
        return slice(int(self.starts[self.comm.rank]), int(self.starts[self.comm.rank + 1]))


class CrystalSolver:
    """Solves (K x D + M x T) y = heat for a crystal by its depth modes, which are shared out to the processes.

    Attributes:
        fixed: nodes of this process where y is zero.
    """

    def __init__(self, plane: Plane, modes: Modes) -> None:
        """Factorise the problems of the modes of this process."""
        self._plane, self._modes, self._comm = plane, modes, plane.comm
        self._mode_starts = np.linspace(0, modes.mu.size, self._comm.size + 1).round().astype(int)
        first, last = self._mode_starts[self._comm.rank : self._comm.rank + 2]
        K = plane.stiffness
        rows = np.repeat(np.arange(K.shape[0]), np.diff(K.indptr))
        diagonal = np.flatnonzero(rows == K.indices)
        indptr, indices = K.indptr.astype(PETSc.IntType), K.indices.astype(PETSc.IntType)
        self._solvers = []
        for mu in modes.mu[first:last]:
            data = K.data.copy()
            data[diagonal] += mu * plane.mass
            solver = Cholesky(indptr, indices)
            solver.factorise(data)
            self._solvers.append(solver)
        self.fixed = plane.fixed[plane.mine]

    def solve(self, heat: Array, transposed: bool = False) -> Array:
        """Return potentials for heat at the nodes of this process, both of shape (S, nodes). Collective."""
        shapes, balance = self._modes.shapes, self._modes.balance[:, None]
        amplitudes = shapes.T @ (heat if transposed else balance * heat)
        amplitudes[:, self.fixed] = 0.0
        found = shapes @ self._spread(amplitudes)
        return np.asarray(balance * found if transposed else found)

    def _spread(self, amplitudes: Array) -> Array:
        """Return the solutions of all modes at the nodes of this process."""
        if self._comm.size == 1:
            return self._solved(amplitudes)
        nodes, modes = np.diff(self._plane.starts), np.diff(self._mode_starts)
        here, own = amplitudes.shape[1], len(self._solvers)
        arrived = np.empty(own * self._plane.mass.size)
        self._comm.Alltoallv([np.ascontiguousarray(amplitudes), modes * here], [arrived, own * nodes])
        pieces = np.split(arrived, np.cumsum(own * nodes)[:-1])
        whole = np.concatenate([piece.reshape(own, -1) for piece in pieces], axis=1)
        solved = self._solved(whole)
        leaving = np.concatenate([part.ravel() for part in np.split(solved, self._plane.starts[1:-1], axis=1)])
        back = np.empty(amplitudes.shape)
        self._comm.Alltoallv([leaving, own * nodes], [back, modes * here])
        return back

    def _solved(self, whole: Array) -> Array:
        solved = np.empty(whole.shape)
        for k, solver in enumerate(self._solvers):
            solved[k] = solver.solve(whole[k])
        return solved
