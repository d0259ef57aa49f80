"""A phase diagram of the hot spot from the cases of a study: phases.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.postprocess.jumps import jumps
from hotmesa.postprocess.place import Mesa, Spot, place_of
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.stable import source_of, stable_rows
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import write_table

TABLE = "phases.csv"
WAITING = "not computed"
SAME = 1e-6
"""Relative difference of currents that are one."""
COLUMNS = {
    "case": "case of the study",
    "status": "of the case: ok, failed, invalid, not computed",
    "I_mA": "current, on the way up from zero",
    "place": "where the hot spot is that the device shows: none, middle, off-centre, edge, corner, end, all hot",
    "x_um": "x of the centroid of its core",
    "y_um": "y of it",
    "spots": "number of separate cores",
    "hot_fraction": "part of the mesa that is hot",
    "V_mV": "voltage",
    "T_max_K": "largest temperature",
    "branch_place": "where it is on the branch from rest at this current",
    "branch_stable": "1 where a current source holds that state",
    "moved_um": "distance of the core that the device shows from that on the branch",
    "element_um": "longest element in the mesa: what moves less may be held or pushed by rows of elements",
    "jumps": "number of jumps since the current before",
    "jump_I_mA": "current of the largest of them",
    "jump_dV_mV": "change of V in it",
    "jump_dx_um": "change of the centroid of the hot spot along x",
    "jump_dy_um": "and along y",
    "settling_us": "time in which the state behind it was reached",
    "mesh_error_V_percent": "estimated error of V by the mesh, largest of the branch",
    "layer_error_V_percent": "and by the sublayers",
    "reason": "why something is missing",
}
"""Columns of phases.csv with their meaning; between `status` and `I_mA` stand the varied keys."""
_ERRORS = ("mesh_error_V_percent", "layer_error_V_percent")
_BRANCH = ("place", "x_um", "y_um", "spots", "hot_fraction", "V_mV", "T_max_K")


@dataclass(frozen=True)
class PhaseCase:
    """One case of a phase diagram.

    Attributes:
        name: of the case.
        status: "ok", "failed", ...
        reason: why it is not ok.
        varied: names of points and values of keys, as in table.csv.
        folder: of its branch; its sweep stands in the folder `sweep` inside, if there is one.
        length_um: healing length of its device.
    """

    name: str
    status: str
    reason: str
    varied: Mapping[str, Any]
    folder: Path
    length_um: float


def phase_rows(cases: Sequence[PhaseCase], currents_mA: Sequence[float]) -> list[dict[str, Any]]:
    """Return the rows of phases.csv, one for each case and current, in this order.

    What the device shows is the branch from rest as long as the source holds all of it, else the states of the sweep.
    """
    rows = []
    for case in cases:
        result, why = _states_of(case, currents_mA)
        for number, current in enumerate(currents_mA):
            values = result[number] if number < len(result) else {}
            head = {"case": case.name, "status": case.status} | dict(case.varied) | {"I_mA": current}
            reason = case.reason or values.get("reason", "") or why
            rows.append(head | {name: values.get(name) for name in [*COLUMNS][3:]} | {"reason": reason})
    return rows


def is_resolved(row: Mapping[str, Any]) -> bool:
    """Return whether what a row of phases.csv says of the stability of the branch is more than a row of elements.

    A hot spot that is lost in one place and found less than an element away may be pushed there by the mesh.
    """
    moved, element = row.get("moved_um"), row.get("element_um")
    if moved in (None, "") or element in (None, "") or row.get("place") != row.get("branch_place"):
        return True
    return float(str(moved)) >= float(str(element))


def write_phases(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write phases.csv into a folder and return its path.

    Raises:
        OSError: it cannot be written.
    """
    return write_table(folder / TABLE, [dict(row) for row in rows])


