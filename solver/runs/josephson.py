"""Critical and retrapping currents of the junctions, as marks beside a thermal state: they change no temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.parallel import global_max, global_min, global_sums
from hotmesa.solver.states.observables import junction_temperatures


@dataclass(frozen=True)
class CriticalCurrents:
    """Currents (mA) at which a junction of the mesa would change its state.

    Attributes:
        switching: of a junction at zero voltage, its critical current at the temperatures of the mesa.
        hottest, coldest: the same if the whole mesa had its highest or lowest temperature; they bracket it.
        retrapping: of a junction with voltage; NaN where the damping is not known.
    """

    switching: float
    hottest: float
    coldest: float
    retrapping: float


@dataclass(frozen=True)
class Josephson:
    """I_c(T) of one junction.

    Attributes:
        voltage: I_c R_N at low temperature (mV).
        T_c: temperature (K) at which I_c vanishes.
        dependence: "two-fluid" (Gorter and Casimir: 1 - (T/T_c)^4, as the superfluid density) or "constant".
        mccumber: beta_c = 2 pi I_c R^2 C / Phi_0 at low temperature, or None.
    """

    voltage: float
    T_c: float
    dependence: Literal["two-fluid", "constant"]
    mccumber: float | None

    def reduced(self, T: Array) -> Array:
        """Return I_c(T)/I_c(0)."""
        if self.dependence == "constant":
            return np.where(T < self.T_c, 1.0, 0.0)
        return np.asarray(np.maximum(1.0 - (T / self.T_c) ** 4, 0.0))

    def currents(self, model: Model, e: Evaluation) -> CriticalCurrents:
        """Return the currents at a state. Collective.

        Local critical current density j_c(T) = I_c R_N / r times `reduced`, integrated over the mesa: the whole of
        a junction short against the Josephson length switches at once. Of several sublayers the weakest counts.
        """
        density = self.voltage / model.junctions.resistance
        T = junction_temperatures(model, e)
        cold = density * model.area
        weakest = float(global_sums(model.comm, self.reduced(T) @ model.junction_mass).min()) * density
        hottest = global_max(model.comm, T.max(initial=0.0))
        coldest = global_min(model.comm, T.min(initial=np.inf))
        bounds = cold * self.reduced(np.array([hottest, coldest]))
        retrapping = float("nan")
        if self.mccumber is not None:
            # 4 I_c / (pi sqrt(beta_c)) for beta_c >> 1 (Stewart, McCumber 1968); beta_c falls with I_c.
            retrapping = 4.0 / np.pi * float(np.sqrt(weakest * cold / self.mccumber))
        return CriticalCurrents(weakest, float(bounds[0]), float(bounds[1]), retrapping)


def build_josephson(scenario: Scenario) -> Josephson | None:
    """Return I_c(T) of a scenario, None where it gives no critical voltage."""
    keys = scenario.josephson
    if keys.critical_voltage_mV is None:
        return None
    T_c = keys.critical_temperature_K or scenario.output.hot_temperature_K
    return Josephson(keys.critical_voltage_mV, T_c, keys.temperature_dependence, keys.mccumber_parameter)
