"""The uniform-heating model: whole S-shaped I(V) curves with their folds as points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from hotmesa.postprocess.merit import curve_figures, curve_of
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row, rows_of
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import junction_resistance_ohm, resistive_junctions
from hotmesa.scenarios.schema import Scenario, Uniform
from hotmesa.scenarios.tables import read_numbers
from hotmesa.solver.constants import FLUX_QUANTUM_MV_PER_THZ
from hotmesa.solver.device.cooling.measured import rising_above
from hotmesa.solver.law.laws import JunctionLaw, build_law

if TYPE_CHECKING:  # it needs DOLFINx
    from hotmesa.solver.device.faces import HeatFlux

_STEPS = 100


@dataclass(frozen=True)
class UniformDevice:
    """What the uniform model knows of a mesa.

    Attributes:
        junctions: number of junctions that carry voltage (a real number, so that thresholds can be located).
        junction_ohm: normal resistance of one junction, Ω.
        thermal_K_per_mW: alpha, temperature rise over Joule power.
        bath_K: bath temperature.
        cooling: power C(T) that the mesa gives off and its derivative, mW and mW/K; None: (T - T_B)/alpha.
    """

    junctions: float
    junction_ohm: float
    thermal_K_per_mW: float
    bath_K: float
    cooling: HeatFlux | None = None

    @staticmethod
    def of(scenario: Scenario, alpha_K_per_mW: float | None = None) -> UniformDevice:
        """Return the device of a scenario.

        Args:
            scenario: with or without `uniform.thermal_resistance_K_per_mW`.
            alpha_K_per_mW: in place of that key where it is not given.

        Raises:
            TableError: its table of the cooling cannot be used.
        """
        uniform = scenario.uniform if alpha_K_per_mW is not None else scenario.uniform.alone()
        alpha = uniform.thermal_resistance_K_per_mW or alpha_K_per_mW
        uniform = uniform.model_copy(update={"thermal_resistance_K_per_mW": alpha})
        return UniformDevice(
            float(resistive_junctions(scenario)),
            junction_resistance_ohm(scenario),
            alpha or float("nan"),
            scenario.bath.temperature_K,
            cooling_of(uniform, scenario.bath.temperature_K),
        )

    def cooled(self, T_K: Array) -> tuple[Array, Array]:
        """Return C(T) in mW and dC/dT in mW/K."""
        if self.cooling is not None:
            return self.cooling(T_K)
        return (T_K - self.bath_K) / self.thermal_K_per_mW, np.full(np.shape(T_K), 1.0 / self.thermal_K_per_mW)

    @property
    def per_mW(self) -> float:
        """What v i in mV² is for one mW: 1e3 R_j / n (mV mA = µW)."""
        return 1e3 * self.junction_ohm / self.junctions


def cooling_of(uniform: Uniform, bath_K: float) -> HeatFlux | None:
    """Return the cooling of a scenario, C(T) in mW with its derivative; None where it is (T - T_B)/alpha.

    Raises:
        TableError: its table cannot be used.
    """
    if uniform.cooling_table is not None:
        return rising_above(read_numbers(Path(uniform.cooling_table), ("T_K", "P_mW")), "P_mW", bath_K)
    n, there, alpha = uniform.cooling_exponent, uniform.cooling_reference_K, uniform.thermal_resistance_K_per_mW
    if n == 1.0 or alpha is None:
        return None
    scale = (there - bath_K) / alpha / (there**n - bath_K**n)
    return lambda T: (scale * (T**n - bath_K**n), scale * n * T ** (n - 1.0))


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

    i(v, T) rises with v, so every T > T_B has one voltage, the root of v i(v, T) = k C(T) with k = R_j/n and the
    cooling C (Kurter et al., PRB 81, 224518 (2010), Sec. III.A: C = (T - T_B)/alpha). Differentiating by T gives
    dv/dT = (k C' - v i_T)/(i + v i_v) and di/dT = i_v dv/dT + i_T: a zero of dv/dT is a fold in V, of di/dT one in I.
    """
    T = np.asarray(T_K, dtype=np.float64)
    power, by_T = device.cooled(T)
    v = _voltage(law, T, np.asarray(power * device.per_mW))
    local = law.at(v, T)
    dv = (by_T * device.per_mW - v * local.di_dT) / (local.i + v * local.di_dv)
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


