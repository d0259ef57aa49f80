"""Reader of gmsh's text format 2 (2.0 to 2.2), which gives every cell its own group.

gmsh itself gives the group to the surface that a cell lies on: where a file has put several groups on one surface, as
converters do, it would mix them up.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hotmesa.meshes.file_mesh import KIND, FileMesh, Group, file_mesh, refuse_other_cells
from hotmesa.meshes.raw import MeshError

KINDS = {1: "line", 2: "triangle", 3: "quadrangle", 15: "point"}
NODES = {1: 2, 2: 3, 3: 4, 15: 1}
OF_DIMENSION = {
    0: {15},
    1: {1, 8, *range(26, 29), *range(62, 67)},
    2: {2, 3, 9, 10, 16, *range(20, 26), *range(36, 53)},
}
Sections = dict[str, list[tuple[int, str]]]


def read_text_2(text: str, dimension: int) -> FileMesh:
    """Return the lines (dimension 1) or triangles (2) of a file.

    Raises:
        MeshError: If the text is not of this format, or has other cells of this dimension or above.
    """
    sections = _sections(text)
    nodes = [_node(line, words) for line, words in _rows(sections, "Nodes", "ParametricNodes")]
    labels: list[int] = []
    corners: list[list[int]] = []
    kinds: set[str] = set()
    members: dict[int, list[int]] = {}
    for line, words in _rows(sections, "Elements"):
        label, kind, group, ends = _element(line, words)
        if dimension_of(kind) < dimension:
            continue
        kinds.add(name_of(kind))
        if KINDS.get(kind) == KIND[dimension]:
            members.setdefault(group, []).append(len(labels))
            labels.append(label)
            corners.append(ends)
    refuse_other_cells(kinds, KIND[dimension])
    names = _names(sections, dimension)
    groups = tuple(Group(names.get(n, ""), n, np.array(cells)) for n, cells in sorted(members.items()) if n != 0)
    return file_mesh(
        (np.array([n for n, _ in nodes], dtype=np.int64), np.array([xyz for _, xyz in nodes])),
        (np.array(labels, dtype=np.int64), np.array(corners, dtype=np.int64)),
        groups,
    )


def dimension_of(kind: int) -> int:
    """Return the dimension of a kind of element by its number in gmsh; solids are whatever is not known as flat."""
    return next((dimension for dimension, kinds in OF_DIMENSION.items() if kind in kinds), 3)


def name_of(kind: int) -> str:
    """Return the kind of element in words."""
    shape = {0: "point", 1: "line", 2: "surface", 3: "solid"}[dimension_of(kind)]
    known = KINDS.get(kind)
    return known or (f"{shape} of another order or shape" if shape != "solid" else "solid")


def _sections(text: str) -> Sections:
    """Return the numbered lines of every section; one that stands twice or has no end is refused."""
    result: Sections = {}
    name = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line == f"$End{name}":
            name = ""
        elif line.startswith("$") and not name:
            name = line[1:]
            if name in result:
                raise MeshError(f"line {number}: a second section ${name}")
            result[name] = []
        elif line and name:
            result[name].append((number, line))
    if name:
        raise MeshError(f"the section ${name} has no end: the file is cut off")
    return result


def _rows(sections: Sections, *names: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and words of every row of the first of these sections that there is."""
    name = next((name for name in names if name in sections), names[0])
    lines = sections.get(name, [])
    if not lines or not lines[0][1].isdecimal() or int(lines[0][1]) != len(lines) - 1:
        said = lines[0][1] if lines else "none"
        raise MeshError(f"the section ${name} has {max(len(lines) - 1, 0)} rows and announces {said}")
    for number, line in lines[1:]:
        yield number, line.split()


def _node(line: int, words: list[str]) -> tuple[int, tuple[float, float, float]]:
    try:
        number, x, y, z = int(words[0]), float(words[1]), float(words[2]), float(words[3])
    except (ValueError, IndexError) as error:
        raise MeshError(f"line {line}: a node needs a number and three coordinates, not {' '.join(words)!r}") from error
    return number, (x, y, z)


def _element(line: int, words: list[str]) -> tuple[int, int, int, list[int]]:
    """Return number, kind, group (0: none) and nodes of an element."""
    try:
        number, kind, tags, *rest = [int(word) for word in words]
    except ValueError as error:
        raise MeshError(f"line {line}: an element is a row of whole numbers, not {' '.join(words)!r}") from error
    nodes = rest[tags:] if 0 <= tags <= len(rest) else []
    if len(nodes) != NODES.get(kind, len(nodes) or -1):
        raise MeshError(f"line {line}: element {number} of kind {kind} has {len(nodes)} nodes")
    # A negative group says that the surface is seen from below.
    return number, kind, abs(rest[0]) if tags else 0, nodes


def _names(sections: Sections, dimension: int) -> dict[int, str]:
    """Return the names of the groups of a dimension; format 2.0 does not say of which dimension they are."""
    names = {}
    for line, text in sections.get("PhysicalNames", [])[1:]:
        numbers, quote, rest = text.partition('"')
        name, end, _ = rest.rpartition('"')
        words = numbers.split()
        if not quote or not end or len(words) not in (1, 2) or not all(word.isdecimal() for word in words):
            raise MeshError(f"line {line}: a physical name is dimension, number and name in quotes, not {text!r}")
        if len(words) == 1 or int(words[0]) == dimension:
            names[int(words[-1])] = name
    return names
