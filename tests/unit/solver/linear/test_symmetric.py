"""Cholesky factors for matrices that are nearly similar to symmetric ones."""

import numpy as np
import pytest
import scipy.sparse as sp
from helpers.devices import on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.solver.linear.conduction import SparseConduction
from hotmesa.solver.linear.symmetric import NearlySymmetric, NotDefiniteError, is_available
from hotmesa.solver.model import Model

pytestmark = pytest.mark.skipif(not is_available(), reason="PETSc was built without CHOLMOD")


def laplacian(side: int = 12) -> sp.csr_matrix:
    """Return a sparse symmetric positive definite matrix, the five-point formula on a square."""
    line = sp.diags([-1.0, 2.1, -1.0], [-1, 0, 1], shape=(side, side))
    matrix = sp.kronsum(line, line).tocsr()
    matrix.sort_indices()
    return matrix


def scaled(matrix: sp.csr_matrix, scales: np.ndarray) -> sp.csr_matrix:
    """Return E^-1 S E."""
    product = (sp.diags(1.0 / scales) @ matrix @ sp.diags(scales)).tocsr()
    product.sort_indices()
    return product


@pytest.mark.parametrize("transposed", [False, True])
def test_similar_to_a_symmetric_matrix_is_solved_exactly(transposed):
    rng = np.random.default_rng(1)
    S = laplacian()
    J = scaled(S, np.exp(rng.normal(size=S.shape[0])))
    x = rng.normal(size=S.shape[0])
    factors = NearlySymmetric(J).factorise(J.data)
    b = (J.T if transposed else J) @ x
    # The scales are pinned to 1e-9 of the couplings; the least-squares solution is that exact.
    assert np.abs(factors.solve(b, transposed=transposed) - x).max() <= 1e-7


def test_scales_follow_the_matrix_though_the_strengths_are_kept():
    rng = np.random.default_rng(2)
    S = laplacian()
    first, second = (scaled(S, np.exp(rng.normal(size=S.shape[0]))) for _ in range(2))
    nearly = NearlySymmetric(first)
    nearly.factorise(first.data)
    x = rng.normal(size=S.shape[0])
    assert np.abs(nearly.factorise(second.data).solve(second @ x) - x).max() <= 1e-7


def test_large_indefinite_matrix_is_refused_and_does_no_harm(capfd):
    S = laplacian(80)
    nearly = NearlySymmetric(S)
    negative = (S - 3.0 * sp.identity(S.shape[0])).tocsr()
    with pytest.raises(NotDefiniteError):
        nearly.factorise(negative.data)
    x = np.arange(S.shape[0], dtype=float)
    assert np.abs(nearly.factorise(S.data).solve(S @ x) - x).max() <= 1e-9 * x.max()
    assert capfd.readouterr() == ("", "")


def test_small_indefinite_matrix_is_solved():
    """Without blocks CHOLMOD factorises L D L^T, for which the signs of D do not matter."""
    S = laplacian()
    negative = (S - 3.0 * sp.identity(S.shape[0])).tocsr()
    x = np.arange(S.shape[0], dtype=float)
    solution = NearlySymmetric(negative).factorise(negative.data).solve(negative @ x)
    # No pivoting: less exact than a definite matrix, and good enough to precondition.
    assert np.abs(solution - x).max() <= 1e-6 * x.max()


def hot_jacobian(voltage_mV: float):
    """Return conduction and linearisation of a small device on its crystal at a lateral temperature profile."""
    scenario = on_crystal(path="sparse")
    model = Model(scenario, build_mesh(scenario))
    T, wires = model.cold()
    T += 30.0 * (1.0 + np.sin(np.arange(T.size)))
    return model, model.linearise(model.evaluate(T, wires, voltage_mV))


def test_preconditioner_of_a_device_is_close_to_its_jacobian():
    model, lin = hot_jacobian(1.0)
    assert isinstance(model.conduction, SparseConduction)
    exact, cheap = (make(lin.kappa, lin.local) for make in (model.conduction.factorise, model.conduction.precondition))
    b = np.random.default_rng(3).normal(size=lin.kappa.size)
    x = exact.solve(b)
    # Film, mesa and crystal are three materials: close, not equal.
    assert 1e-12 < np.linalg.norm(cheap.solve(b) - x) / np.linalg.norm(x) < 0.5


def test_entries_that_are_no_numbers_are_refused_and_do_no_harm():
    S = laplacian()
    nearly = NearlySymmetric(S)
    with pytest.raises(NotDefiniteError):
        nearly.factorise(np.where(np.arange(S.data.size) == 3, np.nan, S.data))
    x = np.arange(S.shape[0], dtype=float)
    assert np.abs(nearly.factorise(S.data).solve(S @ x) - x).max() <= 1e-9 * x.max()
