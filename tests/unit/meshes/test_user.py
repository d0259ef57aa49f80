"""Meshes of generated devices come back from files; wrong files are refused."""

import math
from pathlib import Path

import meshio
import numpy as np
import pytest
from helpers.parts import small

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.raw import MeshError, RawMesh, cell_sizes
from hotmesa.scenarios.schema import Scenario

PARTS: dict[str, object] = {"crystal": {}, "contacts": [{"x_um": 1.5, "y_um": 0.7}]}


def scenario(**parts: object) -> Scenario:
    return small(parts)


def generated(**parts: object) -> RawMesh:
    return make_raw_mesh(scenario(**parts))


def write_sets(path: Path, raw: RawMesh, sets: dict[str, np.ndarray], kind: str = "triangle") -> Path:
    """Write a mesh with cell sets (Abaqus)."""
    points = np.column_stack([raw.points, np.zeros((len(raw.points), 3 - raw.points.shape[1]))])
    named = {name: [np.flatnonzero(mask)] for name, mask in sets.items()}
    meshio.write(path, meshio.Mesh(points, [(kind, raw.cells)], cell_sets=named))
    return path


def sets_of(raw: RawMesh) -> dict[str, np.ndarray]:
    return {"mesa": raw.member[:, 0], "wire": raw.member[:, 1], "crystal": ~raw.member[:, 0]}


def read(path: Path, **parts: object) -> RawMesh:
    return make_raw_mesh(scenario(**(parts or PARTS), mesh={"file": str(path)}))


def test_cell_sets_give_back_the_same_regions(tmp_path: Path):
    raw = generated(**PARTS)
    back = read(write_sets(tmp_path / "mesh.inp", raw, sets_of(raw)))
    assert np.array_equal(back.cells, raw.cells)
    assert np.array_equal(back.member, raw.member)
    assert sorted(map(tuple, back.rim.tolist())) == sorted(map(tuple, raw.rim.tolist()))