POINTS = 1500
AT_REST_MV = 1e-6
ROOT_K = 1e-11
"""Accuracy of the temperature of a fold, at which V or I is stationary."""


@dataclass(frozen=True)
class UniformCurve:
    """A curve in order of rising temperature, from V = I = 0 at bath temperature; folds are points of it.

    Attributes:
        T_K, V_mV, I_mA, P_mW: temperature, mesa voltage, current and Joule power, shape (points,).
        v_mV: voltage of one resistive junction.
        dV_dI_ohm: slope of the curve.
        fold: "V" or "I" where voltage or current is extremal, empty elsewhere.
        device: junctions and cooling.
    """

    T_K: Array
    V_mV: Array
    I_mA: Array
    P_mW: Array
    v_mV: Array
    dV_dI_ohm: Array
    fold: NDArray[np.str_]
    device: UniformDevice

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Folds, backbending, peak and widths as in summary.json; defined in `hotmesa.postprocess.merit`."""
        table, n = uniform_rows(self), self.device.junctions
        return curve_figures(table, curve_of(table, n * self.device.junction_ohm), n)


def uniform_curve(
    law: JunctionLaw, scenario: Scenario, points: int = POINTS, alpha_K_per_mW: float | None = None
) -> UniformCurve:
    """Curve of the uniform model of a scenario up to `uniform.end_temperature_K`.

    Args:
        law: law of one junction.
        scenario: device, bath temperature and thermal resistance.
        points: number of temperatures (folds and the state at zero bias come on top).
        alpha_K_per_mW: thermal resistance where the scenario gives none.

    Raises:
        ValueError: if the end temperature is not above the bath, or the bath below the law's table.
    """
    return trace_uniform(law, UniformDevice.of(scenario, alpha_K_per_mW), scenario.uniform.end_temperature_K, points)


def trace_uniform(law: JunctionLaw, device: UniformDevice, end_K: float, points: int = POINTS) -> UniformCurve:
    """Curve of a device up to a temperature; see `uniform_curve`."""
    if not end_K > device.bath_K:
        raise ValueError(f"end temperature {end_K:g} K is not above the bath temperature {device.bath_K:g} K")
    # Voltage grows like sqrt(T - T_B) at first, so equal steps of that root resolve the cold end.
    grid = device.bath_K + (end_K - device.bath_K) * np.linspace(0.0, 1.0, points + 1)[1:] ** 2
    folds = {
        "V": turning_points(lambda T: uniform_states(law, device, T).dv, grid),
        "I": turning_points(lambda T: uniform_states(law, device, T).di, grid),
    }
    return _curve(law, device, np.union1d(grid, np.concatenate([*folds.values()])), folds)


@dataclass(frozen=True)
class LoopGain:
    """Why a uniform curve folds or does not, each of shape (points,).

    Attributes:
        loop_gain: lambda, the part of a rise in temperature that its own heating brings back at constant voltage.
        cooling_exponent: n_C = d ln C/d ln T; infinite at rest.
        exponent_needed: n_req = T di/dT / i at constant voltage.
    """

    loop_gain: Array
    cooling_exponent: Array
    exponent_needed: Array


def loop_gain(law: JunctionLaw, curve: UniformCurve) -> LoopGain:
    """Return the loop gain along a uniform curve of any cooling C(T).

    With v i(v, T) = C(T) R_j/n, s = i/v and m = d ln i/d ln v, logarithmic derivatives along the curve give
    lambda = T (d ln i/dT)_v / n_C and dV/dI = R_N (1 - lambda)/[s (m + lambda)]: the curve folds in V where lambda
    passes 1, so that a stack does not fold whose cooling grows everywhere with a power n_C of T above
    n_req = T (d ln i/dT)_v.
    """
    T, (power, by_T) = curve.T_K, curve.device.cooled(curve.T_K)
    # At rest i is zero, and i_T/i that of the conductance: the slope of i(v) by T at a voltage next to nothing.
    local = law.at(np.where(curve.v_mV > 0.0, curve.v_mV, AT_REST_MV), T)
    needed = T * local.di_dT / local.i
    with np.errstate(divide="ignore"):
        exponent = np.where(power > 0.0, T * by_T / power, np.inf)
    return LoopGain(needed / exponent, exponent, needed)


def turning_points(slope: Callable[[Array], Array], grid: Array) -> Array:
    """Return all places where a slope changes its sign, also between two points of the grid, in order."""
    grid = np.union1d(grid, _hidden(slope, grid))
    values = slope(grid)
    # A root on a point of the grid lies between its neighbours.
    grid, values = grid[values != 0.0], values[values != 0.0]
    change = np.flatnonzero(np.diff(np.sign(values)))
    return np.array([brentq(lambda T: float(slope(np.array(T))), grid[k], grid[k + 1], xtol=ROOT_K) for k in change])


def _hidden(slope: Callable[[Array], Array], grid: Array) -> list[float]:
    """Return places between points of the grid where a slope has the other sign than on all points around.

    Only extrema that come near zero can hide one: the parabola through three points goes at most an eighth of its
    second difference beyond them; one whole second difference is searched.
    """
    values, result = slope(grid), []
    for side in (1.0, -1.0):
        low, here, high = side * values[:-2], side * values[1:-1], side * values[2:]
        near = (here < low) & (here <= high) & (here > 0.0) & (here < low - 2 * here + high)
        for k in np.flatnonzero(near):
            least = minimize_scalar(
                lambda T, side=side: side * float(slope(np.array(T))),
                bounds=(grid[k], grid[k + 2]),
                method="bounded",
                options={"xatol": 1e-9},
            )
            result += [float(least.x)] if least.fun < 0.0 else []
    return result


def uniform_rows(curve: UniformCurve) -> dict[str, NDArray[Any]]:
    """Columns of uniform.csv, named as in the table of a spatial branch."""
    return {
        "V_mV": curve.V_mV,
        "V_per_junction_mV": curve.v_mV,
        "I_mA": curve.I_mA,
        "P_mW": curve.P_mW,
        "T_max_K": curve.T_K,
        "f_THz": curve.v_mV / FLUX_QUANTUM_MV_PER_THZ,
        "dV_dI_ohm": curve.dV_dI_ohm,
        "fold": curve.fold,
    }


def uniform_table(curve: UniformCurve) -> list[Row]:
    """Return the rows of uniform.csv."""
    return rows_of(uniform_rows(curve))


def ready(scenario: Scenario) -> None:
    """Do what comes before the first point: make the law, and read the table of the cooling.

    Raises:
        LawError, TableError: a table cannot be used.
    """
    build_law(scenario)
    UniformDevice.of(scenario)


def points(scenario: Scenario, law: JunctionLaw | None = None) -> Iterator[Point]:
    """Yield the points of the uniform model of a scenario; `law` replaces that of the scenario."""
    law = law or build_law(scenario)
    curve = uniform_curve(law, scenario)
    gain = loop_gain(law, curve)
    for row in rows_of(uniform_rows(curve) | asdict(gain)):
        yield Point(row)


def control(scenario: Scenario) -> tuple[str, float]:
    """Return the parameter of the curve, a column of its table, and its last value."""
    return "T_max_K", scenario.uniform.end_temperature_K


NO_RESUME = "it takes seconds"


def _curve(law: JunctionLaw, device: UniformDevice, T_K: Array, folds: dict[str, Array]) -> UniformCurve:
    """Return the curve through the states at given temperatures, with the state at rest before them."""
    states, n, R = uniform_states(law, device, T_K), device.junctions, device.junction_ohm
    names = np.array([next((kind for kind, at in folds.items() if T in at), "") for T in T_K])
    with np.errstate(divide="ignore"):
        # At its folds the slope is exactly 0 or infinite, not a rounding error of either sign.
        slope = n * R * np.where(names == "V", 0.0, states.dv) / np.where(names == "I", 0.0, states.di)
    cold = float(law.at_voltage(0.0, np.array([device.bath_K])).di_dv[0])
    v, i = np.concatenate(([0.0], states.v)), np.concatenate(([0.0], states.i))
    return UniformCurve(
        T_K=np.concatenate(([device.bath_K], states.T)),
        V_mV=n * v,
        I_mA=i / R,
        P_mW=1e-3 * n * v * i / R,
        v_mV=v,
        dV_dI_ohm=np.concatenate(([n * R / cold], slope)),
        fold=np.concatenate(([""], names)),
        device=device,
    )
