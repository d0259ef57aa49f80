"""Dense factors of a condensed device: quick however long the mesa is, and as good as before."""

from __future__ import annotations

import numpy as np
import pytest

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.linear import condensed
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady


@pytest.mark.parametrize(("floor", "underflow"), [(condensed.FLOOR, False), (0.0, True)])
def test_factors_of_a_long_mesa_do_not_underflow(
    floor: float, underflow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers below 1e-38 slow factors down by 8; what keeps them above is less than single precision tells apart."""
    monkeypatch.setattr(condensed, "FLOOR", floor)
    scenario = load_scenario("thz-300x60", ("mesh.size_um=10", "mesh.rim_size_um=40"))
    model = Model(scenario, build_mesh(scenario))
    e = solve_steady(model, Bias.current(), 5.0)
    factors = model.conduction.precondition(e.jacobian.kappa, e.jacobian.local)
    entries = np.abs(factors._lu[0])  # type: ignore[attr-defined]
    assert bool(np.any((entries > 0.0) & (entries < np.finfo(np.float32).tiny))) is underflow
    exact = model.conduction.factorise(e.jacobian.kappa, e.jacobian.local)
    b = np.random.default_rng(1).standard_normal(e.T.size)
    x = exact.solve(b)
    assert np.linalg.norm(factors.solve(b) - x) < 1e-4 * np.linalg.norm(x)
