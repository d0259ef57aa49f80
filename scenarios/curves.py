"""Temperature-dependent properties as piecewise power laws, with exact integrals and their inverse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from hotmesa.scenarios.arrays import Array


@dataclass(frozen=True)
class PowerCurve:
    """A property y(T): linear in (log T, log y) between the nodes, constant outside them.

    The rule matters: conductivities and heat capacities fall over decades towards low temperature, where a
    straight line in T overestimates them grossly. Integrals are exact, so that the Kirchhoff potential
    of the property is consistent with the property itself.

    Attributes:
        nodes: temperatures (K), increasing, shape (n,).
        values: the property there, positive, shape (n,).
        origin: temperature (K) from which integrals are taken; the first node if not given.
    """

    nodes: Array
    values: Array
    origin: float | None = None

    @staticmethod
    def constant(value: float) -> PowerCurve:
        """Return the curve that has one value at every temperature."""
        return PowerCurve(np.array([1.0]), np.array([value]))

    @cached_property
    def is_constant(self) -> bool:
        """Whether the property is the same at every temperature."""
        return bool(np.ptp(self.values) == 0.0)

    @cached_property
    def _segments(self) -> tuple[Array, Array, Array, Array, Array]:
        # Segment s holds T up to nodes[s]; the first and the last are the constant continuations. Each is a power of T
        # over a temperature of it, whose value and integral are known: its start, or the origin if that lies in it.
        slope = np.diff(np.log(self.values)) / np.diff(np.log(self.nodes))
        power = np.concatenate([[0.0], slope, [0.0]])
        start = np.concatenate([self.nodes[:1], self.nodes]).astype(float)
        value = np.concatenate([self.values[:1], self.values]).astype(float)
        pieces = value[1:-1] * _integral_of_power(self.nodes[1:] / self.nodes[:-1], slope) * self.nodes[:-1]
        base = np.concatenate([[0.0, 0.0], np.cumsum(pieces)])
        ends = base[1:]
        if self.origin is not None:
            s, away = int(np.searchsorted(self.nodes, self.origin)), self.origin
            to_origin = base[s] + value[s] * start[s] * _integral_of_power(away / start[s], power[s])
            base, ends = base - to_origin, ends - to_origin
            value[s], start[s], base[s] = value[s] * (away / start[s]) ** power[s], away, 0.0
        return start, value, power, base, ends

    @property
    def _zero(self) -> float:
        return float(self.nodes[0] if self.origin is None else self.origin)

    def measured_from(self, temperature: float) -> PowerCurve:
        """Return the curve with its integrals taken from a temperature (K): near it they keep all their digits."""
        return replace(self, origin=temperature)

    def __call__(self, temperature: ArrayLike) -> Array:
        """Return the property at the given temperatures (K), same shape."""
        return self._located(temperature)[1]

    def slope(self, temperature: ArrayLike) -> Array:
        """Return dy/dT at the given temperatures, same shape."""
        return self.with_slope(temperature)[1]

    def integral(self, temperature: ArrayLike) -> Array:
        """Return the integral of y from the origin to T (unit of y times K), same shape."""
        return self.with_integral(temperature)[1]

    def with_slope(self, temperature: ArrayLike) -> tuple[Array, Array]:
        """Return the property and its slope, of one look-up."""
        T = np.asarray(temperature, dtype=float)
        if self.is_constant:
            return self(T), np.zeros(T.shape)
        s, y = self._located(T)
        return y, np.asarray(self._segments[2][s] * y / T)

    def with_integral(self, temperature: ArrayLike) -> tuple[Array, Array]:
        """Return the property and its integral from the origin, of one look-up."""
        T = np.asarray(temperature, dtype=float)
        if self.is_constant:
            return self(T), np.asarray(self.values[0] * (T - self._zero))
        start, value, power, base, _ = self._segments
        s = np.asarray(np.searchsorted(self.nodes, T))
        # The difference of two temperatures near each other is exact, and so is what follows from it.
        log = np.log1p((T - start[s]) / start[s])
        y, p1 = value[s] * np.exp(power[s] * log), power[s] + 1.0
        safe = np.where(p1 == 0.0, 1.0, p1)
        lengths = np.where(p1 == 0.0, log, np.expm1(safe * log) / safe)
        return y, np.asarray(base[s] + (value * start)[s] * lengths)

    def _located(self, temperature: ArrayLike) -> tuple[Array, Array]:
        """Return the segment of every temperature and the property there."""
        T = np.asarray(temperature, dtype=float)
        if self.is_constant:
            return np.zeros(T.shape, dtype=int), np.full(T.shape, self.values[0])
        start, value, power, _, _ = self._segments
        s = np.asarray(np.searchsorted(self.nodes, T))
        return s, np.asarray(value[s] * (T / start[s]) ** power[s])

    def inverse_integral(self, integral: ArrayLike) -> Array:
        """Return the temperature (K) at which the integral from the origin has the given value."""
        target = np.asarray(integral, dtype=float)
        if self.is_constant:
            return np.asarray(self._zero + target / self.values[0])
        start, value, power, base, ends = self._segments
        s = np.searchsorted(ends, target)
        return np.asarray(start[s] * _inverse_integral_of_power((target - base[s]) / (value[s] * start[s]), power[s]))

    def scaled(self, factor: float) -> PowerCurve:
        """Return the curve with every value multiplied by the factor."""
        return replace(self, values=self.values * factor)

    def ratio_to(self, other: PowerCurve) -> float | None:
        """Return y/y_other if that is one number at all temperatures (both share one shape), else None."""
        T = np.union1d(self.nodes, other.nodes)
        ratio = self(T) / other(T)
        # 1e-12: the same table multiplied by a factor agrees to rounding.
        return float(ratio[0]) if np.ptp(ratio) <= 1e-12 * ratio[0] else None


def _integral_of_power(t: Array, power: Array) -> Array:
    """Return the integral of u^power from 1 to t; near the power -1 no digits are lost."""
    p1 = power + 1.0
    safe = np.where(p1 == 0.0, 1.0, p1)
    log = np.log(t)
    return np.where(p1 == 0.0, log, np.expm1(safe * log) / safe)


def _inverse_integral_of_power(integral: Array, power: Array) -> Array:
    """Return the upper limit t at which the integral of u^power from 1 to t has the given value."""
    p1 = power + 1.0
    safe = np.where(p1 == 0.0, 1.0, p1)
    # Both forms are evaluated everywhere: the logarithm of what belongs to the other one would not exist.
    inside = np.where(p1 == 0.0, 0.0, safe * integral)
    return np.asarray(np.exp(np.where(p1 == 0.0, integral, np.log1p(inside) / safe)))