def _states_of(case: PhaseCase, currents_mA: Sequence[float]) -> tuple[list[dict[str, Any]], str]:
    """Return what is known of a case at each current, and why not more."""
    if case.status == WAITING:  # what stands there belongs to another scenario
        return [], ""
    try:
        branch = load_run(case.folder)
        sweep = load_run(case.folder / "sweep") if (case.folder / "sweep").is_dir() else None
    except (OSError, ValueError) as error:
        return [], "" if case.status != "ok" else f"the results cannot be read: {error}"
    errors: dict[str, Any] = {name: branch.summary.get(name) for name in _ERRORS}
    holdable = stable_rows(branch.rows, source_of(branch.scenario))
    states = _Placed(branch, case.length_um)
    errors["element_um"] = states.element_um
    result = []
    for current in currents_mA:
        rows = states.rows_at(current)
        stable = [row for row in rows if holdable is not None and holdable[row]]
        values = errors | (states.values((stable or rows)[0]) if rows else {})
        values |= {"branch_place": values.get("place"), "branch_stable": int(bool(stable)) if rows else None}
        result.append(values if rows else values | {"reason": "the branch did not get there"})
    if sweep is None:
        lost = holdable is not None and not holdable.all()
        return (_without_states(result, "its sweep is missing") if lost else result), ""
    shown = _swept(sweep, case.length_um, currents_mA)
    return [a | b | {"moved_um": _distance(a, b)} for a, b in zip(result, shown, strict=True)], ""


def _distance(a: Mapping[str, Any], b: Mapping[str, Any]) -> float | None:
    """Return the distance of two cores in µm; None where there are not two."""
    if any(place.get("x_um") is None for place in (a, b)):
        return None
    moved = float(np.hypot(b["x_um"] - a["x_um"], b["y_um"] - a["y_um"]))
    return moved if np.isfinite(moved) else None


def _without_states(result: Sequence[Mapping[str, Any]], reason: str) -> list[dict[str, Any]]:
    """Return rows without what the device shows where the source loses the branch."""
    return [dict(row) if row["branch_stable"] else dict(row) | _nothing() | {"reason": reason} for row in result]


def _nothing() -> dict[str, Any]:
    return dict.fromkeys(_BRANCH)


def _swept(sweep: Run, length_um: float, currents_mA: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Yield what a sweep shows at each current on its way up, with the jumps since the one before."""
    states, source = _Placed(sweep, length_um), column(sweep.rows, "source_mA")
    result = jumps(sweep.rows)
    before = 0.0
    for current in currents_mA:
        rows = states.rows_at(current)
        values = states.values(rows[-1]) if rows else _nothing() | {"reason": "the sweep did not get there"}
        here = [jump for jump in result if before < source[jump.before] <= current and not jump.continuous]
        yield values | {"jumps": len(here)} | (_largest(sweep, here) if here else {})
        before = current


def _largest(sweep: Run, result: Sequence[Any]) -> dict[str, Any]:
    """Return the jump with the largest change of V."""
    columns = {name: column(sweep.rows, name) for name in ("V_mV", "source_mA", "hot_x_um", "hot_y_um")}

    def change(name: str, jump: Any) -> float:
        return float(columns[name][jump.after] - columns[name][jump.before])

    best = max(result, key=lambda jump: abs(change("V_mV", jump)))
    return {
        "jump_I_mA": float(columns["source_mA"][best.before]),
        "jump_dV_mV": change("V_mV", best),
        "jump_dx_um": change("hot_x_um", best),
        "jump_dy_um": change("hot_y_um", best),
        "settling_us": float(column(sweep.rows, "settling_us")[best.after]),
    }


class _Placed:
    """The stored states of a run with the places of their hot spots."""

    def __init__(self, run: Run, length_um: float) -> None:
        self._run, self._length = run, length_um
        self._kept: Array = np.zeros(0) if run.states is None else run.states.row
        self._I = column(run.rows, "I_mA")

    @property
    def element_um(self) -> float | None:
        """Longest edge of an element in the mesa."""
        states = self._run.states
        if states is None:
            return None
        corners = states.node_xy[states.mesa_cells]
        return float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max())

    def rows_at(self, current: float) -> list[int]:
        """Return the stored rows at a current, in the order of the run."""
        return [int(row) for row in self._kept if abs(self._I[row] - current) <= SAME * current]

    def values(self, row: int) -> dict[str, Any]:
        """Return what phases.csv tells of a stored row."""
        spot = self._spot(row)
        table = {name: float(column(self._run.rows, name)[row]) for name in ("hot_fraction", "V_mV", "T_max_K")}
        return {"place": spot.place, "x_um": spot.x_um, "y_um": spot.y_um, "spots": spot.spots} | table

    def _spot(self, row: int) -> Spot:
        run, states, T = self._run, self._run.states, self._run.junction_T_K
        if states is None or T is None:
            return Spot("")
        scenario = run.scenario
        mesa = Mesa(states.node_xy, states.mesa_cells, states.geometry, scenario.mesa.word == "rectangle")
        at = int(np.flatnonzero(self._kept == row)[0])
        return place_of(mesa, T[at], run.hot_temperature_K, scenario.bath.temperature_K, self._length)
