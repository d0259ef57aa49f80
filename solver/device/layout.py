"""Where each unknown temperature stands in the vector of one rank, and the Kirchhoff potentials of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.solver.device.plan import PlanOperators
from hotmesa.solver.device.stack import Sublayer


@dataclass(frozen=True)
class Potentials:
    """Kirchhoff potentials (µW/µm) and conductivities (µW/(µm K)) of every unknown temperature.

    Attributes:
        phi: integral of the in-plane conductivity over temperature.
        kappa: in-plane conductivity, d phi / dT.
        psi: integral of the conductivity across the layers.
        kappa_across: that conductivity, d psi / dT.
    """

    phi: Array
    kappa: Array
    psi: Array
    kappa_across: Array


@dataclass(frozen=True)
class Layout:
    """Order of the unknown temperatures: mesa sublayers on the mesa nodes, then crystal sublayers.

    In the condensed form the crystal is represented by its top sublayer on the mesa nodes alone, and its
    in-plane potential is that across the layers (both share one shape there).
    """

    operators: PlanOperators
    stack: tuple[Sublayer, ...]
    condensed: bool = False

    @cached_property
    def mesa_nodes(self) -> NDArray[np.int64]:
        """Owned nodes of the plan that belong to the mesa."""
        return np.flatnonzero(self.operators.mesa_mass > 0.0)

    @cached_property
    def mesa_layers(self) -> tuple[Sublayer, ...]:
        """Sublayers on the mesa, from top to bottom."""
        return tuple(s for s in self.stack if s.on_mesa)

    @cached_property
    def crystal_layers(self) -> tuple[Sublayer, ...]:
        """Sublayers on the whole plan, from top to bottom."""
        return tuple(s for s in self.stack if not s.on_mesa)

    @property
    def crystal_nodes(self) -> NDArray[np.int64]:
        """Owned nodes that carry crystal unknowns."""
        return self.mesa_nodes if self.condensed else np.arange(self.operators.owned)

    @cached_property
    def sublayers(self) -> tuple[Sublayer, ...]:
        """Sublayers that are unknown in this form."""
        crystal = self.crystal_layers[:1] if self.condensed else self.crystal_layers
        return self.mesa_layers + crystal

    def nodes_of(self, k: int) -> NDArray[np.int64]:
        """Return the owned plan nodes of sublayer k."""
        return self.mesa_nodes if self.sublayers[k].on_mesa else self.crystal_nodes

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """First unknown of each sublayer, with the total number at the end."""
        return np.concatenate([[0], np.cumsum([self.nodes_of(k).size for k in range(len(self.sublayers))])])

    @property
    def size(self) -> int:
        """Number of unknown temperatures on this rank."""
        return int(self.starts[-1])

    def rows(self, k: int) -> slice:
        """Return where the unknowns of sublayer k stand."""
        return slice(int(self.starts[k]), int(self.starts[k + 1]))

    def stiffness(self, k: int) -> sp.csr_matrix:
        """Return the integral of grad u grad v over sublayer k: that of its layer, where it has one of its own."""
        sublayer, operators = self.sublayers[k], self.operators
        return operators.stiffness_of(sublayer.layer, sublayer.on_mesa)

    def mass(self, k: int) -> Array:
        """Return the lumped area (µm²) of each node of sublayer k, at its middle."""
        return self._of_area(k, self.sublayers[k].area)

    def mass_below(self, k: int) -> Array:
        """Return the same at the lower face of sublayer k, through which heat flows to the next one."""
        return self._of_area(k, self.sublayers[k].area_below)

    def _of_area(self, k: int, ratio: float) -> Array:
        weights = self.operators.mesa_mass if self.sublayers[k].on_mesa else self.operators.mass
        return weights[self.nodes_of(k)] if ratio == 1.0 else ratio * weights[self.nodes_of(k)]

    @cached_property
    def rim_rows(self) -> NDArray[np.int64]:
        """Unknowns of the crystal on its rim (none in the condensed form, which eliminates them)."""
        if self.condensed:
            return np.zeros(0, dtype=np.int64)
        rim = np.flatnonzero(self.operators.on_rim)
        return np.concatenate(
            [np.zeros(0, np.int64)] + [self.starts[k] + rim for k, s in enumerate(self.sublayers) if not s.on_mesa]
        )

    @cached_property
    def junction_layers(self) -> tuple[int, ...]:
        """Numbers of the sublayers that hold junctions (consecutive)."""
        return tuple(k for k, s in enumerate(self.sublayers) if s.junctions > 0.0)

    @property
    def junction_rows(self) -> slice:
        """Where the temperatures of the junction sublayers stand."""
        first, last = self.junction_layers[0], self.junction_layers[-1]
        return slice(int(self.starts[first]), int(self.starts[last + 1]))

    def _groups(self) -> Iterator[tuple[slice, PowerCurve, PowerCurve]]:
        """Yield runs of unknowns of one material with its potentials, so that each is evaluated in one call."""
        numbered = list(enumerate(self.sublayers))
        for _, run in groupby(numbered, key=lambda ks: (id(ks[1].material), ks[1].on_mesa)):
            ks = [k for k, _ in run]
            sublayer = self.sublayers[ks[0]]
            across = sublayer.material.out_of_plane
            along = across if self.condensed and not sublayer.on_mesa else sublayer.material.in_plane
            yield slice(int(self.starts[ks[0]]), int(self.starts[ks[-1] + 1])), along, across

    @cached_property
    def _curves(self) -> tuple[tuple[slice, PowerCurve, PowerCurve, float | None], ...]:
        return tuple((rows, along, across, across.ratio_to(along)) for rows, along, across in self._groups())

    def potentials(self, T: Array, reference: float) -> Potentials:
        """Return potentials and conductivities of the temperatures T (K), potentials zero at the reference (K)."""
        phi, kappa, psi, across = (np.empty(self.size) for _ in range(4))
        for rows, along, through, ratio in self._curves:
            kappa[rows], integral = along.with_integral(T[rows])
            phi[rows] = integral - along.integral(reference)
            if ratio is None:
                across[rows], integral = through.with_integral(T[rows])
                psi[rows] = integral - through.integral(reference)
            else:
                psi[rows], across[rows] = ratio * phi[rows], ratio * kappa[rows]
        return Potentials(phi, kappa, psi, across)

    def on_plan(self, values: Array) -> Array:
        """Return values of the unknowns on the owned nodes of every sublayer, shape (stack, owned); NaN elsewhere."""
        fields = np.full((len(self.stack), self.operators.owned), np.nan)
        for k in range(len(self.sublayers)):
            fields[k, self.nodes_of(k)] = values[self.rows(k)]
        return fields

    def from_plan(self, fields: Array) -> Array:
        """Return the values of the unknowns in fields of shape (stack, owned): what `on_plan` spreads."""
        return np.concatenate([fields[k, self.nodes_of(k)] for k in range(len(self.sublayers))])
