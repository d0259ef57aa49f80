"""The d-wave law: its spectrum, grids, weighted gaps, an SIN contact in series, and its table."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import junction_resistance_ohm, resistive_junctions
from hotmesa.scenarios.schema import DWave, Law, Scenario
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K, GAP_SETS_MEV
from hotmesa.solver.law.files import LawError, read_gamma, read_gap
from hotmesa.solver.law.spectrum import Spectrum, gamma_meV, gap_meV
from hotmesa.solver.law.table import LawTable, load_grid, store_grid, table_key
from hotmesa.solver.law.tunnelling import coherent_isotherm, isotherm

LOWEST_K = 1.0
HIGHEST_K = 400.0
SMALLEST_GAMMA_MEV = 0.05
LARGEST_GAMMA_MEV = 1e6
_V_STEP_MV = 0.25
_NEWTON_STEPS = 60


@dataclass(frozen=True)
class SeriesContact:
    """An SIN contact in series with the stack.

    Attributes:
        resistance_ratio: normal resistance of the contact over that of one junction.
        junctions: number of junctions that carry voltage.
    """

    resistance_ratio: float
    junctions: int


def temperature_grid(spectrum: Spectrum) -> Array:
    """Temperatures of the table, K: from 1 K to where the law is ohmic to 1e-9 (at most 400 K), increasing.

    The gap no longer matters once (Delta/Gamma)^2 < 1e-9, because N = 1 + <Re Delta^2 cos^2 2phi / 2z^2> + ...
    Tables whose gap does not close end at 400 K.
    """
    fine = np.arange(LOWEST_K, HIGHEST_K + 0.5, 0.5)
    closed: Array = np.zeros(fine.shape)
    for part in range(len(spectrum.gaps_meV)):
        rate = np.clip(_rates(spectrum, fine), -LARGEST_GAMMA_MEV, LARGEST_GAMMA_MEV)
        scale = rate**2 + (math.pi * BOLTZMANN_MEV_PER_K * fine) ** 2
        closed = np.maximum(closed, gap_meV(spectrum, fine, part) ** 2 / scale)
    still_open = np.flatnonzero(closed > 1e-9)
    last = max(fine[min(still_open[-1] + 1, fine.size - 1)] if still_open.size else 10.0, 10.0)
    steps = np.concatenate((np.arange(LOWEST_K, 8.0, 0.25), np.arange(8.0, 120.0, 0.5), np.arange(120.0, 401.0, 2.0)))
    return np.concatenate((steps[steps < last], [last]))


def _rates(spectrum: Spectrum, T_K: Array) -> Array:
    """Return the scattering rates, infinite where they grow beyond all numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        return gamma_meV(spectrum, T_K)


def voltage_grid(spectrum: Spectrum, T_K: Array, v_max_mV: float) -> Array:
    """Uniform voltages 0 to v_max, mV; the step resolves features of i(v), whose width is Gamma or more.

    Raises:
        ValueError: when Gamma falls below 0.05 meV, where the table would become huge, or grows beyond all numbers.
    """
    rates = _rates(spectrum, T_K)
    if not np.all(rates <= LARGEST_GAMMA_MEV):
        highest = int(np.argmin(rates <= LARGEST_GAMMA_MEV))
        raise ValueError(
            f"scattering rate {rates[highest]:g} meV at {T_K[highest]:g} K is above {LARGEST_GAMMA_MEV:g} meV; "
            "lower gamma_c_meV, gamma_exponent, gamma_scale or the values of gamma_table, or raise gamma_temperature_K"
        )
    lowest = int(np.argmin(rates))
    if not rates[lowest] >= SMALLEST_GAMMA_MEV:
        raise ValueError(
            f"scattering rate {rates[lowest]:g} meV at {T_K[lowest]:g} K is below {SMALLEST_GAMMA_MEV} meV; "
            "raise gamma0_meV, gamma_scale or the values of gamma_table"
        )
    step = min(_V_STEP_MV, 0.4 * float(rates[lowest]))
    return np.asarray(np.linspace(0.0, v_max_mV, max(math.ceil(v_max_mV / step), 8) + 1), dtype=np.float64)


def build_grid(spectrum: Spectrum, T_K: Array, v_mV: Array, contact: bool = False) -> Array:
    """Log conductance ln(i/v) of the weighted mean of the laws of all gaps, shape (T, v).

    Args:
        spectrum: gap and scattering.
        T_K: temperatures, K.
        v_mV: uniform voltages from 0, mV.
        contact: True for SIN, False for SIS.
    """
    mean = np.zeros((T_K.size, v_mV.size))
    rates = gamma_meV(spectrum, T_K)
    for part, weight in enumerate(spectrum.weights):
        gaps = gap_meV(spectrum, T_K, part)
        for row, T in enumerate(T_K):
            local = (float(gaps[row]), float(rates[row]), spectrum.momentum_weight)
            grid = (float(v_mV[-1]), v_mV.size - 1, float(T))
            c = 0.0 if contact else spectrum.coherent_fraction
            mean[row] += weight * (1.0 - c) * isotherm(*grid, local, contact) if c < 1.0 else 0.0
            mean[row] += weight * c * coherent_isotherm(*grid, *local[:2]) if c > 0.0 else 0.0
    return np.log(mean)


