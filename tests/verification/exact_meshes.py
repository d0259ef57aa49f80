"""Structured meshes whose nodes are known: lines, quarters of a disc and of a square, graded towards the mesa's edge.

Devices with two mirror lines are meshed on one quarter; the insulated rim is the mirror.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.raw import RawMesh, oriented, outer_boundary
from hotmesa.meshes.tagged import Geometry, distribute
from hotmesa.scenarios.arrays import Array


def graded_line(edge: float, end: float, elements: float, growth: float, power: float = 2.5) -> Array:
    """Return coordinates from 0 to `end` that crowd at `edge`.

    The heat flux under an isothermal mesa is singular at its edge like distance^(-1/2): distances that grow like
    (k/n)^power resolve it to second order.

    Args:
        edge: of the mesa (µm).
        end: of the line (µm).
        elements: n, inside the mesa.
        growth: ratio of neighbouring elements outside.
        power: of the grading inside.
    """
    n = round(elements)
    inside = edge - edge * np.linspace(1.0, 0.0, n + 1) ** power
    first = edge / n**power
    count = int(np.ceil(np.log1p((end - edge) / first * (growth - 1.0)) / np.log(growth)))
    outside = np.cumsum(growth ** np.arange(count))
    return np.concatenate([inside, edge + (end - edge) * outside / outside[-1]])


def line_mesh(x: Array, inside: NDArray[np.bool_], rim: list[int]) -> RawMesh:
    """Return the mesh of a line; `inside` tells which elements are mesa, `rim` the end nodes that count as rim."""
    nodes = np.arange(x.size)
    cells = np.column_stack([nodes[:-1], nodes[1:]]).astype(np.int64)
    return RawMesh(x[:, None], cells, ("mesa",), inside[:, None], np.array(rim, dtype=np.int64)[:, None])


def disc_line(r: Array, mesa: float) -> RawMesh:
    """Return the line mesh of a disc device from the radii of its nodes."""
    return line_mesh(r, 0.5 * (r[1:] + r[:-1]) < mesa, [r.size - 1])


def square_quarter(x: Array, mesa: float) -> RawMesh:
    """Return the quarter x, y >= 0 of a square plan from the coordinates along either axis."""
    n = x.size
    points = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(n - 1), np.arange(n - 1), indexing="ij"))
    corner = i * n + j
    # The diagonals run along (1, 1), the third mirror line of a square.
    lower = np.column_stack([corner, corner + n, corner + n + 1])
    upper = np.column_stack([corner, corner + n + 1, corner + 1])
    cells = np.concatenate([lower, upper]).astype(np.int64)
    inside = (points[cells].mean(axis=1) < mesa).all(axis=1)
    return RawMesh(points, oriented(points, cells), ("mesa",), inside[:, None], outer_boundary(points, cells))


def disc_quarter(r: Array, mesa: float, sectors: int) -> RawMesh:
    """Return the quarter x, y >= 0 of a round plan: rings of the given radii, each a polygon of the disc's area."""
    angle = np.linspace(0.0, 0.5 * np.pi, sectors + 1)
    stretch = np.sqrt(angle[1] / np.sin(angle[1]))
    unit = stretch * np.column_stack([np.cos(angle), np.sin(angle)])
    unit[0, 1] = unit[-1, 0] = 0.0
    points = np.concatenate([np.zeros((1, 2)), (r[1:, None, None] * unit).reshape(-1, 2)])
    j = np.arange(sectors)
    cells, ring = [np.column_stack([np.zeros_like(j), 1 + j, 2 + j])], [np.zeros_like(j)]
    for k in range(1, r.size - 1):
        here, there = 1 + (k - 1) * (sectors + 1) + j, 1 + k * (sectors + 1) + j
        cells += [np.column_stack([here, there, there + 1]), np.column_stack([here, there + 1, here + 1])]
        ring += [np.full_like(j, k)] * 2
    triangles = oriented(points, np.concatenate(cells).astype(np.int64))
    inside = (0.5 * (r[1:] + r[:-1]) < mesa)[np.concatenate(ring)]
    return RawMesh(points, triangles, ("mesa",), inside[:, None], outer_boundary(points, triangles))


def renumbered(raw: RawMesh, seed: int = 3) -> RawMesh:
    """Return the same mesh with nodes and cells in another order."""
    random = np.random.default_rng(seed)
    nodes, cells = random.permutation(len(raw.points)), random.permutation(len(raw.cells))
    number = np.empty_like(nodes)
    number[nodes] = np.arange(nodes.size)
    rim = np.sort(number[raw.rim], axis=1)
    return RawMesh(raw.points[nodes], number[raw.cells[cells]], raw.names, raw.member[cells], rim)


def transformed(raw: RawMesh, matrix: Array) -> RawMesh:
    """Return the mesh with all points multiplied by a matrix (rotation or reflection)."""
    points = raw.points @ np.asarray(matrix, dtype=float).T
    return RawMesh(points, oriented(points, raw.cells), raw.names, raw.member, raw.rim)


def serial(raw: RawMesh, geometry: Geometry) -> TaggedMesh:
    """Return the mesh ready for a model on this process alone."""
    return distribute(raw, geometry, MPI.COMM_SELF)
