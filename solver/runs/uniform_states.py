"""States of the uniform-heating model: T = T_B + alpha I V with one temperature for the whole mesa."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import junction_resistance_ohm, resistive_junctions
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.law.laws import JunctionLaw

_STEPS = 100


@dataclass(frozen=True)
class UniformDevice:
    """What the uniform model knows of a mesa.

    Attributes:
        junctions: number of junctions that carry voltage (a real number, so that thresholds can be located).
        junction_ohm: normal resistance of one junction, Ohm.
        thermal_K_per_mW: alpha, temperature rise over Joule power.
        bath_K: bath temperature.
    """

    junctions: float
    junction_ohm: float
    thermal_K_per_mW: float
    bath_K: float

    @staticmethod
    def of(scenario: Scenario) -> UniformDevice:
        """Return the device of a scenario."""
        return UniformDevice(
            float(resistive_junctions(scenario)),
            junction_resistance_ohm(scenario),
            scenario.uniform.thermal_resistance_K_per_mW,
            scenario.bath.temperature_K,
        )

    @property
    def heating(self) -> float:
        """Temperature rise over v i in K/mV²: 1e-3 alpha n / R_j (mV mA = µW)."""
        return 1e-3 * self.thermal_K_per_mW * self.junctions / self.junction_ohm


@dataclass(frozen=True)
class UniformStates:
    """Points of the uniform curve above the bath temperature, each array of the shape of T.

    Attributes:
        T: mesa temperature, K.
        v: junction voltage, mV.
        i: current times junction resistance, mV.
        dv: dv/dT along the curve, mV/K.
        di: di/dT along the curve, mV/K.
    """

    T: Array
    v: Array
    i: Array
    dv: Array
    di: Array


def uniform_states(law: JunctionLaw, device: UniformDevice, T_K: Array) -> UniformStates:
    """States at the given temperatures (K, above the bath, any shape).

    i(v, T) rises with v, so every T > T_B has one voltage, the root of k v i(v, T) = T - T_B with k = `heating`
    (Kurter et al., PRB 81, 224518 (2010), Sec. III.A). Differentiating by T gives
    dv/dT = (1/k - v i_T)/(i + v i_v) and di/dT = i_v dv/dT + i_T: a zero of dv/dT is a fold in V, of di/dT one in I.
    """
    T = np.asarray(T_K, dtype=np.float64)
    v = _voltage(law, T, np.asarray((T - device.bath_K) / device.heating))
    local = law.at(v, T)
    dv = (1 / device.heating - v * local.di_dT) / (local.i + v * local.di_dv)
    return UniformStates(T, v, local.i, dv, local.di_dv * dv + local.di_dT)


def _voltage(law: JunctionLaw, T: Array, power: Array) -> Array:
    """Root of v i(v, T) = power (mV²): Newton's method for ln v inside a bracket."""
    target = np.log(power)
    x = 0.5 * target
    low, high = np.asarray(x - 1.0), np.asarray(x + 1.0)
    for bound, sign in ((low, 1.0), (high, -1.0)):
        for _ in range(_STEPS):
            outside = sign * (_log_power(law, bound, T) - target) > 0
            if not np.any(outside):
                break
            bound[...] -= 2.0 * sign * outside
    for _ in range(_STEPS):
        local = law.at(np.exp(x), T)
        excess = x + np.log(local.i) - target
        low, high = np.where(excess < 0, x, low), np.where(excess < 0, high, x)
        trial = x - excess / (1 + np.exp(x) * local.di_dv / local.i)
        trial = np.where((trial >= low) & (trial <= high), trial, 0.5 * (low + high))
        # Quadratic convergence: after a relative step below 1e-9 in v the error is at rounding.
        done = bool(np.max(np.abs(trial - x), initial=0.0) < 1e-9)
        x = trial
        if done:
            break
    return np.asarray(np.exp(x))


def _log_power(law: JunctionLaw, x: Array, T: Array) -> Array:
    return np.asarray(x + np.log(law.at(np.exp(x), T).i))
