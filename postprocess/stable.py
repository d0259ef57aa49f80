"""Which states of a branch its source can hold: ranges of current, where they end, and words for figures."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios.schema import Scenario

Flags = NDArray[np.bool_]

COUNT = "unstable_modes_"
_PLACES = {"nucleation": "nucleation", "full_normality": "full_normality", "end": "end", "alpha_mean_K_per_mW": "end"}
_OF_PEAK = ("V_peak", "peak_height", "FWHM", "beta")
_NO_STATE = ("first_unstable", "stable_", "folds", "mesh_", "layer_", "wall_", "points", "junctions", "normal_resist")
NOT_COMPUTED = "stability not computed"
_SOURCES = {"current": "current_bias", "voltage": "voltage_bias", "load-line": "load_line"}
NUMBERS = {
    "first_unstable_I_mA": "current at which the branch is first unstable under `[bias]`: of the fold, or of the first "
    "point beyond a bifurcation",
    "stable_at_I_mA=<value>": "1 where `[bias]` holds a state of the branch at this current, else 0",
    "stable_ranges.<source>.<n>.0": "current at which stretch n of states that a source holds begins",
    "stable_ranges.<source>.<n>.1": "and at which it ends, in branch order",
}
"""Numbers that the stability of a branch gives, with their meaning."""


def source_of(scenario: Scenario) -> str:
    """Return the source of a scenario as in column names: "current_bias", "voltage_bias" or "load_line"."""
    return _SOURCES[scenario.bias.kind]


def stable_rows(rows: Table, source: str) -> Flags | None:
    """Return which rows a source holds, shape (rows,); an unknown row is as the one before. None: not computed."""
    if COUNT + source not in rows:
        return None
    counts = column(rows, COUNT + source)
    known = np.flatnonzero(np.isfinite(counts))
    if known.size == 0:
        return None
    latest = np.searchsorted(known, np.arange(len(counts)), side="right") - 1
    return np.asarray(counts[known[np.maximum(latest, 0)]] == 0)


def stability_figures(run: Run) -> dict[str, Any]:
    """Return `stability`, `stable_ranges` (mA, by source, in branch order) and `first_unstable_I_mA` of a branch."""
    rows, own = run.rows, source_of(run.scenario)
    stable = stable_rows(rows, own)
    if stable is None:
        return {"stability": "not computed", "stable_ranges": None, "first_unstable_I_mA": None}
    sources = [name.removeprefix(COUNT) for name in rows if name.startswith(COUNT)]
    by_source = {source: stable_rows(rows, source) for source in sources}
    ranges = {source: _ranges(rows, flags) for source, flags in by_source.items() if flags is not None}
    return {"stability": "computed", "stable_ranges": ranges, "first_unstable_I_mA": _first_unstable(rows, stable)}


def _ranges(rows: Table, stable: Flags) -> list[list[float]]:
    """Return the currents of the first and the last row of each stretch of stable rows."""
    I, edges = column(rows, "I_mA"), [0, *(np.flatnonzero(np.diff(stable)) + 1), len(stable)]  # noqa: E741
    return [[float(I[a]), float(I[b - 1])] for a, b in pairwise(edges) if b > a and stable[a]]


def _first_unstable(rows: Table, stable: Flags) -> float | None:
    if stable.all():
        return None
    row = int(np.argmin(stable))
    # A fold is a row of its own, with a mode that neither grows nor decays.
    word = str(rows["fold"][row - 1]) if row > 0 and "fold" in rows else ""
    at_fold = word != "" and not word.startswith(PINNED)
    return float(column(rows, "I_mA")[row - at_fold])


def stable_at(ranges: dict[str, list[list[float]]] | None, source: str, I_mA: float) -> bool | None:
    """Return whether a source holds a state at a current, from `stable_ranges`; None if that is not known."""
    if not ranges or source not in ranges:
        return None
    return any(min(ends) <= I_mA <= max(ends) for ends in ranges[source])


def speaks_of_stable(name: str, summary: Mapping[str, Any]) -> bool | None:
    """Return whether the source holds what a number of summary.json speaks of; None where that was not computed.

    That is a place of the branch (where the hot spot appears, the peak, the end), or else all of its states. Sweeps
    follow stable states alone; currents of folds, errors and sizes speak of no state.
    """
    first = name.partition(".")[0]
    if "legs" in summary or first.startswith(_NO_STATE):
        return True
    if summary.get("stability") != "computed":
        return None
    if first.startswith(_OF_PEAK):
        return bool(summary.get("V_peak_stable"))
    place = summary.get(_PLACES.get(first, ""))
    if isinstance(place, Mapping):
        return bool(place.get("stable"))
    return summary.get("first_unstable_I_mA") is None


def sentence(run: Run) -> str:
    """Return which states of a branch its source does not hold, in words; "" for a run that has no branch in space."""
    if run.kind.table != "iv.csv":
        return ""
    stable, name = stable_rows(run.rows, source_of(run.scenario)), source_name(run)
    if stable is None:
        return NOT_COMPUTED
    if stable.all():
        return f"the {name} holds every state"
    lost = ", ".join(f"{a:.4g}" if a == b else f"{a:.4g} to {b:.4g}" for a, b in _ranges(run.rows, ~stable))
    return f"unstable under the {name}: {lost} mA"


def stable_states(run: Run, row: NDArray[np.int64]) -> Flags:
    """Return which of some rows of a run its source holds; all where that is not known, as with settled states."""
    stable = stable_rows(run.rows, source_of(run.scenario))
    return np.ones(len(row), dtype=bool) if stable is None else stable[row]


def remark(run: Run, row: int) -> str:
    """Return ", unstable" for a row of a branch that its source does not hold, else ""."""
    return "" if stable_states(run, np.array([row]))[0] else ", unstable"


def legend(run: Run, row: NDArray[np.int64]) -> str:
    """Return what "unstable" means in a picture of some rows of a run, or that stability was not computed, else ""."""
    if not stable_states(run, row).all():
        return f"unstable: not held by the {source_name(run)}"
    return sentence(run) if sentence(run) == NOT_COMPUTED else ""


def source_name(run: Run) -> str:
    """Return the source of a run in words: "current source", "voltage source" or "load line"."""
    return source_of(run.scenario).replace("_bias", " source").replace("_", " ")