def build_series_grid(spectrum: Spectrum, T_K: Array, v_mV: Array, series: SeriesContact) -> Array:
    """Log conductance ln(i/w) of a stack with an SIN contact in series, shape (T, w); w = V/n are the `v_mV`.

    With i = I R_j the junction voltage v and the contact voltage u = n (w - v) obey i_SIS(v, T) R_c/R_j = i_SIN(u, T).
    The difference of both sides rises with v between v = 0 and v = w, so Newton's method kept inside a bracket finds
    the one root.
    """
    ratio, n = series.resistance_ratio, series.junctions
    share = ratio / (n + ratio)
    u_mV = voltage_grid(spectrum, T_K, float(np.clip(1.5 * share * n * v_mV[-1], 60.0, 4 * v_mV[-1])))
    junction = LawTable(T_K, v_mV, build_grid(spectrum, T_K, v_mV))
    contact = LawTable(T_K, u_mV, build_grid(spectrum, T_K, u_mV, contact=True))
    T, w = (np.ascontiguousarray(a) for a in np.broadcast_arrays(T_K[:, None], v_mV[None, 1:]))
    low, high, v = np.zeros(w.shape), w.copy(), w * (1 - share)
    for _ in range(_NEWTON_STEPS):
        left, right = junction.at(v, T), contact.at(n * (w - v), T)
        excess = ratio * left.i - right.i
        low, high = np.where(excess < 0, v, low), np.where(excess < 0, high, v)
        trial = v - excess / (ratio * left.di_dv + n * right.di_dv)
        trial = np.where((trial >= low) & (trial <= high), trial, 0.5 * (low + high))
        # Quadratic convergence: after a relative step below 1e-9 the error is at rounding.
        change = float(np.max(np.abs(trial - v) / w))
        v = trial
        if change < 1e-9:
            break
    # At v = 0 both conductances are constants in series.
    at_zero = 1 / (1 / junction.at_voltage(0.0, T_K).di_dv + ratio / n / contact.at_voltage(0.0, T_K).di_dv)
    return np.asarray(np.log(np.column_stack((at_zero, junction.at(v, T).i / w))))


def spectrum_of(law: Law) -> Spectrum:
    """Gap and scattering rate described by the section [law]; `set` overrides `gaps_meV`.

    Raises:
        LawError: the law is of another kind, or a table cannot be used.
    """
    if not isinstance(law, DWave):
        raise LawError(f"{law.describe()}: no gap belongs to this law")
    gaps = law.gaps_meV if law.set is None else (GAP_SETS_MEV[law.set],)
    weights = law.gap_weights if law.set is None and law.gap_weights is not None else (1.0,) * len(gaps)
    total = sum(weights)
    return Spectrum(
        gaps_meV=gaps,
        weights=tuple(weight / total for weight in weights),
        gap_ratio=law.gap_ratio,
        gap_tail=law.gap_tail,
        gap_closing=law.gap_closing,
        gamma0_meV=law.gamma0_meV,
        gamma_c_meV=law.gamma_c_meV,
        gamma_temperature_K=law.gamma_temperature_K,
        gamma_exponent=law.gamma_exponent,
        gamma_scale=law.gamma_scale,
        momentum_weight=law.momentum_weight,
        coherent_fraction=law.coherent_fraction,
        gap_table=None if law.gap_table is None else read_gap(Path(law.gap_table)),
        gamma_table=None if law.gamma_table is None else read_gamma(Path(law.gamma_table)),
    )


def build(law: DWave, scenario: Scenario, cache: Path | str | None) -> LawTable:
    """The law of a scenario; its table is taken from the cache or built and stored there.

    Raises:
        LawError: a table of the user cannot be used, or the scattering rate is too small for a table.
    """
    spectrum = spectrum_of(law)
    series = _series_contact(scenario)
    T = temperature_grid(spectrum)
    try:
        v = voltage_grid(spectrum, T, scenario.numerics.table_max_mV)
    except ValueError as error:
        raise LawError(str(error)) from error
    parameters = {
        "spectrum": asdict(spectrum),
        "series": None if series is None else asdict(series),
        "grid": [T.tolist(), v.tolist()],
    }
    key = table_key(parameters)
    grid = None if cache is None else load_grid(Path(cache), key, T, v)
    if grid is None:
        grid = build_grid(spectrum, T, v) if series is None else build_series_grid(spectrum, T, v, series)
        if cache is not None:
            store_grid(Path(cache), key, T, v, grid)
    return LawTable(T, v, grid)


def _series_contact(scenario: Scenario) -> SeriesContact | None:
    resistance = scenario.law.series_ohm
    if resistance == 0:
        return None
    return SeriesContact(resistance / junction_resistance_ohm(scenario), resistive_junctions(scenario))
