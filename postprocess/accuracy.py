"""How exact the numbers of a branch are: what mesh and sublayers leave of them, and walls that no mesh carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import column
from hotmesa.postprocess.walls import NARROW, PINNED, PINNED_MODE, elements, finer_words, wall_elements
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario

TABLE = "accuracy.csv"
ENOUGH_PERCENT = 0.3
_NOT_RESOLVED = {
    "bifurcations_not_resolved": "bifurcations",
    "folds_not_resolved": "folds",
    "modes_not_resolved": "states with modes",
}
_ERRORS = ("mesh_error_V_percent", "mesh_error_T_K", "layer_error_V_percent", "layer_error_T_K")
NUMBERS = {
    "mesh_error_V_percent": "estimated error of V at given current by the mesh, computed minus true, the largest found",
    "mesh_error_T_K": "estimated error of T_max by the mesh",
    "layer_error_V_percent": "estimated error of V at given current by the sublayers",
    "layer_error_T_K": "estimated error of T_max by the sublayers",
    "accuracy_reached": "whether V has the accuracy of mesh.accuracy_percent, mesh and sublayers together",
    "wall_elements": "least width in elements of the wall of a hot spot, over the stored states",
    "folds_not_resolved": "folds of the mesh, not of the device: `pinned V` and `pinned I` in the column `fold`",
    "modes_not_resolved": "states of which more or fewer modes grow on the mesh than on the device: `pinned mode`",
    "bifurcations_not_resolved": "bifurcations of the mesh: rows of bifurcations.csv whose `change` is `pinned`",
}
"""Numbers that tell how exact the others are, with their meaning."""


def accuracy(run: Run) -> dict[str, Any]:
    """Return these numbers with a table `reasons` for those that do not exist."""
    values: dict[str, Any] = dict.fromkeys(NUMBERS)
    reasons: dict[str, str] = {}
    table = run.tables.get(TABLE)
    for name in _ERRORS:
        result = column(table, name) if table else np.zeros(0)
        if np.isfinite(result).any():
            values[name] = float(result[np.nanargmax(np.abs(result))])
        else:
            reasons[name] = _why_not(run)
    values["accuracy_reached"] = _reached(run)
    if values["accuracy_reached"] is None:
        reasons["accuracy_reached"] = "mesh.accuracy_percent is not set"
    walls = [walls_of(part) for part in (run, *run.parts.values())]
    widths = np.concatenate([*walls, [np.inf]])
    least = float(np.nanmin(widths))
    values["wall_elements"] = least if np.isfinite(least) else None
    values |= not_resolved(run)
    if values["wall_elements"] is None:
        reasons["wall_elements"] = "no stored state has a wall between hot and cold"
    return values | {"reasons": reasons}


def walls_of(run: Run) -> Array:
    """Return the width of the wall in elements at every stored state, NaN without one, shape (k,)."""
    if run.states is None or run.junction_T_K is None:
        return np.zeros(0)
    return wall_elements(run.states, run.junction_T_K, run.hot_temperature_K)


def estimated_percent(run: Run) -> float | None:
    """Return the largest estimated error of V, mesh and sublayers together; of a run without estimates the expected."""
    table = run.tables.get(TABLE)
    if table:
        both = np.abs(column(table, _ERRORS[0])) + np.abs(column(table, _ERRORS[2]))
        if np.isfinite(both).any():
            return float(np.nanmax(both))
    expected = run.provenance.get("chosen_error_V_percent")
    return float(expected) if isinstance(expected, int | float) else None


def _reached(run: Run) -> bool | None:
    requested, result = run.scenario.mesh.accuracy_percent, estimated_percent(run)
    return None if requested is None else result is not None and result <= requested


def remark(run: Run) -> str:
    """Return what a figure says of accuracy that is missing: asked for and not reached, or held by rows of elements."""
    parts = []
    if _reached(run) is False:
        result = estimated_percent(run)
        error = "unknown" if result is None else f"{result:.2g} %"
        parts.append(f"error of V {error}, not {run.scenario.mesh.accuracy_percent:g} % as asked for")
    pinned = _told(not_resolved(run))
    return "; ".join([*parts, *([f"{pinned} of the mesh alone"] if pinned else [])])


def not_resolved(run: Run) -> dict[str, int]:
    """Return how many folds, bifurcations and states of a run are not what the device does, but rows of elements."""
    words = [str(word) for part in (run, *run.parts.values()) for word in part.rows.get("fold", ())]
    changes = run.tables.get("bifurcations.csv", {}).get("change", ())
    return {
        "bifurcations_not_resolved": sum(str(word).startswith(PINNED) for word in changes),
        "folds_not_resolved": sum(word.startswith(PINNED) and word != PINNED_MODE for word in words),
        "modes_not_resolved": words.count(PINNED_MODE),
    }


def _told(values: Mapping[str, Any]) -> str:
    return " and ".join(f"{values[key]} {what}" for key, what in _NOT_RESOLVED.items() if values.get(key))


def _why_not(run: Run) -> str:
    if TABLE not in run.kind.beside:
        return 'estimated in runs with mode = "branch"'
    if not run.scenario.numerics.estimate_error:
        return "numerics.estimate_error = false"
    table = run.tables.get(TABLE)
    told = [str(text) for text in table["reason"] if str(text)] if table else []
    return told[0] if told else "the branch did not reach its end"


def accuracy_words(run: Run) -> list[str]:
    """Return what a person is told about the accuracy of a branch, and what to set where it is not enough."""
    values = accuracy(run)
    mesh, layer, T = (values[name] for name in ("mesh_error_V_percent", "layer_error_V_percent", "mesh_error_T_K"))
    lines = []
    if mesh is not None and layer is not None:
        lines.append(
            f"estimated errors: V {mesh:+.2g} % by the mesh, {layer:+.2g} % by the sublayers; T_max {T:+.2g} K and "
            f"{values['layer_error_T_K']:+.2g} K"
        )
    elif TABLE in run.kind.beside and run.scenario.numerics.estimate_error:
        lines.append(f"errors not estimated: {values['reasons'].get('mesh_error_V_percent') or _why_not(run)}")
    sizes, _ = elements(run.provenance)
    return lines + [f"warning: {text}" for text in accuracy_warnings(values | sizes, run.scenario)]


def accuracy_warnings(values: Mapping[str, Any], scenario: Scenario) -> list[str]:
    """Return where a branch is not converged, and what to set.

    Args:
        values: the numbers of `accuracy`, or a summary.json that holds them.
        scenario: of the branch.
    """
    lines, requested = [], scenario.mesh.accuracy_percent
    errors = {what: values.get(f"{what}_error_V_percent") for what in ("mesh", "layer")}
    coarse = [what for what, error in errors.items() if error is not None and abs(error) > ENOUGH_PERCENT]
    if requested is not None and values.get("accuracy_reached") is False:
        lines.append(
            f"V has not the accuracy of mesh.accuracy_percent = {requested:g}: raise mesh.max_unknowns "
            f"(now {scenario.mesh.max_unknowns:,})"
        )
    elif coarse and requested is None:
        parts = " and ".join({"mesh": "the mesh", "layer": "the sublayers"}[what] for what in coarse)
        what = f"set mesh.accuracy_percent = {ENOUGH_PERCENT:g}"
        if scenario.mesh.file is not None:
            layers = f"double sublayers and halve first_sublayer_um of {_below(scenario)}"
            what = " and ".join({"mesh": "refine mesh.file", "layer": layers}[part] for part in coarse)
        change = "changes" if coarse == ["mesh"] else "change"
        lines.append(f"{parts} alone {change} V by more than {ENOUGH_PERCENT} %: {what}")
    pinned = _told(values)
    if pinned:
        lines.append(
            f"{pinned} are of the mesh, whose rows of elements hold the wall of the hot spot, not of the "
            f'device ("{PINNED}"): {finer_words(scenario, 2.0, values)}'
        )
    elif (wall := values.get("wall_elements")) is not None and wall < NARROW:
        lines.append(
            f"the wall of the hot spot is {wall:.2g} elements wide somewhere: its stability is that of their rows; "
            f"{finer_words(scenario, NARROW / wall, values)}"
        )
    return lines


def _below(scenario: Scenario) -> str:
    """Return the layers from the junctions downwards, whose sublayers count."""
    layers = scenario.layers
    first = next((k for k, layer in enumerate(layers) if layer.junctions), 0)
    return ", ".join(layer.name for layer in layers[first:])
