"""Heat sinks that a user brings along: residual, Jacobian, balance, columns, stability and time follow from q(T)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg as la
from helpers.devices import FILM, MATERIALS, Helium, junction_layer, on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import ThermalMaterial
from hotmesa.scenarios.schema import Bath, Layer, Material, Scenario, Sink
from hotmesa.scenarios.tables import TableError
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.device.faces import SurfaceSink, sinks_of
from hotmesa.solver.device.sinks import Surface
from hotmesa.solver.device.stack import Sublayer
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient, enthalpy

TINY = Layer(name="crystal", material="crystal", thickness_um=5.0, sublayers=2, first_sublayer_um=0.5)


@dataclass(frozen=True)
class Linear:
    """q = h (T - T_B)."""

    h: float
    bath: float = 4.2
    name: str = "air"
    face: str = "top"

    def flux(self, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return q and dq/dT."""
        return self.h * (T - self.bath), np.full(T.shape, self.h)


def device(path: str = "auto", **parts: object) -> Scenario:
    return on_crystal(path=path, **parts)


def cooled(scenario: Scenario, *sinks: object) -> Model:
    return Model(scenario, build_mesh(scenario), sinks=sinks)


def test_a_linear_sink_is_the_conductance_of_the_bath_above() -> None:
    """Where conductivities are constant both are half a sublayer and a conductance in series, exactly."""
    materials = MATERIALS | {"gold": Material(in_plane_W_per_mK=50.0, out_of_plane_W_per_mK=0.01)}
    mesh = build_mesh(device(materials=materials))  # one for both: its sizes follow what the scenario says of cooling
    own, known = (
        Model(s, mesh, sinks=sinks)
        for s, sinks in (
            (device(materials=materials), [Linear(0.2)]),
            (device(materials=materials, bath=Bath(top_W_per_m2K=2e5)), []),
        )
    )
    a, b = (solve_steady(m, Bias.current(), 0.5) for m in (own, known))
    assert a.V == pytest.approx(b.V, rel=1e-9)  # both solved to 1e-10 of the power
    np.testing.assert_allclose(a.T, b.T, rtol=1e-9)
    assert observe(own, a)["Q_air_mW"] == pytest.approx(observe(known, b)["Q_top_mW"], rel=1e-9)


@pytest.mark.parametrize("path", ["condensed", "sparse"])
def test_jacobian_of_a_sink(path: str) -> None:
    model = cooled(device(path), Helium())
    assert model.layout.condensed == (path == "condensed")
    rng = np.random.default_rng(3)
    T, wires, V = rng.uniform(12.0, 80.0, model.layout.size), rng.uniform(12.0, 40.0, 1), 400.0
    lin = model.linearise(model.evaluate(T, wires, V))
    d, h = rng.standard_normal(T.size), 1e-3
    found = model.conduction.apply(lin.kappa * d) + lin.local @ d
    up, down = (model.evaluate(T + s * h * d, wires, V).residual for s in (1.0, -1.0))
    # Differences of second order with steps of 1e-3 K of 50 K.
    np.testing.assert_allclose(found, (up - down) / (2.0 * h), rtol=0, atol=1e-7 * np.abs(found).max())


@pytest.mark.parametrize("path", ["condensed", "sparse"])
def test_heat_into_a_sink(path: str) -> None:
    model = cooled(device(path), Helium())
    e = solve_steady(model, Bias.current(), 0.6)
    row = observe(model, e)
    assert row["heat_balance_error"] < 1e-8
    assert list(row)[-1] == "Q_helium_mW"
    # Half of the film lets 1e4 times more through than the liquid takes, so that its surface has its temperature.
    film = e.T[model.layout.rows(0)]
    wanted = model.layout.mass(0) @ Helium().flux(film)[0] * 1e-3
    assert row["Q_helium_mW"] == pytest.approx(wanted, rel=1e-4)
    assert float(row["Q_helium_mW"]) > 0.05 * float(row["P_mW"])


