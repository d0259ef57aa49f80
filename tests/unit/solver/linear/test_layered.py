"""The preconditioner for a mesa on a layered crystal: exact parts, and as close as it is told to be."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from helpers.devices import CRYSTAL, MATERIALS, on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Material, Mesh
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear import bordered
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.linear.depth import Depth, few_layers
from hotmesa.solver.linear.layered import LayeredFactors
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch

UNLIKE = MATERIALS | {
    "crystal": Material(
        in_plane_W_per_mK={"T_K": [4.0, 40.0, 120.0], "values": [0.2, 0.5, 0.6]},
        out_of_plane_W_per_mK={"T_K": [4.0, 40.0, 120.0], "values": [0.02, 0.04, 0.06]},
    )
}


def depth(layers: int = 12) -> Depth:
    """Return a crystal of sublayers that grow downwards, as unlike materials make it: T is not symmetric."""
    d = 0.1 * 1.4 ** np.arange(layers)
    g = 1.0 / (0.5 * (d[:-1] + d[1:]))
    T = np.diag(np.append(g, 2.0 / d[-1])) + np.diag(np.append(0.0, g)) - np.diag(g, 1) - np.diag(g, -1)
    # The potential of the lower half is of another material.
    return Depth(T * np.where(np.arange(layers) < layers // 2, 1.0, 3.0), d)


def test_depth_modes_give_the_response_of_the_crystal():
    crystal = depth()
    k2 = np.array([0.0, 0.3, 20.0])
    for square, row in zip(k2, crystal.modes().response(k2), strict=True):
        inverse = np.linalg.inv(crystal.couplings + square * np.diag(crystal.thicknesses))
        assert row == pytest.approx(inverse[0], rel=1e-9, abs=1e-12 * row[0])


def test_few_terms_come_near_the_response_and_more_come_nearer():
    modes = depth().modes()
    errors = [few_layers(modes, count, 100.0).error for count in (2, 3, 4, 5)]
    assert errors[2] < 0.03
    assert all(b < 0.5 * a for a, b in pairwise(errors))
    few = few_layers(modes, 4, 100.0)
    between = np.geomspace(1e-3, 80.0, 37)
    terms = (few.roots**2 / (between[:, None] + few.nu)).sum(axis=1)
    assert terms == pytest.approx(modes.response(between)[:, 0], rel=1.1 * few.error)


def hot(voltage_mV: float = 1.0, **parts: object):
    """Return model and linearisation of a device with a warm spot and the junctions at a voltage."""
    scenario = on_crystal(path="sparse", **parts)
    model = Model(scenario, build_mesh(scenario))
    T, wires = model.cold()
    xy = model.operators.xy
    for k in range(len(model.layout.sublayers)):
        at = xy[model.layout.nodes_of(k)]
        T[model.layout.rows(k)] += 40.0 * 0.8**k * np.exp(-((at - 1.0) ** 2).sum(axis=1) / 20.0)
    T[model.conduction.fixed] = model.bath
    return model, model.linearise(model.evaluate(T, wires, voltage_mV))


def heated(model: Model) -> Update:
    """Return a right-hand side: heat in the junctions."""
    heat = np.zeros(model.layout.size)
    heat[model.layout.junction_rows] = np.tile(model.junction_mass, len(model.layout.junction_layers))
    return Update(heat, np.zeros(len(model.wired)), 0.0)


def iterations(model: Model, lin, rtol: float = 1e-8) -> int:
    """Return the solutions with factors that the response to heat in the mesa takes, its residual checked."""
    problem = ThermalBranch(model)
    constraint, rhs = problem.bias_constraint(lin, Bias.voltage()), heated(model)
    found = problem.linear.solve(lin, constraint, rhs, rtol)
    assert isinstance(problem.linear.operator._factors, LayeredFactors)
    heat = model.conduction.apply(lin.kappa * found.T) + lin.local @ found.T
    heat += lin.columns @ np.append(found.wires, found.V)
    assert np.linalg.norm(heat - rhs.T) <= 1.1 * rtol * np.linalg.norm(rhs.T)
    return problem.linear.operator.solves


@pytest.mark.parametrize("refine", [0.5, 1.2])
def test_iterations_do_not_grow_with_the_mesh(refine):
    model, lin = hot(mesh=Mesh(refine=refine), layers=(*on_crystal().layers[:2], CRYSTAL.model_copy(update=FINE)))
    assert iterations(model, lin) <= 12  # two of them for the borders; 6,000 and 30,000 unknowns


FINE = {"sublayers": 12, "first_sublayer_um": 0.1}


@pytest.mark.parametrize(
    "parts",
    [
        {"bath": Bath(rim="bath")},
        {"bath": Bath(rim="bath", bottom="insulated")},
        {"materials": UNLIKE},
        {"sublayers": 3},
    ],
    ids=str,
)
def test_cold_rim_unlike_conductivities_and_mesa_sublayers(parts):
    model, lin = hot(**parts)
    assert iterations(model, lin) <= 16


def test_state_that_is_unstable_at_constant_voltage():
    model, lin = hot(voltage_mV=60.0)
    assert iterations(model, lin) <= 12


def test_transpose_is_the_transpose():
    model, lin = hot(materials=UNLIKE)
    factors = model.conduction.precondition(lin.kappa, lin.local)
    u, v = np.random.default_rng(2).normal(size=(2, model.layout.size))
    assert u @ factors.solve(v) == pytest.approx(v @ factors.solve(u, transposed=True), rel=1e-9)


def test_far_from_a_tensor_product_the_jacobian_itself_is_factorised():
    model, lin = hot()
    uneven = lin.local + sp.diags(np.where(np.arange(model.layout.size) % 2, 0.0, 10.0 * np.abs(lin.local.diagonal())))
    assert not isinstance(model.conduction.precondition(lin.kappa, uneven.tocsr()), LayeredFactors)


def test_where_it_is_slow_the_factors_of_the_jacobian_come_next(monkeypatch):
    monkeypatch.setattr(bordered, "SLOW", 0)
    model, lin = hot()
    problem = ThermalBranch(model)
    constraint, rhs = problem.bias_constraint(lin, Bias.voltage()), heated(model)
    first = problem.linear.solve(lin, constraint, rhs, 1e-9)
    problem.linear._stale = True
    second = problem.linear.solve(lin, constraint, rhs, 1e-9)
    assert not problem.linear.operator.approximate
    assert first.T == pytest.approx(second.T, rel=1e-6, abs=1e-7 * second.T.max())
    monkeypatch.setattr(bordered, "MAX_ITERATIONS", 1)
    with pytest.raises(SolveError, match="did not converge"):
        ThermalBranch(model).linear.solve(lin, constraint, rhs, 1e-15)
