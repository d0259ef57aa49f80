"""Small meshes of one device as text: a mesa of 10 by 10 µm² with a square contact, on a crystal of 20 by 20 µm²."""

from collections.abc import Callable, Sequence
from pathlib import Path

STEP = 2.5
PARTS: dict[str, object] = {
    "crystal": {"width_um": 20, "depth_um": 20},
    "contacts": [{"x_um": -2.5, "y_um": -2.5, "radius_um": 2.82}],
}
NAMES = {1: "crystal", 2: "mesa", 3: "wire"}
AREAS = {1: 300.0, 2: 75.0, 3: 25.0}
"""Area of every group in µm²; the mesa has 100 µm² with its contact."""
Cell = tuple[int, tuple[int, ...]]


def nodes(count: int = 8, step: float = STEP) -> list[tuple[float, float]]:
    """Return the nodes of a grid of `count` squares each way around the origin, numbered from 1 by the file."""
    places = [step * (i - count / 2) for i in range(count + 1)]
    return [(x, y) for x in places for y in places]


def cells(count: int = 8, mesa: range = range(2, 6), wire: range = range(2, 4)) -> list[Cell]:
    """Return group and nodes (from 1) of every triangle; `mesa` and `wire` are their squares each way."""
    found: list[Cell] = []
    for i in range(count):
        for j in range(count):
            group = 3 if i in wire and j in wire else 2 if i in mesa and j in mesa else 1
            a, b, c, d = ((count + 1) * (i + k) + j + m + 1 for k, m in ((0, 0), (1, 0), (1, 1), (0, 1)))
            found += [(group, (a, b, c)), (group, (a, c, d))]
    return found


def msh2(
    points: Sequence[tuple[float, ...]] | None = None,
    elements: Sequence[Cell] | None = None,
    names: dict[int, str] = NAMES,
    version: str = "2.2",
    kind: int = 2,
) -> str:
    """Return a mesh in gmsh's text format 2; kind is the number of its elements in gmsh (2: triangle, 1: line)."""
    points, elements = points or nodes(), elements or cells()
    rows = ["$MeshFormat", f"{version} 0 8", "$EndMeshFormat"]
    if names:
        dimension = "" if version == "2.0" else f"{3 - 1 if kind == 2 else 1} "
        rows += ["$PhysicalNames", str(len(names)), *(f'{dimension}{n} "{name}"' for n, name in names.items())]
        rows += ["$EndPhysicalNames"]
    rows += ["$Nodes", str(len(points))]
    rows += [" ".join([str(n), *(f"{x:.17g}" for x in (*p, 0.0, 0.0)[:3])]) for n, p in enumerate(points, 1)]
    rows += ["$EndNodes", "$Elements", str(len(elements))]
    rows += [f"{n} {kind} 2 {g} {g} {' '.join(map(str, ends))}" for n, (g, ends) in enumerate(elements, 1)]
    return "\n".join([*rows, "$EndElements", ""])


def moved(where: Callable[[float, float], tuple[float, ...]]) -> str:
    """Return the mesh with every node moved."""
    return msh2([where(x, y) for x, y in nodes()])


def inp(
    sets: Sequence[str], named: dict[int, str] = NAMES, points: Sequence[tuple[float, float]] | None = None,
    elements: Sequence[Cell] | None = None,
) -> str:  # fmt: skip
    """Return the mesh as an Abaqus input: a block of elements for each group, in a set if named, then more sets."""
    points, elements = points or nodes(), elements or cells()
    rows = ["*HEADING", "a mesa", "*NODE", *(f"{n}, {x}, {y}, 0." for n, (x, y) in enumerate(points, 1))]
    for group in NAMES:
        rows.append("*ELEMENT, TYPE=CPS3" + (f", ELSET={named[group]}" if group in named else ""))
        rows += [f"{n}, {', '.join(map(str, ends))}" for n, (g, ends) in enumerate(elements, 1) if g == group]
    return "\n".join([*rows, *sets, ""])


def saved(folder: Path, text: str, version: float, change: Callable[[], object] = int, **options: float) -> Path:
    """Let gmsh read a text of version 2 and write it in another form."""
    import gmsh

    path = folder / "mesh.msh"
    path.write_text(text)
    gmsh.initialize(argv=[], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.merge(str(path))
        change()
        for name, value in ({"MshFileVersion": version} | options).items():
            gmsh.option.setNumber(f"Mesh.{name}", value)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
    return path