def test_surface_temperature_of_a_poor_conductor() -> None:
    """(psi(T) - psi(T_s)) / (d/2) = q(T_s), with a surface far colder than the layer."""
    materials = MATERIALS | {"gold": Material(in_plane_W_per_mK=50.0, out_of_plane_W_per_mK=1e-3)}
    model = cooled(device(materials=materials), Helium(a=1e-5))
    T = np.full(model.layout.size, 60.0)
    (sink,) = (s for s in model.sinks if s.name == "helium")
    heat = sink.heat(T, model.layout.potentials(T, 4.2), 4.2)
    q = heat.q / model.layout.mass(0)
    T_s = 60.0 - q * 0.5 * FILM.thickness_um / 1e-3
    assert T_s[0] < 40.0
    np.testing.assert_allclose(q, 1e-5 * (T_s**4 - 4.2**4), rtol=1e-11)


def test_a_nearly_perfect_sink_makes_no_heat_of_rounding() -> None:
    """The heat is g (psi(T) - psi(T_B)) to the rounding of g, however steep the law of the liquid is."""
    a = np.float64(1e2)  # µW/(µm² K⁴): 3e4 µW/(µm² K) at 4.2 K, against 0.02 of half a sublayer
    curve, T = (
        PowerCurve(np.array([2.0, 20.0]), np.array([0.01, 0.1])).measured_from(4.2),
        4.2 + np.geomspace(1e-7, 1, 9),
    )
    material = ThermalMaterial(curve, curve, curve)
    surface = Surface(slice(0, T.size), np.ones(T.size), Sublayer("top", material, 2.0, True, 0.0, np.inf))
    heat = SurfaceSink(Helium(a=a, face="top"), surface).heat(T, None, 0.0)  # type: ignore[arg-type]
    conductance = curve(T)  # times 2 / thickness = 1 / µm
    # The surface is warmer than the bath by q over 3e4: a part 1e-6 of the difference.
    np.testing.assert_allclose(
        heat.q, curve.integral(T), rtol=3e-6, atol=4.0 * np.finfo(float).eps * 4.2 * conductance[0]
    )


def test_paths_agree_and_more_faces_take_the_sparse_one() -> None:
    a, b = (solve_steady(cooled(device(path), Helium()), Bias.current(), 0.6) for path in ("condensed", "sparse"))
    assert a.V == pytest.approx(b.V, rel=1e-8)
    everywhere = [Helium(face=face, name=f"helium-{face}", a=1e-8) for face in ("top", "crystal", "bottom")]
    model = cooled(device(bath=Bath(rim="bath")), *everywhere)
    assert model.parts.why_sparse == "the heat sink helium-crystal cools the crystal"
    row = observe(model, solve_steady(model, Bias.current(), 0.6))
    assert row["heat_balance_error"] < 1e-8
    assert all(float(row[f"Q_helium-{face}_mW"]) > 0.0 for face in ("top", "crystal", "bottom"))


def test_a_cold_rim_stays_at_the_bath_whatever_a_sink_does() -> None:
    """A sink that is colder than the bath takes no heat from a place that is held."""
    model = cooled(device("sparse", bath=Bath(rim="bath")), Helium(face="crystal", bath=0.1, a=1e-6))
    e = solve_steady(model, Bias.current(), 0.6)
    np.testing.assert_allclose(e.T[model.layout.rim_rows], 4.2, rtol=0, atol=1e-6)


def test_a_device_cooled_by_the_liquid_alone() -> None:
    scenario = device(contacts=(), bath=Bath(bottom="insulated"))
    model = cooled(scenario, Helium())
    row = observe(model, solve_steady(model, Bias.current(), 0.6))
    assert row["Q_helium_mW"] == pytest.approx(float(row["P_mW"]), rel=1e-8)


