"""Modes followed along branches against those of every state by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.linalg as la
import scipy.sparse as sp
from helpers.sheets import sheet, sheet_model

from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.stability.following import irregular_pattern
from hotmesa.solver.stability.stability import Modes, Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch

BIASES = (Bias.voltage(), Bias.current(), Bias.load_line(200.0))


def dense_rates(model: Model, e: State, bias: Bias) -> np.ndarray:
    """All growth rates (1/µs), fastest first, of a device without wires."""
    lin = model.linearise(e)
    pointers, columns, values = model.conduction.jacobian(lin.kappa, lin.local).getValuesCSR()
    J = sp.csr_matrix((values, columns, pointers)).toarray()
    constraint = ThermalBranch(model).bias_constraint(lin, bias)
    reduced = J - np.outer(lin.columns[:, 0], constraint.by_T) / constraint.by_V
    return np.sort(-la.eigvals(reduced / heat_capacity(model.layout, e.T)[:, None]).real)[::-1]


def states(model: Model) -> list[State]:
    problem = ThermalBranch(model)
    return [p.evaluation for p in follow(problem, *problem.cold_start(), branch_options(model))]


def followed(stability: Stability, branch: Sequence[State]) -> list[tuple[Modes, ...]]:
    return [stability.modes_under(e, BIASES, 2) for e in branch]


@pytest.mark.parametrize(("geometry", "size_um"), [("strip", 0.25), ("plan", 1.0)])
def test_rates_and_counts_are_those_of_every_state_by_itself(geometry: str, size_um: float) -> None:
    """The square has double rates, of which both must rise at the right place: counts go by two there."""
    model = sheet_model(sheet(1.5e-7, geometry, size_um))
    branch, stability = states(model), Stability(model)
    counts = []
    for e, found in zip(branch, followed(stability, branch), strict=True):
        for bias, modes in zip(BIASES, found, strict=True):
            exact = dense_rates(model, e, bias)[: len(modes.rates)]
            scale = float(np.abs(exact).max())
            assert modes.rates == pytest.approx(exact, abs=1e-5 * scale)
            assert modes.unstable == np.count_nonzero(exact > modes.resolution)
        counts.append(found[1].unstable)
    assert max(counts) >= 2 and counts[-1] == 0
    assert stability.computed_anew < 4


def test_followed_rates_agree_with_those_of_the_full_search_along_a_branch_with_folds() -> None:
    model = sheet_model(sheet(3e-7))
    branch, stability = states(model), Stability(model)
    for e, found in zip(branch, followed(stability, branch), strict=True):
        anew = Stability(model, 1e-7).modes_under(e, BIASES, 2, complete=True)
        for a, b in zip(found, anew, strict=True):
            shared = min(len(a.rates), len(b.rates))
            scale = float(np.abs(b.rates[:shared]).max())
            assert a.rates[:shared] == pytest.approx(b.rates[:shared], abs=1e-5 * scale)
            # At a fold the rate is zero up to where the fold was located: both are asked with one resolution.
            assert a.unstable == np.count_nonzero(b.rates > a.resolution)


def test_a_state_costs_one_factorisation_and_few_solutions() -> None:
    model = sheet_model(sheet(3e-7))
    branch, stability = states(model), Stability(model)
    followed(stability, branch)
    # Another one, exact, where a search needs it.
    assert stability.factorisations <= len(branch) + stability.computed_anew + stability.checked
    # Under three biases; more where the number of growing modes changes, which happens at few states.
    assert stability.solves <= 6 * len(branch)


def test_two_load_lines_are_told_apart() -> None:
    model = sheet_model(sheet(3e-7))
    branch, stability = states(model), Stability(model)
    lines = (Bias.load_line(1.0), Bias.load_line(1e5))
    for e in branch[8:12]:
        for bias, modes in zip(lines, stability.modes_under(e, lines, 1), strict=True):
            assert modes.bias == bias
            exact = float(dense_rates(model, e, bias)[0])
            assert float(modes.rates[0]) == pytest.approx(exact, rel=1e-4)


def test_modes_of_a_far_state_are_found_as_well() -> None:
    """A jump leaves the modes of the states before without use, but what is reported stays right."""
    model = sheet_model(sheet(1.5e-7, "plan", 1.0))
    branch, stability = states(model), Stability(model)
    for e in (branch[1], branch[2], branch[len(branch) // 2], branch[-1], branch[len(branch) // 2]):
        for bias, modes in zip(BIASES, stability.modes_under(e, BIASES, 2), strict=True):
            exact = dense_rates(model, e, bias)
            assert modes.unstable == np.count_nonzero(exact > modes.resolution)


def test_irregular_patterns_have_parts_in_all_low_modes_of_a_square_and_differ() -> None:
    layout = sheet_model(sheet(1.5e-7, "plan", 1.0)).layout
    x, y = (layout.operators.xy / 10.0 + 0.5).T
    pair = np.column_stack([np.cos(np.pi * x), np.cos(np.pi * y)])
    parts = np.array([pair.T @ irregular_pattern(layout, number) for number in range(3)])
    assert np.linalg.svd(parts, compute_uv=False).min() > 0.05 * np.abs(parts).max()
