"""Preconditioner for a mesa on a layered crystal: the crystal by its depth modes, the mesa on a crystal of few layers.

What the mesa feels of the crystal is the response of its top, sum_j t_j^2 / (k^2 + mu_j) at wave number k. A few terms
w_i / (k^2 + nu_i) are nearly the same function: mesa and as many pseudo-layers make a small matrix, which every process
factorises at a new state. From it come mesa and heat into the crystal, from the depth modes the temperatures below:
their factors serve all states and are spread over the processes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.linear.depth import Depth, FewLayers, few_layers
from hotmesa.solver.linear.jacobian import LocalPattern
from hotmesa.solver.linear.plane import CrystalSolver, Plane
from hotmesa.solver.linear.reduced import ReducedFactors, ReducedMatrix, find_places
from hotmesa.solver.parallel import global_max, global_sums

Index = NDArray[np.int64]
PSEUDO_LAYERS = 4
"""Terms of the response of the top: with four it is 1 to 2 % off; see benchmarks/bench_branch.py."""
FEWEST_LAYERS = 6
"""Sublayers of a crystal from which on this pays."""
LARGEST_SPREAD = 1.0
"""Of the couplings through the depth over their mean: beyond, the crystal is no tensor product."""
DRIFT = 0.1
"""Change of a mean coupling, as a part of it, that is worth new factors of the depth modes."""


def layers_suffice(layout: Layout) -> bool:
    """Return whether a device is a mesa on a crystal of many sublayers."""
    if any(s.layer in layout.operators.own_stiffness for s in layout.crystal_layers):
        return False  # modes through the depth share one plane
    junctions_on_mesa = all(layout.sublayers[k].on_mesa for k in layout.junction_layers)
    return junctions_on_mesa and len(layout.crystal_layers) >= FEWEST_LAYERS and len(layout.mesa_layers) > 0


class Layered:
    """Makes preconditioners of the Jacobians of one device."""

    def __init__(self, layout: Layout, pattern: LocalPattern, conduction: sp.csr_matrix, fixed: Index) -> None:
        """Take the conduction along the layers (rows of this process) and the fixed unknowns. Collective."""
        operators = layout.operators
        self._comm, self._layout = operators.comm, layout
        self._places = find_places(layout, pattern)
        first = len(layout.mesa_layers)
        self._start = start = int(layout.starts[first])
        self._bottom = np.arange(layout.starts[first - 1], start)
        self._thicknesses = np.array([sublayer.thickness for sublayer in layout.crystal_layers])
        self._shape = len(layout.crystal_layers), operators.owned
        rim = np.zeros(layout.size, dtype=bool)
        rim[fixed] = True
        self._free = ~rim[start : start + operators.owned]
        self._mass = operators.mass
        self._weights = operators.mesa_mass * self._free
        self._weights = self._weights / global_sums(self._comm, np.array([self._weights.sum()]))[0]
        self._plane = Plane(self._comm, operators.stiffness, operators.mass, ~self._free)
        # The largest eigenvalue of (K, M), from above.
        stiffest = float((self._plane.stiffness.diagonal() / self._plane.mass).max())
        self._largest = 2.0 * stiffest
        self._reduced = ReducedMatrix(layout, self._places, conduction, self._plane, PSEUDO_LAYERS)
        self._depth = Depth(np.zeros((0, 0)), self._thicknesses)
        self._crystal: CrystalSolver | None = None
        self._few: FewLayers | None = None

    def factors(self, kappa: Array, local: Array) -> LayeredFactors | None:
        """Return the preconditioner of a Jacobian, None if its crystal is not nearly a tensor product. Collective.

        Earlier ones become invalid.

        Args:
            kappa: in-plane conductivity of every unknown.
            local: entries of the node-local part.
        """
        depth, spread = self._mean(kappa, local)
        if not spread <= LARGEST_SPREAD:
            return None
        if self._crystal is None or self._few is None or _drift(depth, self._depth) > DRIFT:
            modes = depth.modes()
            self._depth, self._few = depth, few_layers(modes, PSEUDO_LAYERS, self._largest)
            self._crystal = CrystalSolver(self._plane, modes)
        top = kappa[self._start :][self._layout.mesa_nodes]
        reduced = self._reduced.factorise(kappa, local, self._few, top)
        places, nodes = self._places, self._layout.mesa_nodes
        flux = Flux(self._bottom, nodes, local[places.crystal_by_mesa], local[places.mesa_by_crystal] / top)
        return LayeredFactors(self._crystal, reduced, self._few, flux, kappa[self._start :].reshape(self._shape))

    def _mean(self, kappa: Array, local: Array) -> tuple[Depth, float]:
        """Return the crystal with the mean couplings under the mesa, and how far any is from its mean. Collective."""
        places, scale = self._places, kappa[self._start :].reshape(self._shape) * self._mass
        out = local[places.diagonal]
        out[0, self._layout.mesa_nodes] += local[places.mesa_by_crystal]  # what flows to the mesa
        couplings = np.vstack([out / scale, local[places.up] / scale[1:], local[places.down] / scale[:-1]])
        mean, layers = global_sums(self._comm, couplings @ self._weights), len(scale)
        T = np.diag(mean[:layers]) + np.diag(mean[layers : 2 * layers - 1], 1) + np.diag(mean[2 * layers - 1 :], -1)
        size = np.concatenate([mean[:layers], mean[: layers - 1], mean[1:layers]])[:, None]
        away = np.abs(couplings - mean[:, None])[:, self._free] / size
        return Depth(T, self._thicknesses), global_max(self._comm, away.max(initial=0.0))


def _drift(new: Depth, old: Depth) -> float:
    """Return the largest change of a coupling as a part of those of its sublayer."""
    return float((np.abs(new.couplings - old.couplings) / np.diag(old.couplings)[:, None]).max())


@dataclass(frozen=True)
class Flux:
    """Heat from mesa to crystal by the temperatures of the bottom of the mesa and the potentials of the crystal's top.

    Attributes:
        bottom: unknowns of the bottom of the mesa.
        nodes: those of the plan under it.
        by_mesa, by_top: derivatives, the first with the opposite sign, shape (m,).
    """

    bottom: Index
    nodes: Index
    by_mesa: Array
    by_top: Array


class LayeredFactors:
    """A preconditioner: one solution with the reduced matrix and one of the crystal."""

    def __init__(
        self, crystal: CrystalSolver, reduced: ReducedFactors, few: FewLayers, flux: Flux, kappa: Array
    ) -> None:
        """Keep what it is made of; `kappa` are the conductivities of the crystal, shape (S, nodes)."""
        self._crystal, self._reduced, self._few, self._flux, self._kappa = crystal, reduced, few, flux, kappa

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return nearly the solution for one right-hand side (values of this rank), or of the transpose. Collective."""
        mesa = rhs.size - self._kappa.size
        heat = rhs[mesa:].reshape(self._kappa.shape)
        return (self._transposed if transposed else self._direct)(rhs[:mesa], heat)

    def _direct(self, mesa: Array, heat: Array) -> Array:
        flux, few = self._flux, self._few
        T, pseudo = self._reduced.solve(mesa, few.shares @ heat)
        into = heat.copy()
        into[0, flux.nodes] += flux.by_top * (few.roots @ pseudo[:, flux.nodes]) - flux.by_mesa * T[flux.bottom]
        return np.concatenate([T, self._with_fixed(self._crystal.solve(into) / self._kappa, heat)])

    def _transposed(self, mesa: Array, heat: Array) -> Array:
        flux, few = self._flux, self._few
        below = self._crystal.solve(heat / self._kappa, transposed=True)
        top, by_T, by_pseudo = below[0, flux.nodes], mesa.copy(), np.zeros((few.roots.size, below.shape[1]))
        by_T[flux.bottom] -= flux.by_mesa * top
        by_pseudo[:, flux.nodes] = few.roots[:, None] * (flux.by_top * top)
        T, pseudo = self._reduced.solve(by_T, by_pseudo, transposed=True)
        return np.concatenate([T, self._with_fixed(below + few.shares.T @ pseudo, heat)])

    def _with_fixed(self, values: Array, rhs: Array) -> Array:
        """Return values, flat, with the unknowns that are fixed by equations of their own."""
        fixed = self._crystal.fixed
        values[:, fixed] = rhs[:, fixed]
        return values.ravel()
