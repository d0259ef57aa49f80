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
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistance_ohm
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max, global_sums
from hotmesa.solver.sensitivity.balance import BalanceChange, WeighedState
from hotmesa.solver.sensitivity.isotherm import Isotherm
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
    here = _is_hottest(model, state).astype(float)
    count = global_sums(model.comm, np.array([here.sum()]))[0]
    return _of_junctions(model, here / count)


def equally_hot(model: Model, state: State) -> list[Gradient]:
    """Return the gradients of all places that share the largest temperature; none where it is one, or very many."""
    here = np.flatnonzero(_is_hottest(model, state))
    before = model.comm.exscan(here.size) or 0
    count = int(model.comm.allreduce(here.size))
    if not 1 < count <= MOST_ALIKE:
        return []
    weights = np.zeros((count, model.layout.junction_rows.stop - model.layout.junction_rows.start))
    weights[before + np.arange(here.size), here] = 1.0
    return [_of_junctions(model, row) for row in weights]


def _is_hottest(model: Model, state: State) -> NDArray[np.bool_]:
    T = junction_temperatures(model, state).ravel()
    return np.asarray(T >= global_max(model.comm, T.max(initial=0.0)) * (1.0 - SAME_T))


def mean(model: Model, state: State) -> Gradient:
    """Return the gradient of the mean temperature of the junctions (K)."""
    layers = len(model.layout.junction_layers)
    return _of_junctions(model, np.tile(model.junction_mass, layers) / (model.area * layers))


def _of_junctions(model: Model, weights: Array) -> Gradient:
    by_T = np.zeros(model.layout.size)
    by_T[model.layout.junction_rows] = weights
    return Gradient(by_T, np.zeros(len(model.wired)), 0.0)


HOT = "hot_fraction"
MOST_ALIKE = 8
"""Places that the symmetry of a square makes alike."""
GRADIENTS: Mapping[str, Callable[[Model, State], Gradient]] = {"T_max_K": hottest, "T_mean_K": mean}
"""Numbers of a state besides V and I, by their columns; that of HOT needs the elements of the mesh."""


@dataclass(frozen=True)
class PointSensitivity:
    """Derivatives at one point of a branch by every parameter.

    Attributes:
        x_s, y_s: rates of V (mV) and R_N I (mV) along the branch; they add up to one in squares.
        resistance_ohm: R_N, which stands for a scale alone.
        across: displacement of the curve to the side of larger V, y_s dx - x_s dy, shape (p,).
        rates: of the other numbers along the branch, by name.
        others: their derivatives where the curve has the same place along itself, by name, shape (p,) each.
        sides: what comes to a derivative from below and from above, where a symmetry makes places equally hot that a
            parameter tells apart, by name, shape (p, 2) each.
    """

    x_s: float
    y_s: float
    resistance_ohm: float
    across: Array
    rates: Mapping[str, float]
    others: Mapping[str, Array]
    sides: Mapping[str, Array]

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
        self._isotherm = Isotherm(problem.model) if HOT in names else None
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
        place, rates = by_V * x_s + by_I * (y_s * R), []
        alike = equally_hot(model, state) if "T_max_K" in self._names else []
        for gradient in (*(self._gradient(name, state) for name in self._names), *alike):
            rates.append(gradient.along(model, point.tangent) / length)
            wanted.append(gradient + place * -rates[-1])
        total = self._changed(self._weighed(point, wanted))
        by_current = R * total[:, -2]
        own = {HOT: total[:, -3], "T_mean_K": total[:, -1]}
        found = -np.array(rates)[:, None] * y_s * by_current - total[:, 1 : 1 + len(rates)].T
        names = self._names
        others = {name: found[k] + own.get(name, 0.0) for k, name in enumerate(names)}
        sides = {}
        if alike:
            places = found[len(names) :]
            sides["T_max_K"] = np.column_stack([places.min(axis=0), places.max(axis=0)]) - others["T_max_K"][:, None]
        across = -x_s * by_current - total[:, 0]
        return PointSensitivity(x_s, y_s, R, across, dict(zip(names, rates, strict=False)), others, sides)

    def _changed(self, weighed: WeighedState) -> Array:
        """Return by every parameter the changes of the weighed heat balance, hot part, I and T_mean, (p, a + 3)."""
        rows = []
        for change in self._changes:
            found = change.at(weighed)
            hot = self._hot_by_nodes(change, weighed.state)
            rows.append(np.append(found.weighed, (hot, found.I_mA, found.T_mean_K)))
        return global_sums(weighed.model.comm, np.array(rows).reshape(len(rows), len(weighed.T) + 3))

    def _gradient(self, name: str, state: State) -> Gradient:
        """Return the gradient of a number. Collective."""
        model = self._problem.model
        if self._isotherm is None or name != HOT:
            return GRADIENTS[name](model, state)
        layers = len(model.layout.junction_layers)
        return _of_junctions(model, np.tile(self._isotherm.gradient(state) / layers, layers))

    def _hot_by_nodes(self, change: BalanceChange, state: State) -> float:
        """Return the change of the hot fraction by moved nodes, the share of this rank. Collective."""
        plan = change.beside.plan
        return 0.0 if self._isotherm is None or plan is None else self._isotherm.by_nodes(state, plan.xy)

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
