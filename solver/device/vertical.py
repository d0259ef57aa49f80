"""Heat flow between sublayers: finite volumes through the thickness, node by node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout, Potentials
from hotmesa.solver.device.stack import Sublayer

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Flux:
    """Heat flux density from upper to lower places (µW/µm²) and its derivatives (µW/(µm² K))."""

    q: Array
    by_upper: Array
    by_lower: Array


class Interface(Protocol):
    """Pairs of unknowns, one above the other, that exchange heat over the areas `mass`."""

    @property
    def upper(self) -> Index:
        """Numbers of the upper unknowns."""

    @property
    def lower(self) -> Index:
        """Numbers of the lower unknowns."""

    @property
    def mass(self) -> Array:
        """Lumped areas (µm²)."""

    def flux(self, T: Array, potentials: Potentials) -> Flux:
        """Return the flux of every pair."""


@dataclass(frozen=True)
class SameMaterial:
    """Neighbours of one material: q = (psi_upper - psi_lower) / distance, exact in the Kirchhoff potential.

    Attributes:
        upper, lower: numbers of the unknowns.
        mass: lumped areas (µm²).
        inverse_distance: 1/µm between the middles of the two sublayers.
    """

    upper: Index
    lower: Index
    mass: Array
    inverse_distance: Array

    def flux(self, T: Array, potentials: Potentials) -> Flux:
        """Return the flux of every pair."""
        g = self.inverse_distance
        return Flux(
            g * (potentials.psi[self.upper] - potentials.psi[self.lower]),
            g * potentials.kappa_across[self.upper],
            -g * potentials.kappa_across[self.lower],
        )


@dataclass(frozen=True)
class UnlikeMaterials:
    """Neighbours of two materials: two half sublayers and the boundary in series.

    q = (T_u - T_l) / ( d_u / 2 kappa_u + 1/h + d_l / 2 kappa_l ), see `series_flux`.
    """

    upper: Index
    lower: Index
    mass: Array
    above: Sublayer
    below: Sublayer

    def flux(self, T: Array, potentials: Potentials) -> Flux:
        """Return the flux of every pair."""
        return series_flux(T[self.upper], T[self.lower], self.above, self.below)


def series_flux(
    T_upper: Array, T_lower: Array, above: Sublayer | None, below: Sublayer | None, h: float = np.inf
) -> Flux:
    """Return the flux through up to two half sublayers and a boundary of conductance h (µW/(µm² K)).

    Without a boundary both conductivities are taken at the mean temperature. A boundary takes a share of the drop:
    each side then stays nearer to its own temperature, without which thin sublayers would converge to first order.
    """
    gap = 1.0 / min(h, above.boundary if above and below else np.inf)
    drop, mean = T_upper - T_lower, 0.5 * (T_upper + T_lower)
    halves, growth = (sum(parts) for parts in zip(_half(above, mean), _half(below, mean), strict=True))
    if gap == 0.0:
        q = drop / halves
        return Flux(q, (1.0 - 0.5 * q * growth) / halves, -(1.0 + 0.5 * q * growth) / halves)
    share = halves / (halves + gap)
    # Half of the change of the share with the mean temperature, which moves by half of each temperature.
    bend = 0.25 * drop * gap * growth / (halves + gap) ** 2
    r_above, r_above_T = _half(above, T_upper - 0.5 * share * drop)
    r_below, r_below_T = _half(below, T_lower + 0.5 * share * drop)
    resistance = r_above + gap + r_below
    q = drop / resistance
    near, far = 1.0 - 0.5 * share, 0.5 * share
    by_upper = r_above_T * (near - bend) + r_below_T * (far + bend)
    by_lower = r_above_T * (far - bend) + r_below_T * (near + bend)
    return Flux(q, (1.0 - q * by_upper) / resistance, -(1.0 + q * by_lower) / resistance)


def _half(sublayer: Sublayer | None, T: Array) -> tuple[Array, Array]:
    """Return the resistance (µm² K/µW) of half a sublayer at temperatures T, and its derivative by T."""
    if sublayer is None:
        return np.zeros(T.shape), np.zeros(T.shape)
    conductivity, slope = sublayer.material.out_of_plane.with_slope(T)
    resistance = 0.5 * sublayer.thickness / conductivity
    return resistance, -resistance * slope / conductivity


def build_interfaces(layout: Layout) -> tuple[Interface, ...]:
    """Return all interfaces between the unknown sublayers; runs of one material are gathered into one."""
    interfaces: list[Interface] = []
    run: list[tuple[Index, Index, Array, Array]] = []
    for k in range(len(layout.sublayers) - 1):
        above, below = layout.sublayers[k], layout.sublayers[k + 1]
        upper, lower = _pairs(layout, k)
        mass = layout.mass(k)
        if above.material is below.material and np.isinf(above.boundary):
            distance = 0.5 * (above.thickness + below.thickness)
            run.append((upper, lower, mass, np.full(mass.size, 1.0 / distance)))
        else:
            interfaces.append(UnlikeMaterials(upper, lower, mass, above, below))
    if run:
        upper, lower, mass, inverse = (np.concatenate(parts) for parts in zip(*run, strict=True))
        interfaces.append(SameMaterial(upper, lower, mass, inverse))
    return tuple(interfaces)


def _pairs(layout: Layout, k: int) -> tuple[Index, Index]:
    """Return the unknowns of sublayer k and those right below them."""
    upper = np.arange(layout.starts[k], layout.starts[k + 1])
    position = np.searchsorted(layout.nodes_of(k + 1), layout.nodes_of(k))
    return upper, layout.starts[k + 1] + position
