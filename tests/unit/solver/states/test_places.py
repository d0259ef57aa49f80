"""Places on the mesa: the ellipse of a hot spot, and temperatures at probes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Crystal, Mesa, Mesh, Output, Scenario
from hotmesa.solver.model import Model, State
from hotmesa.solver.states.observables import hot_ellipse, probes


def hot_where(scenario: Scenario) -> tuple[Model, State]:
    """A model, and its cold state."""
    model = Model(scenario, build_mesh(scenario))
    return model, model.evaluate(*model.cold(), 0.0)


def ellipse(model: Model, cold: State, inside: Array) -> dict[str, float]:
    """The ellipse of a state that is hot at some nodes of the mesa."""
    T = cold.T.copy()
    T[model.layout.junction_rows] = np.where(inside, 90.0, 20.0)
    return {name: float(value) for name, value in hot_ellipse(model, replace(cold, T=T)).items()}


@pytest.mark.parametrize("angle", [0.0, 30.0, -60.0])
def test_axes_and_angle_of_an_ellipse_come_back(angle: float) -> None:
    model, cold = hot_where(on_crystal(mesh=Mesh(size_um=0.15)))
    x, y = (model.operators.xy[model.layout.mesa_nodes] - [0.5, -0.3]).T
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    inside = ((c * x + s * y) / 3.0) ** 2 + ((c * y - s * x) / 1.5) ** 2 < 1.0
    found = ellipse(model, cold, inside)
    # Semi-axes 3 and 1.5 µm on elements of 0.15 µm.
    assert found["hot_length_um"] == pytest.approx(6.0, rel=0.03)
    assert found["hot_width_um"] == pytest.approx(3.0, rel=0.03)
    assert found["hot_angle_deg"] == pytest.approx(angle, abs=1.5)


def test_a_strip_has_a_length_and_a_disc_a_diameter() -> None:
    model, cold = hot_where(on_crystal(geometry="strip", mesh=Mesh(size_um=0.1)))
    x = model.operators.xy[model.layout.mesa_nodes, 0]
    found = ellipse(model, cold, abs(x - 1.0) < 2.0)
    assert found["hot_length_um"] == pytest.approx(4.0, abs=0.1) and np.isnan(found["hot_width_um"])
    mesa, crystal = Mesa(shape="disc", radius_um=5.0, junctions=19), Crystal(shape="disc", radius_um=15.0)
    model, cold = hot_where(
        on_crystal(geometry="disc", mesa=mesa, crystal=crystal, contacts=(), mesh=Mesh(size_um=0.1))
    )
    found = ellipse(model, cold, model.operators.xy[model.layout.mesa_nodes, 0] < 2.0)
    assert found["hot_length_um"] == found["hot_width_um"] == pytest.approx(4.0, abs=0.15)
    assert np.isnan(ellipse(model, cold, np.zeros(model.layout.mesa_nodes.size, dtype=bool))["hot_length_um"])


@pytest.mark.parametrize("geometry", ["plan", "strip"])
def test_probes_are_exact_where_T_is_linear(geometry: str) -> None:
    places = [(1.234, 0.0), (-5.0, 0.0), (4.99, 0.0)] + ([(0.3, 5.0), (5.0, 5.0)] if geometry == "plan" else [])
    model, cold = hot_where(on_crystal(geometry=geometry, output=Output(probes_um=tuple(places))))
    T = cold.T.copy()
    xy = model.operators.xy[model.layout.mesa_nodes]
    T[model.layout.rows(0)] = 30.0 + 2.0 * xy[:, 0] - 0.5 * xy[:, 1]
    found = probes(model, replace(cold, T=T))
    assert list(found) == [f"T_probe_{k}_K" for k in range(len(places))]
    expected = [30.0 + 2.0 * x - 0.5 * y for x, y in places]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-12)
    assert probes(model, cold) and not probes(hot_where(on_crystal())[0], cold)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"output.probes_um": [[9.0, 0.0]]}, r"probes_um.0: \(9, 0\) µm lies outside the mesa \(\|x\| <= 5 µm"),
        ({"output.probes_um": [[0.0, 1.0]], "geometry": "strip", "contacts": []}, "has x only: write"),
    ],
)
def test_probes_off_the_mesa_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ScenarioError, match=reason):
        load_scenario("kurter2010-n19", changes)
