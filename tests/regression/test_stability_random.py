"""Growing modes counted along branches of random devices, against all eigenvalues of the dense pencil."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import scipy.linalg as la
import scipy.sparse as sp
from helpers.random_devices import random_device

from hotmesa.meshes import build_mesh
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.stability.columns import FOLDS
from hotmesa.solver.stability.stability import Modes, Stability, warms_everywhere
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CurvePoint, follow
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.problem import ThermalBranch

BIASES = (Bias.voltage(), Bias.current(), Bias.load_line(200.0))
DEVICES, LARGEST, POINTS = 60, 160, 25


def small_devices() -> Iterator[tuple[Model, Model]]:
    """Models as they are solved, most with a crystal condensed, and with the whole of it."""
    for seed in range(10 * DEVICES):
        scenario = random_device(seed)
        model = Model(scenario, build_mesh(scenario))
        full = model.variant(path="sparse")
        if full.unknowns <= LARGEST:
            yield model, full


def counted(model: Model) -> list[tuple[CurvePoint, tuple[Modes, ...]]]:
    """The first points of a branch with what was counted there."""
    problem, stability, found = ThermalBranch(model), Stability(model, signs_only=True), []
    try:
        for curve in islice(follow(problem, *problem.cold_start(), branch_options(model)), POINTS):
            warms = None if curve.fold else warms_everywhere(problem, curve.tangent)
            modes = stability.modes_under(curve.evaluation.e, BIASES, 1, warms=warms)
            found.append((curve, tuple(replace(m, at_fold=FOLDS.get(m.bias) == curve.fold) for m in modes)))
    except SolveError:
        assert len(found) > 1  # some branches of arbitrary devices end early, which others test
    return found


def dense_count(model: Model, e: Evaluation, bias: Bias, at_fold: bool) -> int:
    """The number of growing modes of a device whose crystal is not condensed."""
    lin = model.linearise(e)
    pointers, columns, values = model.conduction.jacobian(lin.kappa, lin.local).getValuesCSR()
    J = sp.csr_matrix((values, columns, pointers)).toarray()
    constraint = ThermalBranch(model).bias_constraint(lin, bias)
    rows = np.vstack([lin.wire_rows, constraint.by_T])
    corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
    reduced = J - lin.columns @ np.linalg.solve(corner, rows)
    rates = np.sort(-la.eigvals(reduced / model.layout.heat_capacity(e.T)[:, None]).real)[::-1]
    # A fold has a rate of zero, up to where it was located; other rates are known to the rounding of the largest.
    zero = 1e-6 * np.abs(rates[:4]).max() if at_fold else 1e-14 * np.abs(rates).max()
    return int(np.count_nonzero(rates > zero))


def test_counts_are_those_of_all_eigenvalues() -> None:
    largest, condensed = 0, 0
    for model, full in islice(small_devices(), DEVICES):
        points = counted(model)
        condensed += model.layout.condensed
        changes = [k for k in range(1, len(points)) if counts(points[k]) != counts(points[k - 1])]
        for k in sorted({len(points) // 2, len(points) - 1, *changes[:6], *(k - 1 for k in changes[:6])}):
            curve, modes = points[k]
            e = curve.evaluation.e
            if model.layout.condensed:
                e = full.evaluate(*ThermalBranch(full).split(carried_over(model, full, e)))
            exact = tuple(dense_count(full, e, bias, bool(curve.fold)) for bias in BIASES)
            assert counts((curve, modes)) == exact, f"{model.scenario.name}, point {k}"
            largest = max(largest, *exact)
    assert largest >= 1 and condensed >= 5


def counts(point: tuple[CurvePoint, tuple[Modes, ...]]) -> tuple[int, ...]:
    return tuple(modes.unstable for modes in point[1])