@pytest.mark.parametrize("version", [2.2, 4.1])
def test_physical_groups_of_gmsh(tmp_path: Path, version: float):
    gmsh = pytest.importorskip("gmsh")
    path = tmp_path / "mesh.msh"
    gmsh.initialize(argv=[], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        gmsh.option.setNumber("Mesh.MeshSizeMax", 1.0)
        occ = gmsh.model.occ
        outer, mesa, patch = (
            occ.addRectangle(-15, -15, 0, 30, 30),
            occ.addRectangle(-5, -5, 0, 10, 10),
            occ.addDisk(1.5, 0.7, 0, 2.5, 2.5),
        )
        _, parts = occ.fragment([(2, outer)], [(2, mesa), (2, patch)])
        occ.synchronize()
        whole, inner, wire = ({tag for _, tag in part} for part in parts)
        for name, tags in (("crystal", whole - inner), ("mesa", inner - wire), ("wire", wire)):
            gmsh.model.addPhysicalGroup(2, sorted(tags), name=name)
        gmsh.model.mesh.generate(2)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
    raw = read(path)
    area = cell_sizes(raw.points, raw.cells)
    assert area.sum() == pytest.approx(900, rel=1e-12)  # rounding
    # each cell has one group in such a file: those of the contact count as mesa all the same
    assert area[raw.member[:, 0]].sum() == pytest.approx(100, rel=1e-12)
    # an inscribed polygon with about 16 corners lacks up to 3 % of the disc
    assert area[raw.member[:, 1]].sum() == pytest.approx(math.pi * 2.5**2, rel=0.03)
    assert len(raw.rim) == len(np.unique(raw.rim)) >= 120


def test_lines_for_strip_and_disc(tmp_path: Path):
    strip = generated(geometry="strip", crystal={})
    sets = {"mesa": strip.member[:, 0], "crystal": ~strip.member[:, 0]}
    back = read(write_sets(tmp_path / "strip.inp", strip, sets, "line"), geometry="strip", crystal={})
    assert np.array_equal(back.member, strip.member)
    assert len(back.rim) == 2
    round_parts: dict[str, object] = {"geometry": "disc", "mesa": {"shape": "disc", "radius_um": 5}}
    disc = generated(**round_parts)
    path = write_sets(tmp_path / "disc.inp", disc, {"mesa": disc.member[:, 0]}, "line")
    assert read(path, **round_parts).rim.tolist() == disc.rim.tolist()


def test_missing_names_and_found_names_are_listed(tmp_path: Path):
    raw = generated(**PARTS)
    path = write_sets(tmp_path / "mesh.inp", raw, {"mesa": raw.member[:, 0], "tip": raw.member[:, 1]})
    with pytest.raises(MeshError, match=r"lacks the regions wire, crystal; its groups of cells: mesa of \d+, tip of"):
        read(path)
    path = write_sets(tmp_path / "bare.inp", raw, {})
    with pytest.raises(MeshError, match=r"lacks the regions mesa, wire, crystal; its cells are in no group"):
        read(path)


def test_cells_in_no_region_are_refused(tmp_path: Path):
    raw = generated(**PARTS)
    sets = sets_of(raw)
    sets["crystal"][np.flatnonzero(sets["crystal"])[:3]] = False
    path = write_sets(tmp_path / "mesh.inp", raw, sets)
    with pytest.raises(MeshError, match="3 cells belong neither to the mesa nor to the crystal"):
        read(path)
    with pytest.raises(MeshError, match=r"lie outside the mesa, but the scenario has no \[crystal\]"):
        read(path, contacts=[{}])


def test_unknown_and_broken_files_do_not_end_the_interpreter(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(MeshError, match="there is no such file"):
        read(tmp_path / "none.msh")
    for name, text, words in (
        ("mesh.xyz", "hello", "read from gmsh's .msh and Abaqus' .inp, not from .xyz: convert it"),
        ("mesh.med", "hello", "not from .med: convert it"),
        ("mesh.msh", "hello", "this is no gmsh mesh"),
        ("mesh.msh", "SystemCall 'touch /tmp/x';", "this is no gmsh mesh"),
        ("mesh.msh", "$MeshFormat\n1 0 8\n$EndMeshFormat\n", "format 1 of gmsh is not read"),
        ("mesh.msh", "$MeshFormat\n4.1 0 8\n$EndMeshFormat\n", "it has no such cells"),
        ("mesh.msh", "$MeshFormat\n4.1 0 8\n$EndMeshFormat\n$Nodes\nx", "gmsh could not read this mesh"),
        ("mesh.inp", "*NODE\n1, a, b\n", "line 2: a node is a number and coordinates"),
        ("mesh.inp", "hello", "line 1: data before the first keyword"),
    ):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(MeshError, match=words):
            read(path)
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""


def test_wrong_cells_are_named(tmp_path: Path):
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=float)
    meshio.write(tmp_path / "quad.inp", meshio.Mesh(square, [("quad", np.array([[0, 1, 2, 3]]))]))
    with pytest.raises(MeshError, match="must consist of triangle cells; it has quadrangle: split the quadrangles"):
        read(tmp_path / "quad.inp")


def test_duplicate_nodes_and_bent_meshes_are_refused(tmp_path: Path):
    raw = generated()
    everything = {"mesa": raw.member[:, 0]}
    split = RawMesh(
        raw.points[raw.cells].reshape(-1, 2), np.arange(raw.cells.size).reshape(-1, 3), raw.names, raw.member, raw.rim
    )
    with pytest.raises(MeshError, match=r"nodes lie on top of others, as at .*: merge duplicate nodes"):
        read(write_sets(tmp_path / "split.inp", split, everything), contacts=[])
    points = np.column_stack([raw.points, 0.1 * raw.points[:, 0]])
    named = {"mesa": [np.arange(len(raw.cells))]}
    meshio.write(tmp_path / "bent.inp", meshio.Mesh(points, [("triangle", raw.cells)], cell_sets=named))
    with pytest.raises(MeshError, match="must lie in the x-y plane"):
        read(tmp_path / "bent.inp", contacts=[])


def test_unused_nodes_are_dropped_and_metres_are_told_from_micrometres(tmp_path: Path):
    raw = generated()
    # one node at the front that no cell uses, and metres instead of µm
    points = np.concatenate([[[7.0, 7.0]], raw.points]) * 1e-6
    metres = RawMesh(points, raw.cells + 1, raw.names, raw.member, raw.rim)
    path = write_sets(tmp_path / "metres.inp", metres, {"mesa": raw.member[:, 0]})
    with pytest.raises(MeshError, match=r'lengths seem to be in m, not in um: set mesh.unit = "m"'):
        read(path, contacts=[])
    back = make_raw_mesh(scenario(contacts=[], mesh={"file": str(path), "unit": "m"}))
    assert len(back.points) == len(raw.points)
    assert np.allclose(back.points, raw.points, rtol=0, atol=1e-9)
