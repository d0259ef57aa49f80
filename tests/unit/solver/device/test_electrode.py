"""The electrode in whole devices: paths of the linear algebra, contacts, stability, time, sensitivity."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.devices import FILM, MATERIALS
from helpers.electrodes import POOR, dense_rates, folding, model, strip

from hotmesa.computing import trace
from hotmesa.scenarios.schema import Contact, Electrode, Material, Numerics, Scenario
from hotmesa.scenarios.schema.maps import Map
from hotmesa.solver.device.electrode import terminals_of
from hotmesa.solver.errors import RequestError
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady


def row(scenario: Scenario, current: float = 0.7) -> dict[str, float]:
    device = model(scenario)
    found = observe(device, solve_steady(device, Bias.current(), current))
    return {name: float(value) for name, value in found.items()}


def test_both_paths_give_the_same_state():
    sparse, condensed = (row(strip(numerics=Numerics(path=path))) for path in ("sparse", "condensed"))
    assert sparse["electrode_drop_mV"] > 10.0
    for name in ("V_mV", "electrode_drop_mV", "P_electrode_mW", "T_max_K", "hot_current_share"):
        assert condensed[name] == pytest.approx(sparse[name], rel=1e-7)


def test_heat_of_a_branch_is_v_times_i():
    rows = [point.row for point in trace(model(strip()))][1:]
    assert max(float(r["electrode_drop_mV"]) for r in rows) > 10.0
    for r in rows:
        sinks = sum(float(q) for name, q in r.items() if name.startswith("Q_"))
        assert sinks == pytest.approx(float(r["V_mV"]) * float(r["I_mA"]) * 1e-3, rel=1e-8)


def test_mirrored_contact_gives_the_mirrored_state():
    left, right = (row(strip(x)) for x in (-3.0, 3.0))
    assert right["V_mV"] == pytest.approx(left["V_mV"], rel=1e-8)
    assert right["T_max_K"] == pytest.approx(left["T_max_K"], rel=1e-8)


def test_far_voltmeter_reads_the_potential_below_it():
    far = Contact(name="far", x_um=3.5, radius_um=1.0, contact_K_per_mW=1e9)
    near = strip().model_copy(update={"contacts": (*strip().contacts, far)})
    other = near.model_copy(update={"electrode": POOR.model_copy(update={"voltmeter": "far"})})
    at_lead, at_far = row(near), row(other)
    assert at_far["I_far_mA"] == pytest.approx(0.0, abs=1e-9)
    # All but V and its kin is the same device: a pad that carries no current shorts what lies below it alone.
    assert at_far["P_mW"] == pytest.approx(at_lead["P_mW"], rel=2e-3)
    assert 0.9 * at_lead["V_mV"] < at_far["V_mV"] < at_lead["V_mV"] - 0.5 * at_lead["electrode_drop_mV"]
    # P is what enters at the lead.
    assert at_far["P_mW"] > 1.005 * at_far["V_mV"] * at_far["I_mA"] * 1e-3


@pytest.mark.parametrize("bias", [Bias.voltage(), Bias.current(), Bias.load_line(200.0)], ids=lambda b: b.name)
def test_rates_along_a_branch_are_those_of_dense_algebra(bias: Bias):
    device = model(strip(electrode=POOR.model_copy(update={"sheet_ohm": 400.0})))
    stability, without = Stability(device, 1e-9), []
    for current in (0.1, 0.4, 0.7, 1.0):
        e = solve_steady(device, Bias.current(), current)
        exact = dense_rates(device, e, bias)
        modes = stability.modes(e, bias, 2)
        assert modes.unstable == np.count_nonzero(exact.real > 0.0)
        np.testing.assert_allclose(modes.rates[:2], exact.real[:2], rtol=1e-5)
        without.append(abs(dense_rates(device, e, bias, False)[0].real / exact[0].real - 1.0))
    assert max(without) > 3e-3  # what the potential adds is no rounding


@pytest.mark.parametrize("bias", [Bias.voltage(), Bias.current(), Bias.load_line(200.0)], ids=lambda b: b.name)
def test_growing_modes_of_a_folding_branch_are_those_of_dense_algebra(bias: Bias):
    device = model(folding())
    stability, counts = Stability(device, 1e-9), set()
    for current in (0.3, 0.8, 1.0, 1.3):
        e = solve_steady(device, Bias.current(), current)
        exact = dense_rates(device, e, bias)
        modes = stability.modes(e, bias, 3)
        assert modes.unstable == np.count_nonzero(exact.real > 0.0)
        np.testing.assert_allclose(modes.rates, exact.real[:3], atol=1e-6 * np.abs(exact.real[:3]).max())
        counts.add(modes.unstable)
    # Between its folds a source of voltage does not hold the states that one of current holds.
    assert counts == ({0, 1} if bias.name == "voltage" else {0})


RESISTIVE = {**MATERIALS, "gold": Material(base="gold-film", residual_resistivity_ohm_m=3e-6)}
"""Its film has some 75 Ω per square."""


@pytest.mark.parametrize(
    ("target", "electrode"),
    [
        ("mesa.specific_resistance_ohm_um2", POOR),
        ("law", POOR.model_copy(update={"planes_ohm": 200.0})),
        ("layers.film.sheet_W_per_K", Electrode(kind="film", inject=("wire",))),
    ],
)
def test_maps_below_and_on_an_electrode_have_exact_derivatives(target: str, electrode: Electrode):
    mapped = Map(of=target, expression="where(x > 0, 0.5, 1)")
    device = model(strip(electrode=electrode, maps=(mapped,), materials=RESISTIVE))
    e = solve_steady(device, Bias.current(), 0.7)
    assert float(observe(device, e)["electrode_drop_mV"]) > 10.0
    lin, direction = device.linearise(e), np.random.default_rng(3).uniform(-1.0, 1.0, device.layout.size)
    ends = [device.evaluate(e.T + sign * 1e-4 * direction, e.wires, e.V) for sign in (1.0, -1.0)]
    slope = (ends[0].residual - ends[1].residual) / 2e-4
    found = device.conduction.apply(lin.kappa * direction) + lin.at_nodes(direction[:, None])[:, 0]
    # Differences of a state whose potential is found to 1e-8 of V, over 2e-4 K.
    np.testing.assert_allclose(found, slope, atol=1e-5 * np.abs(slope).max())
    assert lin.I_by_T @ direction == pytest.approx((ends[0].I - ends[1].I) / 2e-4, rel=1e-5)


def test_a_map_of_the_film_changes_its_resistance_with_it():
    # Half the film all over is a film of half the thickness, for current as for heat along it.
    half = Map(of="layers.film.sheet_W_per_K", expression="0.5")
    film = Electrode(kind="film", inject=("wire",))
    mapped = strip(electrode=film, maps=(half,), materials=RESISTIVE)
    thin = FILM.model_copy(update={"thickness_um": 0.5 * FILM.thickness_um})
    halved = strip(electrode=film, materials=RESISTIVE, layers=(thin, *mapped.layers[1:]))
    unmapped = strip(electrode=film, materials=RESISTIVE)
    states = [d.evaluate(*d.cold(), 450.0) for d in map(model, (unmapped, mapped, halved))]
    drops = [float(np.ptp(e.electrode.potential)) for e in states if e.electrode is not None]
    # At temperatures that are given nothing depends on heat through the film, which is shorter in the thin one.
    assert drops[1] > 5.0 and drops[1] > 1.5 * drops[0]
    assert drops[1] == pytest.approx(drops[2], rel=1e-9)
    assert states[1].I == pytest.approx(states[2].I, rel=1e-12)


def test_contact_without_a_node_is_refused():
    with pytest.raises(RequestError, match='"pad" of the electrode touches no part of the mesa'):
        terminals_of({"pad": np.zeros(3)}, ("pad",), (), "pad", 3, False)


def test_contacts_with_shares_must_not_touch():
    patches = {"a": np.array([1.0, 1.0, 0.0]), "b": np.array([0.0, 1.0, 1.0])}
    with pytest.raises(RequestError, match='"b" touches another one'):
        terminals_of(patches, ("a", "b"), (0.5, 0.5), "a", 3, False)
    assert terminals_of(patches, ("a", "b"), (), "a", 3, False).shares.size == 1