def dense_rate(model: Model, e: State) -> float:
    """The leading growth rate (1/µs) under current bias from the dense pencil."""
    lin = model.linearise(e)
    J = model.conduction.apply
    dense = np.column_stack([J(lin.kappa * c) for c in np.eye(model.layout.size)]) + lin.local.toarray()
    constraint = ThermalBranch(model).bias_constraint(lin, Bias.current())
    rows = np.vstack([lin.wire_rows, constraint.by_T])
    corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
    reduced = dense - lin.columns @ np.linalg.solve(corner, rows)
    return float((-la.eigvals(reduced / heat_capacity(model.layout, e.T)[:, None])).real.max())


def test_stability_knows_the_sink() -> None:
    layers = (FILM, junction_layer(), TINY)
    model = cooled(device("sparse", layers=layers), Helium())
    e = solve_steady(model, Bias.current(), 0.6)
    rate = Stability(model, tolerance=1e-8).modes(e, Bias.current()).rates[0]
    assert rate == pytest.approx(dense_rate(model, e), rel=1e-6)
    dry = cooled(device("sparse", layers=layers))
    at_the_same_temperatures = dry.evaluate(e.T, e.wires, e.V)
    assert abs(dense_rate(dry, at_the_same_temperatures) / rate - 1.0) > 0.01


def test_energy_in_time() -> None:
    model = cooled(device("sparse", layers=(FILM, junction_layer(), TINY)), Helium())
    circuit = Circuit(Bias.current(), 0.0, lambda t: 0.6)
    start = np.concatenate([*model.cold(), [0.0]])
    moments = list(Transient(model, circuit, Tolerances(rtol=1e-4, atol_K=1e-4)).run(start, 0.0, 2.0))
    t, P = np.array([m.t for m in moments]), np.array([m.e.P for m in moments])
    sinks = np.array([sum(float(observe(model, m.e)[f"Q_{s.name}_mW"]) for s in model.sinks) for m in moments]) * 1e3
    stored = enthalpy(model, moments[-1].e) - enthalpy(model, moments[0].e)
    joule = np.trapezoid(P, t)
    assert joule - np.trapezoid(sinks, t) == pytest.approx(stored, abs=2e-3 * joule)


@pytest.mark.parametrize(
    ("sinks", "words"),
    [([Helium(name="wire")], 'another heat sink with the name "wire"'), ([Helium(), Helium()], "helium")],
)
def test_names_are_taken_once(sinks: list[Helium], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        cooled(device(), *sinks)


def test_no_crystal_to_cool() -> None:
    scenario = device(crystal=None, layers=(FILM, junction_layer()))
    with pytest.raises(RequestError, match="there is none"):
        cooled(scenario, Helium(face="crystal"))


class Late(Linear):
    """Falls above 320 K."""

    def flux(self, T: Array) -> tuple[Array, Array]:
        """Return q and dq/dT."""
        q, slope = super().flux(T)
        return np.where(T < 320.0, q, 10.0 - q), np.where(T < 320.0, slope, -slope)


def test_a_flux_that_falls_is_refused() -> None:
    with pytest.raises(RequestError, match=r"must rise with temperature; dq/dT is -0.01"):
        cooled(device(), Linear(-0.01))
    materials = MATERIALS | {"gold": Material(in_plane_W_per_mK=50.0, out_of_plane_W_per_mK=1e-4)}
    model = cooled(device(materials=materials), Late(0.01))
    with pytest.raises(SolveError, match="must rise with temperature"):
        model.evaluate(np.full(model.layout.size, 400.0), np.array([10.0]), 100.0)


SCRIPT = """
from helpers.devices import Helium, on_crystal
from hotmesa.meshes import build_mesh
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady
scenario = on_crystal(path="sparse")
model = Model(scenario, build_mesh(scenario), sinks=[Helium(), Helium(face="crystal", name="pool", a=1e-7)])
row = observe(model, solve_steady(model, Bias.current(), 0.6))
if model.comm.rank == 0:
    print(repr([row[key] for key in ("V_mV", "Q_helium_mW", "Q_pool_mW", "heat_balance_error")]))
"""


def test_same_on_two_processes(run_mpi: Callable, tmp_path: Path) -> None:
    script = tmp_path / "cooled.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(Path(__file__).parents[3])!r})\n{SCRIPT}")
    numbers = []
    for ranks in (1, 2):
        done = run_mpi(ranks, "-m", "mpi4py", str(script))
        assert done.returncode == 0, done.stderr
        numbers.append([float(x) for x in done.stdout.strip().strip("[]").split(",")])
    np.testing.assert_allclose(numbers[1][:3], numbers[0][:3], rtol=1e-8)
    assert max(numbers[0][3], numbers[1][3]) < 1e-8


