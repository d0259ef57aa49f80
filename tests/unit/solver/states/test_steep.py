"""Sublayers that are too thick for their conductivity are named where their heat falls as they grow hotter."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.devices import FILM, MATERIALS, on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Layer, Material, Mesh
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.states import continuation
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steep import FALLS, too_thick

TABLE = {"T_K": [2.0, 10.0, 30.0, 200.0], "values": [1.2, 0.6, 0.08, 20.0]}
"""Falls as T^-0.43 below 10 K and as T^-1.83 above."""
POWER = float(np.log(0.6 / 0.08) / np.log(3.0))
STEEP = {"base": "none", "anisotropy": 1.3, "out_of_plane_W_per_mK": TABLE}
EVEN = {"base": "none", "in_plane_W_per_mK": 0.2, "out_of_plane_W_per_mK": 0.1}


def model(material: dict[str, object]) -> Model:
    """A strip on one thick sublayer that touches the bath through a good conductance."""
    mesa = Layer(name="mesa", material="crystal", region="mesa", junctions=True)
    below = Layer(name="below", material="other", thickness_um=18.0, sublayers=1)
    materials = MATERIALS | {"other": Material.model_validate(material)}
    bath = Bath(temperature_K=1.6, bottom="conductance", bottom_W_per_m2K=1e9)
    scenario = on_crystal(
        path="sparse", geometry="strip", layers=(FILM, mesa, below), materials=materials, bath=bath, contacts=(),
        mesh=Mesh(refine=0.2),
    )  # fmt: skip
    return Model(scenario, build_mesh(scenario))


def test_the_layer_is_named_where_its_heat_falls() -> None:
    """Heat ~ (T_m)^-p (T - T_B) with T_m the mean falls where p (T - T_B) > T + T_B."""
    steep, even = model(STEEP), model(EVEN)
    largest = 1.6 * (POWER + 1.0) / (POWER - 1.0)
    assert largest < 12.0  # beyond the first node of the table, at which T_m is 10 K for T = 18.4 K
    for T, falls in ((12.0, False), (17.8, False), (18.8, True), (40.0, True)):
        words = too_thick(steep, np.full(steep.layout.size, T))
        assert (words.startswith(FALLS) and words.endswith("raise sublayers of below")) == falls, T
        assert too_thick(even, np.full(even.layout.size, T)) == ""


def test_a_step_that_fails_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = ThermalBranch(model(STEEP))
    options = continuation.Options(1.0, 0.1)
    points = continuation.follow(problem, *problem.cold_start(), options)
    next(points)

    def fails(*_: object) -> None:
        raise SolveError("Newton's method stopped")

    monkeypatch.setattr(continuation, "_step", fails)
    monkeypatch.setattr(ThermalBranch, "trouble", lambda *_: f"{FALLS} (below)")
    with pytest.raises(SolveError, match=rf"no step from s = 0, .*Newton's method stopped: {FALLS} \(below\)"):
        next(points)
