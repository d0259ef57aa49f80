"""The quality check speaks in words."""

import logging

import numpy as np
import pytest

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.healing import HealingLengths
from hotmesa.meshes.quality import check_quality
from hotmesa.meshes.raw import MeshError, RawMesh, outer_boundary
from hotmesa.scenarios.schema import Scenario


def one_triangle(height_um: float) -> RawMesh:
    points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, height_um]])
    return RawMesh(points, np.array([[0, 1, 2]]), ("mesa",), np.array([[True]]), np.array([[0, 1]]))


def test_angle_and_edge_of_a_known_triangle():
    quality = check_quality(one_triangle(1.0), HealingLengths(100.0, 120.0, 110.0))
    assert quality.smallest_angle_deg == pytest.approx(45, rel=1e-12)
    assert quality.longest_mesa_edge_um == pytest.approx(2, rel=1e-12)
    assert quality.warnings == ()
    assert "smallest angle 45 degrees" in quality.summary()
    assert "1/50 of the thermal healing length (100 µm)" in quality.summary()


def test_flat_triangle_is_a_warning_and_a_degenerate_one_an_error():
    (warning,) = check_quality(one_triangle(0.1), None).warnings
    assert "angle of 5.7 degrees" in warning
    for height in (0.001, 0.0):
        with pytest.raises(MeshError, match="element without extent"):
            check_quality(one_triangle(height), None)


def test_coarse_elements_are_a_warning_in_the_log(caplog: pytest.LogCaptureFixture):
    layers = [{"name": "mesa", "material": "m", "region": "mesa", "junctions": True}]
    parts = {"materials": {"m": {"in_plane_W_per_mK": 1.0}}, "bath": {"bottom": "conductance", "bottom_W_per_m2K": 1e5}}
    with caplog.at_level(logging.INFO, logger="hotmesa"):
        device = {"name": "test", "layers": layers, "mesh": {"size_um": 0.5}} | parts
        make_raw_mesh(Scenario.model_validate(device))
    said = {r.levelname: r.getMessage() for r in caplog.records}
    assert "nodes" in said["INFO"]
    words = (
        "coarse against the thermal healing length (superconducting 0.641 µm, normal 0.641 µm, wall of a hot spot 0.37"
    )
    assert words in said["WARNING"]
    assert "take mesh.size_um of 0.074 or less" in said["WARNING"]


def test_outer_boundary_leaves_out_holes_and_refuses_pieces():
    # a square ring of eight outer and inner corners: 4 outer edges, 4 inner ones
    points = np.array([[0, 0], [3, 0], [3, 3], [0, 3], [1, 1], [2, 1], [2, 2], [1, 2]], dtype=float)
    cells = np.array(
        [[a, b, c] for k in range(4) for n in [(k + 1) % 4] for a, b, c in [(k, n, 4 + k), (n, 4 + n, 4 + k)]]
    )
    assert sorted(map(tuple, outer_boundary(points, cells).tolist())) == [(0, 1), (0, 3), (1, 2), (2, 3)]
    with pytest.raises(MeshError, match="pieces that share no nodes"):
        outer_boundary(points, np.array([[0, 1, 4], [2, 3, 6]]))
