"""The Jacobian and its borders: against differences, as a matrix, and in the linear solver."""

import numpy as np
import pytest
from verification.cases import describe, evaluate
from verification.jacobian import CASES, DEVICES, Place, build, directions, outputs, predicted, random_place

from hotmesa.solver.device.sinks import BathSink
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.linear.conduction import SparseConduction
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch

BIASES = (Bias.voltage(), Bias.current(), Bias.load_line(100.0))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_case(case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def test_devices_cover_both_forms_of_the_crystal_and_every_sink():
    models = {name: build(name) for name in DEVICES if "plan" not in name}
    assert {m.layout.condensed for m in models.values()} == {True, False}
    assert {c.wire is None for m in models.values() for c in m.contacts} == {True, False}
    assert {s.name for m in models.values() for s in m.sinks if isinstance(s, BathSink)} == {"bottom", "top"}
    assert {c.quadratic > 0 for m in models.values() for c in m.contacts} == {True, False}
    assert {len(m.junctions.counts) for m in models.values()} == {1, 3}
    assert any(m.layout.rim_rows.size and m.scenario.bath.rim == "bath" for m in models.values())
    assert any(np.isinf(s.conductance) for m in models.values() for s in m.sinks if isinstance(s, BathSink))


@pytest.mark.parametrize("bias", BIASES, ids=lambda b: b.name)
@pytest.mark.parametrize("name", ["Wiedemann-Franz contact and gold wire", "three mesa sublayers"])
def test_row_of_the_bias(name, bias):
    """The bordered row: derivative of what the source holds, along every direction."""
    model = build(name)
    problem = ThermalBranch(model, bias)
    rng = np.random.default_rng(5)
    at = random_place(model, rng)
    u = np.concatenate([at.T, at.wires, [at.V]])
    _, row = problem.control(problem.evaluate(u))
    for d in directions(model, rng):
        du = np.concatenate([d.T, d.wires, [d.V]])
        up, down = (problem.control(problem.evaluate(u + h * du))[0] for h in (1e-3, -1e-3))
        # Differences of a number of size 600 (mV) with steps of 1e-3 are good to 1e-10 of it.
        assert row(du) == pytest.approx((up - down) / 2e-3, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", ["Wiedemann-Franz contact and gold wire", "rim at the bath", "three mesa sublayers"])
def test_sparse_matrix_is_the_operator(name):
    model = build(name)
    rng = np.random.default_rng(6)
    at = random_place(model, rng)
    lin = model.linearise(model.evaluate(at.T, at.wires, at.V))
    assert isinstance(model.conduction, SparseConduction)
    matrix = model.conduction.jacobian(lin.kappa, lin.local)
    x, y = matrix.createVecs()
    x.array[:] = rng.standard_normal(model.layout.size)
    matrix.mult(x, y)
    wanted = model.conduction.apply(lin.kappa * x.array) + lin.local @ x.array
    # The same sums in another order.
    assert y.array == pytest.approx(wanted, rel=1e-11, abs=1e-11 * np.abs(wanted).max())


@pytest.mark.parametrize("bias", BIASES, ids=lambda b: b.name)
@pytest.mark.parametrize("name", ["two wires", "three mesa sublayers", "condensed crystal, constant", "no crystal"])
def test_bordered_system_is_solved(name, bias):
    """A Newton step put back into the Jacobian and its borders gives the residual it was asked to remove."""
    model = build(name)
    problem = ThermalBranch(model, bias)
    at = random_place(model, np.random.default_rng(7))
    state = problem.evaluate(np.concatenate([at.T, at.wires, [at.V]]))
    _, row = problem.control(state)
    du = problem.step(state, row, 0.3, 1e-9)
    T, wires, V = problem.split(du)
    got = predicted(model, state.jacobian, Place(T, wires, V))
    wanted = outputs(model, -state.residual, -state.wire_residual, 0.0)
    size = np.sqrt(sum(np.sum(w**2) for w in wanted))
    # The solver was asked for 1e-9 of the right-hand side as a whole; the current is no equation of its own.
    assert max(np.linalg.norm(g - w) for g, w in zip(got[:-1], wanted[:-1], strict=True)) <= 1e-8 * size
    assert row(du) == pytest.approx(-0.3, abs=1e-8 * size)


@pytest.mark.parametrize("name", ["two wires", "condensed crystal of one shape"])
def test_tangent_is_a_direction_in_which_nothing_changes(name):
    model = build(name)
    problem = ThermalBranch(model)
    at = random_place(model, np.random.default_rng(8))
    state = problem.evaluate(np.concatenate([at.T, at.wires, [at.V]]))
    normal = np.zeros(at.T.size + at.wires.size + 1)
    normal[-1] = 1.0
    row = problem.plane(normal)
    t = problem.null_vector(state, row)
    parts = predicted(model, state.jacobian, Place(*problem.split(t)))
    scale = np.abs(state.jacobian.columns[:, -1]).max() * abs(t[-1])
    # Tangents are solved to a relative residual of 1e-7 of a right-hand side of one.
    assert max(np.abs(p).max() for p in parts[:-1]) <= 1e-6 * max(scale, 1.0)
    assert row(t) == pytest.approx(1.0, rel=1e-6)


def test_tangent_does_not_depend_on_the_guess():
    """A guess far off has a residual many orders above the right-hand side; that is no failure."""
    model = build("two wires")
    problem = ThermalBranch(model)
    rng = np.random.default_rng(10)
    at = random_place(model, rng)
    state = problem.evaluate(np.concatenate([at.T, at.wires, [at.V]]))
    normal = np.zeros(at.T.size + at.wires.size + 1)
    normal[-1] = 1.0
    row = problem.plane(normal)
    t = problem.null_vector(state, row)
    far = problem.null_vector(state, row, t + 100.0 * rng.normal(size=t.size))
    # Both have a residual of 1e-8.
    assert far == pytest.approx(t, abs=1e-5 * np.abs(t).max())


@pytest.mark.parametrize("name", ["two wires", "condensed crystal, three mesa sublayers, plan"])
def test_transposed_solution_is_adjoint(name):
    """<a, J^-1 b> = <J^-T a, b> for the whole bordered system."""
    model = build(name, 0.5)
    problem = ThermalBranch(model)
    rng = np.random.default_rng(9)
    at = random_place(model, rng)
    state = problem.evaluate(np.concatenate([at.T, at.wires, [at.V]]))
    constraint = problem.control(state)[1].constraint

    def solve(flat, transposed):
        d = problem.linear.solve(state.jacobian, constraint, Update(*problem.split(flat)), 1e-10, transposed)
        return np.concatenate([d.T, d.wires, [d.V]])

    a, b = rng.standard_normal((2, at.T.size + at.wires.size + 1))
    # Both solutions are good to 1e-10 of their right-hand sides.
    assert solve(a, True) @ b == pytest.approx(a @ solve(b, False), rel=1e-6)
