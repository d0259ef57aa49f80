"""A mesa on a crystal of few pseudo-layers: the small matrix whose factors every process has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.linear.depth import FewLayers
from hotmesa.solver.linear.factors import Factors, SparseFactors, factorise, mumps
from hotmesa.solver.linear.jacobian import LocalPattern
from hotmesa.solver.linear.plane import Plane
from hotmesa.solver.linear.symmetric import NearlySymmetric, NotDefiniteError, is_available

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Where the entries of the node-local matrix of a mesa on its crystal stand among its data.

    Attributes:
        diagonal: of the crystal, shape (S, nodes).
        up, down: of each sublayer of the crystal by the one below it, and the reverse, shape (S - 1, nodes).
        mesa_by_crystal, crystal_by_mesa: of the mesa's bottom by the crystal's top and the reverse, shape (m,).
        mesa: between unknowns of the mesa.
        mesa_rows, mesa_columns: of the latter.
    """

    diagonal: Index
    up: Index
    down: Index
    mesa_by_crystal: Index
    crystal_by_mesa: Index
    mesa: Index
    mesa_rows: Index
    mesa_columns: Index


def find_places(layout: Layout, pattern: LocalPattern) -> Places:
    """Return the places of the entries of a layout."""
    size, first, nodes = layout.size, len(layout.mesa_layers), layout.operators.owned
    rows = np.repeat(np.arange(size), np.diff(pattern.indptr))
    keys = rows * np.int64(size) + pattern.indices

    def at(row: Index, column: Index) -> Index:
        return np.searchsorted(keys, row * np.int64(size) + column)

    start = int(layout.starts[first])
    crystal = start + np.arange(size - start).reshape(-1, nodes)
    top, bottom = start + layout.mesa_nodes, np.arange(layout.starts[first - 1], start)
    mesa = np.flatnonzero((rows < start) & (pattern.indices < start))
    return Places(
        diagonal=at(crystal, crystal),
        up=at(crystal[:-1], crystal[1:]),
        down=at(crystal[1:], crystal[:-1]),
        mesa_by_crystal=at(bottom, top),
        crystal_by_mesa=at(top, bottom),
        mesa=mesa,
        mesa_rows=rows[mesa],
        mesa_columns=pattern.indices[mesa],
    )


