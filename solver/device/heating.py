"""Joule heating of the junctions: the local law under one common voltage, or that of each place."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.law.laws import JunctionLaw, LawValues


@dataclass(frozen=True)
class JunctionState:
    """Current density and heating of S junction sublayers at m nodes, with derivatives.

    Attributes:
        J: current density (mA/µm²), shape (m,).
        J_by_T: its derivatives by the temperature of each sublayer, shape (S, m).
        J_by_V: its derivative by the voltage (mA/(µm² mV)), shape (m,).
        Q: heating of each sublayer (µW/µm²), shape (S, m).
        Q_by_T: derivative of Q[k] by T[l], shape (S, S, m).
        Q_by_V: derivative of Q[k] by V, shape (S, m).
    """

    J: Array
    J_by_T: Array
    J_by_V: Array
    Q: Array
    Q_by_T: Array
    Q_by_V: Array

    def only(self, nodes: NDArray[np.int64]) -> JunctionState:
        """Return the state of some of the nodes."""
        return JunctionState(*(np.asarray(getattr(self, part.name)[..., nodes]) for part in fields(self)))


@dataclass(frozen=True)
class Junctions:
    """The stack of junctions as seen by the heat equation.

    Attributes:
        law: i(v, T) of one junction.
        resistance: specific resistance r of one junction (Ω µm²), J = i/r.
        counts: voltage-carrying junctions in each sublayer, shape (S,).
        factor: on the resistance at every node, shape (m,), where it depends on the place.
        scale: of all energies of the law at every node, shape (m,), where they do.
        areas: of the junctions of each sublayer over that of the outline, shape (S,); None where all are alike.

    One current flows through all junctions of a stack. J is its density over the outline; in sublayer k, whose area
    is a_k times as large, it is J/a_k, so that sum_k n_k v(J/a_k, T_k) = V.
    """

    law: JunctionLaw
    resistance: float
    counts: Array
    factor: Array | None = None
    scale: Array | None = None
    areas: Array | None = None

    @property
    def local_resistance(self) -> Array | float:
        """Specific resistance of one junction (Ω µm²) at every node."""
        return self.resistance if self.factor is None else self.resistance * self.factor

    def _law(self, v: Array | float, T: Array) -> LawValues:
        """Return the current over the outline at voltages v (mV) and temperatures T (K), shape (m,) or (S, m)."""
        own = self._of_junction(v, T)
        if self.areas is None:
            return own
        a = self.areas[0] if T.ndim == 1 else self.areas[:, None]
        return replace(own, i=a * own.i, di_dv=a * own.di_dv, di_dT=a * own.di_dT)

    def _of_junction(self, v: Array | float, T: Array) -> LawValues:
        """Return the law at voltages v (mV) of one junction and temperatures T (K).

        With gap, k T_c and scattering rate s times as large, tunnelling is that of the law at eV/s and kT/s:
        i(v, T) = s i_1(v/s, T/s), for all its energies are in proportion. Below its lowest temperature the law no
        longer changes.
        """
        if self.scale is None:
            return self.law.at_voltage(v, T) if isinstance(v, float) else self.law.at(v, T)
        s = np.broadcast_to(self.scale, T.shape)
        own = self.law.at(v / s, np.maximum(T / s, self.law.T_range[0]))
        return replace(own, i=s * own.i)

    def evaluate(self, V: float | Array, T: Array) -> JunctionState:
        """Return current and heating at voltage V (mV), a number or shape (m,), and temperatures T (K), shape (S, m).

        With one sublayer every node sees v = V/n. With several, J is common to all and the voltages adjust:
        sum_k n_k v(J, T_k) = V.

        Raises:
            SolveError: the voltages of the sublayers could not be matched.
        """
        if len(self.counts) == 1:
            return self._single(V, T)
        return self._stacked(V, T)

    def _single(self, V: float | Array, T: Array) -> JunctionState:
        n, r = float(self.counts[0]), self.local_resistance
        law = self._law(V / n, T[0])
        J, J_T, J_V = law.i / r, law.di_dT / r, law.di_dv / (n * r)
        return JunctionState(J, J_T[None], J_V, (V * J)[None], (V * J_T)[None, None], (J + V * J_V)[None])

    def _stacked(self, V: float | Array, T: Array) -> JunctionState:
        n, r = self.counts[:, None], self.local_resistance
        v = self._match(V, T)
        law = self._law(v, T)
        # Implicit differentiation of sum n_k v_k(i, T_k) = V: dv_k = (di - i_T dT_k) / i_v.
        stiffness = np.sum(n / law.di_dv, axis=0)
        i = law.i.mean(axis=0)
        i_V = 1.0 / stiffness
        i_T = n * law.di_dT / law.di_dv * i_V
        Q = n * v * i / r
        v_T = i_T[None, :, :] / law.di_dv[:, None, :]
        diagonal = np.arange(len(self.counts))
        v_T[diagonal, diagonal] -= law.di_dT / law.di_dv
        Q_T = n[:, None] * (v_T * i + v[:, None, :] * i_T[None]) / r
        Q_V = n * (i_V / law.di_dv * i + v * i_V) / r
        return JunctionState(i / r, i_T / r, i_V / r, Q, Q_T, Q_V)

    def _match(self, V: float | Array, T: Array) -> Array:
        """Return the voltage per junction in each sublayer (mV), shape of T, by Newton's method on sum n_k v_k = V."""
        n = self.counts[:, None]
        v = np.tile(V / float(self.counts.sum()), (len(T), 1)) * np.ones(T.shape)
        if not np.any(V):
            return v
        for _ in range(50):
            law = self._law(v, T)
            weight = n / law.di_dv
            i = np.sum(weight * law.i, axis=0) / np.sum(weight, axis=0)
            step = (i - law.i) / law.di_dv
            # A sublayer never takes more than twice or less than half of its voltage in one step.
            v_new = v * np.clip(1.0 + step / v, 0.5, 2.0)
            v_new *= V / np.sum(n * v_new, axis=0)
            if np.max(np.abs(v_new - v), initial=0.0) <= 1e-13 * np.max(np.abs(V)):
                return np.asarray(v_new)
            v = v_new
        raise SolveError("the voltages of the mesa sublayers did not match one common current; use fewer sublayers")
