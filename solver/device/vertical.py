"""Heat flow between sublayers: finite volumes through the thickness, node by node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.solver.device.layout import Layout, Potentials
from hotmesa.solver.device.stack import Sublayer
from hotmesa.solver.errors import SolveError

Index = NDArray[np.int64]
MAX_STEPS = 100
LAST_CHANGE = 1e-9
"""Relative change of the heat through a boundary that ends Newton's method: its square is below rounding."""


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

    q = (T_u - T_l) / ( d_u / 2 kappa_u + 1/h + d_l / 2 kappa_l ), see `series_flux`. `factor` is on h, of every pair.
    """

    upper: Index
    lower: Index
    mass: Array
    above: Sublayer
    below: Sublayer
    factor: Array | None = None

    def flux(self, T: Array, potentials: Potentials) -> Flux:
        """Return the flux of every pair."""
        return series_flux(T[self.upper], T[self.lower], self.above, self.below, factor=self.factor)


@dataclass(frozen=True)
class BoundaryCurve:
    """Neighbours across a boundary whose conductance h depends on temperature.

    Heat passes the half sublayers and the boundary alike, with T_1 and T_2 on its sides:

        q = (psi_u(T_u) - psi_u(T_1)) / (d_u/2) = int_{T_2}^{T_1} h dT = (psi_l(T_2) - psi_l(T_l)) / (d_l/2)

    Every side sends by its own temperature, as phonons through a boundary do: h = 4 a T^3 gives q = a (T_1^4 - T_2^4)
    (Swartz and Pohl, Rev. Mod. Phys. 61, 605 (1989)). `factor` is on h, of every pair.
    """

    upper: Index
    lower: Index
    mass: Array
    above: Sublayer
    below: Sublayer
    conductance: PowerCurve
    factor: Array | float = 1.0

    def flux(self, T: Array, potentials: Potentials) -> Flux:
        """Return the flux of every pair.

        Raises:
            SolveError: the temperatures of the sides were not found.
        """
        T_u, T_l = T[self.upper], T[self.lower]
        q = self._passed(T_u, T_l)
        sides = self._sides(q, T_u, T_l)
        fall = self._by_flux(*sides)
        h_1, h_2 = (self.factor * self.conductance(side) for side in sides)
        # g(q, T_u, T_l) = int h - q = 0, with psi_u(T_1) = psi_u(T_u) - q d_u/2 and the like below.
        k_u, k_l = self.above.material.out_of_plane, self.below.material.out_of_plane
        return Flux(q, h_1 * k_u(T_u) / k_u(sides[0]) / fall, -h_2 * k_l(T_l) / k_l(sides[1]) / fall)

    def _sides(self, q: Array, T_u: Array, T_l: Array) -> tuple[Array, Array]:
        """Return the temperatures on both sides of the boundary through which q flows."""
        k_u, k_l = self.above.material.out_of_plane, self.below.material.out_of_plane
        T_1 = k_u.inverse_integral(k_u.integral(T_u) - 0.5 * self.above.thickness * q)
        return T_1, k_l.inverse_integral(k_l.integral(T_l) + 0.5 * self.below.thickness * q)

    def _by_flux(self, T_1: Array, T_2: Array) -> Array:
        """Return by how much q - int h dT grows with q; at least 1."""
        r_u = 0.5 * self.above.thickness / self.above.material.out_of_plane(T_1)
        r_l = 0.5 * self.below.thickness / self.below.material.out_of_plane(T_2)
        return np.asarray(1.0 + self.factor * (self.conductance(T_1) * r_u + self.conductance(T_2) * r_l))

    def _passed(self, T_u: Array, T_l: Array) -> Array:
        """Return q by Newton's method, between none and what would let one side have the temperature of the other."""
        k_u, k_l = self.above.material.out_of_plane, self.below.material.out_of_plane
        most_u = (k_u.integral(T_u) - k_u.integral(T_l)) * 2.0 / self.above.thickness
        most_l = (k_l.integral(T_u) - k_l.integral(T_l)) * 2.0 / self.below.thickness
        most = np.where(np.abs(most_u) < np.abs(most_l), most_u, most_l)
        low, high = np.minimum(0.0, most), np.maximum(0.0, most)
        q = 0.5 * most
        for _ in range(MAX_STEPS):
            T_1, T_2 = self._sides(q, T_u, T_l)
            excess = self.factor * (self.conductance.integral(T_1) - self.conductance.integral(T_2)) - q
            low, high = np.where(excess > 0.0, q, low), np.where(excess > 0.0, high, q)
            step = q + excess / self._by_flux(T_1, T_2)
            new = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
            done = np.abs(new - q) <= LAST_CHANGE * np.abs(most)
            q = new
            if done.all():
                return q
        raise SolveError(f"the boundary below {self.above.name} passes a heat that was not found in {MAX_STEPS} steps")


def series_flux(
    T_upper: Array,
    T_lower: Array,
    above: Sublayer | None,
    below: Sublayer | None,
    h: float = np.inf,
    factor: Array | None = None,
) -> Flux:
    """Return the flux through up to two half sublayers and a boundary of conductance h (µW/(µm² K)) times a factor.

    Without a boundary both conductivities are taken at the mean temperature. A boundary takes a share of the drop:
    each side then stays nearer to its own temperature, without which thin sublayers would converge to first order.
    """
    gap: Array | float = 1.0 / min(h, above.boundary if above and below else np.inf)
    gap = gap if factor is None else gap / factor
    drop, mean = T_upper - T_lower, 0.5 * (T_upper + T_lower)
    halves, growth = (sum(parts) for parts in zip(_half(above, mean), _half(below, mean), strict=True))
    if factor is None and gap == 0.0:
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
        mass = layout.mass_below(k)
        local = above.boundary_factor
        factor = None if local is None else local(layout.operators.xy[layout.nodes_of(k)])
        if above.material is below.material and np.isinf(above.boundary):
            distance = 0.5 * (above.thickness + below.thickness)
            run.append((upper, lower, mass, np.full(mass.size, 1.0 / distance)))
        elif above.boundary_curve is not None:
            curve, on_curve = above.boundary_curve, 1.0 if factor is None else factor
            interfaces.append(BoundaryCurve(upper, lower, mass, above, below, curve, on_curve))
        else:
            interfaces.append(UnlikeMaterials(upper, lower, mass, above, below, factor))
    if run:
        upper, lower, mass, inverse = (np.concatenate(parts) for parts in zip(*run, strict=True))
        interfaces.append(SameMaterial(upper, lower, mass, inverse))
    return tuple(interfaces)


def _pairs(layout: Layout, k: int) -> tuple[Index, Index]:
    """Return the unknowns of sublayer k and those right below them."""
    upper = np.arange(layout.starts[k], layout.starts[k + 1])
    position = np.searchsorted(layout.nodes_of(k + 1), layout.nodes_of(k))
    return upper, layout.starts[k + 1] + position
