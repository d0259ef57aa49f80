"""One device on its own mesh in every form that a mesh file takes: the same numbers to the last digit, or the cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.grids import NAMES, cells, inp, msh2, nodes, saved

import hotmesa as hm
from hotmesa.meshes.raw import MeshError

COUNT, STEP = 15, 2.0
POINTS, CELLS = nodes(COUNT, STEP), cells(COUNT, range(5, 10), range(5, 7))
DEVICE = {
    "crystal.width_um": 30.0, "crystal.depth_um": 30.0, "branch.end_current_mA": 0.6, "branch.min_points": 8,
    "layers.1.sublayers": 1, "layers.2.first_sublayer_um": 0.1, "stability.points": "none",
    "numerics.estimate_error": False,
}  # fmt: skip
WIRE = {"name": "wire", "x_um": -2.0, "radius_um": 1.5, "contact_K_per_mW": 3.0, "wire_K_per_mW": 2.0}
V_MV, T_MAX_K = 582.707, 44.12
"""At the end current on this mesh, computed once by an independent person; of the device itself V is 1 % smaller."""
NUMBERS = {"mesa": 2, "crystal": 1, "wire": 3}
WRONG = {1: "mesa", 2: "x", 3: "wire"}
GENERATED = ["*ELSET, ELSET=crystal, GENERATE", "1, 450, 1"]


def text(**changed: object) -> str:
    """Return the mesh in gmsh's text format 2."""
    return msh2(**({"points": POINTS, "elements": CELLS} | changed))  # type: ignore[arg-type]


def crystal_set() -> list[str]:
    """Return an Abaqus set of the crystal, by its numbers."""
    numbers = [n for n, (group, _) in enumerate(CELLS, 1) if group == 1]
    rows = [", ".join(map(str, numbers[k : k + 16])) for k in range(0, len(numbers), 16)]
    return ["*ELSET, ELSET=crystal", *rows]


def moved(where: Callable[[float, float], tuple[float, float]]) -> str:
    """Return the mesh with other coordinates."""
    return text(points=[where(x, y) for x, y in POINTS])


def both(group: int) -> str:
    """Return the mesh with the cells of the contact in another group too."""
    return text(elements=[*CELLS, *((group, ends) for own, ends in CELLS if own == 3)])


def on_curves() -> str:
    """Return the mesh with curves in groups that are called like regions."""
    names = '$PhysicalNames\n5\n1 2 "mesa"\n1 3 "wire"'
    curves = text().replace("$PhysicalNames\n3", names).replace("$Elements\n450\n", "$Elements\n451\n900 1 2 2 2 1 2\n")
    assert "900 1" in curves and names in curves
    return curves


def partition() -> None:
    """Cut the mesh of the session in three."""
    import gmsh

    gmsh.model.mesh.partition(3)


