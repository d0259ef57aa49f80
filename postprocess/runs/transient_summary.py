"""The figures of merit of a transient, as pure functions of its arrays; each docstring is the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from hotmesa.postprocess.merit import Finding
from hotmesa.postprocess.report import DEVICE_NUMBERS
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

NUMBERS = {
    "time_constant_V_us": "time after a step in which V makes 1 − 1/e of its way",
    "time_constant_T_us": "the same of T_mean",
    "hot_at_us": "first time at which T_max reaches the hot temperature",
    "T_max_K": "largest temperature of the run",
    "T_max_at_us": "its time",
    "energy_balance_error": "(Joule energy − heat into the sinks − stored heat)/largest Joule energy, at the end",
    "end.t_us": "last time",
    "end.V_mV": "voltage at the end",
    "end.I_mA": "current at the end",
    "end.P_mW": "power at the end",
    "end.T_max_K": "T_max at the end",
    "hot_spots.<n>.t_us": "time of stored state n",
    "hot_spots.<n>.count": "number of separate hot spots in it",
    **DEVICE_NUMBERS,
}
"""Numbers in summary.json of a transient."""
# Changes below this, in K or mV, are no response that a time constant could belong to.
SMALLEST_CHANGE = 1e-3


def summarise_transient(run: Run) -> dict[str, Any]:
    """Return all figures of merit of a transient; numbers that do not exist are None and say why under `reasons`.

    Keys that the run itself wrote to summary.json are kept.
    """
    rows = run.rows
    t = column(rows, "t_us")
    T = column(rows, "T_max_K")
    hottest = int(np.argmax(T))
    spec = run.scenario.transient
    findings = {
        "time_constant_V_us": time_constant(rows, "V_mV", spec.waveform, spec.change_us),
        "time_constant_T_us": time_constant(rows, "T_mean_K", spec.waveform, spec.change_us),
    }
    findings["hot_at_us"] = first_time(t, T, run.hot_temperature_K)
    values: dict[str, Any] = {"name": run.scenario.name, "points": len(t), "junctions": run.junctions}
    values |= {"normal_resistance_ohm": run.normal_resistance_ohm, "mesa_area_um2": run.area_um2}
    values |= {key: finding.value for key, finding in findings.items()}
    values |= {
        "T_max_K": float(T[hottest]),
        "T_max_at_us": float(t[hottest]),
        "energy_balance_error": energy_error(rows),
        "hot_spots": spots_in_time(run),
        "end": {name: float(column(rows, name)[-1]) for name in ("t_us", "V_mV", "I_mA", "P_mW", "T_max_K")},
        "reasons": {key: finding.reason for key, finding in findings.items() if finding.reason},
        "wall_s": run.summary.get("wall_s", run.provenance.get("wall_s")),
    }
    return {**run.summary, **values}


def time_constant(rows: Table, name: str, waveform: str, at_us: float) -> Finding:
    """Return the time in µs after a step of the source at which a column has made 1 - 1/e of its way to the end.

    The way is that from right after the step to the last moment, which should be steady. Linear between moments.
    """
    if waveform != "step":
        return Finding(None, f'waveform = "{waveform}" has no single step')
    t, values = column(rows, "t_us"), column(rows, name)
    after = np.flatnonzero(t >= at_us)
    # At the time of the step there are two moments, before and after it.
    after = after[np.flatnonzero(t[after] == at_us)[-1] :] if np.any(t == at_us) else after
    if len(after) < 2:
        return Finding(None, "the run ends before the step")
    t, values = t[after], values[after]
    change = values[-1] - values[0]
    if abs(change) < SMALLEST_CHANGE:
        return Finding(None, f"{name} does not change")
    way = (values - values[0]) / change
    passed = int(np.argmax(way >= 1.0 - np.exp(-1.0)))
    part = (1.0 - np.exp(-1.0) - way[passed - 1]) / (way[passed] - way[passed - 1])
    return Finding(float(t[passed - 1] + part * (t[passed] - t[passed - 1]) - at_us))


def first_time(t: Array, T: Array, level_K: float) -> Finding:
    """Return the first time in µs at which a temperature reaches a level, linear between moments."""
    above = np.flatnonzero(T >= level_K)
    if len(above) == 0:
        return Finding(None, f"no place reaches {level_K:g} K")
    k = int(above[0])
    if k == 0 or T[k] == T[k - 1]:
        return Finding(float(t[k]))
    return Finding(float(t[k - 1] + (level_K - T[k - 1]) / (T[k] - T[k - 1]) * (t[k] - t[k - 1])))


def energy_error(rows: Table) -> float | None:
    """Return (Joule energy - heat into the sinks - stored heat) at the end over the largest Joule energy."""
    joule, sinks, stored = (column(rows, f"E_{name}_nJ") for name in ("joule", "sinks", "stored"))
    largest = float(np.max(np.abs(joule), initial=0.0))
    return float((joule[-1] - sinks[-1] - stored[-1]) / largest) if largest > 0 else None


def spots_in_time(run: Run) -> list[dict[str, Any]]:
    """Return t_us and count of the separate hot spots at every stored state; see `count_spots`."""
    states, junction = run.states, run.junction_T_K
    if states is None or junction is None:
        return []
    t = column(run.rows, "t_us")[states.row]
    counts = [count_spots(states.mesa_cells, T > run.hot_temperature_K) for T in junction]
    return [{"t_us": float(time), "count": count} for time, count in zip(t, counts, strict=True)]


def count_spots(cells: NDArray[np.int64], hot: NDArray[np.bool_]) -> int:
    """Return the number of connected regions of hot nodes; nodes are neighbours if a cell of the mesa holds both."""
    corners = cells.shape[1]
    pairs = [(i, j) for i in range(corners) for j in range(i)]
    edges = np.concatenate([cells[:, pair] for pair in pairs])
    edges = edges[hot[edges].all(axis=1)]
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(hot), len(hot)))
    _, label = connected_components(graph, directed=False)
    return len(np.unique(label[hot]))
