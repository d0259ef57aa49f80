"""Growth rates and counts of growing modes, against dense linear algebra and against what folds demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.linalg as la
import scipy.sparse as sp
from helpers.devices import FILM, MATERIALS, WIRE, junction_layer, on_crystal
from helpers.random_devices import OSCILLATING, random_sweep
from helpers.sheets import sheet, sheet_model

from hotmesa import cli
from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import ScenarioError
from hotmesa.scenarios.schema import Bias as BiasSection
from hotmesa.scenarios.schema import Crystal, Layer, Mesh, Numerics
from hotmesa.scenarios.schema import Stability as StabilitySection
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady

BIASES = (Bias.voltage(), Bias.current(), Bias.load_line(200.0))


def dense_rates(model: Model, e: State, bias: Bias) -> np.ndarray:
    """All growth rates (1/µs), largest real part first, from the dense pencil with wires and V eliminated."""
    lin = model.linearise(e)
    pointers, columns, values = model.conduction.jacobian(lin.kappa, lin.local).getValuesCSR()
    J = sp.csr_matrix((values, columns, pointers)).toarray()
    constraint = ThermalBranch(model).bias_constraint(lin, bias)
    rows = np.vstack([lin.wire_rows, constraint.by_T])
    corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
    reduced = J - lin.columns @ np.linalg.solve(corner, rows)
    rates = -la.eigvals(reduced / heat_capacity(model.layout, e.T)[:, None])
    return np.asarray(rates[np.argsort(rates.real)[::-1]])


@pytest.fixture(scope="module")
def square() -> Model:
    return sheet_model(sheet(1.5e-7, "plan", 1.0))


@pytest.fixture(scope="module")
def layered() -> Model:
    crystal = Layer(name="crystal", material="crystal", thickness_um=5.0, sublayers=2, first_sublayer_um=0.5)
    scenario = on_crystal(
        layers=(FILM, junction_layer(2), crystal), crystal=Crystal(width_um=16.0, depth_um=16.0),
        materials=MATERIALS, contacts=(WIRE,), mesh=Mesh(size_um=1.5), numerics=Numerics(path="sparse"),
    )  # fmt: skip
    return Model(scenario, build_mesh(scenario))


@pytest.mark.parametrize("current", [0.3, 0.78, 0.92, 1.3])
@pytest.mark.parametrize("bias", BIASES, ids=lambda b: b.name)
def test_rates_of_a_square_agree_with_dense_ones(square: Model, current: float, bias: Bias) -> None:
    e = solve_steady(square, Bias.current(), current)
    modes = Stability(square, 1e-8).modes(e, bias, 4)
    exact = dense_rates(square, e, bias).real
    # The square has double rates; 1e-6 of the largest is what the tolerance of 1e-8 leaves to them.
    scale = np.abs(exact[: len(modes.rates)]).max()
    assert modes.rates == pytest.approx(exact[: len(modes.rates)], abs=1e-6 * scale)
    assert modes.unstable == np.count_nonzero(exact > 1e-6)


@pytest.mark.parametrize("bias", BIASES, ids=lambda b: b.name)
def test_rates_of_a_layered_device_agree_with_dense_ones(layered: Model, bias: Bias) -> None:
    e = solve_steady(layered, Bias.current(), 0.8)
    modes = Stability(layered, 1e-8).modes(e, bias, 3)
    exact = dense_rates(layered, e, bias).real
    assert modes.rates == pytest.approx(exact[:3], rel=1e-6)


def test_square_at_its_middle_has_the_counts_of_the_lateral_modes(square: Model) -> None:
    """Two stripes, the saddle and (cos 2x, cos 2y) grow where dV/dI < 0; one more where the voltage is held."""
    e = solve_steady(square, Bias.current(), 0.92)
    voltage, current = Stability(square).modes_under(e, (Bias.voltage(), Bias.current()), 2)
    assert (voltage.unstable, current.unstable) == (6, 5)
    assert voltage.shapes[:, 0].min() > 0.0  # the fastest mode under voltage bias has one sign


@pytest.mark.parametrize("value, growing", [(373.1, 0), (373.25, 2), (380.0, 2)])
def test_a_pair_that_oscillates_is_counted_twice(value: float, growing: int) -> None:
    """A stack of three sublayers on a load line begins to oscillate between 373.1 and 373.25 mV."""
    scenario = random_sweep(OSCILLATING)
    model, bias = Model(scenario, build_mesh(scenario)), Bias.of(scenario.bias)
    state, stability = solve_steady(model, bias, value), Stability(model, 1e-6)
    dense = dense_rates(model, state, bias)
    assert abs(dense[0].imag) > 3.0 * abs(dense[0].real)
    for modes in (stability.modes(state, bias, 1), stability.modes(state, bias, 3)):  # searched for, and followed
        assert modes.unstable == np.count_nonzero(dense.real > 0.0) == growing
        np.testing.assert_allclose(modes.rates[:2], dense[:2].real, rtol=1e-2)
        assert modes.period_us == pytest.approx(2.0 * np.pi / abs(dense[0].imag), rel=1e-4)
        assert modes.turning[0] == -modes.turning[1] > 0.0
    assert stability.modes(state, Bias.voltage(), 1).period_us == np.inf  # the fastest one has one sign


def test_one_factorisation_serves_all_biases(layered: Model) -> None:
    stability = Stability(layered)
    before = ThermalBranch(layered)
    e = solve_steady(layered, Bias.current(), 0.8)
    stability.modes_under(e, BIASES)
    first = stability.factorisations
    e = solve_steady(layered, Bias.current(), 0.81)
    stability.modes_under(e, BIASES)
    assert (first, stability.factorisations) == (1, 2)
    assert before.linear.operator.factorisations == 0  # the factors of branches are left alone


def test_condensed_crystal_has_the_rates_of_the_whole_one() -> None:
    whole, condensed = (
        Model(s, build_mesh(s)) for s in (on_crystal(path=path) for path in ("sparse", "condensed"))
    )  # fmt: skip
    rates = [
        Stability(m, 1e-7).modes(solve_steady(m, Bias.current(), 0.6), Bias.current(), 2).rates
        for m in (whole, condensed)
    ]
    # Both states solve the same equations to 1e-10 of the power.
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


def rows_of(scenario: object) -> list[dict[str, float]]:
    model = sheet_model(scenario)
    return [p.row for p in trace(model)]


def test_columns_along_the_branch_of_a_cooled_strip() -> None:
    scenario = sheet(1.5e-7).model_copy(
        update={
            "stability": StabilitySection(points="all"),
            "bias": BiasSection(kind="load-line", load_resistance_ohm=400.0),
        }
    )
    rows = rows_of(scenario)
    folds = [r for r in rows if r["fold"] == "V"]
    assert len(folds) == 2
    largest = max(abs(r["rate_voltage_bias_per_us"]) for r in rows if 0.6 < r["I_mA"] < 1.2)
    for row in folds:
        # The fold is located to 1e-6 of a step; the rate is linear in the arclength there.
        assert abs(row["rate_voltage_bias_per_us"]) < 1e-5 * largest
    for row in rows:
        if row["fold"]:
            continue
        # Holding the current instead of the voltage takes one growing mode away exactly where V falls with I.
        less = row["unstable_modes_voltage_bias"] - row["unstable_modes_current_bias"]
        assert less == (1 if row["dV_dI_ohm"] < 0.0 else 0)
        within = row["unstable_modes_current_bias"] <= row["unstable_modes_load_line"]
        assert within and row["unstable_modes_load_line"] <= row["unstable_modes_voltage_bias"]


def test_modes_are_kept_as_fields() -> None:
    scenario = sheet(1.5e-7).model_copy(update={"stability": StabilitySection(points="kept", modes=True, count=3)})
    points = list(trace(sheet_model(scenario)))
    for point in points:
        if point.state is None:
            assert point.row["unstable_modes_voltage_bias"] >= 0  # counted all the same
            continue
        assert set(point.state.modes) == {"voltage_bias", "current_bias"}
        for field in point.state.modes.values():
            assert field.shape == (1, 3, *point.state.T_K.shape[1:])
            assert np.nanmax(field[0], axis=(1, 2)) == pytest.approx(np.ones(3), rel=1e-12)


def test_more_modes_than_unknowns_are_refused(tmp_path: Path) -> None:
    scenario = sheet(size_um=4.0).model_copy(update={"stability": StabilitySection(points="all", count=200)})
    with pytest.raises(ScenarioError, match=r"stability.count = 200: the device has only \d+ unknown temperatures"):
        next(trace(sheet_model(scenario)))
    model = sheet_model(sheet(size_um=4.0))
    e = solve_steady(model, Bias.current(), 0.1)
    with pytest.raises(SolveError, match="are possible"):
        Stability(model).modes(e, Bias.voltage(), model.unknowns)
    status = cli.main(
        [
            "run",
            "diagram-strip",
            "--out",
            str(tmp_path / "x"),
            "--set",
            "mesh.size_um=5",
            "--set",
            "stability.count=200",
        ]
    )
    assert status == 2