SETS = ["*ELSET, ELSET=crystal", "E1", "*ELSET, ELSET=mesa", "E2", "E3", "*ELSET, ELSET=wire", "E3"]
SAME: dict[str, tuple[str, str | Callable[[Path], Path], dict[str, object]]] = {
    "gmsh 2.2": (".msh", text(), {}),
    "gmsh 2.0": (".msh", text(version="2.0"), {}),
    "ending msh2": (".msh2", text(), {}),
    "contact in the mesa's group": (".msh", both(2), {}),
    "names of curves": (".msh", on_curves(), {}),
    "numbers": (".msh", text(names={}), {"mesh.regions": NUMBERS}),
    "other names": (".msh", text(names={1: "a", 2: "b", 3: "c"}), {"mesh.regions": NUMBERS | {"mesa": "b"}}),
    "metres": (".msh", moved(lambda x, y: (1e-6 * x, 1e-6 * y)), {"mesh.unit": "m"}),
    "shifted": (".msh", moved(lambda x, y: (x + 50, y + 30)), {"mesh.origin_um": [50.0, 30.0]}),
    "Abaqus": (".inp", inp([], NAMES, POINTS, CELLS), {}),
    "Abaqus, a block without name": (".inp", inp(crystal_set(), {2: "mesa", 3: "wire"}, POINTS, CELLS), {}),
    "Abaqus, sets of sets": (".inp", inp(SETS, {1: "E1", 2: "E2", 3: "E3"}, POINTS, CELLS), {}),
    "gmsh 4.0": (".msh", lambda folder: saved(folder, text(), 4.0), {}),
    "gmsh 4.1": (".msh", lambda folder: saved(folder, text(), 4.1), {}),
    "gmsh 4.1, all saved": (".msh", lambda folder: saved(folder, text(), 4.1, SaveAll=1), {}),
    "parametric, binary": (".msh", lambda folder: saved(folder, text(), 4.1, SaveParametric=1, Binary=1), {}),
    "partitioned": (".msh", lambda folder: saved(folder, text(), 4.1, partition), {}),
}  # fmt: skip
REFUSED: dict[str, tuple[str, str, str]] = {
    "a triangle twice": (".msh", text(elements=[*CELLS, CELLS[169]]), r"once in group 2 \(mesa\): 170 and 451"),
    "numbers without names": (".msh", text(names={}), "lacks the regions mesa, wire, crystal; its groups"),
    "metres taken for µm": (".msh", moved(lambda x, y: (1e-6 * x, 1e-6 * y)), 'set mesh.unit = "m"'),
    "shifted": (".msh", moved(lambda x, y: (x + 50, y + 30)), r"set mesh.origin_um = \[50, 30\]"),
    "contact in the crystal": (".msh", both(1), "are in the crystal, outside the mesa"),
    "the wrong mesa": (".inp", inp(GENERATED, WRONG, POINTS, CELLS), "the mesa of the mesh has 816"),
    "MED": (".med", "", "from gmsh's .msh and Abaqus' .inp, not from .med"),
}  # fmt: skip


def run(file: Path, changes: dict[str, object], **device: object) -> hm.Run:
    """Return the branch of the device on a mesh."""
    contacts = {"contacts": [WIRE | {"y_um": -2.0}]}
    return hm.run("kurter2010-n19", DEVICE | contacts | {"mesh.file": str(file)} | changes | device)


@pytest.mark.parametrize("form", SAME)
def test_every_form_of_the_mesh_gives_the_same_numbers(tmp_path: Path, form: str) -> None:
    ending, made, changes = SAME[form]
    if callable(made):
        pytest.importorskip("gmsh")
        path = made(tmp_path)
    else:
        path = tmp_path / f"own{ending}"
        path.write_text(made)
    end = run(path, changes)
    assert end.column("I_mA")[-1] == pytest.approx(0.6, rel=1e-14)  # landed on
    assert f"{end.column('V_mV')[-1]:.3f} {end.column('T_max_K')[-1]:.2f}" == f"{V_MV:.3f} {T_MAX_K:.2f}"
    # Other orders of the cells, and coordinates that were moved and moved back, differ by rounding.
    assert end.column("V_mV")[-1] == pytest.approx(582.706663532964, rel=1e-11)


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_wrong_with_a_mesh_is_said(tmp_path: Path, fault: str) -> None:
    ending, made, words = REFUSED[fault]
    path = tmp_path / f"own{ending}"
    path.write_text(made)
    with pytest.raises(MeshError, match=words) as error:
        run(path, {})
    assert str(path) in str(error.value) and error.value.status == 2


def test_a_strip_of_two_pieces(tmp_path: Path) -> None:
    """The node in the middle of the mesa belongs to the left piece only."""
    x = [(-15 + 0.5 * k,) for k in range(61)]
    groups = [3 if -3.5 <= a < -0.5 else 2 if -5 <= a < 5 else 1 for (a,) in x[:-1]]
    lines = [(group, (k, k + 1)) for k, group in enumerate(groups, 1)]
    strip = {"geometry": "strip", "contacts": [WIRE]}
    for count, left in ((60, lines), (59, lines[:30] + lines[31:])):
        (tmp_path / f"{count}.msh").write_text(msh2(x, left, kind=1))
    assert run(tmp_path / "60.msh", strip).column("T_max_K")[-1] < 80.0
    with pytest.raises(MeshError, match="a gap between x = 0 µm, the end of cell 30"):
        run(tmp_path / "59.msh", strip)
