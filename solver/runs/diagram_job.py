"""A diagram of all branches: what `hotmesa run` does with mode = "diagram"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.writing import write_table, write_text
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_row
from hotmesa.solver.runs.diagram import Diagram, Found
from hotmesa.solver.runs.kinds import Tools, Words
from hotmesa.solver.runs.record import Branch, Recorded
from hotmesa.solver.stability.bifurcation import RatedPoint
from hotmesa.solver.states.fields import FieldState, Gatherer, field_state
from hotmesa.solver.states.observables import Measure, Row

WORDS = Words(
    "diagram",
    "points",
    "What often helps: smaller steps (--set diagram.step=0.1), another first distance (--set diagram.amplitude_K=0.5), "
    "or a finer mesh (--set mesh.refine=2).",
)


@dataclass(frozen=True)
class Point:
    """One point of one branch.

    Attributes:
        row: its numbers.
        state: its fields where they are kept, on the first rank; else None.
        branch: the branch it lies on.
        diagram: the diagram so far.
    """

    row: Row
    state: FieldState | None
    branch: Found
    diagram: Diagram


class DiagramRecord(Branch):
    """The branch from rest as a run like any other, the others as runs in folders of their own, and tables of all."""

    def __init__(self, scenario: Scenario, model: Model) -> None:
        """Start an empty record. Collective."""
        super().__init__(scenario, model)
        self._model = model
        self._others: dict[int, Branch] = {}
        self._diagram: Diagram | None = None

    def append(self, point: Recorded) -> None:
        """Add a point to its branch. Collective."""
        if not isinstance(point, Point):
            raise TypeError("a diagram keeps points of its own kind")
        self._diagram = point.diagram
        number = point.branch.number
        if number == 0:
            super().append(point)
            return
        if number not in self._others:
            self._others[number] = Branch(_part(self.scenario, number), self._model)
        self._others[number].append(point)

    def save(self, folder: str | Path) -> None:
        """Write iv.csv and states.npz, diagram.csv, bifurcations.csv and a folder for each further branch.

        Raises:
            OSError: the folder cannot be written to.
        """
        super().save(folder)
        if self._mesh is None or self._diagram is None:
            return
        folder = Path(folder)
        for number, branch in self._others.items():
            place = folder / branch_folder(number)
            branch.save(place)
            write_text(place / "scenario.toml", to_toml(branch.scenario))
        write_table(folder / "diagram.csv", [_branch_line(found) for found in self._diagram.branches if found.points])
        lines = _bifurcation_lines(self._diagram)
        if lines:
            write_table(folder / "bifurcations.csv", lines)


def branch_folder(number: int) -> str:
    """Return the folder of a branch inside that of its diagram; the branch from rest is in the folder itself."""
    return f"branch_{number:02d}" if number else "."


def _part(scenario: Scenario, number: int) -> Scenario:
    return scenario.model_copy(
        update={
            "mode": "branch",
            "name": f"{scenario.name}-branch-{number:02d}",
            "title": f"{scenario.title or scenario.name}, branch {number}",
        }
    )


def diagram_tools() -> Tools:
    """Return what computes a diagram."""
    from hotmesa.meshes import build_mesh

    return Tools(build_mesh, Model, trace_diagram, DiagramRecord, WORDS)


def trace_diagram(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the points of all branches. Collective.

    Args:
        model: the device.
        observables: functions `(model, evaluation) -> {name: number}` whose numbers become columns beside the others.

    Raises:
        ScenarioError: more modes are asked for than there are unknowns.
        SolveError: the branch from rest could not be followed; what was found stays valid.
    """
    diagram, gather = Diagram(model), Gatherer(model.operators)
    every = model.scenario.output.every
    for branch, point in diagram.run():
        keep = len(branch.points) % every == 1 or every == 1 or bool(point.curve.fold)
        state = field_state(model, gather, point.curve.evaluation.e) if keep else None
        yield Point(_row(model, point, observables), state, branch, diagram)


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
