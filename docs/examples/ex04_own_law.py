"""A junction law of one's own: current, its two derivatives, and the range in which it is meant.

A parallel pair of conductances, one of them thermally activated;
the heat balance takes it as it takes the bundled laws.
"""

from dataclasses import dataclass

import numpy as np

import hotmesa as hm

BOLTZMANN_MEV_PER_K = 0.0861733


@dataclass(frozen=True)
class Activated:
    """i = v (1 + exp(-E/kT))/2 in mV: half of the normal conductance when cold, all of it when hot."""

    activation_meV: float
    T_range: tuple[float, float] = (1.0, np.inf)
    v_max: float = np.inf

    def at(self, v_mV, T_K):
        """Return i (mV), di/dv and di/dT (mV/K)."""
        v, T = np.broadcast_arrays(np.asarray(v_mV, dtype=float), np.asarray(T_K, dtype=float))
        weight = np.exp(-self.activation_meV / (BOLTZMANN_MEV_PER_K * T))
        slope = weight * self.activation_meV / (BOLTZMANN_MEV_PER_K * T**2)
        return hm.LawValues(0.5 * v * (1 + weight), 0.5 * (1 + weight), 0.5 * v * slope)

    def at_voltage(self, v_mV, T_K):
        """Return the same at one voltage for all temperatures."""
        return self.at(v_mV, T_K)


scenario = hm.load_scenario("kurter2010-n19", {"mesh.refine": 0.5})
model = hm.Model(scenario, hm.build_mesh(scenario), law=Activated(activation_meV=8.0))
state = hm.steady(model, hm.Bias.current(), 0.5)
print(f"V = {state.V:.2f} mV, hottest {state.T.max():.1f} K at 0.5 mA")
