"""Leading eigenvalues of the linearised heat balance by shift-invert; the bias stays a border of the systems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hotmesa.meshes.libraries import PETSc, SLEPc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import Constraint
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.corrected import CorrectedFactors
from hotmesa.solver.linear.factors import Factors, SparseFactors
from hotmesa.solver.linear.jacobian import Jacobian, shifted
from hotmesa.solver.parallel import Comm, global_max, global_sums

MAX_RESTARTS = 100
FEW_RESTARTS = 10
"""Of a search with few vectors, which serve a warm start: one that takes longer goes on with more of them."""
MAX_VECTORS = 300
GUARD_VECTORS = 3
"""Krylov vectors beyond the wanted modes: few, because a warm start needs few; see benchmarks/bench_stability.py."""
NEW_DIRECTION = 0.5
"""Sine of the angle to other modes of its rate above which a mode is one of its own."""
SEARCH_VECTORS = 20
"""Of a search that starts from nothing: with few, each restart forgets most of what it has seen."""
COARSE = 1e-2
"""Relative residual that tells whether there is another mode, but not yet its rate (of which the error is smaller)."""


@dataclass(frozen=True)
class Pairs:
    """Eigenpairs, fastest growing first.

    Attributes:
        rates: real parts of the rates (1/µs), shape (k,).
        shapes: patterns as columns with unit maximum; of a complex pair two of the plane in which it turns.
        turning: imaginary parts of the rates (1/µs), shape (k,), of a complex pair the positive one first.
    """

    rates: Array
    shapes: Array
    turning: Array

    def only(self, chosen: Array | list[int]) -> Pairs:
        """Return those of the indices given, in their order."""
        return Pairs(self.rates[chosen], self.shapes[:, chosen], self.turning[chosen])

    def with_more(self, more: Pairs) -> Pairs:
        """Return these and others, fastest growing first."""
        shapes, turning = np.column_stack([self.shapes, more.shapes]), np.append(self.turning, more.turning)
        every = Pairs(np.append(self.rates, more.rates), shapes, turning)
        return every.only(np.argsort(-every.rates, kind="stable"))


class ShiftInvert:
    """The map C T -> solution of (J + s C) T + B g = C T with the equations of wires and bias.

    Its eigenvalues are 1/(s - rate). One factorisation of J + s C serves every bias. The exact one is made when it is
    first needed, and so is the cheaper one of a matrix close to it, unless factors of an earlier state are given.

    Attributes:
        shift: s (1/µs).
        factorisations: made so far.
        solves: solutions with the factors so far, those for the borders (made when first needed) included.
    """

    def __init__(
        self,
        comm: Comm,
        conduction: Conduction,
        lin: Jacobian,
        capacity: Array,
        shift: float,
        earlier: Factors | None = None,
    ) -> None:
        """Take the matrices, and factors of an earlier state that serve `approximate`."""
        self._comm, self._lin, self._capacity, self._earlier = comm, lin, capacity, earlier
        self._conduction, self._shifted = conduction, shifted(lin, shift * capacity)
        self.shift = shift
        self.factorisations = 0
        self.solves = 0

    @cached_property
    def _exact(self) -> Factors:
        if isinstance(self.__dict__.get("_close"), SparseFactors):  # on several processes, or without CHOLMOD
            return self._close
        self.factorisations += 1
        return self._conduction.factorise(self._shifted.kappa, self._shifted.local)

    @cached_property
    def _close(self) -> Factors:
        self.factorisations += 1
        return self._conduction.precondition(self._shifted.kappa, self._shifted.local)

    @cached_property
    def _columns(self) -> Array:
        """Solutions for the borders."""
        return np.column_stack([self._unbordered(c) for c in self._lin.columns.T])

    def _unbordered(self, rhs: Array) -> Array:
        """Return the solution of (J + s C) T = rhs, wires and voltage at rest."""
        self.solves += 1
        return self._exact.solve(rhs) if self._corrected is None else self._corrected.solve(rhs)

    @cached_property
    def _corrected(self) -> CorrectedFactors | None:
        """Solutions with a resistive electrode; None where there is none."""
        if self._lin.circuit is None:
            return None
        return CorrectedFactors(self._comm, self._conduction, self._shifted, self._exact)

    def approximate(self, rhs: Array) -> Array:
        """Return nearly the solution of (J + s C) T = rhs, wires and voltage at rest."""
        self.solves += 1
        return (self._earlier or self._close).solve(rhs)

    def renew(self) -> bool:
        """Let go of the factors of an earlier state; return whether there were any."""
        had, self._earlier = self._earlier is not None, None
        return had

    @property
    def factors(self) -> Factors | None:
        """The newest factors made here, else those of the earlier state."""
        own: Factors | None = self.__dict__.get("_close") or self.__dict__.get("_exact")
        return own or self._earlier

    def operator(self, constraint: Constraint) -> _Operator:
        """Return the map under the bias whose derivatives are given."""
        lin = self._lin
        rows = np.vstack([lin.wire_rows, constraint.by_T])
        corner = np.zeros((len(rows), len(rows)))
        corner[:-1, :-1] = np.diag(lin.wire_diagonal)
        corner[-1] = np.append(constraint.by_wires, constraint.by_V)
        schur = corner - global_sums(self._comm, rows @ self._columns)
        return _Operator(self, rows, np.linalg.inv(schur))

    def solve(self, rhs: Array, rows: Array, inverse_schur: Array) -> Array:
        """Return the solution for C times a vector on the right of the heat balance."""
        z = self._unbordered(self._capacity * rhs)
        return np.asarray(z + self._columns @ (inverse_schur @ global_sums(self._comm, rows @ z)))

    def leading(self, constraint: Constraint, count: int, start: Array, tolerance: float) -> Pairs:
        """Return the modes with the rates nearest to the shift, each multiple rate found once at least.

        Args:
            constraint: the equation of the bias.
            count: number of modes.
            start: vector to start from; the sum of similar modes saves iterations.
            tolerance: relative residual of an eigenvalue 1/(s - rate).

        Raises:
            SolveError: SLEPc did not converge.
        """
        with self._shell(constraint) as shell:
            return self._solve_for(shell, count, start, tolerance, None)

    def completed(self, constraint: Constraint, pairs: Pairs, tolerance: float) -> Pairs:
        """Return modes together with those that share a rate with them, which one Krylov space cannot hold.

        A symmetric device has multiple rates (the stripes along x and y of a square), of which a Krylov method finds
        one mode each; rounding may add another copy of it, which is thrown away. Leaving out what is found, the search
        is repeated until nothing above the slowest mode is left.

        Raises:
            SolveError: SLEPc did not converge.
        """
        pairs = self._without_copies(pairs, tolerance)
        with self._shell(constraint) as shell:
            start = self._irregular_start()
            while len(pairs.rates) < shell.getSize()[0] - 1:
                for accuracy, slack in ((COARSE, COARSE), (tolerance, 10.0 * tolerance)):
                    more = self._solve_for(shell, 1, start, accuracy, pairs.shapes, SEARCH_VECTORS)
                    if self._is_below(more, pairs, slack):
                        return pairs
                pairs = pairs.with_more(more)
        return pairs

    def _is_below(self, more: Pairs, pairs: Pairs, slack: float) -> bool:
        """Return whether a mode is slower than the slowest of others by more than a part of what is to the shift."""
        return bool(more.rates[0] < pairs.rates[-1] - slack * abs(self.shift - float(pairs.rates[-1])))

    def _without_copies(self, pairs: Pairs, tolerance: float) -> Pairs:
        """Return the modes without those that are nearly a combination of others of the same rate."""
        independent: list[int] = []
        units: list[Array] = []
        for k, shape in enumerate(pairs.shapes.T):
            slack = 10.0 * tolerance * abs(self.shift - float(pairs.rates[k]))
            rest = shape / self._length(shape)
            for j, unit in zip(independent, units, strict=True):
                if abs(float(pairs.rates[k] - pairs.rates[j])) <= slack:
                    rest = rest - float(global_sums(self._comm, np.array([unit @ rest]))[0]) * unit
            if self._length(rest) > NEW_DIRECTION:
                independent.append(k)
                units.append(rest / self._length(rest))
        return pairs.only(independent)

    def _length(self, v: Array) -> float:
        return float(np.sqrt(global_sums(self._comm, np.array([v @ v]))[0]))

    def is_complete(self, constraint: Constraint, pairs: Pairs, start: Array) -> bool:
        """Return whether a coarse search without the modes given finds none above the slowest of them, or near it.

        Raises:
            SolveError: SLEPc did not converge.
        """
        with self._shell(constraint) as shell:
            if len(pairs.rates) >= shell.getSize()[0] - 1:
                return True
            return self._is_below(self._solve_for(shell, 1, start, COARSE, pairs.shapes), pairs, COARSE)

    @contextmanager
    def _shell(self, constraint: Constraint) -> Iterator[PETSc.Mat]:
        n = self._capacity.size
        size = (n, PETSc.DETERMINE)
        shell = PETSc.Mat().createPython((size, size), self.operator(constraint), comm=self._comm)
        shell.setUp()
        try:
            yield shell
        finally:
            shell.destroy()

    def _solve_for(
        self, shell: PETSc.Mat, count: int, start: Array, tolerance: float, without: Array | None,
        guards: int = GUARD_VECTORS,
    ) -> Pairs:  # fmt: skip
        """Return `count` modes, besides those given as columns of `without`."""
        total, restarts = shell.getSize()[0], FEW_RESTARTS if guards == GUARD_VECTORS else MAX_RESTARTS
        vector, work = shell.createVecs()
        while True:
            vector.array[:] = start
            eps = self._eigensolver(shell, count, min(count + guards, total), tolerance, restarts)
            try:
                if without is not None:
                    eps.setDeflationSpace([_filled(work.duplicate(), column) for column in without.T])
                eps.setInitialSpace(vector)
                eps.solve()
                result = eps.getConverged()
                if result >= count:
                    return self._pairs(eps, count, work)
            finally:
                eps.destroy()
            if count + guards >= min(total, MAX_VECTORS):
                raise SolveError(f"only {result} of {count} growth rates converged")
            guards, restarts = 4 * guards, MAX_RESTARTS

    def _eigensolver(
        self, shell: PETSc.Mat, count: int, vectors: int, tolerance: float, restarts: int
    ) -> SLEPc.EPS:
        eps = SLEPc.EPS().create(self._comm)
        eps.setOperators(shell)
        eps.setProblemType(SLEPc.EPS.ProblemType.NHEP)
        eps.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_MAGNITUDE)
        eps.setDimensions(count, vectors)
        eps.setTolerances(tolerance, restarts)
        return eps

    def _pairs(self, eps: SLEPc.EPS, count: int, work: PETSc.Vec) -> Pairs:
        """Return the first modes; of a complex pair both, also where only the first of them is asked for."""
        rates: list[complex] = []
        shapes: list[Array] = []
        other = work.duplicate()
        while len(rates) < count:
            k = len(rates)
            rate = self.shift - 1.0 / complex(eps.getEigenvalue(k))
            eps.getEigenvector(k, work, other)
            if rate.imag == 0.0:
                rates.append(rate)
                shapes.append(np.array(work.array))
                continue
            rates += [complex(rate.real, abs(rate.imag)), complex(rate.real, -abs(rate.imag))]
            shapes += self._upright(work.array, other.array)
        found = np.array(rates)
        pairs = Pairs(found.real, unit_peaks(self._comm, np.array(shapes).T), found.imag)
        return pairs.only(np.argsort(-pairs.rates, kind="stable"))

    def _upright(self, real: Array, imaginary: Array) -> tuple[Array, Array]:
        """Return real and imaginary part of a complex pattern in the phase in which they are orthogonal."""
        sums = global_sums(self._comm, np.array([real @ real - imaginary @ imaginary, 2.0 * (real @ imaginary)]))
        turn = 0.5 * np.arctan2(sums[1], sums[0])
        c, s = np.cos(turn), np.sin(turn)
        return c * real + s * imaginary, c * imaginary - s * real

    def _irregular_start(self) -> Array:
        """Return a vector without any symmetry."""
        return np.asarray(np.random.default_rng(self._comm.rank).normal(size=self._capacity.size))


def unit_peaks(comm: Comm, shapes: Array) -> Array:
    """Return patterns, columns, each scaled so that what is largest in size is 1. Collective."""
    columns = []
    for shape in shapes.T:
        peak = global_max(comm, shape.max(initial=0.0)), global_max(comm, (-shape).max(initial=0.0))
        columns.append(shape / (peak[0] if peak[0] >= peak[1] else -peak[1]))
    return np.array(columns).T


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
