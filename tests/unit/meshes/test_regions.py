"""Regions of a user's mesh: by name, by number, in their place."""

import logging
from pathlib import Path

import numpy as np
import pytest
from helpers.grids import AREAS, PARTS, cells, inp, moved, msh2, nodes
from helpers.parts import small

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.raw import MeshError, RawMesh, cell_sizes

NUMBERS = {"mesa": 2, "crystal": 1, "wire": 3}


def read(folder: Path, text: str, parts: dict[str, object] = PARTS, ending: str = ".msh", **mesh: object) -> RawMesh:
    path = folder / f"mesh{ending}"
    path.write_text(text, encoding="utf-8")
    return make_raw_mesh(small(parts, mesh={"file": str(path)} | mesh))


def assert_right(raw: RawMesh) -> None:
    """The areas of the grid, each cell once, mesa in its place."""
    area = cell_sizes(raw.points, raw.cells)
    assert area.sum() == pytest.approx(400, rel=1e-12)  # rounding
    assert area[raw.member[:, 0]].sum() == pytest.approx(AREAS[2] + AREAS[3], rel=1e-12)
    assert area[raw.member[:, 1]].sum() == pytest.approx(AREAS[3], rel=1e-12)
    assert np.abs(raw.points[raw.cells[raw.member[:, 0]]]).max() == pytest.approx(5, rel=1e-12)
    assert raw.points[raw.cells[raw.member[:, 1]]].reshape(-1, 2).max() == pytest.approx(0, abs=1e-12)
    assert len(raw.rim) == 32


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
def test_text_of_version_2(tmp_path: Path, version: str):
    assert_right(read(tmp_path, msh2(version=version)))
    assert_right(read(tmp_path, msh2(version=version).replace("\n", "\r\n")))


def test_groups_of_cells_that_share_a_surface(tmp_path: Path):
    # converters put every cell on surface 1 and keep the groups apart
    words = [row.split() for row in msh2().splitlines()]
    rows = [w if len(w) < 8 else [*w[:4], "1", *w[5:]] for w in words]
    assert_right(read(tmp_path, "\n".join(" ".join(w) for w in rows)))


def test_a_cell_that_is_repeated_for_each_of_its_groups(tmp_path: Path):
    both = cells() + [(2, ends) for group, ends in cells() if group == 3]
    assert_right(read(tmp_path, msh2(elements=both)))
    under = cells() + [(1, ends) for group, ends in cells() if group != 1]
    assert_right(read(tmp_path, msh2(elements=under)))
    with pytest.raises(MeshError, match=r"1 cells stand in the file more than once in group 2 \(mesa\): \d+ and 129"):
        read(tmp_path, msh2(elements=[*cells(), next(c for c in cells() if c[0] == 2)]))
    with pytest.raises(MeshError, match="cells of contact 'wire' are in the crystal, outside the mesa"):
        read(tmp_path, msh2(elements=cells() + [(1, ends) for group, ends in cells() if group == 3]))


def test_numbers_alone(tmp_path: Path):
    with pytest.raises(MeshError, match=r"lacks the regions mesa, wire, crystal; its groups of cells: 1 of 96, 2"):
        read(tmp_path, msh2(names={}))
    assert_right(read(tmp_path, msh2(names={}), regions=NUMBERS))
    other = msh2(names={1: "bulk", 2: "x", 3: "y"})
    assert_right(read(tmp_path, other, regions={"mesa": "x", "wire": 3, "crystal": 1}))
    # a number wins over a name that says otherwise
    assert_right(read(tmp_path, msh2(names={1: "mesa", 2: "crystal", 3: "wire"}), regions={"mesa": 2, "crystal": 1}))


def test_wrong_regions_name_what_there_is(tmp_path: Path):
    with pytest.raises(MeshError, match=r"mesa = 7 is no group of the mesh; its groups of cells: 1 of 96, 2"):
        read(tmp_path, msh2(names={}), regions=NUMBERS | {"mesa": 7})
    with pytest.raises(MeshError, match=r"'wir' is no region of this device .mesa, wire, crystal.; did you mean wire"):
        read(tmp_path, msh2(), regions={"wir": 3})
    with pytest.raises(MeshError, match="mesa and crystal seem to be swapped"):
        read(tmp_path, msh2(names={}), regions=NUMBERS | {"mesa": 1, "crystal": 2})
    with pytest.raises(MeshError, match=r"'mesa' may be any of 1 .Mesa., 2 .MESA."):
        read(tmp_path, msh2(names={1: "Mesa", 2: "MESA", 3: "wire"}))


def test_names_in_other_letters_and_of_curves(tmp_path: Path):
    assert_right(read(tmp_path, msh2(names={1: "Crystal", 2: "MESA", 3: "contact:wire"})))
    curves = msh2().replace('3\n2 1 "crystal"', '5\n1 2 "mesa"\n1 1 "wire"\n2 1 "crystal"')
    assert_right(read(tmp_path, curves.replace("128\n1 2 2", "129\n200 1 2 2 2 1 2\n1 2 2")))


@pytest.mark.parametrize(("unit", "factor"), [("m", 1e-6), ("mm", 1e-3), ("nm", 1e3)])
def test_units(tmp_path: Path, unit: str, factor: float):
    text = moved(lambda x, y: (factor * x, factor * y))
    with pytest.raises(MeshError, match=rf'seem to be in {unit}, not in um: set mesh.unit = "{unit}"'):
        read(tmp_path, text)
    assert_right(read(tmp_path, text, unit=unit))


