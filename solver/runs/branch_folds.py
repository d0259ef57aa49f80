"""Folds of the branch of a device with places, followed in a second number of its scenario."""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistance_ohm
from hotmesa.scenarios.parameters import Parameter
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.runs.fold_curves import KEPT, FoldPoint, law_of
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import Options, follow, land
from hotmesa.solver.states.contour import Zero
from hotmesa.solver.states.observables import temperatures
from hotmesa.solver.states.problem import ThermalBranch

REMEMBERED = 24
"""States from which the next one is looked for."""
NEWTON = 16


class BranchFolds:
    """Folds of a device with places: zeros of dV/dI over R_N for V, of R_N dI/dV for I.

    What folds is not what holds the state: a fold in V is regular at constant current.

    Attributes:
        scale: unit of the number.
    """

    def __init__(self, scenario: Scenario, tagged: TaggedMesh, parameter: Parameter, kind: str, scale: float) -> None:
        """Take scenario and mesh, the number that is varied, "V" or "I", and the unit of the number. Collective."""
        self._scenario, self._kind, self.scale = spelled_out(scenario), kind, scale
        self._ohm = normal_resistance_ohm(scenario.mesa)
        self._unit = scenario.branch.end_current_mA * (1.0 if kind == "V" else self._ohm)
        self._begun: list[tuple[float, float, float, Array]] = []
        self._states: deque[tuple[float, float, float, Array]] = deque(maxlen=REMEMBERED)
        law = build_law(self._scenario)

        @lru_cache(KEPT)
        def made(value: float) -> ThermalBranch:
            varied = parameter.varied(self._scenario, value)
            model = Model(varied, tagged, law_of(varied, self._scenario, law))
            return ThermalBranch(model, Bias.current() if kind == "V" else Bias.voltage())

        self._made = made

    def __call__(self, place: float, number: float) -> float:
        """Return the slope. Collective.

        Raises:
            SolveError: no state was found near those that are known.
        """
        problem = self._made(number * self.scale)
        state = problem.evaluate(self._state(problem, place, number))
        rates = problem.rates(state, problem.null_vector(state, problem.control(state)[1]))
        return rates["V"] / self._ohm if self._kind == "V" else rates["I"] * self._ohm

    def _state(self, problem: ThermalBranch, place: float, number: float) -> Array:
        """Return the state at a value of the bias, from the nearest that is known, as much warmer as the bath is."""
        if not self._begun:
            raise SolveError("no state is known to begin from")
        known = min((*self._begun, *self._states), key=lambda item: (item[0] - place) ** 2 + (item[1] - number) ** 2)
        guess = known[3].copy()
        guess[:-1] += problem.model.bath - known[2]
        value, tolerance = place * self._unit, problem.model.scenario.numerics.tolerance
        options = Options(value, abs(value) or 1.0, tolerance=tolerance, max_newton=NEWTON)
        u = land(problem, guess, options)
        self._states.append((place, number, problem.model.bath, u))
        return u

    def starts(self, number: float) -> list[float]:
        """Return the places of all folds at a number: the branch is followed from rest. Collective.

        Raises:
            SolveError: it could not be followed.
        """
        problem = ThermalBranch(self._made(number).model)
        found = []
        for point in follow(problem, *problem.cold_start(), branch_options(problem.model)):
            if point.fold == self._kind:
                state = point.evaluation
                found.append((state.I if self._kind == "V" else state.V) / self._unit)
                self._begun.append((found[-1], number / self.scale, problem.model.bath, point.u))
        return found

    def point(self, zero: Zero) -> FoldPoint:
        """Return what a zero is in units. Collective."""
        problem = self._made(zero.parameter * self.scale)
        state = problem.evaluate(self._state(problem, zero.place, zero.parameter))
        n = problem.model.circuit.junctions_in_series
        T = temperatures(problem.model, state)["T_max_K"]
        return FoldPoint(zero.parameter * self.scale, state.V, state.V / n, state.I, float(T), zero.is_cusp)
