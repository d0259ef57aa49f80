"""Leading eigenvalues of the linearised heat balance by shift-invert; the bias stays a border of the systems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc
from slepc4py import SLEPc

from hotmesa.solver.bordered import Closure
from hotmesa.solver.conduction import SparseConduction
from hotmesa.solver.curves import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linearisation import Linearisation, shifted
from hotmesa.solver.parallel import Comm, global_max, global_sums

MAX_RESTARTS = 100
MAX_VECTORS = 300
SPARE_VECTORS = 3
"""Krylov vectors beyond the wanted modes: few, because a warm start needs few; see benchmarks/bench_stability.py."""

NEW_DIRECTION = 0.5
"""Sine of the angle to other modes of its rate above which a mode is one of its own."""


@dataclass(frozen=True)
class Pairs:
    """Eigenpairs, fastest growing first: real parts of the rates (1/us), patterns as columns with unit maximum."""

    rates: Array
    shapes: Array


class ShiftInvert:
    """The map C T -> solution of (J + s C) T + B g = C T with the equations of wires and bias.

    Its eigenvalues are 1/(s - rate). One factorisation of J + s C serves every bias.

    Attributes:
        shift: s (1/us).
        solves: solutions with the factors so far, those for the borders included.
    """

    def __init__(
        self, comm: Comm, conduction: SparseConduction, lin: Linearisation, capacity: Array, shift: float
    ) -> None:
        """Factorise."""
        self._comm, self._lin, self._capacity = comm, lin, capacity
        self.shift = shift
        lin = shifted(lin, shift * capacity)
        self._factors = conduction.factorise(lin.kappa, lin.local)
        self._columns = np.column_stack([self._factors.solve(c) for c in lin.columns.T])
        self.solves = self._columns.shape[1]

    def operator(self, closure: Closure) -> _Operator:
        """Return the map under the bias whose derivatives are given."""
        lin = self._lin
        rows = np.vstack([lin.wire_rows, closure.by_T])
        corner = np.zeros((len(rows), len(rows)))
        corner[:-1, :-1] = np.diag(lin.wire_diagonal)
        corner[-1] = np.append(closure.by_wires, closure.by_V)
        schur = corner - global_sums(self._comm, rows @ self._columns)
        return _Operator(self, rows, np.linalg.inv(schur))

    def solve(self, rhs: Array, rows: Array, inverse_schur: Array) -> Array:
        """Return the solution for C times a vector on the right of the heat balance."""
        self.solves += 1
        z = self._factors.solve(self._capacity * rhs)
        return np.asarray(z + self._columns @ (inverse_schur @ global_sums(self._comm, rows @ z)))

    def leading(self, closure: Closure, count: int, start: Array | None, tolerance: float) -> Pairs:
        """Return the modes with the rates nearest to the shift, each multiple rate found once at least.

        Args:
            closure: the equation of the bias.
            count: number of modes.
            start: vector to start from; the sum of similar modes saves iterations.
            tolerance: relative residual of an eigenvalue 1/(s - rate).

        Raises:
            SolveError: SLEPc did not converge.
        """
        with self._shell(closure) as shell:
            vector = self._default_start() if start is None else start
            return self._solve_for(shell, count, vector, tolerance, None)

    def completed(self, closure: Closure, pairs: Pairs, tolerance: float) -> Pairs:
        """Return modes together with those that share a rate with them, which one Krylov space cannot hold.

        A symmetric device has multiple rates (the stripes along x and y of a square), of which a Krylov method finds
        one mode each; rounding may add another copy of it, which is thrown away. Leaving out what is found, the search
        is repeated until nothing above the slowest mode is left.

        Raises:
            SolveError: SLEPc did not converge.
        """
        pairs = self._without_copies(pairs, tolerance)
        with self._shell(closure) as shell:
            while len(pairs.rates) < shell.getSize()[0] - 1:
                more = self._solve_for(shell, 1, self._irregular_start(), tolerance, pairs.shapes)
                slack = 10.0 * tolerance * abs(self.shift - float(pairs.rates[-1]))
                if more.rates[0] < pairs.rates[-1] - slack:
                    break
                rates = np.append(pairs.rates, more.rates)
                order = np.argsort(rates)[::-1]
                pairs = Pairs(rates[order], np.column_stack([pairs.shapes, more.shapes])[:, order])
        return pairs

    def _without_copies(self, pairs: Pairs, tolerance: float) -> Pairs:
        """Return the modes without those that are nearly a combination of others of the same rate."""
        kept: list[int] = []
        units: list[Array] = []
        for k, shape in enumerate(pairs.shapes.T):
            slack = 10.0 * tolerance * abs(self.shift - float(pairs.rates[k]))
            rest = shape / self._length(shape)
            for j, unit in zip(kept, units, strict=True):
                if abs(float(pairs.rates[k] - pairs.rates[j])) <= slack:
                    rest = rest - float(global_sums(self._comm, np.array([unit @ rest]))[0]) * unit
            if self._length(rest) > NEW_DIRECTION:
                kept.append(k)
                units.append(rest / self._length(rest))
        return Pairs(pairs.rates[kept], pairs.shapes[:, kept])

    def _length(self, v: Array) -> float:
        return float(np.sqrt(global_sums(self._comm, np.array([v @ v]))[0]))

    @contextmanager
    def _shell(self, closure: Closure) -> Iterator[PETSc.Mat]:
        n = self._capacity.size
        size = (n, PETSc.DETERMINE)
        shell = PETSc.Mat().createPython((size, size), self.operator(closure), comm=self._comm)
        shell.setUp()
        try:
            yield shell
        finally:
            shell.destroy()

    def _solve_for(self, shell: PETSc.Mat, count: int, start: Array, tolerance: float, without: Array | None) -> Pairs:
        """Return `count` modes, besides those given as columns of `without`."""
        total, spare = shell.getSize()[0], SPARE_VECTORS
        vector, work = shell.createVecs()
        while True:
            vector.array[:] = start
            eps = self._eigensolver(shell, count, min(count + spare, total), tolerance)
            try:
                if without is not None:
                    eps.setDeflationSpace([_filled(work.duplicate(), column) for column in without.T])
                eps.setInitialSpace(vector)
                eps.solve()
                found = eps.getConverged()
                if found >= count:
                    return self._pairs(eps, count, work)
            finally:
                eps.destroy()
            if count + spare >= min(total, MAX_VECTORS):
                raise SolveError(f"only {found} of {count} growth rates converged")
            spare = 4 * spare

    def _eigensolver(self, shell: PETSc.Mat, count: int, vectors: int, tolerance: float) -> SLEPc.EPS:
        eps = SLEPc.EPS().create(self._comm)
        eps.setOperators(shell)
        eps.setProblemType(SLEPc.EPS.ProblemType.NHEP)
        eps.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_MAGNITUDE)
        eps.setDimensions(count, vectors)
        eps.setTolerances(tolerance, MAX_RESTARTS)
        return eps

    def _pairs(self, eps: SLEPc.EPS, count: int, work: PETSc.Vec) -> Pairs:
        rates, shapes = [], []
        for k in range(count):
            rates.append(float((self.shift - 1.0 / eps.getEigenvalue(k)).real))
            eps.getEigenvector(k, work)
            shape = np.array(work.array)
            peak = global_max(self._comm, shape.max(initial=0.0)), global_max(self._comm, (-shape).max(initial=0.0))
            shapes.append(shape / (peak[0] if peak[0] >= peak[1] else -peak[1]))
        order = np.argsort(rates)[::-1]
        return Pairs(np.array(rates)[order], np.array(shapes).T[:, order])

    def _default_start(self) -> Array:
        """Return a vector that excites every mode: uniform warming with a fixed, mesh-wide irregular part."""
        return np.asarray(1.0 + 0.5 * np.sin(7.0 * np.cumsum(self._capacity) / self._capacity.sum()))

    def _irregular_start(self) -> Array:
        """Return a vector without any symmetry."""
        return np.asarray(np.random.default_rng(self._comm.rank).normal(size=self._capacity.size))


def _filled(vector: PETSc.Vec, values: Array) -> PETSc.Vec:
    vector.array[:] = values
    return vector


@dataclass(frozen=True)
class _Operator:
    """One bias of a `ShiftInvert`, in the form that SLEPc calls."""

    parent: ShiftInvert
    rows: Array
    inverse_schur: Array

    def mult(self, _: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the map (called by SLEPc)."""
        y.getArray()[:] = self.parent.solve(x.getArray(readonly=True), self.rows, self.inverse_schur)
