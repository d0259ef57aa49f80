"""Folds of a curve followed in a second number of its scenario, of the uniform model: where backbending is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from hotmesa.scenarios.parameters import Parameter
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.runs.uniform import UniformDevice, uniform_curve, uniform_states
from hotmesa.solver.states.contour import Steps, Zero, follow_zeros

SAME_PLACE = 1e-4
"""Ends of curves nearer than this, in units of the range of places, are one fold."""
KEPT = 16
"""Devices at values of the number that are kept ready."""


@dataclass(frozen=True)
class FoldPoint:
    """A fold at one value of the number.

    Attributes:
        number: the value.
        V_mV, V_per_junction_mV, I_mA, T_max_K: voltage of the stack and of a junction, current, temperature.
        is_cusp: whether two folds meet here.
    """

    number: float
    V_mV: float
    V_per_junction_mV: float
    I_mA: float
    T_max_K: float
    is_cusp: bool = False


class FoldSurface(Protocol):
    """States of a device over a place and a number, both in units of order one, with a slope that is zero at folds."""

    scale: float
    """Unit of the number."""

    def __call__(self, place: float, number: float) -> float:
        """Return the slope."""

    def starts(self, number: float) -> list[float]:
        """Return the places of all folds at a number."""

    def point(self, zero: Zero) -> FoldPoint:
        """Return what a zero is in units."""


def fold_curves(
    surface: FoldSurface, ends: tuple[float, float], steps: Steps | None = None
) -> Iterator[list[FoldPoint]]:
    """Yield every curve of folds that begins at an end of the range of a number. Collective where the surface is.

    Args:
        surface: of the device.
        ends: of the number, in its own units, the lower one first.
        steps: lengths of steps, in units of the surface.

    Raises:
        SolveError: a curve could not be followed; those before it stay valid.
    """
    low, high = (end / surface.scale for end in ends)
    met: list[tuple[float, float]] = []
    for first in (low, high):
        for start in surface.starts(first * surface.scale):
            if any(number == first and abs(place - start) < SAME_PLACE for place, number in met):
                continue
            points = []
            for zero in follow_zeros(surface, start, (low, high), first, steps):
                points.append(surface.point(zero))
                last = zero
            met.append((last.place, last.parameter))
            yield points


def law_of(varied: Scenario, scenario: Scenario, law: JunctionLaw) -> JunctionLaw:
    """Return the law of a scenario with a number varied: that of the scenario where nothing of it changes."""
    same = varied.law == scenario.law and varied.mesa == scenario.mesa and varied.contacts == scenario.contacts
    return law if same else build_law(varied)


class UniformFolds:
    """Folds of the uniform model: its place is the temperature, its slope 1 - lambda for V and T di/dT / i for I.

    V folds where the loop gain lambda = T (d ln i/dT)_v / n_C is one (see `loop_gain` of the uniform model).

    Attributes:
        scale: unit of the number.
    """

    def __init__(self, scenario: Scenario, parameter: Parameter, kind: str, scale: float) -> None:
        """Take the scenario, the number that is varied, "V" or "I", and the unit of the number."""
        self._scenario, self._parameter, self._kind, self.scale = spelled_out(scenario), parameter, kind, scale
        self._end = scenario.uniform.end_temperature_K
        law = build_law(self._scenario)

        @lru_cache(KEPT)
        def made(value: float) -> tuple[JunctionLaw, UniformDevice]:
            varied = parameter.varied(self._scenario, value)
            return law_of(varied, self._scenario, law), UniformDevice.of(varied)

        self._made = made

    def __call__(self, place: float, number: float) -> float:
        """Return the slope.

        Raises:
            SolveError: the temperature is not between bath and end temperature.
        """
        law, device = self._made(number * self.scale)
        T = place * self._end
        if not device.bath_K < T <= self._end:
            raise SolveError(f"{T:.4g} K lies outside of {device.bath_K:.4g} to {self._end:.4g} K")
        states = uniform_states(law, device, np.array([T]))
        if self._kind == "I":
            return float(T * states.di[0] / states.i[0])
        _, by_T = device.cooled(states.T)
        return float(1.0 - (states.v * law.at(states.v, states.T).di_dT / (by_T * device.per_mW))[0])

    def starts(self, number: float) -> list[float]:
        """Return the places of all folds at a number."""
        law, _ = self._made(number)
        curve = uniform_curve(law, self._parameter.varied(self._scenario, number))
        return [float(T) / self._end for T in curve.T_K[curve.fold == self._kind]]

    def point(self, zero: Zero) -> FoldPoint:
        """Return what a zero is in units."""
        law, device = self._made(zero.parameter * self.scale)
        states = uniform_states(law, device, np.array([zero.place * self._end]))
        v, i, n = float(states.v[0]), float(states.i[0]), device.junctions
        ends = n * v, v, i / device.junction_ohm, zero.place * self._end
        return FoldPoint(zero.parameter * self.scale, *ends, zero.is_cusp)
