"""Which folds and bifurcations are of the mesh: walls that its rows of elements hold, as no device does.

The wall of a hot spot costs next to nothing to shift. Elements not much narrower than the wall make its place a matter
of their rows: with every row that it passes V and I go up and down, which looks like folds. Such a place is looked at
again with all edges halved: the curve on both sides of it, as far as the wall moves by one and a half elements, so that
all positions in a row are passed. What is of the device is found again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import NARROW, PINNED, rows_add, wall_elements
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max, global_min
from hotmesa.solver.runs.finer import Finer, finer_mesh
from hotmesa.solver.runs.growing import Bounds
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CAREFUL, CurvePoint, Options, between, correct, follow
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, ThermalBranch

LOG = logging.getLogger(__name__)
WIDE = 16.0
"""Elements of a wall beyond which no row of them holds it: 1e-6 of a rate by `rows_add`, 2e-5 of V at 10, 5e-4 at 5."""
LEAST_K = 2.0
"""Difference of temperatures along the mesa that makes a wall."""
PLACES = (-1.5, -0.75, 0.0, 0.75, 1.5)
"""Where the curve is looked at, in elements that the wall has moved: four phases of a row."""
ALIKE = 1.3
"""Walls up to this times as wide in elements as one that was looked at are held as much."""
ON_TRIANGLES = 0.05
"""Least part of what rows add to a rate that is left on the finer mesh: triangles do not cancel as intervals do."""
SEEN = 8
"""Last states that tell what rows add."""
LITTLE_K = 0.1
"""Change of temperature that tells the direction of a curve."""
RATE_TOLERANCE = 1e-6
FINE_TOLERANCE = 1e-9
"""Of the states whose rates count: a soft mode makes much of what is left of the heat balance."""
MODE = "mode"


class _Noise(NamedTuple):
    """How much a quantity goes up and down with the rows, for walls of a width in elements."""

    name: str
    elements: float
    height: float


class _Unrated(ThermalBranch):
    """A problem whose curve is followed without looking for folds."""

    def __init__(self, problem: ThermalBranch) -> None:
        """Take all that another one has."""
        self.__dict__.update(problem.__dict__)

    def rates(self, state: State, tangent: Array) -> dict[str, float]:
        """Return none."""
        return {}


class Pinning:
    """Tells what is of the mesh on the branches of one model; the finer one is made when it is first needed.

    Attributes:
        model: the device on its mesh.
        strict: whether what cannot be looked at under a narrow wall is taken as of the mesh; else as of the device.
    """

    def __init__(self, model: Model, strict: bool = True) -> None:
        """Prepare. Collective."""
        self.model = model
        self.strict = strict
        self._fields = Fields(model)
        self._noise: list[_Noise] = []
        self._last: dict[str, float] = {}

    def elements(self, e: State) -> float:
        """Return the width of the steepest wall of a state in elements, infinite without one. Collective."""
        states, width = self._fields.of(e), np.inf
        if states is not None:
            junctions = np.array([name == "mesa" for name in self._junction_names])
            T = states.T_K[:, junctions].mean(axis=1)
            low, high = float(np.nanmin(T)), float(np.nanmax(T))
            if high - low > LEAST_K:
                width = float(np.nan_to_num(wall_elements(states, T, 0.5 * (low + high))[0], nan=np.inf))
        return float(self.model.comm.bcast(width))

    def pack(self) -> Arrays:
        """Return what was seen so far, on which later answers depend."""
        return {
            "noise_names": np.array([n.name for n in self._noise], dtype=np.str_),
            "noise": np.array([(n.elements, n.height) for n in self._noise]).reshape(-1, 2),
            "last_names": np.array([*self._last], dtype=np.str_),
            "last": np.array([*self._last.values()], dtype=np.float64),
        }

    def restore(self, arrays: Arrays) -> None:
        """Take what `pack` has put down."""
        if "noise" not in arrays:
            return
        seen = zip(arrays["noise_names"].tolist(), arrays["noise"].tolist(), strict=True)
        self._noise = [_Noise(name, *values) for name, values in seen]
        values = map(float, arrays["last"])
        self._last = dict(zip(map(str, arrays["last_names"]), values, strict=True))

    @property
    def _junction_names(self) -> list[str]:
        return ["mesa" if sublayer.junctions else "" for sublayer in self.model.layout.stack]

    def mark(self, problem: ThermalBranch, at: CurvePoint) -> Row:
        """Return the column `fold` of a point: what has an extremum there, and whether that is of the mesh."""
        return {"fold": f"{PINNED} {at.fold}" if at.fold and self.fold(problem, at) else at.fold}

    def fold(self, problem: ThermalBranch, at: CurvePoint) -> bool:
        """Return whether a fold is of the mesh: in V, in I, or in the source of a sweep. Collective.

        Args:
            problem: whose curve is followed.
            at: the fold.
        """
        name, value = at.fold, _value(problem, at.fold, at.evaluation)
        last, elements = self._last.get(name), self.elements(at.evaluation)
        self._last[name] = value
        if elements > WIDE or name not in ("V", "I", "source"):
            return False
        height = np.inf if last is None else abs(value - last)
        if any(n.name == name and elements <= ALIKE * n.elements and height <= 2.0 * n.height for n in self._noise):
            return True
        try:
            coarse, fine = self._values(problem, at, elements)
        except SolveError:
            return self.strict and elements < NARROW
        slopes, before = _end_slopes(fine), _end_slopes(coarse)
        noise = _noise(fine - coarse)
        persists = bool(np.all(slopes * np.sign(before[1]) * (-1.0, 1.0) > noise))
        if not persists:
            self._noise.append(_Noise(name, elements, max(noise, float(np.ptp(coarse)))))
        return not persists

    def growing(
        self, problem: ThermalBranch, at: CurvePoint, biases: Sequence[Bias], on_mesh: Sequence[int]
    ) -> list[Bounds]:
        """Return how many modes of a state grow on the device under each source. Collective.

        Errors of second order only shift the place where a rate passes zero. What rows add goes up and down with the
        position of the wall in a row, and of that little is left on the finer mesh (`rows_add`): a rate there that is
        larger than what may be left is believed.

        Args:
            problem: whose curve is followed.
            at: a point of it.
            biases: the sources.
            on_mesh: how many grow on the mesh under each of them.
        """
        elements, same = self.elements(at.evaluation), [Bounds(count, count, count) for count in on_mesh]
        if elements > WIDE:
            return same
        try:
            finer = self._rates(self._fine_stability, self._finer_at(problem, at), biases, max(on_mesh))
            given = self._rates(self._stability, at.evaluation, biases, max(on_mesh))
        except SolveError:
            unknown = [Bounds(0.0, count, np.inf) for count in on_mesh]
            return unknown if self.strict and elements < NARROW else same
        found = []
        for there, here in zip(finer, given, strict=True):
            soft = int(np.argmin(np.abs(here[: len(there)])))
            self._noise.append(_Noise(MODE, elements, float(there[soft] - here[soft])))
            alike = [n.height for n in self._noise if n.name == MODE and elements <= ALIKE * n.elements][-SEEN:]
            left = max(ON_TRIANGLES, 2.0 * rows_add(2.0 * elements) / rows_add(elements))
            doubt = left * float(np.abs(alike).max())
            least, likely, most = (int(np.count_nonzero(there > x)) for x in (doubt, 0.0, -doubt))
            found.append(Bounds(least, likely, most))
        return found

    def _rates(self, stability: Stability, e: State, biases: Sequence[Bias], growing: int) -> list[Array]:
        stability.forget()
        return [modes.rates for modes in stability.modes_under(e, biases, growing + 1)]

    @cached_property
    def _fine(self) -> Finer:
        nodes = self.model.comm.allreduce(self.model.operators.owned)
        if 4 * nodes * len(self.model.layout.stack) > self.model.scenario.mesh.max_unknowns:
            raise SolveError("the finer mesh has more than mesh.max_unknowns")
        LOG.warning(
            "the wall of the hot spot is less than %g elements wide: whether the mesh or the device makes a fold, or a "
            "mode grow, is told by a mesh with all edges halved, which takes its time; a finer one needs no such look",
            WIDE,
        )
        return finer_mesh(self.model)

    @cached_property
    def _stability(self) -> Stability:
        return Stability(self.model, RATE_TOLERANCE, signs_only=True)

    @cached_property
    def _fine_stability(self) -> Stability:
        return Stability(self._fine.target, RATE_TOLERANCE, signs_only=True)

    def _along(self, problem: ThermalBranch, at: CurvePoint, elements: float) -> list[State]:
        """Return the states of the curve at the places around one of it.

        Raises:
            SolveError: the curve ends before.
        """
        e = at.evaluation
        T = junction_temperatures(self.model, e)
        comm = self.model.comm
        drop = global_max(comm, T.max(initial=-np.inf)) - global_min(comm, T.min(initial=np.inf))
        # A wall that moves by an element changes the temperature where it is by what it drops over one.
        element = drop / elements / TEMPERATURE_SCALE_K / problem.largest(at.tangent)
        steps = abs(PLACES[1]) * element
        options = Options(np.inf, np.inf, steps, 1e-3 * steps, steps, self._tolerance(problem), loosest=CAREFUL)
        plain, result = _Unrated(problem), {0.0: at.u}
        for sign in (-1.0, 1.0):
            # Where a rate is zero two curves cross: a short step leads to where the tangent is that of this one.
            begin = 0.25 * steps
            start, _, _ = correct(plain, at.u + sign * begin * at.tangent, at.tangent, options)
            targets = [abs(PLACES[1]) * element, abs(PLACES[0]) * element]
            for a, b in pairwise(follow(plain, start, start - at.u, options)):
                while targets and targets[0] <= begin + b.s:
                    s = targets.pop(0)
                    result[sign * s / element] = between(plain, a, b, s - begin, options).u
                if not targets:
                    break
        return [problem.evaluate(result[place]) for place in sorted(result)]

    def _tolerance(self, problem: ThermalBranch) -> float:
        return problem.model.scenario.numerics.tolerance

    def _finer_at(self, problem: ThermalBranch, at: CurvePoint) -> State:
        """Return the state of the finer mesh that lies where one of a curve does, across its direction.

        Raises:
            SolveError: there is none nearby.
        """
        ahead = problem.evaluate(at.u + LITTLE_K / TEMPERATURE_SCALE_K / problem.largest(at.tangent) * at.tangent)
        fine = ThermalBranch(self._fine.target, problem.bias)
        here, there = self._fine.guess(at.evaluation), self._fine.guess(ahead)
        normal = (there - here) / np.sqrt(fine.inner(there - here, there - here))
        options = Options(0.0, 1.0, tolerance=FINE_TOLERANCE, max_newton=20, loosest=CAREFUL)
        return fine.evaluate(correct(fine, here, normal, options)[0])

    def _finer(self, problem: ThermalBranch, states: Sequence[State]) -> list[State]:
        """Return the states of the finer mesh that lie where those of a curve do, across its direction.

        Raises:
            SolveError: there is none nearby.
        """
        fine = ThermalBranch(self._fine.target, problem.bias)
        guesses = [self._fine.guess(e) for e in states]
        normal = guesses[-1] - guesses[0]
        normal = normal / np.sqrt(fine.inner(normal, normal))
        options = Options(0.0, 1.0, tolerance=self._tolerance(fine), max_newton=20, loosest=CAREFUL)
        return [fine.evaluate(correct(fine, guess, normal, options)[0]) for guess in guesses]

    def _values(self, problem: ThermalBranch, at: CurvePoint, elements: float) -> tuple[Array, Array]:
        """Return a quantity around its fold on this mesh and on the finer one, shape (places,) each."""
        states = self._along(problem, at, elements)
        finer = self._finer(problem, states)
        coarse, fine = ([_value(problem, at.fold, e) for e in some] for some in (states, finer))
        return np.array(coarse), np.array(fine)


def _value(problem: ThermalBranch, name: str, e: State) -> float:
    return {"V": e.V, "I": e.I}.get(name, problem.bias.value(e.V, e.I))


def _end_slopes(values: Array) -> Array:
    """Return by how much a quantity rises over the first and over the last step."""
    return np.diff(values)[[0, -1]]


def _noise(change: Array) -> float:
    """Return how far the change by refining goes up and down; what shifts a fold is linear along the curve."""
    trend = np.polynomial.Polynomial.fit(PLACES, change, 1)
    return float(np.abs(change - trend(np.array(PLACES))).max())
