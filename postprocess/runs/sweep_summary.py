"""summary.json of a sweep: its jumps, its hysteresis, and whether it closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hotmesa.postprocess.merit import Finding
from hotmesa.postprocess.report import DEVICE_NUMBERS
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

SMALLEST_JUMP = 2e-3
"""A change of V and I below this part of their largest values is a continuous transition, not a jump."""


_ENDS = {
    "source_mA": "source",
    "source_mV": "source",
    "V_mV": "voltage",
    "I_mA": "current",
    "T_max_K": "largest temperature",
    "hot_fraction": "hot part of the area",
}
_JUMP = {
    "leg": "its leg",
    "settling_us": "time in which the state behind it was reached",
    **{f"from.{name}": f"{text} before it" for name, text in _ENDS.items()},
    **{f"to.{name}": f"{text} behind it" for name, text in _ENDS.items()},
}
NUMBERS = {
    "hysteresis_area_uW": "area between the legs of a closed sweep",
    "T_max_K": "largest temperature",
    "largest_growth_per_us": "largest growth rate of a state",
    "heat_balance_error": "largest magnitude",
    "legs": "number of legs",
    "load_resistance_ohm": "of the circuit",
    **{name: text for name, text in DEVICE_NUMBERS.items() if name != "mesa_area_um2"},
    **{f"jumps.<n>.{name}": f"jump n: {text}" for name, text in _JUMP.items()},
    **{f"continuous_transitions.<n>.{name}": f"continuous transition n: {text}" for name, text in _JUMP.items()},
}
"""Numbers in summary.json of a sweep."""


@dataclass(frozen=True)
class Jump:
    """One loss of the state that was followed: the rows before and after it (`before` + 1 = `after`)."""

    before: int
    after: int
    cause: str
    continuous: bool


def source_column(rows: Table) -> str:
    """Return the name of the column that holds the source, "source_mA" or "source_mV"."""
    return "source_mA" if "source_mA" in rows else "source_mV"


def jumps(rows: Table) -> tuple[Jump, ...]:
    """Return the jumps and continuous transitions of a sweep in order."""
    V, I = column(rows, "V_mV"), column(rows, "I_mA")  # noqa: E741
    marks, causes = rows["jump"], rows["jump_cause"]
    found = []
    for k in np.flatnonzero(marks[:-1] == "from"):
        if marks[k + 1] == "to":
            small = (bool(abs(y[k + 1] - y[k]) <= SMALLEST_JUMP * np.abs(y).max()) for y in (V, I))
            found.append(Jump(int(k), int(k) + 1, str(causes[k]), all(small)))
    return tuple(found)


def hysteresis(rows: Table) -> Finding:
    """Return the area between the legs of a closed sweep in µW: of V over I under a current source, else of I over V.

    For a load line V is the voltage of the device, so that the area is one of its I(V).
    """
    V, I = column(rows, "V_mV"), column(rows, "I_mA")  # noqa: E741
    source = column(rows, source_column(rows))
    if source[0] != source[-1]:
        return Finding(None, "the sweep does not end where it began")
    x, y = (I, V) if source_column(rows) == "source_mA" else (V, I)
    return Finding(abs(_integral(x, y)), "")


def _integral(x: Array, y: Array) -> float:
    return float(np.sum(0.5 * (y[1:] + y[:-1]) * np.diff(x)))


def summarise_sweep(run: Run) -> dict[str, Any]:
    """Return the figures of a sweep; numbers that do not exist are None and say why under `reasons`."""
    rows, bias = run.rows, run.scenario.bias
    area = hysteresis(rows)
    found = jumps(rows)
    values: dict[str, Any] = {
        "name": run.scenario.name,
        "points": len(rows["V_mV"]),
        "junctions": run.junctions,
        "normal_resistance_ohm": run.normal_resistance_ohm,
        "bias": bias.kind,
        "load_resistance_ohm": bias.series_ohm or None,
        "legs": int(column(rows, "leg")[-1]),
        "jumps": [_jump(rows, jump) for jump in found if not jump.continuous],
        "continuous_transitions": [_jump(rows, jump) for jump in found if jump.continuous],
        "hysteresis_area_uW": area.value,
        "T_max_K": float(column(rows, "T_max_K").max()),
        "largest_growth_per_us": float(column(rows, "growth_per_us").max()),
        "heat_balance_error": float(column(rows, "heat_balance_error").max()),
        "reasons": {"hysteresis_area_uW": area.reason} if area.reason else {},
        "wall_s": run.summary.get("wall_s", run.provenance.get("wall_s")),
    }
    return {**run.summary, **values}


def _jump(rows: Table, jump: Jump) -> dict[str, Any]:
    source = source_column(rows)
    names = (source, "V_mV", "I_mA", "T_max_K", "hot_fraction")
    place = {
        end: {name: float(column(rows, name)[row]) for name in names}
        for end, row in (("from", jump.before), ("to", jump.after))
    }
    settling = float(column(rows, "settling_us")[jump.after])
    leg = int(column(rows, "leg")[jump.before])
    return {"leg": leg, "cause": jump.cause, **place, "settling_us": settling}