class ReducedMatrix:
    """The matrix of mesa temperatures and potentials v of the pseudo-layers, gathered on every process.

    With E the couplings of the mesa to the potential of the top of the crystal, sum_i roots_i v_i, and F those of the
    heat balance of the top to the mesa:

        J_mesa T + E sum_j roots_j v_j = r,   (K + nu_i M) v_i + roots_i (F T - E sum_j roots_j v_j) = shares_i heat

    Each process numbers its unknowns as mesa, then pseudo-layer by pseudo-layer.
    """

    def __init__(self, layout: Layout, places: Places, conduction: sp.csr_matrix, plane: Plane, count: int) -> None:
        """Make the pattern for `count` pseudo-layers; `conduction` has the rows of this process. Collective."""
        self._comm, self._places, self._count, self._plane = plane.comm, places, count, plane
        first = len(layout.mesa_layers)
        self._mesa, self._nodes = int(layout.starts[first]), layout.operators.owned
        sizes = np.array(self._comm.allgather((layout.size, self._mesa, self._nodes)))
        self._mesas, unknowns = sizes[:, 1], sizes[:, 1] + count * sizes[:, 2]
        self._starts = np.concatenate([[0], np.cumsum(unknowns)])
        self._unknowns = unknowns
        rows, columns = self._static(layout, conduction, sizes)
        self._gather_pattern(rows, columns)
        self._matrix = PETSc.Mat().createAIJ(
            (self._starts[-1],) * 2,
            csr=(self._indptr.astype(PETSc.IntType), self._indices.astype(PETSc.IntType), np.zeros(self._indices.size)),
            comm=PETSc.COMM_SELF,
        )
        self._symmetric = self._nearly_symmetric() if is_available() else None
        self._lu: PETSc.KSP | None = None
        self._in, self._out = self._matrix.createVecs()

    def _static(self, layout: Layout, conduction: sp.csr_matrix, sizes: Index) -> tuple[Index, Index]:
        """Return rows (of this process) and columns of all entries in the order of `_entries`."""
        places, count, me = self._places, self._count, self._comm.rank
        coo = conduction[: self._mesa].tocoo()
        owners = np.concatenate([[0], np.cumsum(sizes[:, 0])])
        rank = np.searchsorted(owners, coo.col, side="right") - 1
        local = coo.col - owners[rank]
        keep = local < self._mesas[rank]
        mesa_starts = np.concatenate([[0], np.cumsum(self._mesas)])
        self._along, self._along_columns = coo.data[keep], (mesa_starts[rank] + local)[keep]
        first = len(layout.mesa_layers)
        bottom, nodes = np.arange(layout.starts[first - 1], layout.starts[first]), layout.mesa_nodes
        mine = int(self._starts[me])
        pseudo = [self._mesa + i * self._nodes + np.arange(self._nodes) for i in range(count)]
        plane = self._plane.stiffness[self._plane.mine].tocoo()
        owner = np.searchsorted(self._plane.starts, plane.col, side="right") - 1
        place = self._starts[owner] + self._mesas[owner] + plane.col - self._plane.starts[owner]
        self._stiffness = plane.data
        pairs = [(coo.row[keep], (self._starts[rank] + local)[keep]), (places.mesa_rows, mine + places.mesa_columns)]
        pairs += [(bottom, mine + p[nodes]) for p in pseudo] + [(p[nodes], mine + bottom) for p in pseudo]
        pairs += [(p[nodes], mine + q[nodes]) for p in pseudo for q in pseudo]
        widths = np.diff(self._plane.starts)[owner]
        pairs += [(p[plane.row], place + i * widths) for i, p in enumerate(pseudo)]
        pairs += [(p, mine + p) for p in pseudo]
        return np.concatenate([row for row, _ in pairs]), np.concatenate([column for _, column in pairs])

    def _gather_pattern(self, rows: Index, columns: Index) -> None:
        total = int(self._starts[-1])
        keys, self._slot = np.unique(rows * np.int64(total) + columns, return_inverse=True)
        self._size = keys.size
        counts = np.bincount(keys // total, minlength=int(self._unknowns[self._comm.rank]))
        gathered = self._comm.allgather((counts, keys % total))
        self._indptr = np.concatenate([[0], np.cumsum(np.concatenate([part[0] for part in gathered]))])
        self._indices = np.concatenate([part[1] for part in gathered])
        self._sizes = np.array([part[1].size for part in gathered])

    def _nearly_symmetric(self) -> NearlySymmetric:
        return NearlySymmetric(sp.csr_matrix((np.zeros(self._indices.size), self._indices, self._indptr)))

    def _entries(self, kappa: Array, local: Array, few: FewLayers, top: Array) -> Array:
        """Return the values of all entries of this process; `top` is the conductivity under the mesa."""
        places, roots = self._places, few.roots
        by_crystal, by_mesa = local[places.mesa_by_crystal] / top, local[places.crystal_by_mesa]
        everywhere = self._gathered(np.ascontiguousarray(kappa[: self._mesa]), self._mesas)
        parts = [self._along * everywhere[self._along_columns], local[places.mesa]]
        parts += [r * by_crystal for r in roots] + [r * by_mesa for r in roots]
        parts += [-r * q * by_crystal for r in roots for q in roots]
        parts += [self._stiffness] * len(roots) + [nu * self._plane.mass[self._plane.mine] for nu in few.nu]
        return np.concatenate(parts)

    def _gathered(self, values: Array, sizes: Index) -> Array:
        """Return values of all processes on each of them. Collective."""
        if self._comm.size == 1:
            return values
        whole = np.empty(int(sizes.sum()))
        self._comm.Allgatherv(np.ascontiguousarray(values), [whole, sizes])
        return whole

    def factorise(self, kappa: Array, local: Array, few: FewLayers, top: Array) -> ReducedFactors:
        """Return factors; earlier ones become invalid. Collective.

        Raises:
            SolveError: the factorisation failed.
        """
        mine = np.bincount(self._slot, weights=self._entries(kappa, local, few, top), minlength=self._size)
        return ReducedFactors(self, self._factors(self._gathered(mine, self._sizes)))

    def _factors(self, data: Array) -> Factors:
        if self._symmetric is not None:
            try:
                return self._symmetric.factorise(data)
            except NotDefiniteError:
                pass
        self._matrix.setValuesCSR(self._indptr.astype(PETSc.IntType), self._indices.astype(PETSc.IntType), data)
        self._matrix.assemble()
        self._lu = self._lu or mumps(PETSc.COMM_SELF)
        factorise(self._lu, self._matrix)
        return SparseFactors(self._lu, self._in, self._out)

    def solve(self, factors: Factors, mesa: Array, pseudo: Array, transposed: bool) -> tuple[Array, Array]:
        """Return temperatures of the mesa and potentials (p, nodes) of this process. Collective."""
        whole = self._gathered(np.concatenate([mesa, pseudo.ravel()]), self._unknowns)
        start = int(self._starts[self._comm.rank])
        x = factors.solve(whole, transposed=transposed)[start : start + int(self._unknowns[self._comm.rank])]
        return x[: self._mesa], x[self._mesa :].reshape(self._count, self._nodes)


@dataclass(frozen=True)
class ReducedFactors:
    """Factors of a reduced matrix."""

    matrix: ReducedMatrix
    factors: Factors

    def solve(self, mesa: Array, pseudo: Array, transposed: bool = False) -> tuple[Array, Array]:
        """Return temperatures of the mesa and potentials (p, nodes) of this process. Collective."""
        return self.matrix.solve(self.factors, mesa, pseudo, transposed)
