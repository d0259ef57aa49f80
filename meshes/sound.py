"""Whether the cells of a mesh cover their plane or line once: the one check of every mesh that a user brings.

Triangles in positive order whose neighbours meet from both sides of their edge cover a point as often as the boundary
winds around it. With a boundary that neither crosses nor touches itself and winds around nothing outside, every point
is covered once: no fold, overlap or hanging node is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from hotmesa.meshes.raw import MeshError, cell_sizes

Points = NDArray[np.float64]
Indices = NDArray[np.int64]
NameOf = Callable[[int], str]

SAME = 1e-6  # of the extent of the mesh: nodes nearer than this are meant to be one
FLAT = 1e-10  # area over the square of the longest edge
SHOWN = 4
PAIRS = 2_000_000  # of boundary edges compared at a time


def refuse_unsound(points: Points, cells: Indices, name_of: NameOf) -> None:
    """Raise MeshError unless the cells cover what they enclose once and hang together.

    Args:
        points: Coordinates in µm, shape (nodes, gdim); every node belongs to a cell.
        cells: Nodes of the cells in positive order, shape (cells, gdim + 1).
        name_of: Number and region of a cell in words.
    """
    _refuse_close_nodes(points)
    _refuse_flat(points, cells, name_of)
    _refuse_repeated(points, cells, name_of)
    if points.shape[1] == 1:
        _refuse_line(points, cells, name_of)
        return
    edges = _Edges(points, cells)
    edges.refuse_crowded(name_of)
    edges.refuse_folded(name_of)
    _refuse_touching(points, edges, name_of)
    pieces = connected_pieces(cells)
    if pieces.max() > 0:
        raise MeshError(f"the mesh falls into {_pieces_in_words(points, cells, pieces)}: {MERGE}")
    _refuse_covered(points, edges, name_of)


MERGE = "merge duplicate nodes at the borders of the regions (gmsh: fragment the surfaces, then Coherence)"


def numbered(sets: Indices) -> Indices:
    """Return for every row of nodes a number that rows of the same nodes share."""
    rows = np.sort(sets, axis=1)
    number = rows[:, 0]
    for column in rows.T[1:]:
        # Far faster than np.unique of rows; products stay below 2^63 up to a billion nodes.
        number = np.unique(number * (int(rows.max()) + 1) + column, return_inverse=True)[1].reshape(-1)
    return number


def connected_pieces(cells: Indices) -> Indices:
    """Return for every cell the number of the piece it is in; cells are connected through edges (lines: nodes)."""
    corners = cells.shape[1]
    facets = np.concatenate([np.delete(cells, k, axis=1) for k in range(corners)])
    number = numbered(facets)
    owner = np.tile(np.arange(len(cells)), corners)
    link = coo_array((np.ones(len(owner)), (owner, number)), shape=(len(cells), number.max() + 1)).tocsr()
    pieces: Indices = connected_components(link @ link.T, directed=False)[1].astype(np.int64)
    return pieces


def refuse_pieces(points: Points, cells: Indices, region: str) -> None:
    """Raise MeshError where the cells of a region fall into pieces."""
    pieces = connected_pieces(cells)
    if pieces.max() > 0:
        raise MeshError(f"{region!r} falls into {_pieces_in_words(points, cells, pieces)}: it must be one piece")


def _pieces_in_words(points: Points, cells: Indices, pieces: Indices) -> str:
    order = np.argsort(-np.bincount(pieces), kind="stable")
    words = []
    for piece in order[:SHOWN]:
        corners = points[cells[pieces == piece]].reshape(-1, points.shape[1])
        words.append(f"{(pieces == piece).sum()} cells around {place((corners.min(axis=0) + corners.max(axis=0)) / 2)}")
    more = f" and {len(order) - SHOWN} more" if len(order) > SHOWN else ""
    share = "edges" if points.shape[1] == 2 else "nodes"
    return f"{len(order)} pieces that share no {share} ({', '.join(words)}{more})"


def holes(points: Points, cells: Indices) -> list[str]:
    """Return the places of the holes of a sound mesh of triangles in words."""
    boundary = _Edges(points, cells).boundary
    shape = (len(points), len(points))
    loop = connected_components(coo_array((np.ones(len(boundary)), boundary.T), shape=shape))[1][boundary[:, 0]]
    loops = [points[boundary[loop == k, 0]] for k in np.unique(loop)]
    loops.sort(key=lambda corners: -float(np.ptp(corners, axis=0).max()))
    return [place(corners.mean(axis=0)) for corners in loops[1:]]


def place(point: NDArray[np.float64]) -> str:
    """Return a place in words."""
    text = ", ".join(f"{x:.4g}" for x in point)
    return f"({text}) µm" if len(point) > 1 else f"x = {text} µm"


def _some(points: Points, cells: Indices, chosen: Indices, name_of: NameOf) -> str:
    """Return the first cells in words, with their places."""
    words = [f"{name_of(int(k))} at {place(points[cells[k]].mean(axis=0))}" for k in chosen[:SHOWN]]
    return ", ".join(words) + (f" and {len(chosen) - SHOWN} more" if len(chosen) > SHOWN else "")


def _refuse_close_nodes(points: Points) -> None:
    """Heat cannot pass between two nodes at one place."""
    extent = float(np.ptp(points, axis=0).max())
    if not extent > 0:
        raise MeshError("all nodes of the mesh lie at one place")
    distance, _ = cKDTree(points).query(points, k=2, distance_upper_bound=2 * SAME * extent)
    close = np.flatnonzero(distance[:, 1] <= SAME * extent)
    if len(close):
        raise MeshError(f"{len(close)} nodes lie on top of others, as at {place(points[close[0]])}: {MERGE}")


def _refuse_flat(points: Points, cells: Indices, name_of: NameOf) -> None:
    corner = points[cells]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(axis=1)
    flat = np.flatnonzero(cell_sizes(points, cells) <= FLAT * longest ** points.shape[1])
    if len(flat):
        raise MeshError(f"{len(flat)} cells have no extent: {_some(points, cells, flat, name_of)}")


def _refuse_repeated(points: Points, cells: Indices, name_of: NameOf) -> None:
    number = numbered(cells)
    again = np.flatnonzero(np.bincount(number)[number] > 1)
    if len(again):
        again = again[np.argsort(number[again], kind="stable")]
        listed = _some(points, cells, again, name_of)
        raise MeshError(f"{len(again)} cells stand in the mesh more than once: {listed}; remove the copies")


def _refuse_line(points: Points, cells: Indices, name_of: NameOf) -> None:
    """Cells from left to right: each begins at the node where the one before it ends."""
    order = np.argsort(points[cells[:, 0], 0], kind="stable")
    ends, begins = cells[order[:-1], 1], cells[order[1:], 0]
    wrong = np.flatnonzero(ends != begins)
    if len(wrong):
        k = int(wrong[0])
        end, begin = float(points[ends[k], 0]), float(points[begins[k], 0])
        what = "a gap" if begin > end else "an overlap"
        neighbours = name_of(int(order[k])), name_of(int(order[k + 1]))
        raise MeshError(
            f"the line has {what} between x = {end:.4g} µm, the end of {neighbours[0]}, and {begin:.4g} µm, where "
            f"{neighbours[1]} begins ({len(wrong)} such in all): make it one line"
        )


class _Edges:
    """Edges of triangles: those of one cell are the boundary."""

    def __init__(self, points: Points, cells: Indices) -> None:
        self.points, self.cells = points, cells
        self.directed = np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])
        self.owner = np.tile(np.arange(len(cells)), 3)
        self.number = numbered(self.directed)
        self.count = np.bincount(self.number)[self.number]
        single = self.count == 1
        self.boundary, self.boundary_owner = self.directed[single], self.owner[single]

    def refuse_crowded(self, name_of: NameOf) -> None:
        """An edge has one cell on each side."""
        self._refuse(self.count > 2, "edges with more than two cells", name_of)

    def refuse_folded(self, name_of: NameOf) -> None:
        """Two neighbours run along their edge in opposite directions."""
        forward = self.directed[:, 0] < self.directed[:, 1]
        ways = np.bincount(self.number, weights=forward)[self.number]
        self._refuse((self.count == 2) & (ways != 1), "edges with both cells on one side", name_of)

    def _refuse(self, wrong: NDArray[np.bool_], what: str, name_of: NameOf) -> None:
        if wrong.any():
            order = np.argsort(self.number[wrong], kind="stable")
            listed = _some(self.points, self.cells, self.owner[wrong][order], name_of)
            number = len(np.unique(self.number[wrong]))
            raise MeshError(f"the mesh is folded or overlaps itself: {number} {what}: {listed}; {ONCE}")


ONCE = "every place must be covered once (the crystal under the mesa is part of the mesa's cells)"


def _refuse_touching(points: Points, edges: _Edges, name_of: NameOf) -> None:
    """The boundary meets itself nowhere: no node with more than two boundary edges or on a foreign one, no crossing."""
    tolerance = SAME * float(np.ptp(points, axis=0).max())
    for i, j in _near_pairs(points, edges.boundary, tolerance):
        a, b = points[edges.boundary[i, 0]], points[edges.boundary[i, 1]]
        c, d = points[edges.boundary[j, 0]], points[edges.boundary[j, 1]]
        apart = ~(edges.boundary[i][:, :, None] == edges.boundary[j][:, None, :]).any(axis=1)
        for point, own in ((c, apart[:, 0]), (d, apart[:, 1])):
            hanging = np.flatnonzero(own & (_distance(point, a, b) <= tolerance))
            if len(hanging):
                where = place(point[hanging[0]])
                pair = edges.boundary_owner[[i[hanging[0]], j[hanging[0]]]]
                told = _some(points, edges.cells, pair, name_of)
                raise MeshError(f"a hanging node at {where} lies on the edge of another cell ({told}): {MERGE}")
        crossing = np.flatnonzero(
            apart.all(axis=1) & (_turn(a, b, c) * _turn(a, b, d) < 0) & (_turn(c, d, a) * _turn(c, d, b) < 0)
        )
        if len(crossing):
            pair = edges.boundary_owner[[i[crossing[0]], j[crossing[0]]]]
            told = _some(points, edges.cells, pair, name_of)
            raise MeshError(f"the mesh overlaps itself: edges cross, as those of {told}; {ONCE}")
    nodes, degree = np.unique(edges.boundary, return_counts=True)
    pinched = nodes[degree != 2]
    if len(pinched):
        raise MeshError(f"the mesh hangs together by a node alone at {place(points[pinched[0]])}: {MERGE}")


def _near_pairs(points: Points, edges: Indices, tolerance: float) -> Iterator[tuple[Indices, Indices]]:
    """Yield pairs (i, j) of edges, i different from j, of which the boxes meet."""
    ends = points[edges]
    low, high = ends.min(axis=1) - tolerance, ends.max(axis=1) + tolerance
    rows = max(1, PAIRS // len(edges))
    for start in range(0, len(edges), rows):
        chosen = slice(start, start + rows)
        meet = ((low[chosen, None] <= high[None]) & (low[None] <= high[chosen, None])).all(axis=2)
        i, j = np.nonzero(meet)
        i += start
        yield i[i != j], j[i != j]


def _turn(a: Points, b: Points, c: Points) -> Points:
    return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))


def _distance(point: Points, a: Points, b: Points) -> Points:
    """Return the distance of points from segments a b."""
    along = b - a
    part = np.clip(np.sum((point - a) * along, axis=1) / np.sum(along**2, axis=1), 0, 1)
    return np.asarray(np.linalg.norm(point - a - part[:, None] * along, axis=1))


def _refuse_covered(points: Points, edges: _Edges, name_of: NameOf) -> None:
    """In the middle of a boundary edge the boundary winds half a time: once on one side, not at all on the other."""
    begin, end = points[edges.boundary[:, 0]], points[edges.boundary[:, 1]]
    middle = (begin + end) / 2
    rows = max(1, PAIRS // len(begin))
    for start in range(0, len(begin), rows):
        here = middle[start : start + rows, None]
        p, q = begin[None] - here, end[None] - here
        angle = np.arctan2(p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0], np.sum(p * q, axis=2))
        own = np.arange(len(angle))
        angle[own, start + own] = 0.0
        covered = start + np.flatnonzero(np.abs(angle.sum(axis=1) / (2 * np.pi) - 0.5) > 0.25)
        if len(covered):
            told = _some(points, edges.cells, edges.boundary_owner[covered], name_of)
            raise MeshError(f"the mesh overlaps itself: other cells lie over {told}; {ONCE}")
