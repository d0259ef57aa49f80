"""The uniform-heating model: whole S-shaped I(V) curves with folds, backbending and conductance peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.law.laws import JunctionLaw
from hotmesa.solver.runs.uniform_features import (
    PeakWidth,
    beta_of,
    half_height,
    largest_drop,
    local_minima,
    minimum_near,
    missed_dips,
    roots,
)
from hotmesa.solver.runs.uniform_states import UniformDevice, UniformStates, uniform_states

__all__ = ["Peak", "UniformCurve", "UniformDevice", "UniformFold", "trace_uniform", "uniform_curve", "uniform_rows"]

POINTS = 1500
_PROMINENCE = 1e-6


@dataclass(frozen=True)
class UniformFold:
    """A turning point of the curve: voltage ("V") or current ("I") is extremal there."""

    kind: Literal["V", "I"]
    T_K: float
    v_mV: float
    V_mV: float
    I_mA: float


@dataclass(frozen=True)
class Peak:
    """Maximum of N dI/dV along the curve.

    Attributes:
        v_mV: junction voltage of the maximum.
        T_K: temperature there.
        height: R_j N dI/dV = di/dv there; 1 is the normal conductance of one junction.
        from_zero: width above zero.
        from_normal: width above the normal conductance Y_N.
    """

    v_mV: float
    T_K: float
    height: float
    from_zero: PeakWidth
    from_normal: PeakWidth


@dataclass(frozen=True)
class UniformCurve:
    """A curve in order of rising temperature, from V = I = 0 at bath temperature; folds are points of it.

    Attributes:
        T_K, V_mV, I_mA, P_mW: temperature, mesa voltage, current and Joule power, shape (points,).
        v_mV: voltage of one resistive junction.
        dV_dI_ohm: slope of the curve (infinite at a fold in I).
        folds: turning points, in the same order.
        backbending_mV: largest fall of the junction voltage while the current rises; 0 if there is none.
        peak: maximum of the conductance, or None.
        peak_reason: why there is no peak; empty otherwise.
    """

    T_K: Array
    V_mV: Array
    I_mA: Array
    P_mW: Array
    v_mV: Array
    dV_dI_ohm: Array
    folds: tuple[UniformFold, ...]
    backbending_mV: float
    peak: Peak | None
    peak_reason: str

    @property
    def v_extrema_mV(self) -> tuple[float, float] | None:
        """Junction voltage at the first maximum and the following minimum of V, mV, or None without backbending."""
        turning = [fold.v_mV for fold in self.folds if fold.kind == "V"]
        return (turning[0], turning[1]) if len(turning) > 1 else None


def uniform_curve(law: JunctionLaw, scenario: Scenario, points: int = POINTS) -> UniformCurve:
    """Curve of the uniform model of a scenario up to `uniform.end_temperature_K`.

    Args:
        law: law of one junction.
        scenario: device, bath temperature and thermal resistance.
        points: number of temperatures (folds and the state at zero bias come on top).

    Raises:
        ValueError: if the end temperature is not above the bath, or the bath below the law's table.
    """
    return trace_uniform(law, UniformDevice.of(scenario), scenario.uniform.end_temperature_K, points)


def trace_uniform(law: JunctionLaw, device: UniformDevice, end_K: float, points: int = POINTS) -> UniformCurve:
    """Curve of a device up to a temperature; see `uniform_curve`."""
    if not end_K > device.bath_K:
        raise ValueError(f"end temperature {end_K:g} K is not above the bath temperature {device.bath_K:g} K")
    # Voltage grows like sqrt(T - T_B) at first, so equal steps of that root resolve the cold end.
    grid = device.bath_K + (end_K - device.bath_K) * np.linspace(0.0, 1.0, points + 1)[1:] ** 2
    states = uniform_states(law, device, grid)

    def rise(T: float) -> float:
        return float(uniform_states(law, device, np.array(T)).dv)

    def current_rise(T: float) -> float:
        return float(uniform_states(law, device, np.array(T)).di)

    # Close to the onset of backbending both folds lie within one grid step: the minimum of dv/dT between them.
    grid = np.union1d(grid, missed_dips(rise, grid, states.dv))
    states = uniform_states(law, device, grid)
    in_V, in_I = roots(rise, grid, states.dv), roots(current_rise, grid, states.di)
    states = uniform_states(law, device, np.union1d(grid, [*in_V, *in_I]))
    peak, reason = (None, "V folds back, so dI/dV has no finite maximum") if in_V else _peak(law, device, states)
    folds = _folds(law, device, in_V, "V") + _folds(law, device, in_I, "I")
    return _curve(law, device, states, tuple(sorted(folds, key=lambda fold: fold.T_K)), peak, reason)


def uniform_rows(curve: UniformCurve) -> dict[str, Array]:
    """Columns of uniform.csv, named as in the table of a spatial branch."""
    return {
        "V_mV": curve.V_mV,
        "V_per_junction_mV": curve.v_mV,
        "I_mA": curve.I_mA,
        "P_mW": curve.P_mW,
        "T_max_K": curve.T_K,
        "dV_dI_ohm": curve.dV_dI_ohm,
    }


def _curve(
    law: JunctionLaw,
    device: UniformDevice,
    states: UniformStates,
    folds: tuple[UniformFold, ...],
    peak: Peak | None,
    reason: str,
) -> UniformCurve:
    n, R = device.junctions, device.junction_ohm
    with np.errstate(divide="ignore"):
        slope = n * R * states.dv / states.di
    cold = float(law.at_voltage(0.0, np.array([device.bath_K])).di_dv[0])
    v, i = np.concatenate(([0.0], states.v)), np.concatenate(([0.0], states.i))
    return UniformCurve(
        T_K=np.concatenate(([device.bath_K], states.T)),
        V_mV=n * v,
        I_mA=i / R,
        P_mW=1e-3 * n * v * i / R,
        v_mV=v,
        dV_dI_ohm=np.concatenate(([n * R / cold], slope)),
        folds=folds,
        backbending_mV=largest_drop(v, i),
        peak=peak,
        peak_reason=reason,
    )


def _folds(law: JunctionLaw, device: UniformDevice, T_K: list[float], kind: Literal["V", "I"]) -> list[UniformFold]:
    if not T_K:
        return []
    at = uniform_states(law, device, np.array(T_K))
    n, R = device.junctions, device.junction_ohm
    return [
        UniformFold(kind, float(T), float(v), float(n * v), float(i / R))
        for T, v, i in zip(at.T, at.v, at.i, strict=True)
    ]


def _peak(law: JunctionLaw, device: UniformDevice, states: UniformStates) -> tuple[Peak | None, str]:
    """Largest local maximum of di/dv on a curve without folds in V, and its widths."""

    def state(T: float) -> UniformStates:
        return uniform_states(law, device, np.array(T))

    def falling(T: float) -> float:
        at = state(T)
        return float(-at.di / at.dv)

    conductance = states.di / states.dv
    tops = local_minima(-conductance)
    top = int(tops[np.argmax(conductance[tops])]) if tops.size else 0
    # An ohmic stretch is full of maxima from rounding; a true one stands out on both sides.
    if max(conductance[: top + 1].min(), conductance[top:].min()) > (1 - _PROMINENCE) * conductance[top]:
        return None, "dI/dV has no maximum between the ends of the curve"
    T_peak = minimum_near(falling, states.T, top)
    v_peak, height = float(state(T_peak).v), -falling(T_peak)
    normal = float(law.at_voltage(float(states.v[-1]), states.T[-1:]).di_dv[0])

    def width(baseline: float) -> PeakWidth:
        half = half_height(height, baseline)
        crossings = roots(lambda T: -falling(T) - half, states.T, conductance - half)
        left = [T for T in crossings if T < T_peak]
        right = [T for T in crossings if T > T_peak]
        left_mV = float(state(left[-1]).v) if left else None
        right_mV = float(state(right[0]).v) if right else None
        return PeakWidth(baseline, half, left_mV, right_mV, *beta_of(v_peak, left_mV, right_mV))

    return Peak(v_peak, T_peak, height, width(0.0), width(normal)), ""
