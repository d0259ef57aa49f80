"""The distributed mesh: tags, regions, rim."""

import math

import dolfinx.fem as fem
import numpy as np
import pytest
from helpers.parts import small
from mpi4py import MPI

from hotmesa.meshes import RIM, MeshError, TaggedMesh, build_mesh
from hotmesa.meshes.compat import geometry_dofmap


def build(**parts: object) -> TaggedMesh:
    return build_mesh(small(parts), MPI.COMM_SELF)


def area(tagged: TaggedMesh, name: str) -> float:
    corner = tagged.mesh.geometry.x[geometry_dofmap(tagged.mesh)[tagged.cells(name)]]
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    return float(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2)


def test_every_cell_has_a_tag_and_the_regions_nest():
    tagged = build(crystal={}, contacts=[{"x_um": 1.5, "y_um": 0.7}])
    count = tagged.mesh.topology.index_map(2).size_local
    assert tagged.geometry == "plan"
    assert tagged.cell_tags.indices.tolist() == list(range(count))
    assert set(tagged.regions) == {"plan", "mesa", "contact:wire"}
    assert set(tagged.regions["contact:wire"]) < set(tagged.regions["mesa"]) < set(tagged.regions["plan"])
    # rounding of a sum over 2,000 cells
    for name, exact in (("plan", 3600), ("mesa", 100), ("contact:wire", math.pi * 2.5**2)):
        assert area(tagged, name) == pytest.approx(exact, rel=1e-12)
    middle = tagged.mesh.geometry.x[geometry_dofmap(tagged.mesh)].mean(axis=1)
    assert (np.abs(middle[tagged.cells("mesa")]) < 5).all()


def test_rim_facets_lie_on_the_rim():
    tagged = build(crystal={"width_um": 30, "depth_um": 20})
    facets = tagged.rim_facets()
    assert set(tagged.facet_tags.values) == {RIM}
    tagged.mesh.topology.create_connectivity(1, 2)
    assert all(len(tagged.mesh.topology.connectivity(1, 2).links(f)) == 1 for f in facets)
    everything = tagged.mesh.topology.connectivity(1, 2)
    assert len(facets) == sum(len(everything.links(f)) == 1 for f in range(everything.num_nodes))


@pytest.mark.parametrize(("geometry", "ends"), [("strip", [-5.0, 5.0]), ("disc", [4.0])])
def test_line_mesh_and_its_rim(geometry: str, ends: list[float]):
    mesa = {"radius_um": 4, "shape": "disc"} if geometry == "disc" else {}
    tagged = build(geometry=geometry, mesa=mesa)
    assert (tagged.mesh.topology.dim, tagged.mesh.geometry.dim, tagged.geometry) == (1, 1, geometry)
    tagged.mesh.topology.create_connectivity(0, 1)
    space = fem.functionspace(tagged.mesh, ("Lagrange", 1))
    dofs = fem.locate_dofs_topological(space, 0, tagged.rim_facets())
    assert sorted(space.tabulate_dof_coordinates()[dofs, 0]) == ends


def test_unknown_region_is_named():
    with pytest.raises(MeshError, match="no region 'contact:tip'; there are plan, mesa"):
        build().cells("contact:tip")
