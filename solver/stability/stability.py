"""Linear stability of a steady state under its bias: growth rates and the modes that grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import Constraint
from hotmesa.solver.linear.factors import Factors
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max
from hotmesa.solver.stability.eigen import Pairs, ShiftInvert
from hotmesa.solver.stability.following import Target, Tracker, irregular_pattern
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.problem import ThermalBranch

VOLTAGE = Bias.voltage()
ONE_SIGN = 1e-2
"""A mode counts as one-signed if its other sign stays below this share of its maximum."""

ACCURACY = 0.1
"""Bound on the error of a mode that is followed, over the root of the tolerance.

The error of a rate is about its square as far as the Jacobian is symmetric: 1e-6 of s - rate. Where conductivities grow
steeply with temperature it is larger, seldom more than 1e-4.
"""
RESOLVED = 5e-2
"""Rates that cannot be told from zero, over tolerance and s - rate."""
AT_FOLD = 100.0
"""Times that resolution: what a rate can be at a fold, for it is as exact as the place of the fold."""

TURNING = 100.0
"""Times that resolution: an imaginary part that is more than rounding."""
ELECTRODE_MARGIN = 1.5
"""On the bound of all rates with a resistive electrode, whose own heat, some percent, stands in no bound."""
WARMING = 1e-6
"""Cooling over the largest warming along a tangent that is its rounding."""


@dataclass(frozen=True)
class Modes:
    """Leading modes of a state under one bias, fastest growing first.

    Attributes:
        bias: the circuit.
        rates: growth rates (1/µs), real parts, shape (k,); with `signs_only` nothing but their signs has a meaning.
        shapes: temperature patterns of the modes in the order of `Stability.layout`, columns, unit maximum.
        resolution: rates of this size (1/µs) cannot be told from zero.
        signs_only: the heat capacity of the crystal is not in them.
        at_fold: the state is a fold under this bias, so that the rate nearest to zero is zero.
        turning: imaginary parts of the rates (1/µs), shape (k,); empty where they are not known.
    """

    bias: Bias
    rates: Array
    shapes: Array
    resolution: float
    signs_only: bool = False
    at_fold: bool = False
    turning: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def pairs(self) -> Pairs:
        """The modes without what is known about them."""
        return Pairs(self.rates, self.shapes, self.turning)

    @property
    def period_us(self) -> float:
        """Period of the fastest growing mode (µs); infinite where it does not oscillate."""
        turning = abs(float(self.turning[0])) if self.turning.size else 0.0
        # A double rate becomes a complex pair by rounding.
        return 2.0 * np.pi / turning if turning > TURNING * self.resolution else np.inf

    @property
    def unstable(self) -> int:
        """Number of growing modes; one with a rate of zero, as there is at a fold, does not count."""
        rates, nearest = self.rates, int(np.argmin(np.abs(self.rates)))
        # Where the curve has a kink instead, no rate is zero.
        if self.at_fold and abs(rates[nearest]) <= AT_FOLD * self.resolution:
            rates = np.delete(rates, nearest)
        return int(np.count_nonzero(rates > self.resolution))


@dataclass(frozen=True)
class _Point:
    """A state of the full model with its Jacobian and heat capacities."""

    e: State
    lin: Jacobian
    capacity: Array


class Stability:
    """Stability of the states of one model.

    C dT/dt = -(J T + F_V V), with V slaved to T by the bias: by_V V + by_I (I_T T + I_V V) = 0; wire nodes have
    no heat capacity. One factorisation of J + s C, with s just above the fastest mode under voltage bias, serves all
    biases. Along a branch the modes are followed (see tracking.py); the first state, and every one where that is not
    certain, takes shift-invert Krylov-Schur, the bias a border. Nothing above s is missed: without the bias term the
    matrix is of Metzler type (heat only spreads), so the mode with one sign is the fastest one (Perron and Frobenius),
    and a mode found otherwise sends the shift up and starts again. A resistive electrode couples places with the other
    sign, in proportion to the drop along it: modes stay nearly orthogonal, so that no two of them have one sign.

    How many modes grow does not depend on the heat capacities (Sylvester's law of inertia: a rate is zero where J is
    singular, whatever C), nor does a crystal without heat of its own add one: to count them a condensed crystal stays
    condensed.

    Attributes:
        model: the device, its crystal not condensed unless modes are only counted.
        layout: order of its unknowns.
        factorisations, solves: so far; solves with the factors, of all searches.
        computed_anew: states whose modes were not followed.
        checked: searches for other modes where the number of growing ones changed.
    """

    def __init__(self, model: Model, tolerance: float = 1e-4, signs_only: bool = False) -> None:
        """Prepare, with the full crystal, whose heat capacity counts.

        Args:
            model: the device.
            tolerance: relative residual of the eigenvalues; the error of a rate is about its square.
            signs_only: growing modes are counted, at the cost of rates where the crystal is condensed.
        """
        self._tolerance = tolerance
        self._given = model
        self.model = model.variant(path=None if signs_only else "sparse", own_factors=True)
        self.layout = self.model.layout
        self._conduction = self.model.conduction
        self._problem = ThermalBranch(self.model)
        self._last: dict[Bias, Modes] = {}
        # Uniform warming with an irregular part excites every mode.
        self._start = 1.0 + 0.1 * irregular_pattern(self.layout, 0)
        self._tracker = Tracker(self._conduction, self.layout)
        self._shift: float | None = None
        self._factors: Factors | None = None
        self._doubted = False
        self.factorisations = 0
        self.solves = 0
        self.computed_anew = self.checked = 0

    def forget(self) -> None:
        """Begin anew: the next state is far from the last one, whose modes tell nothing about it."""
        self._last = {}
        self._shift = self._factors = None
        self._tracker.forget()

    def to_full(self, e: State) -> State:
        """Return a state of the given model as a state of the full one."""
        if self.layout is self._given.layout:
            return e
        return self.model.evaluate(*self._problem.split(carried_over(self._given, self.model, e)))

    def given_part(self, shape: Array) -> Array:
        """Return what of a mode the given model has as unknowns: of a condensed crystal its top on the mesa."""
        return self._given.layout.from_plan(self.layout.on_plan(shape))

    def heat_capacity(self, e: State) -> Array:
        """Return the heat capacity of every unknown (pJ/K = µW µs/K), of a condensed crystal that of its top."""
        return heat_capacity(self.layout, e.T, of_unknowns=True)

    def modes(self, e: State, bias: Bias, count: int = 2) -> Modes:
        """Return the `count` leading modes of a steady state under one bias, and all that grow; see `modes_under`."""
        return self.modes_under(e, (bias,), count)[0]

    def modes_under(
        self,
        e: State,
        biases: Sequence[Bias],
        count: int = 2,
        complete: bool = False,
        warms: bool | None = None,
    ) -> tuple[Modes, ...]:
        """Return the leading modes of a steady state under several biases, with one factorisation for all.

        The modes of the state before are where the search starts, so states are best given in the order of a branch.

        Args:
            e: evaluated steady state of the given model.
            biases: what the source holds.
            count: modes wanted at least; more are returned where more grow.
            complete: look for every mode of a multiple rate, also where none of them grows.
            warms: whether more voltage would warm every place, if that is known; see `warms_everywhere`.

        Raises:
            SolveError: the eigenvalue solver did not converge, or more modes are asked for than there are unknowns.
        """
        if not 1 <= count < self.model.unknowns:
            raise SolveError(
                f"{count} modes are asked for, but the device has {self.model.unknowns} unknown temperatures: "
                f"1 to {self.model.unknowns - 1} are possible"
            )
        if self.model.electrode or self.model.stacks:  # they couple places with the other sign: see `warms_everywhere`
            warms = None
        e = self.to_full(e)
        point = _Point(e, self.model.linearise(e), self.heat_capacity(e))
        requested = tuple(dict.fromkeys((VOLTAGE, *biases)))
        result, inverse = (None, None) if complete else self._followed(point, requested, count)
        if result is None:
            result = self._anew(point, requested, count, complete, inverse)
        doubtful = warms is not None and warms == bool(result[VOLTAGE].unstable)
        if doubtful and not self._doubted:
            self._shift = None
            result = self._anew(point, requested, count, True, None)
            self._tracker.remember(np.column_stack([m.shapes for m in result.values()]))
        self._doubted = doubtful and warms == bool(result[VOLTAGE].unstable)
        self._shift = self._shift_after(result[VOLTAGE])
        self._last = result
        return tuple(result[bias] for bias in biases)

    def _followed(
        self, point: _Point, biases: Sequence[Bias], count: int
    ) -> tuple[dict[Bias, Modes] | None, ShiftInvert | None]:
        """Return the modes as those of the last states lead to them, None where that is not certain; and the factors.

        It is certain if fewer modes grow than are known and the fastest has one sign. Where not as many grow as at the
        state before, a search without the modes found looks for others.
        """
        if not self._tracker.ready or any(bias not in self._last for bias in biases):
            return None, None
        targets = {}
        for bias in biases:
            enough = min(max(count, self._last[bias].unstable + 1), self.model.unknowns - 1)
            targets[bias] = Target(self._problem.bias_constraint(point.lin, bias), enough)
        try:
            space = self._tracker.space(point.lin, point.capacity, targets)
            rates = space.modes(VOLTAGE).rates
            if len(rates) < 2:
                return None, None
            inverse = self._inverse(point, min(self._shift_above(rates), self._bound(point)), self._factors)
            pairs = self._tracker.follow(space, inverse, targets, ACCURACY * np.sqrt(self._tolerance))
            if pairs is None and inverse.renew():
                pairs = self._tracker.follow(space, inverse, targets, ACCURACY * np.sqrt(self._tolerance))
        except np.linalg.LinAlgError:
            return None, None
        self._factors = inverse.factors if inverse.solves <= self._conduction.patience * len(biases) else None
        self._count(inverse)
        if pairs is None:
            return None, inverse
        result = {bias: self._resolved(bias, inverse, pairs[bias]) for bias in biases}
        leading = result[VOLTAGE]
        if leading.rates[0] >= inverse.shift or self._has_two_signs(leading):
            return None, inverse
        result = {bias: self._checked(m, inverse, targets[bias].constraint) for bias, m in result.items()}
        self._count(inverse)
        certain = all(m.unstable < len(m.rates) for m in result.values())
        return (result if certain else None), inverse

    def _checked(self, modes: Modes, inverse: ShiftInvert, constraint: Constraint) -> Modes:
        """Return modes, where not as many grow as before with those that a search without them still finds."""
        if modes.unstable == self._last[modes.bias].unstable:
            return modes
        self.checked += 1
        pairs = modes.pairs
        if inverse.is_complete(constraint, pairs, self._tracker.probe):
            return modes
        return self._resolved(modes.bias, inverse, inverse.completed(constraint, pairs, self._tolerance))

    def _anew(
        self, point: _Point, biases: Sequence[Bias], count: int, complete: bool, inverse: ShiftInvert | None
    ) -> dict[Bias, Modes]:
        """Return the modes by shift-invert Krylov-Schur for each bias, with factors that may be at hand."""
        self.computed_anew += 1
        # The next state takes its shift from two rates.
        count = max(count, min(2, self.model.unknowns - 1))
        inverse, result = self._factorised(point, count, complete, inverse)
        by_bias = {VOLTAGE: result}
        for bias in biases:
            if bias not in by_bias:
                by_bias[bias] = self._leading(inverse, point.lin, bias, count, complete)
        self._count(inverse)
        if not complete:
            self._factors = inverse.factors
            self._tracker.remember(np.column_stack([m.shapes for m in by_bias.values()]))
        return by_bias

    def _count(self, inverse: ShiftInvert) -> None:
        self.factorisations, inverse.factorisations = self.factorisations + inverse.factorisations, 0
        self.solves, inverse.solves = self.solves + inverse.solves, 0

    def _inverse(self, point: _Point, shift: float, earlier: Factors | None = None) -> ShiftInvert:
        return ShiftInvert(self.model.comm, self._conduction, point.lin, point.capacity, shift, earlier)

    def _factorised(
        self, point: _Point, count: int, complete: bool, inverse: ShiftInvert | None
    ) -> tuple[ShiftInvert, Modes]:
        """Return factors about a shift above all growth rates, and the modes under voltage bias that prove it."""
        bound = self._bound(point)
        if inverse is None:
            inverse = self._inverse(point, bound if self._shift is None else min(self._shift, bound))
        while True:
            modes = self._leading(inverse, point.lin, Bias.voltage(), count, complete)
            above, two_signs = modes.rates[0] >= inverse.shift, self._has_two_signs(modes)
            if inverse.shift >= bound or not (above or two_signs):
                return inverse, modes
            self._count(inverse)
            # A mode with one sign is the fastest: a shift just above it serves better than one far away.
            inverse = self._inverse(point, bound if two_signs else min(self._shift_after(modes), bound))

    def _leading(self, inverse: ShiftInvert, lin: Jacobian, bias: Bias, count: int, complete: bool) -> Modes:
        """Return at least `count` leading modes, and one more than grow (as far as there are unknowns)."""
        constraint = self._problem.bias_constraint(lin, bias)
        last = self._last.get(bias)
        limit = self.model.unknowns - 1
        count = min(max(count, 0 if last is None else last.unstable + 1), limit)
        start = self._start if last is None else last.shapes.sum(axis=1)
        while True:
            modes = self._resolved(bias, inverse, inverse.leading(constraint, count, start, self._tolerance))
            # A mode that grows may stand for several: those of places far from each other have one rate to all digits,
            # the fastest under voltage bias among them.
            if complete or modes.unstable:
                pairs = inverse.completed(constraint, modes.pairs, self._tolerance)
                modes = self._resolved(bias, inverse, pairs)
            if modes.unstable < len(modes.rates) or count == limit:
                return modes
            count = min(2 * count, limit)

    def _resolved(self, bias: Bias, inverse: ShiftInvert, pairs: Pairs) -> Modes:
        resolution = RESOLVED * self._tolerance * float(np.abs(inverse.shift - pairs.rates).max())
        return Modes(bias, pairs.rates, pairs.shapes, resolution, self.layout.condensed, turning=pairs.turning)

    def _has_two_signs(self, modes: Modes) -> bool:
        """Return whether the leading mode (maximum 1) is negative somewhere."""
        return global_max(self.model.comm, (-modes.shapes[:, 0]).max(initial=0.0)) > ONE_SIGN

    def _bound(self, point: _Point) -> float:
        """Return a rate (1/µs) that no mode exceeds: conduction makes no heat, so heating over heat capacity bounds."""
        # All heat that warming one place makes, in whatever sublayer: conduction has zero sums over the same places.
        junctions, mass, margin = point.e.junctions, self.model.junction_mass, 1.05
        heating = mass * junctions.Q_by_T.sum(axis=0)
        if point.lin.circuit is not None:
            # A place that draws more current lowers the potential of others, whose currents lose at most as much.
            per_current = junctions.Q_by_V.sum(axis=0) / junctions.J_by_V
            most = global_max(self.model.comm, per_current.max(initial=0.0))
            if self.model.stacks is not None and self.model.stacks.in_series:
                most *= len(self.model.stacks.circuit)  # more current through one heats all the others
            heating, margin = heating + most * mass * np.abs(junctions.J_by_T), ELECTRODE_MARGIN
        ratio = heating / point.capacity[self.layout.junction_rows].reshape(heating.shape)
        return max(margin * global_max(self.model.comm, ratio.max(initial=0.0)), 1e-3)

    def _shift_after(self, modes: Modes) -> float:
        """Return a shift for the next state: above the leading rate by what it moved, or half the gap to the next."""
        leading = float(modes.rates[0])
        gap = leading - float(modes.rates[1]) if len(modes.rates) > 1 else 0.0
        before = self._last.get(VOLTAGE)
        moved = 0.0 if before is None else abs(leading - float(before.rates[0]))
        return leading + max(0.5 * gap, 1.5 * moved, 0.05 * abs(leading))

    def _shift_above(self, rates: Array) -> float:
        """Return a shift above the leading one of approximate rates: the nearer, the faster the iteration."""
        leading = float(rates[0])
        moved = abs(leading - float(self._last[VOLTAGE].rates[0]))
        return leading + max(0.1 * (leading - float(rates[1])), 0.1 * moved, 1e-3 * abs(leading))


def warms_everywhere(problem: ThermalBranch, tangent: Array) -> bool:
    """Return whether the temperature rises everywhere with the voltage: just then none grows while that is held.

    J dT/dV = -F_V >= 0, and J has no positive entries beside its diagonal: with dT/dV > 0 it is an M-matrix, whose
    eigenvalues have positive real parts, and the inverse of an M-matrix has no negative entry. This needs no search,
    so that it finds what a search has missed. Collective.
    """
    T, _, V = problem.split(tangent)
    rise = T if V >= 0.0 else -T
    comm = problem.model.comm
    return global_max(comm, (-rise).max(initial=0.0)) <= WARMING * global_max(comm, np.abs(T).max(initial=0.0))
