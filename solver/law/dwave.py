"""The d-wave law: its spectrum and weighted gaps, and its table, computed once and stored."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from hotmesa.scenarios.schema import DWave, Law, Scenario
from hotmesa.solver.constants import GAP_SETS_MEV
from hotmesa.solver.law.files import LawError, read_gamma, read_gap
from hotmesa.solver.law.grids import build_grid, temperature_grid, voltage_grid
from hotmesa.solver.law.pseudogap import PseudogapLaw, normal_resistance
from hotmesa.solver.law.series import build_series_grid, series_contact
from hotmesa.solver.law.spectrum import Spectrum
from hotmesa.solver.law.table import LawTable, load_grid, store_grid, table_key


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


def build(law: DWave, scenario: Scenario, cache: Path | str | None) -> LawTable | PseudogapLaw:
    """The law of a scenario; its table is taken from the cache or built and stored there.

    Raises:
        LawError: a table of the user cannot be used, or the scattering rate is too small for a table.
    """
    table, normal = _table(law, scenario, cache), normal_resistance(scenario)
    return table if normal is None else PseudogapLaw(table, normal)


def _table(law: DWave, scenario: Scenario, cache: Path | str | None) -> LawTable:
    spectrum = spectrum_of(law)
    series = series_contact(scenario)
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
