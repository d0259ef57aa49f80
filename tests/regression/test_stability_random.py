"""Growing modes counted along branches of random devices, against all eigenvalues of the dense pencil."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice

import numpy as np
import pytest
import scipy.linalg as la
import scipy.sparse as sp
from helpers.random_devices import long_strip, random_device, square

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.stability.columns import FOLDS
from hotmesa.solver.stability.stability import Modes, Stability, warms_everywhere
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CurvePoint, follow
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.problem import ThermalBranch

BIASES = (Bias.voltage(), Bias.current(), Bias.load_line(200.0))
LOG = logging.getLogger(__name__)
AT_FOLD = 1e-5
"""Of the first rates: what a rate of zero can be where a fold was located."""
LARGEST, POINTS = 200, 30
MAKERS: dict[str, Callable[[int], Scenario]] = {"any": random_device, "walls": long_strip, "pairs": square}
NIGHTLY = {"any": 120, "walls": 40, "pairs": 40}
FEW = {"any": (4, 5, 6, 7, 29, 32, 33, 36, 44, 45, 61, 65, 67, 71), "walls": (0, 2, 5, 6, 7, 9), "pairs": (0, 3, 7, 8)}
"""Seeds of small devices by default: those of the first with growing modes, a condensed crystal, walls or pairs."""


def small_devices(make: Callable[[int], Scenario], seeds: Iterable[int]) -> Iterator[tuple[Model, Model]]:
    """Models as they are solved, most with a crystal condensed, and with the whole of it."""
    for seed in seeds:
        scenario = make(seed)
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
            modes = stability.modes_under(curve.evaluation, BIASES, 1, warms=warms)
            found.append((curve, tuple(replace(m, at_fold=FOLDS.get(m.bias) == curve.fold) for m in modes)))
    except SolveError:
        assert len(found) > 1  # some branches of arbitrary devices end early, which others test
    return found


def dense_rates(model: Model, e: State, bias: Bias) -> Array:
    """All growth rates (1/µs), largest first, of a device whose crystal is not condensed."""
    lin = model.linearise(e)
    pointers, columns, values = model.conduction.jacobian(lin.kappa, lin.local).getValuesCSR()
    J = sp.csr_matrix((values, columns, pointers)).toarray()
    constraint = ThermalBranch(model).bias_constraint(lin, bias)
    rows = np.vstack([lin.wire_rows, constraint.by_T])
    corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
    reduced = J - lin.columns @ np.linalg.solve(corner, rows)
    return np.sort(-la.eigvals(reduced / heat_capacity(model.layout, e.T)[:, None]).real)[::-1]


def positive(rates: Array, at_fold: bool, near_fold: bool = False) -> tuple[int, int]:
    """The least and the largest number of rates above zero: those at zero can be counted or not.

    Args:
        rates: all of them, largest first.
        at_fold: of this bias, where one rate is zero up to where the fold was located.
        near_fold: of any bias, where rates may vanish too, of twin modes at the same place.
    """
    # Elsewhere rates are known to the rounding of the largest.
    zero = max(1e-14 * np.abs(rates).max(), AT_FOLD * np.abs(rates[:4]).max() if at_fold or near_fold else 0.0)
    least, most = int(np.count_nonzero(rates > zero)), int(np.count_nonzero(rates > -zero))
    return least, max(least, most - at_fold)


def dense_count(model: Model, e: State, bias: Bias, at_fold: bool) -> int:
    """The number of growing modes of a device whose crystal is not condensed."""
    return positive(dense_rates(model, e, bias), at_fold)[0]


@dataclass
class Seen:
    """What was among the states that were compared."""

    devices: int = 0
    states: int = 0
    condensed: int = 0
    growing: int = 0
    walls: int = 0
    pairs: int = 0


def compare(devices: Iterator[tuple[Model, Model]]) -> Seen:
    """Compare the counts along the branches of devices with all eigenvalues, where they change and elsewhere."""
    seen = Seen()
    for model, full in devices:
        points = counted(model)
        seen.devices, seen.condensed = seen.devices + 1, seen.condensed + model.layout.condensed
        changes = [k for k in range(1, len(points)) if counts(points[k]) != counts(points[k - 1])]
        for k in sorted({len(points) // 2, len(points) - 1, *changes[:6], *(k - 1 for k in changes[:6])}):
            curve, _ = points[k]
            e = curve.evaluation
            hot = float(observe(model, e)["hot_fraction"])
            if model.layout.condensed:
                e = full.evaluate(*ThermalBranch(full).split(carried_over(model, full, e)))
            for modes in points[k][1]:
                rates = dense_rates(full, e, modes.bias)
                least, most = positive(rates, FOLDS.get(modes.bias) == curve.fold != "", bool(curve.fold))
                assert least <= modes.unstable <= most, f"{model.scenario.name}, point {k}, {modes.bias.name}"
            seen.states, seen.growing = seen.states + 1, seen.growing + any(counts(points[k]))
            seen.walls += 0.05 < hot < 0.95
            # Modes of a square come in pairs, which its mesh of triangles splits a little.
            rates = dense_rates(full, e, Bias.current())[:4]
            close = np.abs(np.diff(rates)) < 0.03 * np.abs(rates[:3])
            seen.pairs += model.scenario.name.startswith("square") and bool(close.any())
    return seen


@pytest.mark.parametrize("kind", MAKERS)
def test_counts_are_those_of_all_eigenvalues(kind: str, request: pytest.FixtureRequest) -> None:
    nightly = request.config.getoption("--nightly")
    size = NIGHTLY[kind] if nightly else len(FEW[kind])
    seen = compare(islice(small_devices(MAKERS[kind], count() if nightly else FEW[kind]), size))
    LOG.warning("%s: %s", kind, seen)
    assert seen.devices == size and seen.growing >= 1
    assert {"any": seen.condensed, "walls": seen.walls, "pairs": seen.pairs}[kind] >= 4


def counts(point: tuple[CurvePoint, tuple[Modes, ...]]) -> tuple[int, ...]:
    return tuple(modes.unstable for modes in point[1])
