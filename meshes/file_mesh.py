"""What a mesh file says: nodes, cells of one kind, and the groups of cells with their names and numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.raw import MeshError

LINE, TRIANGLE = "line", "triangle"
KIND = {1: LINE, 2: TRIANGLE}


@dataclass(frozen=True)
class Group:
    """Cells that the file has put together.

    Attributes:
        name: Its name, or "".
        number: Its number, or None.
        cells: Positions of its cells among the cells of the file.
    """

    name: str
    number: int | None
    cells: NDArray[np.int64]

    def __str__(self) -> str:
        """Name and number as a user knows them."""
        number = "" if self.number is None else str(self.number)
        return f"{number} ({self.name})" if number and self.name else number or self.name


@dataclass(frozen=True)
class FileMesh:
    """Nodes and cells as they stand in the file.

    Attributes:
        points: Coordinates in the unit of the file, shape (nodes, 3).
        cells: Nodes of every cell, counted from 0, shape (cells, 2 or 3).
        labels: Number of every cell in the file, shape (cells,).
        groups: Groups of these cells; a cell may be in none or in several.
    """

    points: NDArray[np.float64]
    cells: NDArray[np.int64]
    labels: NDArray[np.int64]
    groups: tuple[Group, ...]


def file_mesh(
    nodes: tuple[NDArray[np.int64], NDArray[np.float64]],
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    groups: tuple[Group, ...],
) -> FileMesh:
    """Return the mesh of numbered nodes and numbered cells.

    Args:
        nodes: Numbers (nodes,) and coordinates (nodes, 3).
        cells: Numbers (cells,) and the numbers of their nodes (cells, 2 or 3).
        groups: Groups of the cells by position.

    Raises:
        MeshError: If a number stands twice, or a cell has a node that is not there.
    """
    (numbers, points), (labels, corners) = nodes, cells
    if not len(numbers):
        raise MeshError("the file has no nodes")
    for what, values in (("node", numbers), ("cell", labels)):
        result, counts = np.unique(values, return_counts=True)
        if (counts > 1).any():
            raise MeshError(f"{what} {result[counts > 1][0]} stands in the file twice: renumber the mesh")
    order = np.argsort(numbers)
    place = np.minimum(np.searchsorted(numbers[order], corners), len(numbers) - 1)
    missing = numbers[order][place] != corners
    if missing.any():
        cell = int(np.flatnonzero(missing.any(axis=1))[0])
        raise MeshError(f"cell {labels[cell]} has node {corners[missing][0]}, which is not in the file")
    return FileMesh(points, order[place], labels, groups)


def refuse_other_cells(kinds: Collection[str], expected: str) -> None:
    """Raise MeshError unless all cells of the dimension of the mesh, and above it, are of the wanted kind."""
    if set(kinds) != {expected}:
        advice = ""
        if any("order" in kind for kind in kinds):
            advice = ": save it with elements of first order (gmsh: Mesh.ElementOrder = 1)"
        elif "quadrangle" in kinds:
            advice = ": split the quadrangles into triangles (gmsh: without Recombine)"
        result = ", ".join(sorted(kinds)) or "no such cells"
        raise MeshError(f"the mesh must consist of {expected} cells; it has {result}{advice}")
