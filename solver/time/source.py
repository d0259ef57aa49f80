"""Sources in time and their circuit: step, ramp, pulses and table of a scenario as piecewise linear functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario, SourceTable
from hotmesa.scenarios.source_table import source_points
from hotmesa.solver.states.bias import Bias

Source = Callable[[float], float]


@dataclass(frozen=True)
class Waveform:
    """Piecewise linear source; two points at the same time are a jump.

    Before the first point the first value holds, after the last one the last value.

    Attributes:
        t: times (µs), not decreasing, shape (n,).
        value: of the source (mA or mV), shape (n,).
    """

    t: Array
    value: Array

    def __call__(self, time: float) -> float:
        """Return the value at a time (µs); at a jump the one after it."""
        k = int(np.searchsorted(self.t, time, side="right"))
        if k == 0 or k == self.t.size:
            return float(self.value[min(k, self.t.size - 1)])
        part = (time - self.t[k - 1]) / (self.t[k] - self.t[k - 1])
        return float(self.value[k - 1] + part * (self.value[k] - self.value[k - 1]))

    @property
    def corners(self) -> tuple[float, ...]:
        """Times of jumps and kinks, increasing."""
        return tuple(float(t) for t in np.unique(self.t))


@dataclass(frozen=True)
class Circuit:
    """Source and circuit: by_V V + by_I (I + C_p dV/dt) = source(t).

    Attributes:
        bias: what the source holds (voltage, current, load line).
        capacitance: parallel to the mesa (µF = mA µs/mV).
        source: value of the bias (mV or mA) at a time (µs).
        corners: times (µs) at which the source jumps or has a kink; the integrator restarts there.
    """

    bias: Bias
    capacitance: float
    source: Source
    corners: tuple[float, ...] = ()


def build_circuit(scenario: Scenario) -> Circuit:
    """Return source and circuit of a scenario.

    Raises:
        ValueError: a table cannot be read or is not increasing in time.
    """
    waveform = build_waveform(scenario)
    return Circuit(Bias.of(scenario.bias), scenario.bias.parallel_nF * 1e-3, waveform, waveform.corners)


def build_waveform(scenario: Scenario) -> Waveform:
    """Return the source of a scenario.

    Raises:
        ValueError: a table cannot be read or is not increasing in time.
    """
    points: SourceTable = source_points(scenario)
    return Waveform(np.array(points.t_us), np.array(points.values))
