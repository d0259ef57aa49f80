"""The branch of a scenario with the derivatives by its parameters: what `hotmesa sensitivity` computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hotmesa.postprocess.results import Point
from hotmesa.postprocess.sensitivity import BranchSensitivity
from hotmesa.postprocess.tables import Row, as_columns
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import Parameter, chosen
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import BranchPoint, branch_options, branch_row
from hotmesa.solver.sensitivity.adjoint import PointSensitivity, Sensitivities
from hotmesa.solver.sensitivity.balance import BalanceChange
from hotmesa.solver.sensitivity.beside import Beside, Neighbourhood, resistance_ohm
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch


@dataclass(frozen=True)
class Surroundings:
    """The models beside a device, one pair a parameter.

    Attributes:
        beside: of each parameter that the mesh can follow.
        refused: why not, by the key of each other one.
    """

    beside: tuple[Beside, ...]
    refused: dict[str, str]

    @staticmethod
    def of(model: Model, parameters: Sequence[Parameter]) -> Surroundings:
        """Make them. Collective."""
        near, found, refused = Neighbourhood(model), [], {}
        for parameter in parameters:
            try:
                found.append(near.of(parameter))
            except RequestError as error:
                refused[parameter.key] = str(error)
        return Surroundings(tuple(found), refused)


def sensitive_points(
    model: Model, surroundings: Surroundings, names: tuple[str, ...] = ()
) -> Iterator[tuple[Row, PointSensitivity]]:
    """Yield the points of the branch from rest with their derivatives by every parameter. Collective.

    Args:
        model: the device.
        surroundings: the models beside it.
        names: columns besides V and I whose derivatives are wanted.

    Raises:
        SolveError: the branch could not be continued; the points before it stay valid.
    """
    problem = ThermalBranch(model)
    answers = _answers(problem, surroundings, names)
    start, direction = problem.cold_start()
    for point in follow(problem, start, direction, branch_options(model)):
        yield branch_row(model, point), answers.at(point)


class DerivativeWatcher:
    """Takes the derivatives of a branch while a run computes it: its points are those of the run.

    Attributes:
        keys: of the parameters.
        names: columns besides V and I whose derivatives are wanted.
        problem: why there are none; "" while there are.
    """

    def __init__(self, keys: Sequence[str], names: tuple[str, ...]) -> None:
        """Take what is asked for."""
        self.keys, self.names, self.problem = keys, names, "no branch was followed point by point"
        self._made: tuple[Model, Surroundings, Sensitivities] | None = None
        self._points: list[tuple[Row, PointSensitivity]] = []

    def begin(self, model: Model) -> None:
        """Make the models beside a device. Collective."""
        surroundings = Surroundings.of(model, chosen(spelled_out(model.scenario), self.keys))
        self._made = model, surroundings, _answers(ThermalBranch(model), surroundings, self.names)
        self._points, self.problem = [], ""

    def take(self, point: Point) -> None:
        """Take the derivatives at a point of the branch; of anything else there are none. Collective."""
        if self._made is None or self.problem or not isinstance(point, BranchPoint):
            return
        try:
            self._points.append((point.row, self._made[2].at(point.curve)))
        except SolveError as error:
            self.problem = f"the adjoint at {float(point.row['I_mA']):.4g} mA was not solved: {error}"

    def found(self) -> BranchSensitivity | None:
        """Return the branch with its derivatives; None where there are none. Collective."""
        if self._made is None or self.problem or not self._points:
            return None
        return branch_sensitivity(self._made[0], self._made[1], self._points)


def _answers(problem: ThermalBranch, surroundings: Surroundings, names: tuple[str, ...]) -> Sensitivities:
    changes = tuple(BalanceChange(problem.model, beside) for beside in surroundings.beside)
    return Sensitivities(problem, changes, names)


def branch_sensitivity(
    model: Model, surroundings: Surroundings, points: Sequence[tuple[Row, PointSensitivity]]
) -> BranchSensitivity:
    """Return what the points of a branch tell together. Collective."""
    rows, found = [row for row, _ in points], [item for _, item in points]
    beside, first = surroundings.beside, found[0]
    return BranchSensitivity(
        scenario=spelled_out(model.scenario),
        table=as_columns(rows),
        parameters=tuple(item.parameter for item in beside),
        refused=surroundings.refused,
        x_s=np.array([item.x_s for item in found]),
        y_s=np.array([item.y_s for item in found]),
        scale_ohm=first.resistance_ohm,
        across=np.array([item.across for item in found]),
        rates={name: np.array([item.rates[name] for item in found]) for name in first.rates},
        others={name: np.array([item.others[name] for item in found]) for name in first.others},
        sides={name: np.array([_sides(item, name) for item in found]) for name in first.others},
        junctions=np.array([float(model.junctions.counts.sum()), *(item.junctions for item in beside)]),
        resistance_ohm=np.array([resistance_ohm(model), *(item.normal_resistance_ohm for item in beside)]),
    )


def _sides(found: PointSensitivity, name: str) -> Array:
    """Return the one-sided derivatives of a number less the one that is told, shape (p, 2)."""
    return found.sides.get(name, np.zeros((len(found.across), 2)))