def test_a_shifted_origin(tmp_path: Path):
    text = moved(lambda x, y: (1e-3 * (x + 50), 1e-3 * (y - 30)))
    with pytest.raises(MeshError, match=r"set mesh.origin_um = \[50, -30\]"):
        read(tmp_path, text, unit="mm")
    assert_right(read(tmp_path, text, unit="mm", origin_um=(50, -30)))
    with pytest.raises(MeshError, match=r"set mesh.origin_um = \[50, -30\]"):
        read(tmp_path, text, unit="mm", origin_um=(20, 70))


def test_swapped_contacts_and_other_sizes(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    two = [{"name": "wire", "x_um": 2.5, "y_um": 2.5, "radius_um": 1}, {"name": "tip", "x_um": -2.5, "y_um": -2.5}]
    with pytest.raises(MeshError, match=r"contact 'wire' has 25 µm² around .* the place of .tip.: are names"):
        read(tmp_path, msh2(), PARTS | {"contacts": two}, regions={"tip": "wire"})
    with caplog.at_level(logging.WARNING, logger="hotmesa"):
        read(tmp_path, msh2(), PARTS | {"crystal": {}, "mesa": {"width_um": 10.5}})
    assert "the mesa of the mesh has 100 µm² (x from -5 to 5, y from -5 to 5), that of the scenario 105" in caplog.text
    assert "the crystal of the mesh measures 20 × 20 µm, that of the scenario 60 × 60 µm" in caplog.text


def test_a_contact_in_two_pieces(tmp_path: Path):
    far = [(3 if nodes()[ends[0] - 1] == (2.5, 2.5) else group, ends) for group, ends in cells()]
    with pytest.raises(MeshError, match=r"'wire' falls into 2 pieces that share no edges \(8 cells around .*, 2 cells"):
        read(tmp_path, msh2(elements=far))


def test_abaqus_blocks_and_sets(tmp_path: Path):
    labels = ["*ELSET, ELSET=crystal, GENERATE", "1, 36, 1", "37, 84", "93, 128", "*Elset, elset=CRYSTAL", "85,", "92"]
    of_sets = ["*ELSET,", "ELSET=mesa", "E2, E3", "*ELSET, ELSET=wire", "e3", "*ELSET, ELSET=Crystal", "E1"]
    for named, sets in (
        ({1: "crystal", 2: "mesa", 3: "wire"}, []),
        ({2: "mesa", 3: "wire"}, labels),
        ({1: "E1", 2: "e2", 3: "E3"}, of_sets),
    ):
        raw = read(tmp_path, inp(sets, named), ending=".inp")
        assert cell_sizes(raw.points, raw.cells)[raw.member[:, 0]].sum() == pytest.approx(100, rel=1e-12)
        assert_right(raw)


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["*ELSET, ELSET=x", "y"], "the element set x names Y, which is no element set"),
        (["*ELSET, ELSET=x", "y", "*ELSET, ELSET=y", "x"], "contains itself"),
        (["*ELSET, ELSET=x", "500"], "the element set x names element 500, which is not in the file"),
        (["*ELSET, ELSET=x, GENERATE", "1, 6, 4"], "first, last and step of GENERATE do not fit"),
        (["*INCLUDE, INPUT=other.inp"], r"\*INCLUDE is not read here"),
        (["*ELSET"], r"\*ELSET needs a name"),
        (["*NGEN", "1, 2, 1"], r"\*NGEN is not read here"),
        (["*INSTANCE, NAME=a, PART=b", "1., 0., 0."], "a part that is moved"),
        (["*ELEMENT, TYPE=CPS6", "900, 1, 2, 3, 4, 5, 6"], "must consist of triangle cells; it has CPS6 element"),
        (["*ELEMENT, TYPE=CPS3", "900, 1, 2"], "element 900 of type CPS3 has 2 nodes"),
        (["*ELEMENT, TYPE=CPS3", "1, 1, 2, 3"], "element 1 stands in the file twice"),
        (["*ELEMENT, TYPE=CPS3", "900, 1, 2, 700"], "cell 900 has node 700, which is not in the file"),
        (["*NODE", "1, 0, 0"], "node 1 stands in the file twice"),
    ],
)
def test_abaqus_that_is_not_understood_is_refused(tmp_path: Path, sets: list[str], words: str):
    with pytest.raises(MeshError, match=words):
        read(tmp_path, inp(sets), ending=".inp")


def test_strips_of_a_file(tmp_path: Path):
    x = [-10 + 0.5 * k for k in range(41)]
    lines = [(3 if -5 <= a < 0 else 2 if -5 <= a < 5 else 1, (k + 1, k + 2)) for k, a in enumerate(x[:-1])]
    parts: dict[str, object] = {"geometry": "strip", "crystal": {"width_um": 20}, "contacts": [{"x_um": -2.5}]}
    raw = read(tmp_path, msh2([(a,) for a in x], lines, kind=1), parts)
    assert raw.member.sum(axis=0).tolist() == [20, 10]
    with pytest.raises(MeshError, match=r"a gap between x = 2 µm, the end of cell 24 .mesa., and 2.5 µm, where"):
        read(tmp_path, msh2([(a,) for a in x], [c for k, c in enumerate(lines) if k != 24], kind=1), parts)


def test_a_missing_cell_is_a_hole_and_a_far_node_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, logger="hotmesa"):
        rim = read(tmp_path, msh2(elements=cells()[:20] + cells()[21:])).rim
    assert len(rim) == 32
    assert "the mesh has holes (1, as at (-5.833, -4.167) µm): no heat passes their edges" in caplog.text
    with pytest.raises(MeshError, match=r"the crystal of the mesh measures 1020 × 20 µm, that of"):
        read(tmp_path, moved(lambda x, y: (-1010 if (x, y) == (-10, 0) else x, y)))
