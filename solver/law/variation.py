"""How a junction law changes with a number of the scenario: laws a little to both sides of it, on the same grid.

A table of the d-wave law takes half a second; its derivatives by gap and scattering rate follow from one more pass over
the isotherms, and with them those by everything that gap and rate are made of.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import STEP, Parameter
from hotmesa.scenarios.schema import DWave, Ohmic, Scenario
from hotmesa.solver.constants import GAP_SETS_MEV
from hotmesa.solver.law.dwave import spectrum_of
from hotmesa.solver.law.grids import build_grid
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.law.pseudogap import PseudogapLaw, normal_resistance
from hotmesa.solver.law.series import SeriesContact, build_series_grid, series_contact
from hotmesa.solver.law.spectrum import Spectrum, gamma_meV, gap_meV
from hotmesa.solver.law.table import LawTable, LawValues, load_grid, store_grid, table_key
from hotmesa.solver.law.tunnelling import isotherm, isotherm_slopes

REBUILT_STEP = 1e-4
"""Relative step of a table that is built anew on both sides: its own error is 1e-10."""
WORDS = ("gap", "rate", "weight")


class TiltedLaw:
    """A law whose ln(i/v) grows by h times a table; the slopes are those of the law, good enough for Newton's method.

    Attributes:
        T_range, v_max: those of the law.
    """

    def __init__(self, law: LawTable, tilt: LawTable, h: float) -> None:
        """Take the law, the derivative of its ln(i/v) as a table on the same grid, and how much of it is added."""
        self.law, self.tilt, self.h = law, tilt, h
        self.T_range, self.v_max = law.T_range, law.v_max

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and slopes at one junction voltage (mV) for all temperatures (K)."""
        return self._grown(self.law.at_voltage(v_mV, T_K), float(v_mV), T_K)

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and slopes element by element."""
        return self._grown(self.law.at(v_mV, T_K), np.asarray(v_mV), T_K)

    def _grown(self, found: LawValues, v: float | Array, T: Array) -> LawValues:
        growth = np.exp(self.h * self.tilt.exponent(v, T))
        return LawValues(found.i * growth, found.di_dv * growth, found.di_dT * growth)


def spelled_out(scenario: Scenario) -> Scenario:
    """Return a scenario whose law names its gap as a number, where it names a set of the paper."""
    law = scenario.law
    if not isinstance(law, DWave) or law.set is None:
        return scenario
    named = law.model_copy(update={"set": None, "gaps_meV": (GAP_SETS_MEV[law.set],)})
    return scenario.model_copy(update={"law": named})


def _over_normal(law: JunctionLaw, scenario: Scenario) -> JunctionLaw:
    """Return a law over the normal resistance of a scenario; itself where that is one number."""
    normal = normal_resistance(scenario)
    return law if normal is None else PseudogapLaw(law, normal)


class LawVariations:
    """Laws beside that of a scenario."""

    def __init__(self, scenario: Scenario, law: JunctionLaw, cache: Path | None) -> None:
        """Take scenario and law; tables of derivatives are kept in the folder `cache`, None for nowhere."""
        self._scenario, self._cache = scenario, cache
        self._law = law.table if isinstance(law, PseudogapLaw) else law

    def pair(self, parameter: Parameter) -> tuple[JunctionLaw, JunctionLaw]:
        """Return the laws at both `ends` of a parameter.

        Raises:
            LawError: there is none.
        """
        low, high = (parameter.varied(self._scenario, end) for end in parameter.ends())
        first, last = self._tables(parameter, low, high)
        return _over_normal(first, low), _over_normal(last, high)

    def _tables(self, parameter: Parameter, low: Scenario, high: Scenario) -> tuple[JunctionLaw, JunctionLaw]:
        """Return the laws at both ends over one normal resistance."""
        law = self._law
        if isinstance(low.law, Ohmic):
            return build_law(low), build_law(high)
        if not isinstance(low.law, DWave) or not isinstance(law, LawTable):
            return law, law
        tilt = self._tilt(parameter)
        if tilt is None:
            return law, law
        table = LawTable(law.T_K, law.v_mV, tilt)
        first, last = (TiltedLaw(law, table, end - parameter.value) for end in parameter.ends())
        return first, last

    def _made_of(self, parameter: Parameter, step: float) -> list[tuple[Spectrum, SeriesContact | None]]:
        """Return spectrum and series contact at both ends of a parameter."""
        found = [parameter.varied(self._scenario, end) for end in parameter.ends(step)]
        return [(spectrum_of(scenario.law), series_contact(scenario)) for scenario in found]

    def _tilt(self, parameter: Parameter) -> Array | None:
        """Return the derivative of ln(i/v) on the grid; None where the law does not change."""
        low, high = self._made_of(parameter, STEP)
        if low == high:
            return None
        apart = parameter.ends()[1] - parameter.ends()[0]
        if low[1] is high[1] is None and low[0].coherent_fraction == high[0].coherent_fraction == 0.0:
            return self._by_parts(low[0], high[0], apart)
        T, v = self._table.T_K, self._table.v_mV
        grids = [
            build_grid(spectrum, T, v) if contact is None else build_series_grid(spectrum, T, v, contact)
            for spectrum, contact in self._made_of(parameter, REBUILT_STEP)
        ]
        ends = parameter.ends(REBUILT_STEP)
        return np.asarray((grids[1] - grids[0]) / (ends[1] - ends[0]))

    @cached_property
    def _spectrum(self) -> Spectrum:
        return spectrum_of(self._scenario.law)

    def _by_parts(self, low: Spectrum, high: Spectrum, apart: float) -> Array:
        """Return it from the derivatives by gap, rate and weight of every part of an inhomogeneous junction."""
        T = self._table.T_K
        rate = (gamma_meV(high, T) - gamma_meV(low, T))[:, None]
        weight = high.momentum_weight - low.momentum_weight
        mean, change = np.zeros(self._conductances[0].shape), np.zeros(self._conductances[0].shape)
        for k, conductance in enumerate(self._conductances):
            by_gap, by_rate, by_weight = self._slopes[k]
            gap, share = (gap_meV(high, T, k) - gap_meV(low, T, k))[:, None], self._spectrum.weights[k]
            mean += share * conductance
            change += share * (by_gap * gap + by_rate * rate + by_weight * weight)
            change += (high.weights[k] - low.weights[k]) * conductance
        return np.asarray(change / mean / apart)

    @property
    def _table(self) -> LawTable:
        if not isinstance(self._law, LawTable):
            raise TypeError("the law is no table")
        return self._law

    @cached_property
    def _conductances(self) -> list[Array]:
        """Conductance i/v of every part on the grid."""
        T, v, spectrum = self._table.T_K, self._table.v_mV, self._spectrum
        if len(spectrum.weights) == 1:
            return [np.exp(self._table.exponent(np.tile(v, (T.size, 1)), np.tile(T[:, None], (1, v.size))))]
        return [
            np.array([isotherm(float(v[-1]), v.size - 1, float(t), local) for t, local in zip(T, parts, strict=True)])
            for parts in map(self._local, range(len(spectrum.weights)))
        ]

    def _local(self, part: int) -> list[tuple[float, float, float]]:
        """Return gap, rate and momentum weight of a part at every temperature."""
        T, spectrum = self._table.T_K, self._spectrum
        gaps, rates = gap_meV(spectrum, T, part), gamma_meV(spectrum, T)
        return [(float(g), float(r), spectrum.momentum_weight) for g, r in zip(gaps, rates, strict=True)]

    @cached_property
    def _slopes(self) -> list[Array]:
        """Derivatives of the conductance of every part by gap, rate and weight, shape (3, T, v) each."""
        return [self._slopes_of(part) for part in range(len(self._spectrum.weights))]

    def _slopes_of(self, part: int) -> Array:
        T, v, local = self._table.T_K, self._table.v_mV, self._local(part)
        keys = [table_key({"slope": word, "local": local, "grid": [T.tolist(), v.tolist()]}) for word in WORDS]
        kept = [None if self._cache is None else load_grid(self._cache, key, T, v) for key in keys]
        found = [grid for grid in kept if grid is not None]
        if len(found) == len(WORDS):
            return np.array(found)
        rows = [isotherm_slopes(float(v[-1]), v.size - 1, float(t), at) for t, at in zip(T, local, strict=True)]
        slopes = np.array(rows).transpose(1, 0, 2)
        for key, grid in zip(keys, slopes, strict=True):
            if self._cache is not None:
                store_grid(self._cache, key, T, v, grid)
        return slopes
