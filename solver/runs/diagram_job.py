"""The points and tables of a diagram of all branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_row, uniform_beside
from hotmesa.solver.runs.diagram import Diagram, Found
from hotmesa.solver.stability.bifurcation import RatedPoint
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure


def branch_folder(number: int) -> str:
    """Return the folder of a branch inside that of its diagram; the branch from rest is in the folder itself."""
    return f"branch_{number:02d}" if number else "."


def trace_diagram(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the points of all branches. Collective.

    Args:
        model: the device.
        observables: functions `(model, evaluation) -> {name: number}` whose numbers become columns beside the others.

    Raises:
        ScenarioError: more modes are asked for than there are unknowns.
        SolveError: the branch from rest could not be followed; what was found stays valid.
    """
    diagram, fields = Diagram(model), Fields(model)
    uniform = cache(partial(uniform_beside, model))
    every = model.scenario.output.every
    for branch, point in diagram.run():
        keep = len(branch.points) % every == 1 or every == 1 or bool(point.curve.fold)
        state = fields.of(point.curve.evaluation.e) if keep else None
        part = branch_folder(branch.number) if branch.number else ""
        beside = partial(_beside, diagram, uniform)
        yield Point(_row(model, point, observables), state, leads=fields.leads, part=part, beside=beside)


def _beside(diagram: Diagram, uniform: Callable[[], dict[str, list[Row]]]) -> dict[str, list[Row]]:
    """Return the tables beside that of the branch from rest."""
    lines = [_branch_line(found) for found in diagram.branches if found.points]
    return uniform() | {"diagram.csv": lines, "bifurcations.csv": _bifurcation_lines(diagram)}


def _row(model: Model, point: RatedPoint, observables: Sequence[Measure]) -> Row:
    return branch_row(model, point.curve, observables) | {
        "unstable_modes_voltage_bias": point.voltage.unstable,
        "unstable_modes_current_bias": point.current.unstable,
        "rate_voltage_bias_per_us": float(point.voltage.rates[0]),
        "rate_current_bias_per_us": float(point.current.rates[0]),
    }


def _branch_line(found: Found) -> Row:
    """Return the line of a branch in diagram.csv."""
    I = [p.curve.evaluation.e.I for p in found.points]  # noqa: E741 - the symbol of the field
    V = [p.curve.evaluation.e.V for p in found.points]
    return {
        "branch": found.number,
        "kind": found.kind or "unknown",
        "origin": found.origin,
        "end": found.end or "interrupted",
        "images": found.images,
        "rows": len(found.points),
        "I_min_mA": min(I),
        "I_max_mA": max(I),
        "V_min_mV": min(V),
        "V_max_mV": max(V),
        "rows_stable_under_voltage_bias": sum(p.voltage.unstable == 0 for p in found.points),
        "rows_stable_under_current_bias": sum(p.current.unstable == 0 for p in found.points),
        "folder": branch_folder(found.number),
    }


def _bifurcation_lines(diagram: Diagram) -> list[Row]:
    """Return the lines of bifurcations.csv."""
    n = float(diagram.model.junctions.counts.sum())
    return [
        {
            "bifurcation": c.number,
            "branch": c.branch,
            "I_mA": c.bifurcation.current,
            "I_last_mode_mA": float(c.bifurcation.currents[-1]),
            "V_mV": c.bifurcation.point.evaluation.e.V,
            "V_per_junction_mV": c.bifurcation.point.evaluation.e.V / n,
            "T_mean_K": float(branch_row(diagram.model, c.bifurcation.point)["T_mean_K"]),
            "modes": len(c.bifurcation.modes),
        }
        for c in diagram.crossings
    ]
