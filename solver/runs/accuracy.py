"""How far the numbers of a branch are from those of infinitely fine meshes and layers: solved again on finer ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max
from hotmesa.solver.runs.finer import Finer, finer_layers, finer_mesh
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.packing import pack, unpack
from hotmesa.solver.states.problem import ThermalBranch

TABLE = "accuracy.csv"
_PLACE = "place_"
ORDER_FACTOR = 1.4
"""Error over the change by halving: 4/3 at second order, 1.54 at the order 3/2 of the edges of contacts."""
SEVERAL = 20_000
"""Unknowns of a finer model up to which it is solved at every place, not at the first one alone."""
LARGE = 250_000
"""Unknowns beyond which sublayers are cut into two only: factors of a thick device would fill the memory."""
ONE_CUT = 1.5
"""Error over the change by that one cut, between first and second order."""


@dataclass
class Places:
    """Places of a branch that its numbers hang on, most sensitive first; points are taken as they come.

    Attributes:
        states: state by name: "steepest" (least dV/dI, where V peaks), "nucleation" (of the hot spot), "end".
    """

    states: dict[str, State] = field(default_factory=dict)
    _least: float = np.inf

    def take(self, row: Row, e: State) -> None:
        """Look at a point of the branch: its row of the table and its state."""
        slope = abs(float(row["dV_dI_ohm"]))
        if e.I > 0.0 and "I" not in str(row["fold"]):  # at a fold in I no current holds the state
            if slope <= self._least or not self.states:
                self._least, self.states["steepest"] = slope, e
            if float(row["hot_fraction"]) > 0.0:
                self.states.setdefault("nucleation", e)
            self.states["end"] = e

    def unique(self) -> dict[str, State]:
        """Return the places without those that are the same state as one before."""
        states = [*self.states.values()]
        return {name: e for k, (name, e) in enumerate(self.states.items()) if not any(e is x for x in states[:k])}

    def pack(self, model: Model) -> Callable[[], Arrays]:
        """Return what makes arrays of the places as they are now, for `unpack`. Collective when it is called."""
        names, least = dict(self.states), self._least
        states = list({id(e): e for e in names.values()}.values())
        which = [next(k for k, x in enumerate(states) if x is e) for e in names.values()]

        def arrays() -> Arrays:
            if not states:
                return {}
            packed = {_PLACE + name: values for name, values in pack(model, [e.u for e in states]).items()}
            return packed | {"places": np.array([*names]), "which_place": np.array(which), "least": np.array(least)}

        return arrays

    @classmethod
    def unpack(cls, problem: ThermalBranch, arrays: Arrays) -> Places:
        """Return the places of a run that was cut short. Collective."""
        if "places" not in arrays:
            return cls()
        flats = unpack(problem.model, {k.removeprefix(_PLACE): v for k, v in arrays.items() if k.startswith(_PLACE)})
        states = [problem.evaluate(u) for u in flats]
        named = zip(arrays["places"].tolist(), arrays["which_place"].tolist(), strict=True)
        return cls({name: states[k] for name, k in named}, float(arrays["least"]))


@dataclass(frozen=True)
class Errors:
    """Signed errors of a state: what is computed minus what infinitely fine meshes or sublayers would give.

    Attributes:
        V_percent: of V at its current, over V.
        T_K: of T_max.
    """

    V_percent: float
    T_K: float


class Estimator:
    """Estimates the errors of states of one model; the finer models are made when they are first needed.

    The states are found again, from themselves, with all edges halved, and with all sublayers cut into two and into
    four. Errors of the mesh are near second order in the size of the elements, and one finer mesh tells them. Those of
    the sublayers are a sum of first order, from the edge of the mesa where the heat enters the crystal, and of second
    order, often of opposite signs, so that two levels are needed; see `to_limit`.
    """

    def __init__(self, model: Model) -> None:
        """Take the model; nothing is made yet."""
        self.model = model
        self._models: dict[str, Finer] = {}

    def _finer(self, name: str) -> Finer:
        if name not in self._models:
            source = self._models["layer"].target if name == "layer again" else self.model
            self._models[name] = (finer_mesh if name == "mesh" else finer_layers)(source)
        return self._models[name]

    @property
    def most(self) -> int:
        """Unknowns of the largest model that is solved, those of a condensed crystal included."""
        return 4 * int(self.model.operators.stiffness.shape[1]) * len(self.model.layout.stack)

    def errors(self, what: str, e: State) -> Errors:
        """Return the errors that "mesh" or "layer" leaves in a state. Collective.

        Raises:
            SolveError: the state does not exist in the finer model.
        """
        first = self._finer(what).solve(e)
        V, T = self._change(self.model, e, self._finer(what).target, first)
        if what == "mesh":
            return Errors(-100 * ORDER_FACTOR * V / e.V, -ORDER_FACTOR * T)
        if 2 * self._finer("layer").target.unknowns > LARGE:
            return Errors(-100 * ONE_CUT * V / e.V, -ONE_CUT * T)
        again = self._finer("layer again")
        V2, T2 = self._change(again.source, first, again.target, again.solve(first))
        return Errors(-100 * to_limit(V, V2) / e.V, -to_limit(T, T2))

    def _change(self, source: Model, e: State, target: Model, fine: State) -> tuple[float, float]:
        return fine.V - e.V, hottest(target, fine) - hottest(source, e)


def to_limit(first: float, second: float) -> float:
    """Return how far the limit is, from the changes d1 and d2 by two halvings.

    A sum of first and second order has its limit at (2 d1 + 8 d2)/3: behind d2 lies as much again at first order, a
    third of it at second. More or less than these is not believed, and nothing where d1 and d2 differ in sign.
    """
    if first * second <= 0.0:
        return first + second
    return first + second * (1.0 + float(np.clip((5.0 - first / second) / 3.0, 1.0 / 3.0, 1.0)))


def hottest(model: Model, e: State) -> float:
    """Return T_max (K). Collective."""
    return global_max(model.comm, float(junction_temperatures(model, e).max(initial=0.0)))


def estimates(model: Model, places: Places) -> Iterator[Point]:
    """Yield a row of accuracy.csv for each place: how far V at this current and T_max are off, by mesh and by layers.

    Collective.
    """
    estimator, unique, leads = Estimator(model), places.unique(), bool(model.comm.rank == 0)
    most = model.scenario.mesh.max_unknowns
    if estimator.most > most:
        reason = f"a finer mesh would have {estimator.most:,} unknowns, more than mesh.max_unknowns = {most:,}"
        yield _row("steepest", places.states["steepest"], {"reason": reason}, leads)
        return
    for name, e in unique.items():
        if name != "steepest" and estimator.most > SEVERAL:
            yield _row(name, e, {"reason": f"the finer models have more than {SEVERAL:,} unknowns"}, leads)
            continue
        reasons: list[str] = []
        row: Row = {}
        for what in ("mesh", "layer"):
            try:
                errors = estimator.errors(what, e)
                row |= {f"{what}_error_V_percent": errors.V_percent, f"{what}_error_T_K": errors.T_K}
            except SolveError as error:
                reasons.append(f"no state with finer {what}: {error}")
        yield _row(name, e, row | {"reason": "; ".join(reasons)}, leads)


def _row(place: str, e: State, values: Mapping[str, float | int | str], leads: bool) -> Point:
    """Return a row of accuracy.csv with all its columns."""
    errors = {f"{what}_error_{unit}": np.nan for what in ("mesh", "layer") for unit in ("V_percent", "T_K")}
    row: Row = {"place": place, "I_mA": e.I, "V_mV": e.V}
    return Point(row | errors | dict(values), table=TABLE, leads=leads)
