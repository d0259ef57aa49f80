"""Formats of gmsh other than text of version 2, and files that are damaged."""

import random
from pathlib import Path

import numpy as np
import pytest
from helpers.grids import PARTS, cells, inp, msh2, saved
from helpers.parts import small

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.raw import MeshError, RawMesh, cell_sizes

gmsh = pytest.importorskip("gmsh")


def read(path: Path) -> RawMesh:
    return make_raw_mesh(small(PARTS, mesh={"file": str(path)}))


def areas(raw: RawMesh) -> list[float]:
    area = cell_sizes(raw.points, raw.cells)
    return [float(area.sum()), *(float(area[chosen].sum()) for chosen in raw.member.T)]


@pytest.mark.parametrize(
    ("version", "options"),
    [(4.0, {}), (4.1, {"SaveAll": 1}), (4.1, {"SaveParametric": 1, "Binary": 1}), (2.2, {"Binary": 1})],
)
def test_versions(tmp_path: Path, version: float, options: dict[str, float]):
    raw = read(saved(tmp_path, msh2(), version, **options))
    assert areas(raw) == pytest.approx([400, 100, 25], rel=1e-12)  # rounding
    assert len(raw.rim) == 32


def test_partitioned(tmp_path: Path):
    raw = read(saved(tmp_path, msh2(), 4.1, lambda: gmsh.model.mesh.partition(3)))
    assert areas(raw) == pytest.approx([400, 100, 25], rel=1e-12)  # rounding


def test_second_order_is_refused(tmp_path: Path):
    path = saved(tmp_path, msh2(), 4.1, lambda: gmsh.model.mesh.setOrder(2))
    with pytest.raises(MeshError, match=r"it has surface of another order or shape: save it with .*ElementOrder = 1"):
        read(path)


def test_binary_2_with_two_groups_on_a_surface_is_refused(tmp_path: Path):
    both = msh2(elements=cells() + [(2, ends) for group, ends in cells() if group == 3])
    rows = [w if len(w) < 8 else [*w[:4], "1", *w[5:]] for w in (row.split() for row in both.splitlines())]
    path = saved(tmp_path, "\n".join(" ".join(w) for w in rows), 2.2, Binary=1)
    with pytest.raises(MeshError, match=r"surface 1 has the groups \[1, 2, 3\]"):
        read(path)


def test_a_file_that_crashes_gmsh_or_asks_for_all_memory_is_an_error(tmp_path: Path):
    text = saved(tmp_path, msh2(), 4.1).read_text()
    path = tmp_path / "broken.msh"
    for wrong in (text.replace("$Nodes\n3 81 ", "$Nodes\n3 99999999999 "), text[: len(text) // 2], text[:-300]):
        assert wrong != text
        path.write_text(wrong)
        try:
            assert areas(read(path)) == pytest.approx([400, 100, 25], rel=1e-12)
        except MeshError as error:
            assert str(path) in str(error)


def mutant(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, left out or doubled, the end cut off, or a number of a row replaced."""
    at, size, way = rng.randrange(len(data)), rng.choice([1, 1, 8, 60]), rng.randrange(5)
    if way == 4:
        rows = data.split(b"\n")
        at = rng.randrange(len(rows))
        words = rows[at].split(b" ")
        words[rng.randrange(len(words))] = rng.choice([b"0", b"-1", b"3", b"nan", b"1e300", b"a", b"99999999999"])
        rows[at] = b" ".join(words)
        return b"\n".join(rows)
    middle = [bytes([rng.randrange(256)]), b"", 2 * data[at : at + size], b""][way]
    return data[:at] + middle + (b"" if way == 3 else data[at + (size if way else 1) :])


@pytest.mark.parametrize(("form", "count"), [(".inp", 150), (".msh", 150), ("4.1", 12), ("4.1 binary", 12)])
def test_damaged_files_are_read_right_or_refused(tmp_path: Path, form: str, count: int):
    """Nothing but MeshError is raised, and what is read covers its place once."""
    path = tmp_path / ("damaged" + (".inp" if form == ".inp" else ".msh"))
    good = (inp([]) if form == ".inp" else msh2()).encode()
    if form.startswith("4.1"):
        good = saved(tmp_path, msh2(), 4.1, Binary=float("binary" in form)).read_bytes()
    rng = random.Random(1)
    refused = 0
    for _ in range(count):
        path.write_bytes(mutant(good, rng))
        try:
            raw = read(path)
        except MeshError as error:
            assert str(error)
            refused += 1
            continue
        assert len(np.unique(raw.rim)) == len(raw.rim)
        assert cell_sizes(raw.points, raw.cells).min() > 0
    assert refused > 0
