"""A sweep as an experiment makes it: the stable state is followed, and where it is lost the device jumps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.runs.branch import ready as ready
from hotmesa.solver.runs.growing import Counted, Growing
from hotmesa.solver.runs.pinning import Pinning
from hotmesa.solver.stability.stability import Modes, Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import Ahead, Course, CurvePoint, Options, follow, land
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure, observe, slopes
from hotmesa.solver.states.packing import ahead_from, pack, pack_ahead, unpack
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.time.settling import SettledState, Settling

OVERSHOOT = 1e-4
"""Overshoot of the source beyond the loss of a state, as part of a leg: at the loss relaxation is infinitely slow."""
ACCURACY = 1e-6
"""Accuracy of the loss by a growing mode, as part of a leg; a fold is located far better."""
ROUNDING = 1e-3
"""Growth at a fold that counts as a second zero, over the rate of decay at the point before."""
RATE_TOLERANCE = 1e-6
"""Of the growth rates: that of a soft mode is to be told from zero beside others 1e5 times as fast."""
MARGIN = 1.02
"""The curve behind a sweep goes a little further than the sweep."""
MAX_POINTS = 100_000
MAX_JUMPS = 100
TOO_MANY = "raise bias.max_steps"
"""What to try where a leg takes too many steps."""
CURVE = "on_curve"
"""Put down where the sweep itself is done."""

LOG = logging.getLogger(__name__)

Cause = Literal["", "fold", "mode"]


@dataclass(frozen=True)
class _SweepState:
    """A state on the way: its value of the source, leading growth rate (1/µs), and why it is the last if it is.

    It grows if its rate can be told from zero.

    Attributes:
        pinned: "fold" or "mode" where the mesh loses the state there, and the device does not.
    """

    u: Array
    state: State
    tangent: Array
    value: float
    growth: float
    grows: bool = False
    newton_steps: int = 0
    lost: Cause = ""
    pinned: Cause = ""


@dataclass(frozen=True)
class _Piece:
    """A way on which the stable state is followed without a jump: the source at its beginning, and how far it is."""

    begin: float
    course: Course


class SourceBranch(ThermalBranch):
    """The steady problem with folds looked for in the value of the source."""

    def rates(self, state: State, tangent: Array) -> dict[str, float]:
        """Return the derivative of the source along the curve."""
        return {"source": self.control(state)[1](tangent)}

    def resistance(self, state: State, tangent: Array) -> float:
        """Return dV/dI along the curve (Ω)."""
        rates = super().rates(state, tangent)
        return rates["V"] / rates["I"] if rates["I"] != 0.0 else float(np.copysign(np.inf, rates["V"]))


def sweep(model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None) -> Iterator[Point]:
    """Yield the stable states of the sweep of a scenario, point by point. Collective.

    A sweep that does not begin at zero is reached from rest on a leg with number 0.

    Args:
        model: the device.
        observables: functions `(model, state) -> {name: number}` whose numbers become columns beside the others.
        checkpoint: behind which it goes on; None from its beginning.

    Raises:
        SolveError: a state could not be followed or did not settle; what was yielded stays valid.
    """
    yield from _Sweep(model, observables).run(checkpoint)


def points(model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None) -> Iterator[Point]:
    """Yield the states of a sweep, and after them the curve of all steady states connected to rest, for iv.csv.

    Collective.

    Args:
        model: the device.
        observables: see `sweep`.
        checkpoint: see `sweep`.

    Raises:
        SolveError: see `sweep`.
    """
    largest = max((abs(float(row["I_mA"])) for row in checkpoint.rows), default=0.0) if checkpoint is not None else 0.0
    if checkpoint is None or CURVE not in checkpoint.arrays:
        for point in sweep(model, observables, checkpoint):
            largest = max(largest, abs(float(point.row["I_mA"])))
            yield point
        checkpoint = None
    for point in whole_curve(model, MARGIN * largest, observables, checkpoint):
        behind = None if point.checkpoint is None else partial(_on_curve, point.checkpoint)
        yield Point(point.row, leads=point.leads, table="iv.csv", checkpoint=behind)


def _on_curve(pack: Callable[[], Arrays]) -> Arrays:
    return {**pack(), CURVE: np.array(True)}


def control(scenario: Scenario) -> tuple[str, float]:
    """Return the way of the source, a column of the table, and its last value."""
    way = sum(abs(b - a) for a, b in pairwise((0.0, *scenario.bias.legs)))
    return f"travel_{Bias.of(scenario.bias).unit}", way


def whole_curve(
    model: Model, end_current_mA: float, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None
) -> Iterator[Point]:
    """Yield the branch from rest to a current; what was reached, if it cannot be followed so far."""
    try:
        yield from branch_points(model.variant(end_current_mA=end_current_mA), observables, checkpoint)
    except SolveError as error:
        LOG.warning("the curve behind the sweep ends early: %s", error)


class _Sweep:
    """The parts that all legs share."""

    def __init__(self, model: Model, observables: Sequence[Measure]) -> None:
        self._model, self._observables = model, observables
        self._bias = Bias.of(model.scenario.bias)
        self._problem = SourceBranch(model, self._bias)
        self._stability = Stability(model, RATE_TOLERANCE)
        self._settling = Settling(self._problem, self._stability)
        self._fields = Fields(model)
        self._pinning = Pinning(model, strict=False)  # it must land where states are known to be stable
        self._growing = Growing(partial(self._pinning.growing, self._problem), (self._bias,))
        self._count = 0
        self._travel = 0.0
        self._source = 0.0
        self._jumps = 0
        self._steps = 0
        self._piece = _Piece(0.0, Course())

    def run(self, checkpoint: Checkpoint | None) -> Iterator[Point]:
        stops = self._model.scenario.bias.legs
        first = 1
        if stops[0] != 0.0:
            stops, first = (0.0, *stops), 0
        if checkpoint is None:
            here, at = self._placed(self._problem.cold_start()[0], 0.0), first
            yield self._point(here, first, save=True)
        else:
            here, at = self._restored(checkpoint.arrays), int(checkpoint.arrays["leg"])
        for number, (begin, end) in enumerate(pairwise(stops), start=first):
            if number < at:
                continue
            if number > at or checkpoint is None:
                here, self._jumps, self._steps = replace(here, value=begin), 0, 0
                self._piece = _Piece(begin, Course())
            for reached, point in self._leg(here, number, begin, end):
                here = reached
                yield point

    def _leg(self, here: _SweepState, number: int, begin: float, end: float) -> Iterator[tuple[_SweepState, Point]]:
        """Yield the states of a leg after a place on it, jumps among them."""
        length = abs(end - begin)
        while here.value != end:
            for there in self._stable_piece(here, end, partial(self._take_step, number)):
                here = there
                jump = "from" if here.lost else ""
                yield here, self._point(here, number, bool(jump) or here.value == end, jump, here.lost)
            if here.lost:
                self._jumps += 1
                if self._jumps > MAX_JUMPS:
                    raise SolveError(
                        f"more than {MAX_JUMPS} jumps on leg {number}, at {here.value:.6g} {self._bias.unit}"
                    )
                beyond = np.sign(end - here.value) * OVERSHOOT * length
                value = here.value + (beyond if abs(beyond) < abs(end - here.value) else end - here.value)
                self._stability.forget()
                along, step = here.tangent if here.lost == "fold" else None, partial(self._take_step, number, value)
                rest = self._settling.settle(here.state, along, float(value), step)
                cause, here = here.lost, self._placed(rest.u, float(value), rest.modes)
                self._piece = _Piece(here.value, Course())
                yield here, self._point(here, number, True, "to", cause, rest)

    def _take_step(self, number: int, value: float) -> None:
        """Count a point of a leg, or a step in time behind a jump of it.

        Raises:
            SolveError: they are more than `bias.max_steps`.
        """
        self._steps += 1
        most = self._model.scenario.bias.max_steps
        if self._steps > most:
            raise SolveError(
                f"leg {number} has taken {most} points and steps in time, and is at {value:.6g} {self._bias.unit}: "
                f"{TOO_MANY}, or end the leg before"
            )

    def _stable_piece(
        self, start: _SweepState, end: float, take_step: Callable[[float], None]
    ) -> Iterator[_SweepState]:
        """Yield the stable states after a stable one until the source is at its end or the state is lost there.

        Points behind a fold of the mesh are steps too, though they are not shown until the source has passed it.
        """
        problem, options = self._problem, self._options(self._piece.begin, end)
        ahead = np.sign(end - start.value) * np.sign(problem.rates(start.state, start.tangent)["source"])
        before = start
        behind: _SweepState | None = None  # a fold of the mesh that the source has not passed yet
        for curve in follow(problem, start.u, ahead * start.tangent, options, self._piece.course):
            if curve.s == 0.0:
                self._growing.last = Counted.certain(curve, (0,))
                continue
            here = self._examined(curve)
            take_step(here.value)
            lost = not here.pinned and (bool(curve.fold) or here.grows)
            if behind is not None:
                if lost:  # what the device loses on the way back is lost to the source at the fold
                    yield replace(behind, lost="mode", pinned="")
                    return
                if (here.value - behind.value) * (end - start.value) <= 0.0:
                    continue
                yield behind
                before, behind = behind, None
            if curve.fold and here.pinned:
                behind = here
                continue
            if curve.fold:
                earlier = None if before.pinned else self._lost_before(before, here, options)
                yield earlier or replace(here, lost="fold")
                return
            if lost:
                yield self._last_stable(before, here, options)
                return
            yield here
            before = here

    def _options(self, begin: float, end: float) -> Options:
        numerics, bias = self._model.scenario.numerics, self._model.scenario.bias
        # After a jump the rest of a leg is as finely divided as the whole.
        whole = max(abs(b - a) for a, b in pairwise((0.0, *bias.legs)))
        step = min(whole / bias.points_per_leg, abs(end - begin))
        return Options(end, step, tolerance=numerics.tolerance, max_points=MAX_POINTS)

    def _examined(self, curve: CurvePoint) -> _SweepState:
        state = curve.evaluation
        if curve.control == 0.0:  # at rest exactly, rather than at the rounding errors of V and I
            return replace(self._placed(self._problem.cold_start()[0], 0.0), newton_steps=curve.newton_steps)
        modes = replace(self._leading(state), at_fold=bool(curve.fold))
        growth, on_mesh = float(modes.rates[0]), modes.unstable
        fold = bool(curve.fold) and self._pinning.fold(self._problem, curve)
        held = self._growing.take(curve, (on_mesh,), fold).held[0]
        pinned: Cause = "fold" if fold else "mode" if (on_mesh > 0) != (held > 0) else ""
        place = _SweepState(curve.u, state, curve.tangent, curve.control, growth, on_mesh > 0, curve.newton_steps)
        return replace(place, pinned=pinned)

    def _placed(self, u: Array, value: float, modes: Modes | None = None) -> _SweepState:
        """Return a state that is no point of a curve, with the step that raises the source by one unit."""
        state = self._problem.evaluate(u)
        _, row = self._problem.control(state)
        modes = modes or self._leading(state)
        tangent = self._problem.null_vector(state, row)
        return _SweepState(u, state, tangent, value, float(modes.rates[0]), bool(modes.unstable))

    def _leading(self, state: State) -> Modes:
        return self._stability.modes(state, self._bias, 1)

    def _lost_before(self, stable: _SweepState, fold: _SweepState, options: Options) -> _SweepState | None:
        """Return where the state is lost by a growing mode on its way to a fold, None if the fold comes first."""
        rates = self._stability.modes(fold.state, self._bias, 2).rates
        # The fold has one rate at zero up to rounding; any other that is positive has crossed zero before.
        other = float(np.delete(rates, int(np.argmin(np.abs(rates))))[0])
        if other <= ROUNDING * abs(stable.growth):
            return None
        return self._last_stable(stable, replace(fold, growth=other), options)

    def _last_stable(self, a: _SweepState, b: _SweepState, options: Options) -> _SweepState:
        """Return the state between a stable and an unstable one at which the mode begins to grow.

        Where the way between them cannot be solved at given values of the source, it is the unstable one.
        """
        if a.growth >= 0.0:  # not to be told from zero there
            return replace(a, lost="mode", pinned="")
        result: dict[float, _SweepState] = {a.value: a, b.value: b}

        def unit(place: _SweepState) -> Array:
            return np.asarray(place.tangent / np.sqrt(self._problem.inner(place.tangent, place.tangent)))

        # The value is wanted to ACCURACY only; landing on it to rounding could fail close to a fold.
        loose = replace(options, control_step=1e3 * options.control_step, max_newton=20)

        def growth(value: float) -> float:
            if value not in result:
                part = (value - a.value) / (b.value - a.value)
                u = land(self._problem, a.u + part * (b.u - a.u), replace(loose, control_end=value))
                result[value] = self._placed(u, value)
            return result[value].growth

        try:
            root = float(brentq(growth, a.value, b.value, xtol=ACCURACY * options.control_step, rtol=1e-12))
            growth(root)
        except SolveError as error:
            LOG.warning("the loss of a state is placed to a step only, at %.6g %s: %s", b.value, self._bias.unit, error)
            return replace(b, lost="mode")
        # At a zero growth rate the tangent is not unique: that of the followed curve is between its neighbours'.
        part = (root - a.value) / (b.value - a.value)
        return replace(result[root], lost="mode", tangent=(1.0 - part) * unit(a) + part * unit(b))

    def _point(
        self,
        place: _SweepState,
        leg: int,
        save: bool,
        jump: str = "",
        cause: Cause = "",
        rest: SettledState | None = None,
    ) -> Point:
        e = place.state
        resistance = self._problem.resistance(place.state, place.tangent)
        unit = self._bias.unit
        self._travel, self._source = self._travel + abs(place.value - self._source), place.value
        row: Row = {"leg": leg, f"source_{unit}": place.value, f"travel_{unit}": self._travel}
        row |= observe(self._model, e, self._observables)
        row |= {**slopes(self._model, resistance), "growth_per_us": place.growth, "jump": jump}
        row["jump_cause"] = cause or (f"{PINNED} {place.pinned}" if place.pinned else "")
        row |= {"settling_us": np.nan if rest is None else rest.time_us, "newton_steps": place.newton_steps}
        row |= {"settling_by": "" if rest is None else rest.told_by}
        save = save or self._count % self._model.scenario.output.every == 0
        self._count += 1
        stays = place.lost or place.pinned == "fold"  # where the curve cannot be begun again
        behind = None if stays else partial(self._behind, place, self._seen(leg), self._piece.course.ahead)
        return Point(row, self._fields.of(e) if save else None, leads=self._fields.leads, checkpoint=behind)

    def _seen(self, leg: int) -> Arrays:
        numbers = {"leg": leg, "jumps": self._jumps, "count": self._count, "begin": self._piece.begin}
        numbers |= {"travel": self._travel, "source": self._source, "steps": self._steps}
        told = {name: np.array(value) for name, value in numbers.items()}
        return {**told, **self._pinning.pack(), **self._growing.pack()}

    def _behind(self, place: _SweepState, seen: Arrays, ahead: Ahead | None) -> Arrays:
        """Return what the sweep needs to go on. Collective."""
        here = pack(self._model, [place.u, place.tangent])
        here |= {"place": np.array([place.value, place.growth, place.newton_steps])}
        curve = {} if ahead is None else pack_ahead(self._model, ahead)
        return {**seen} | {f"here_{k}": v for k, v in here.items()} | {f"curve_{k}": v for k, v in curve.items()}

    def _restored(self, arrays: Arrays) -> _SweepState:
        """Return the place that `_behind` has put down, with all that belongs to it. Collective."""
        here, curve = _below("here_", arrays), _below("curve_", arrays)
        self._jumps, self._count, self._steps = (int(arrays[name]) for name in ("jumps", "count", "steps"))
        self._travel, self._source = float(arrays["travel"]), float(arrays["source"])
        ahead = ahead_from(self._problem, curve) if "ds" in curve else None
        self._piece = _Piece(float(arrays["begin"]), Course(ahead))
        self._pinning.restore(arrays)
        if ahead is not None:
            self._growing.restore(ahead.passed[-1], arrays)
        u, tangent = unpack(self._model, here)
        value, growth, steps = map(float, here["place"])
        return _SweepState(u, self._problem.evaluate(u), tangent, value, growth, newton_steps=int(steps))


def _below(prefix: str, arrays: Arrays) -> Arrays:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
