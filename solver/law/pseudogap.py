"""Normal resistance of a junction that depends on temperature above T_c, as that of the pseudogap state does.

Conductance across the layers of a normal crystal falls on cooling where states are lost to the pseudogap. Out-of-plane
resistivities follow rho_c(T) = (a/T) exp(D/T) + c (Watanabe, Fujii and Matsuda, Phys. Rev. Lett. 79, 2113 (1997)). With
r the specific resistance at T_c and s the share of the activated part there,

    r(T)/r = rho(T) = 1 - s + s (T_c/T) exp(D/T - D/T_c),       T > T_c,

and i(v, T) = i_d(v, T)/rho(T). Below T_c rho stays 1: what is lost there is in the density of states of i_d. The corner
at T_c is rounded, T -> T_c + w ln(1 + exp[(T - T_c)/w]), as fluctuations do, so that Newton's method converges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Curve, DWave, Scenario
from hotmesa.solver.law.ohmic import OhmicLaw
from hotmesa.solver.law.table import LawValues

WIDTH_K = 1.0
"""w: ten widths above T_c the corner is forgotten to 5e-5 K."""


@dataclass(frozen=True)
class NormalResistance:
    """rho(T), the normal resistance over that at T_c.

    Attributes:
        T_c: K.
        gap_K: D, K.
        share: s.
        curve: conductance by a user's curve in place of the formula, in any unit.
    """

    T_c: float
    gap_K: float = 0.0
    share: float = 0.0
    curve: OhmicLaw | None = None

    def conductance(self, T_K: Array) -> tuple[Array, Array]:
        """Return 1/rho and its derivative by temperature (1/K) at temperatures (K), same shape."""
        x = (np.asarray(T_K, dtype=np.float64) - self.T_c) / WIDTH_K
        above = self.T_c + WIDTH_K * np.logaddexp(0.0, x)
        share_of_step = np.exp(-np.logaddexp(0.0, -x))
        if self.curve is not None:
            there = self.curve.at(np.ones(above.shape), above)
            scale = float(self.curve.at(np.ones(1), np.array([self.T_c])).i[0])
            return there.i / scale, there.di_dT / scale * share_of_step
        activated = self.share * (self.T_c / above) * np.exp(self.gap_K / above - self.gap_K / self.T_c)
        rho = 1.0 - self.share + activated
        slope = -activated * (1.0 / above + self.gap_K / above**2)
        return 1.0 / rho, -slope / rho**2 * share_of_step


class Tunnelling(Protocol):
    """A law of one normal resistance."""

    T_range: tuple[float, float]
    v_max: float

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage (mV) for all temperatures (K)."""

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element."""


class PseudogapLaw:
    """The d-wave law over a normal resistance that depends on temperature above T_c.

    Attributes:
        table: i_d(v, T).
        normal: rho(T).
        T_range: of the table, without an upper end: the resistance goes on changing.
        v_max: that of the table.
    """

    def __init__(self, table: Tunnelling, normal: NormalResistance) -> None:
        """Take both factors."""
        self.table, self.normal = table, normal
        self.T_range, self.v_max = (table.T_range[0], float("inf")), table.v_max

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage (mV) for all temperatures (K)."""
        return over(self.table.at_voltage(v_mV, T_K), self.normal, T_K)

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element."""
        return over(self.table.at(v_mV, T_K), self.normal, T_K)


def over(found: LawValues, normal: NormalResistance, T_K: Array) -> LawValues:
    """Return the values of a law over a normal resistance."""
    g, slope = normal.conductance(T_K)
    return replace(found, i=found.i * g, di_dv=found.di_dv * g, di_dT=found.di_dT * g + found.i * slope)


def normal_resistance(scenario: Scenario) -> NormalResistance | None:
    """Return rho(T) of a scenario; None where the normal resistance is one number."""
    law, T_c = scenario.law, scenario.critical_temperature_K
    if not isinstance(law, DWave):
        return None
    if isinstance(law.resistance_above_Tc, Curve):
        T, values = (np.asarray(a) for a in (law.resistance_above_Tc.T_K, law.resistance_above_Tc.values))
        return NormalResistance(T_c, curve=OhmicLaw((T, 1.0 / values)))
    if law.pseudogap_K is None or law.pseudogap_share is None:
        return None
    return NormalResistance(T_c, law.pseudogap_K, law.pseudogap_share)
