"""Halved meshes: the same places in elements of half the size."""

import numpy as np
import pytest
from helpers.parts import small

from hotmesa.meshes.build import raw_mesh
from hotmesa.meshes.raw import cell_sizes
from hotmesa.meshes.refined import halved

DEVICES = {
    "plan": {"crystal": {}, "contacts": [{"x_um": 1.0, "radius_um": 1.5}]},
    "strip": {"crystal": {}, "contacts": [{"x_um": 1.0, "radius_um": 1.5}]},
    "disc": {"mesa": {"shape": "disc", "radius_um": 5.0}, "crystal": {"shape": "disc", "radius_um": 20.0}},
}


@pytest.mark.parametrize("geometry", DEVICES)
def test_every_cell_is_cut_into_equal_parts(geometry: str):
    coarse = raw_mesh(small(DEVICES[geometry], geometry=geometry, mesh={"refine": 0.5}))
    fine, parents = halved(coarse)
    parts = 4 if geometry == "plan" else 2
    assert len(fine.cells) == parts * len(coarse.cells)
    assert cell_sizes(fine.points, fine.cells) == pytest.approx(
        np.tile(cell_sizes(coarse.points, coarse.cells) / parts, parts), rel=1e-9
    )
    for column in range(len(coarse.names)):
        areas = [cell_sizes(raw.points, raw.cells)[raw.member[:, column]].sum() for raw in (coarse, fine)]
        assert areas[1] == pytest.approx(areas[0], rel=1e-12)
    assert len(fine.rim) == (2 if geometry == "plan" else 1) * len(coarse.rim)
    linear = coarse.points @ np.arange(1.0, 1.0 + coarse.points.shape[1])
    assert linear[parents].mean(axis=1) == pytest.approx(fine.points @ np.arange(1.0, 1.0 + fine.points.shape[1]))
