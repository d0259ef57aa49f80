"""The current-voltage law i(v, T) of one junction, made from a scenario.

Every law has the same interface (`JunctionLaw`): currents as i = I R_j in mV with R_j the normal resistance of one
junction, so that a normal junction has i = v, and derivatives that belong to the same interpolant as the current.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.junction_counts import junction_resistance_ohm, resistive_junctions
from hotmesa.scenarios.schema import Curve, Law, Scenario
from hotmesa.solver.constants import GAP_SETS_MEV
from hotmesa.solver.law.cache import default_folder, load_grid, store_grid, table_key
from hotmesa.solver.law.dwave import (
    SeriesContact,
    build_grid,
    build_series_grid,
    temperature_grid,
    voltage_grid,
)
from hotmesa.solver.law.files import LawError, read_current, read_gamma, read_gap
from hotmesa.solver.law.gap import Spectrum
from hotmesa.solver.law.table import LawTable, LawValues

__all__ = ["JunctionLaw", "LawError", "LawTable", "LawValues", "OhmicLaw", "build_law", "spectrum_of"]


class JunctionLaw(Protocol):
    """Current of one junction as a function of its voltage and temperature.

    Attributes:
        T_range: lowest temperature (K; an error below) and the one above which the law no longer changes.
        v_max: voltage (mV) above which the junction is ohmic with the conductance at that voltage.
    """

    T_range: tuple[float, float]
    v_max: float

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage for all temperatures."""
        ...

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element."""
        ...


class OhmicLaw:
    """Linear law i = v g(T): a junction whose resistance depends on temperature only.

    g(T) = r / (rho_c(T) s) is the specific normal resistance over resistivity times spacing. A curve is interpolated
    monotonically (PCHIP) in (log T, log g), with a continuous derivative, and constant outside.
    """

    def __init__(self, conductance: float | tuple[Array, Array] = 1.0):
        """Make the law from one relative conductance, or from temperatures (K) and relative conductances there."""
        self.T_range = (0.0, float("inf"))
        self.v_max = float("inf")
        self._constant = 1.0 if isinstance(conductance, tuple) else float(conductance)
        self._curve: CubicHermiteSpline | None = None
        if isinstance(conductance, tuple):
            self._curve = PchipInterpolator(np.log(conductance[0]), np.log(conductance[1]))

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage (mV) for all temperatures (K)."""
        return self.at(np.asarray(v_mV, dtype=np.float64), T_K)

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element; ValueError for a temperature that is not positive."""
        v, T = np.broadcast_arrays(np.asarray(v_mV, dtype=np.float64), np.asarray(T_K, dtype=np.float64))
        if T.size and not T.min() > 0:
            raise ValueError(f"temperature {T.min():g} K is not positive")
        if self._curve is None:
            return LawValues(self._constant * v, np.full(T.shape, self._constant), np.zeros(T.shape))
        x = np.log(T)
        ends = self._curve.x[[0, -1]]
        inside = np.clip(x, *ends)
        g = np.exp(self._curve(inside))
        slope = np.where(x == inside, g * self._curve(inside, 1) / T, 0.0)
        return LawValues(v * g, g, v * slope)


def build_law(scenario: Scenario, cache: Path | str | None = "default") -> JunctionLaw:
    """Junction law of a scenario; a d-wave table is taken from the cache or built and stored there.

    With an SIN contact in series the law is that of V/n: the voltage of stack and contact per resistive junction.

    Args:
        scenario: the device.
        cache: folder of cached tables, "default" for `law_cache.default_folder()`, None for no cache.

    Raises:
        LawError: for tables that cannot be used or keys that contradict each other.
    """
    law = scenario.law
    if law.kind != "d-wave" and law.sin_contact_ohm > 0:
        raise LawError(f"law.sin_contact_ohm needs law.kind = 'd-wave', not {law.kind!r}")
    if law.kind == "ohmic":
        return _ohmic(law.resistivity_ohm_cm, scenario)
    if law.kind == "table":
        if law.table is None:
            raise LawError("law.kind = 'table' needs law.table, a CSV file with the columns T_K,v_mV,i_mV")
        return LawTable(*read_current(Path(law.table)))
    return _d_wave(scenario, default_folder() if cache == "default" else cache)


def spectrum_of(law: Law) -> Spectrum:
    """Gap and scattering rate described by the section [law]; `set` overrides `gaps_meV`.

    Raises:
        LawError: for weights that do not match the gaps, or tables that cannot be used.
    """
    gaps = law.gaps_meV if law.set is None else (GAP_SETS_MEV[law.set],)
    weights = law.gap_weights if law.set is None and law.gap_weights is not None else (1.0,) * len(gaps)
    if not gaps or len(weights) != len(gaps):
        raise LawError(f"law.gap_weights has {len(weights)} values for {len(gaps)} gaps in law.gaps_meV")
    if law.gap_table is not None and len(gaps) > 1:
        raise LawError(f"law.gap_table replaces the one gap of the junctions, but law.gaps_meV has {len(gaps)}")
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
        gap_table=None if law.gap_table is None else read_gap(Path(law.gap_table)),
        gamma_table=None if law.gamma_table is None else read_gamma(Path(law.gamma_table)),
    )


def _d_wave(scenario: Scenario, cache: Path | str | None) -> LawTable:
    spectrum = spectrum_of(scenario.law)
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
    resistance = scenario.law.sin_contact_ohm
    if resistance == 0:
        return None
    return SeriesContact(resistance / junction_resistance_ohm(scenario), resistive_junctions(scenario))


def _ohmic(resistivity: float | Curve | None, scenario: Scenario) -> OhmicLaw:
    if resistivity is None:
        return OhmicLaw()
    # rho_c s: 1 Ohm cm nm = 1e4 Ohm µm * 1e-3 µm = 10 Ohm µm².
    normal = scenario.mesa.specific_resistance_ohm_um2 / (10 * scenario.mesa.spacing_nm)
    if not isinstance(resistivity, Curve):
        return OhmicLaw(normal / float(resistivity))
    T, values = np.asarray(resistivity.T_K), np.asarray(resistivity.values)
    if T.size != values.size or np.any(np.diff(T) <= 0):
        raise LawError("law.resistivity_ohm_cm needs increasing T_K and as many values")
    return OhmicLaw((T, normal / values))