def column_of(sink: dict[str, object], *brought: object) -> dict[str, float]:
    """The row of a device with one sink, in the scenario or from Python, at one current."""
    scenario = device(sinks=(Sink(**sink),) if sink else ())
    # One mesh for all: its sizes follow what the scenario says of cooling.
    model = Model(scenario, build_mesh(device()), sinks=brought)
    return observe(model, solve_steady(model, Bias.current(), 0.5))


def test_helium_of_the_scenario_is_that_from_python() -> None:
    inside = column_of({"name": "helium", "kind": "helium", "a_W_per_m2K4": 1e6 * Helium().a})
    outside = column_of({}, Helium())
    assert inside["Q_helium_mW"] > 0.01 * inside["P_mW"]
    assert inside == pytest.approx(outside, rel=1e-12, abs=1e-12, nan_ok=True)


def test_a_table_of_helium_comes_close_to_the_formula(tmp_path: Path) -> None:
    T = np.linspace(2.0, 60.0, 59)
    rows = "\n".join(f"{t},{500.0 * t**4}" for t in T)
    (tmp_path / "q.csv").write_text(f"T_K,q_W_per_m2\n{rows}\n")
    table = Sink(name="a", kind="table", table=str(tmp_path / "q.csv"))
    formula = Sink(name="b", kind="helium", a_W_per_m2K4=500.0)
    (measured, helium) = sinks_of(device(sinks=(table, formula)))
    inside, beyond = np.array([4.2, 10.3, 40.7]), np.array([1.0, 90.0])
    q, slope = measured.flux(inside)
    np.testing.assert_allclose(q, helium.flux(inside)[0], rtol=2e-3, atol=1e-9)
    np.testing.assert_allclose(slope, helium.flux(inside)[1], rtol=2e-2)
    assert measured.flux(np.array([4.2]))[0] == 0.0
    for at in (inside, beyond):  # value and derivative belong together, beyond the table too
        (up, _), (down, _) = measured.flux(at + 1e-4), measured.flux(at - 1e-4)
        np.testing.assert_allclose(measured.flux(at)[1], (up - down) / 2e-4, rtol=1e-6)


def test_a_table_that_falls_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("T_K,q_W_per_m2\n4,1\n5,3\n6,2\n")
    with pytest.raises(TableError, match="must increase from row to row; line 4 has T_K = 6"):
        sinks_of(device(sinks=(Sink(name="a", kind="table", table=str(tmp_path / "q.csv")),)))


def test_a_device_cooled_from_python_alone_is_allowed_and_one_cooled_by_nothing_refused() -> None:
    alone = device(contacts=(), bath=Bath(bottom="insulated"))
    with pytest.raises(RequestError, match=r"nothing carries the heat away: no contact.* or as sinks = "):
        cooled(alone)
    model = cooled(alone, Helium())
    row = observe(model, solve_steady(model, Bias.current(), 0.5))
    assert row["Q_helium_mW"] == pytest.approx(row["P_mW"], rel=1e-8)
