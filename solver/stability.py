"""Linear stability of a steady state under its bias: growth rates and the modes that grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotmesa.solver.bias import Bias
from hotmesa.solver.branch_problem import ThermalBranch
from hotmesa.solver.curves import Array
from hotmesa.solver.eigen import Pairs, ShiftInvert
from hotmesa.solver.errors import SolveError
from hotmesa.solver.fields import full_temperatures
from hotmesa.solver.linearisation import Linearisation
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.parallel import global_max
from hotmesa.solver.variants import own_conduction, with_path

ONE_SIGN = 1e-2
"""A mode counts as one-signed if its other sign stays below this share of its maximum."""


@dataclass(frozen=True)
class Modes:
    """Leading modes of a state under one bias, fastest growing first.

    Attributes:
        bias: the circuit.
        rates: growth rates (1/us), real parts, shape (k,).
        shapes: temperature patterns of the modes in the order of `Stability.layout`, columns, unit maximum.
        resolution: rates of this size (1/us) cannot be told from zero.
    """

    bias: Bias
    rates: Array
    shapes: Array
    resolution: float

    @property
    def unstable(self) -> int:
        """Number of growing modes; at a fold the mode with rate zero does not count."""
        return int(np.count_nonzero(self.rates > self.resolution))


class Stability:
    """Stability of the states of one model.

    C dT/dt = -(J T + F_V V), with V slaved to T by the bias: by_V V + by_I (I_T T + I_V V) = 0; wire nodes have
    no heat capacity. Eigenvalues come from shift-invert about a shift s just above the fastest mode under voltage
    bias; one factorisation of J + s C serves all biases, whose rank-one terms stay borders. Nothing above s is
    missed: without the bias term the matrix is of Metzler type (heat only spreads), so the mode with one sign is the
    fastest one (Perron and Frobenius), and a mode found otherwise sends the shift up and starts again.
    """

    def __init__(self, model: Model, tolerance: float = 1e-4) -> None:
        """Prepare; a condensed crystal is unfolded, since its heat capacity counts.

        Args:
            model: the device.
            tolerance: relative residual of the eigenvalues; the error of a rate is about its square.
        """
        self._tolerance = tolerance
        self._given = model
        self.model = model if model.condensed is None else with_path(model, "sparse")
        self.layout = self.model.layout
        self._conduction = own_conduction(self.model)
        self._problem = ThermalBranch(self.model)
        self._last: dict[str, Modes] = {}
        self._shift: float | None = None
        self.factorisations = 0
        self.solves = 0

    def unfold(self, e: Evaluation) -> Evaluation:
        """Return a state of the given model as a state of the unfolded one."""
        if self.model is self._given:
            return e
        T = full_temperatures(self._given, e)
        rows = [T[k, self.layout.nodes_of(k)] for k in range(len(self.layout.sublayers))]
        return self.model.evaluate(np.concatenate(rows), e.wires, e.V)

    def given_part(self, shape: Array) -> Array:
        """Return what of a mode the given model has as unknowns: of a condensed crystal its top on the mesa."""
        if self.model is self._given:
            return shape
        mesa = int(self.layout.starts[len(self.layout.mesa_layers)])
        top = shape[self.layout.rows(len(self.layout.mesa_layers))]
        return np.concatenate([shape[:mesa], top[self.layout.mesa_nodes]])

    def heat_capacity(self, e: Evaluation) -> Array:
        """Return the heat capacity of every unknown (pJ/K = uW us/K)."""
        return self.layout.heat_capacity(e.T)

    def modes(self, e: Evaluation, bias: Bias, count: int = 2) -> Modes:
        """Return the `count` leading modes of a steady state under one bias, and all that grow; see `modes_under`."""
        return self.modes_under(e, (bias,), count)[0]

    def modes_under(
        self, e: Evaluation, biases: Sequence[Bias], count: int = 2, complete: bool = False
    ) -> tuple[Modes, ...]:
        """Return the leading modes of a steady state under several biases, with one factorisation for all.

        The modes of the state before are where the search starts, so states are best given in the order of a branch.

        Args:
            e: evaluated steady state of the given model.
            biases: what the source holds.
            count: modes wanted at least; more are returned where more grow.
            complete: look for every mode of a multiple rate, also where none of them grows.

        Raises:
            SolveError: the eigenvalue solver did not converge, or more modes are asked for than there are unknowns.
        """
        if not 1 <= count < self.model.unknowns:
            raise SolveError(
                f"{count} modes are asked for, but the device has {self.model.unknowns} unknown temperatures: "
                f"1 to {self.model.unknowns - 1} are possible"
            )
        e = self.unfold(e)
        lin, capacity = self.model.linearise(e), self.heat_capacity(e)
        inverse, found = self._factorised(e, lin, capacity, count, complete)
        by_name = {"voltage": found}
        for bias in biases:
            if bias.name not in by_name:
                by_name[bias.name] = self._leading(inverse, lin, bias, count, complete)
        self.solves += inverse.solves
        self._shift = self._shift_after(found)
        self._last = by_name
        return tuple(by_name[bias.name] for bias in biases)

    def _factorised(
        self, e: Evaluation, lin: Linearisation, capacity: Array, count: int, complete: bool
    ) -> tuple[ShiftInvert, Modes]:
        """Return factors about a shift above all growth rates, and the modes under voltage bias that prove it."""
        bound = self._bound(e, capacity)
        shift = bound if self._shift is None else min(self._shift, bound)
        while True:
            inverse = ShiftInvert(self.model.comm, self._conduction, lin, capacity, shift)
            self.factorisations += 1
            modes = self._leading(inverse, lin, Bias.voltage(), count, complete)
            above = modes.rates[0] >= shift
            if shift >= bound or not (above or self._has_two_signs(modes)):
                return inverse, modes
            self.solves += inverse.solves
            shift = bound

    def _leading(self, inverse: ShiftInvert, lin: Linearisation, bias: Bias, count: int, complete: bool) -> Modes:
        """Return at least `count` leading modes, and one more than grow (as far as there are unknowns)."""
        closure = self._problem.bias_closure(lin, bias)
        last = self._last.get(bias.name)
        limit = self.model.unknowns - 1
        count = min(max(count, 0 if last is None else last.unstable + 1), limit)
        start = None if last is None else last.shapes.sum(axis=1)
        while True:
            modes = self._resolved(bias, inverse, inverse.leading(closure, count, start, self._tolerance))
            # The fastest mode under voltage bias is simple; any other that grows may stand for several.
            simple = 1 if bias.name == "voltage" else 0
            if complete or modes.unstable > simple:
                pairs = inverse.completed(closure, Pairs(modes.rates, modes.shapes), self._tolerance)
                modes = self._resolved(bias, inverse, pairs)
            if modes.unstable < len(modes.rates) or count == limit:
                return modes
            count = min(2 * count, limit)

    def _resolved(self, bias: Bias, inverse: ShiftInvert, pairs: Pairs) -> Modes:
        resolution = 1e-2 * self._tolerance * float(np.abs(inverse.shift - pairs.rates).max())
        return Modes(bias, pairs.rates, pairs.shapes, resolution)

    def _has_two_signs(self, modes: Modes) -> bool:
        """Return whether the leading mode (maximum 1) is negative somewhere."""
        return global_max(self.model.comm, (-modes.shapes[:, 0]).max(initial=0.0)) > ONE_SIGN

    def _bound(self, e: Evaluation, capacity: Array) -> float:
        """Return a rate (1/us) that no mode exceeds: conduction only damps, so heating over heat capacity bounds."""
        heating = self.model.junction_mass * e.junctions.Q_by_T.sum(axis=1)
        ratio = heating / capacity[self.layout.junction_rows].reshape(heating.shape)
        return max(1.05 * global_max(self.model.comm, ratio.max(initial=0.0)), 1e-3)

    def _shift_after(self, modes: Modes) -> float:
        """Return a shift for the next state: above the leading rate by what it moved, or half the gap to the next."""
        leading = float(modes.rates[0])
        gap = leading - float(modes.rates[1]) if len(modes.rates) > 1 else 0.0
        before = self._last.get("voltage")
        moved = 0.0 if before is None else abs(leading - float(before.rates[0]))
        return leading + max(0.5 * gap, 1.5 * moved, 0.05 * abs(leading))
