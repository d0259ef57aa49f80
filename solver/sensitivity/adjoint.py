"""Derivatives of the numbers of one state by all parameters, in directions in which they exist on all of a branch.

On a branch R(u; p) = 0 has one equation less than unknowns u = (T, wires, V), and a tangent t. With x = V, y = R_N I
and their rates along t a functional whose gradient g has g . t = 0 is bound to the curve and not to a place on it. For
it A^T lambda = g, with A the Jacobian bordered by the plane across t, gives dJ/dp = dJ/dp|_u - lambda . dR/dp, and A is
regular at folds in I and in V alike. Such functionals are the displacement of the curve across itself, y_s x - x_s y,
and any J - J_s c with c the place along the curve. What holds at constant I, at constant V and at the folds follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistance_ohm
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max, global_sums
from hotmesa.solver.sensitivity.balance import BalanceChange, WeighedState
from hotmesa.solver.states.continuation import CurvePoint
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.problem import ThermalBranch

ADJOINT_RTOL = 1e-9
SAME_T = 1e-9
"""Relative difference of temperatures that belong to one maximum: of places that a symmetry makes alike."""


@dataclass(frozen=True)
class Gradient:
    """Derivatives of a number by temperatures (this rank), wires and V."""

    T: Array
    wires: Array
    V: float

    def __add__(self, other: Gradient) -> Gradient:
        """Return the sum."""
        return Gradient(self.T + other.T, self.wires + other.wires, self.V + other.V)

    def __mul__(self, factor: float) -> Gradient:
        """Return a multiple."""
        return Gradient(factor * self.T, factor * self.wires, factor * self.V)

    def along(self, model: Model, tangent: Array) -> float:
        """Return the rate of the number along a flat tangent. Collective."""
        n = model.layout.size
        here = global_sums(model.comm, np.array([self.T @ tangent[:n]]))[0]
        return float(here + self.wires @ tangent[n:-1] + self.V * tangent[-1])


def current(model: Model, state: State) -> Gradient:
    """Return the gradient of the current (mA)."""
    lin = state.jacobian
    return Gradient(lin.I_by_T, np.zeros(len(model.wired)), lin.I_by_V)


def hottest(model: Model, state: State) -> Gradient:
    """Return the gradient of the largest temperature of the junctions (K); of several that share it their mean."""
    T = junction_temperatures(model, state)
    top = global_max(model.comm, T.max(initial=0.0))
    here = (T >= top * (1.0 - SAME_T)).ravel().astype(float)
    count = global_sums(model.comm, np.array([here.sum()]))[0]
    return _of_junctions(model, here / count)


def mean(model: Model, state: State) -> Gradient:
    """Return the gradient of the mean temperature of the junctions (K)."""
    layers = len(model.layout.junction_layers)
    return _of_junctions(model, np.tile(model.junction_mass, layers) / (model.area * layers))


def _of_junctions(model: Model, weights: Array) -> Gradient:
    by_T = np.zeros(model.layout.size)
    by_T[model.layout.junction_rows] = weights
    return Gradient(by_T, np.zeros(len(model.wired)), 0.0)


GRADIENTS: Mapping[str, Callable[[Model, State], Gradient]] = {"T_max_K": hottest, "T_mean_K": mean}
"""Numbers of a state besides V and I by their columns."""


@dataclass(frozen=True)
class PointSensitivity:
    """Derivatives at one point of a branch by every parameter.

    Attributes:
        x_s, y_s: rates of V (mV) and R_N I (mV) along the branch; they add up to one in squares.
        resistance_ohm: R_N, which stands for a scale alone.
        across: displacement of the curve to the side of larger V, y_s dx - x_s dy, shape (p,).
        rates: of the other numbers along the branch, by name.
        others: their derivatives where the curve has the same place along itself, by name, shape (p,) each.
    """

    x_s: float
    y_s: float
    resistance_ohm: float
    across: Array
    rates: Mapping[str, float]
    others: Mapping[str, Array]

    @property
    def V_at_I(self) -> Array:
        """dV/dp (mV) at constant current; infinite at a fold in I."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.across / self.y_s)

    @property
    def I_at_V(self) -> Array:
        """dI/dp (mA) at constant voltage; infinite at a fold in V."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-self.across / (self.x_s * self.resistance_ohm))

    def at_I(self, name: str) -> Array:
        """Derivatives of another number at constant current."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.others[name] + self.rates[name] * self.across * self.x_s / self.y_s)


class Sensitivities:
    """Answers for all parameters at the points of a branch."""

    def __init__(self, problem: ThermalBranch, changes: tuple[BalanceChange, ...], names: tuple[str, ...] = ()) -> None:
        """Take the branch, how its heat balance changes with every parameter, and names of `GRADIENTS`."""
        self._problem, self._changes, self._names = problem, changes, names
        self._resistance = normal_resistance_ohm(problem.model.scenario.mesa)

    def at(self, point: CurvePoint) -> PointSensitivity:
        """Return the derivatives at a point. Collective.

        Raises:
            SolveError: the linear solver did not converge.
        """
        model, state, R = self._problem.model, point.evaluation, self._resistance
        V_s, I_s = point.rates["V"], point.rates["I"]
        length = float(np.hypot(V_s, R * I_s)) or 1.0
        x_s, y_s = V_s / length, R * I_s / length
        by_I = current(model, state)
        by_V = Gradient(np.zeros(model.layout.size), np.zeros(len(model.wired)), 1.0)
        wanted = [by_V * y_s + by_I * (-x_s * R)]
        place, rates = by_V * x_s + by_I * (y_s * R), {}
        for name in self._names:
            gradient = GRADIENTS[name](model, state)
            rates[name] = gradient.along(model, point.tangent) / length
            wanted.append(gradient + place * -rates[name])
        weighed = self._weighed(point, wanted)
        found = [change.at(weighed) for change in self._changes]
        rows = [np.append(change.weighed, (change.I_mA, change.T_mean_K)) for change in found]
        total = global_sums(model.comm, np.array(rows).reshape(len(found), len(wanted) + 2))
        explicit = total[:, -2]
        others = {}
        for k, name in enumerate(self._names, start=1):
            own = total[:, -1] if name == "T_mean_K" else 0.0
            others[name] = own - rates[name] * y_s * R * explicit - total[:, k]
        return PointSensitivity(x_s, y_s, R, -x_s * R * explicit - total[:, 0], rates, others)

    def _weighed(self, point: CurvePoint, wanted: list[Gradient]) -> WeighedState:
        """Return the state with the adjoint field of every functional."""
        problem, state = self._problem, point.evaluation
        plane = problem.plane(point.tangent).constraint
        fields, wires = [], []
        for gradient in wanted:
            rhs = Update(gradient.T, gradient.wires, gradient.V)
            found = problem.linear.solve(state.jacobian, plane, rhs, ADJOINT_RTOL, transposed=True)
            fields.append(found.T)
            wires.append(found.wires)
        return WeighedState(problem.model, state, np.array(fields), np.array(wires))
