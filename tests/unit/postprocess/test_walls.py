"""The width of a wall in elements against a wall that is known."""

import numpy as np
import pytest

from hotmesa.postprocess.accuracy import accuracy_warnings
from hotmesa.postprocess.states import States
from hotmesa.postprocess.walls import wall_elements
from hotmesa.scenarios import load_scenario


def states_of(x: np.ndarray, cells: np.ndarray, in_mesa: np.ndarray, T: np.ndarray) -> States:
    zeros = np.zeros(len(T))
    return States(
        node_xy=x, cells=cells, cell_in_mesa=in_mesa, layer_names=np.array(["mesa"]), T_K=T[:, None],
        J_mA_per_um2=T, heating_uW_per_um2=T, row=np.arange(len(T)), V_mV=zeros, I_mA=zeros,
        wire_T_K=np.zeros((len(T), 0)), contact_xyr=np.zeros((0, 3)), contact_names=np.array([]),
        geometry="strip" if cells.shape[1] == 2 else "plan",
    )  # fmt: skip


@pytest.mark.parametrize("width", [1.0, 2.5, 7.0])
def test_ramp_of_a_known_width_on_a_line(width: float):
    # From 20 to 120 K within `width`; elements of 0.5 µm, and a steeper step outside of the mesa that does not count.
    x = np.arange(-20.0, 20.25, 0.5)
    cells = np.column_stack([np.arange(len(x) - 1), np.arange(1, len(x))])
    in_mesa = np.abs(x[cells].mean(axis=1)) < 10
    ramp = 70.0 + 100.0 * np.clip(x / width, -0.5, 0.5)
    T = np.array([ramp, np.full(len(x), 100.0)])
    T[:, np.abs(x) > 10.0] = np.nan
    found = wall_elements(states_of(np.column_stack([x, 0 * x]), cells, in_mesa, T), T, 71.0)
    assert found[0] == pytest.approx(width / 0.5, rel=1e-12)
    assert np.isnan(found[1])


def test_slope_on_triangles():
    points = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    cells = np.array([[0, 1, 2], [0, 2, 3]])
    T = (10.0 + 3.0 * points[:, 0] + 4.0 * points[:, 1])[None]  # 5 K/µm, 14 K over edges of sqrt(8) µm
    found = wall_elements(states_of(points, cells, np.array([True, True]), T), T, 17.0)
    assert found[0] == pytest.approx(14.0 / 5.0 / np.sqrt(8.0), rel=1e-12)


def test_a_case_with_narrow_walls_is_not_converged() -> None:
    scenario = load_scenario("diagram-strip")
    assert accuracy_warnings({"wall_elements": 5.1, "folds_not_resolved": 0}, scenario) == []
    (text,) = accuracy_warnings({"wall_elements": 2.5, "folds_not_resolved": 0}, scenario)
    assert "2.5 elements wide" in text and "mesh.refine = 2" in text
    (text,) = accuracy_warnings({"wall_elements": 2.5, "folds_not_resolved": 3}, scenario)
    assert "3 folds are of the mesh" in text
