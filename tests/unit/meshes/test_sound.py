"""A mesh covers its place once and hangs together, or is refused with the place."""

import time

import numpy as np
import pytest
from helpers.grids import cells, nodes

from hotmesa.meshes.raw import MeshError, cell_sizes, oriented, without_unused_nodes
from hotmesa.meshes.sound import connected_pieces, refuse_unsound

GRID = np.array(nodes())
CELLS = np.array([ends for _, ends in cells()]) - 1
CENTRE = 4 * 9 + 4  # node at the origin


def check(points: np.ndarray, cells: np.ndarray) -> None:
    points, cells = without_unused_nodes(np.asarray(points, dtype=float), cells)
    refuse_unsound(points, oriented(points, cells), lambda k: f"cell {k}")


def refused(points: np.ndarray, cells: np.ndarray, words: str) -> None:
    with pytest.raises(MeshError, match=words):
        check(points, cells)


def test_good_meshes_pass():
    check(GRID, CELLS)
    check(GRID, CELLS[:, [0, 2, 1]])  # either order of corners
    hole = (np.abs(GRID[CELLS].mean(axis=1)) > 2.5).any(axis=1)
    check(GRID, CELLS[hole])
    check(GRID * [1.0, 1e-3] + [1e4, -1e4], CELLS)  # narrow and far away


def test_a_cell_twice():
    refused(GRID, np.concatenate([CELLS, CELLS[7:8, [1, 2, 0]]]), "2 cells stand in the mesh more than once: cell 7 at")


def test_a_node_moved_across_its_neighbours_folds_cells():
    folded = GRID.copy()
    folded[CENTRE] += [3.3, 0.4]
    refused(folded, CELLS, "1 edges with both cells on one side|[2-6] edges with both cells on one side")


def test_two_layers_on_the_same_nodes():
    other = CELLS[(np.abs(GRID[CELLS].mean(axis=1)) < 2.5).all(axis=1)].reshape(-1, 2, 3)
    turned = np.concatenate([np.stack([q[0, [0, 1]], q[0, [1, 2]]]) for q in other])
    fourth = np.repeat(other[:, 1, 2], 2)
    refused(GRID, np.concatenate([CELLS, np.column_stack([turned, fourth])]), "more than two cells")


def test_a_second_layer_on_its_own_nodes_is_found_wherever_it_hangs():
    lid = np.array([[-9.0, -9.2], [3.1, -9.3], [-2.0, 7.7]])
    refused(np.concatenate([GRID, lid]), np.concatenate([CELLS, [[81, 82, 83]]]), "pieces that share no edges")
    # one edge shared, the rest bent back over the mesh
    flap = np.concatenate([CELLS, [[0, 9, 81]]])
    refused(np.concatenate([GRID, [[-9.0, -7.0]]]), flap, "edges with both cells on one side")


def test_a_spiral_that_comes_round_over_itself():
    turns = np.linspace(0, 2 * np.pi * 1.2, 40)
    ring = np.concatenate([np.column_stack([r * np.cos(turns), r * np.sin(turns)]) for r in (3.0, 4.0)])
    k = np.arange(39)
    refused(
        ring,
        np.concatenate([np.column_stack([k, k + 1, k + 40]), np.column_stack([k + 1, k + 41, k + 40])]),
        "edges cross|hanging node",
    )
    # wound as a helix that grows: the second turn lies beside the first, and nothing is wrong
    out = np.column_stack([np.cos(turns), np.sin(turns)])
    grown = np.concatenate([(3 + turns)[:, None] * out, (4 + turns)[:, None] * out])
    check(grown, np.concatenate([np.column_stack([k, k + 1, k + 40]), np.column_stack([k + 1, k + 41, k + 40])]))


def test_a_ring_twice_round_on_own_nodes():
    # both turns close on each other: no crossing of the sheets' sides, yet every place is covered twice
    turns = np.linspace(0, 4 * np.pi, 40, endpoint=False)
    bump = 1 + 0.05 * np.cos(turns / 2)
    ring = np.concatenate([np.column_stack([r * bump * np.cos(turns), r * bump * np.sin(turns)]) for r in (3.0, 4.0)])
    k, n = np.arange(40), (np.arange(40) + 1) % 40
    both = np.concatenate([np.column_stack([k, n, k + 40]), np.column_stack([n, n + 40, k + 40])])
    refused(ring, both, "edges cross|hanging node|overlaps itself|on top of others")


def test_nested_sheets_are_covered_twice():
    from hotmesa.meshes.sound import _Edges, _refuse_covered

    small = np.concatenate([CELLS, CELLS + 81])
    points = np.concatenate([GRID, 0.3 * GRID + [0.1, 0.2]])
    with pytest.raises(MeshError, match="other cells lie over cell 128"):
        _refuse_covered(points, _Edges(points, small), lambda k: f"cell {k}")


def test_hanging_nodes():
    # one big triangle pair against the halves of its neighbours: node (5, 0) on the edge from (0, 0) to (10, 0)
    points = np.array([[0, 0], [10, 0], [5, 8], [5, 0], [0, -5], [10, -5]])
    refused(points, np.array([[0, 1, 2], [0, 4, 3], [3, 4, 5], [3, 5, 1]]), r"hanging node at \(5, 0\) µm")


def test_pieces_and_meetings_in_one_node():
    halves = GRID[CELLS].mean(axis=1)[:, 0] < 0
    points = np.concatenate([GRID, GRID + np.array([3.0, 0.0])])
    apart = np.concatenate([CELLS[halves], CELLS[~halves] + 81])
    refused(points, apart, r"2 pieces that share no edges \(64 cells around \(-5, 0\) µm, 64 cells around \(8, 0\)")
    corner = np.array([[0, 0], [1, 0], [1, 1], [2, 1], [2, 2]])
    refused(corner, np.array([[0, 1, 2], [2, 3, 4]]), r"by a node alone at \(1, 1\) µm")


def test_double_nodes_and_flat_cells():
    points = np.concatenate([GRID, GRID[CENTRE : CENTRE + 1] + 1e-6])
    seam = CELLS.copy()
    seam[np.flatnonzero((CELLS == CENTRE).any(axis=1))[0]] = np.where(
        (row := CELLS[np.flatnonzero((CELLS == CENTRE).any(axis=1))[0]]) == CENTRE, 81, row
    )
    refused(points, seam, r"2 nodes lie on top of others, as at \(0, 0\) µm")
    refused(GRID, np.concatenate([CELLS, [[0, 9, 18]]]), "1 cells have no extent")
    refused(np.zeros((3, 2)), np.array([[0, 1, 2]]), "all nodes of the mesh lie at one place")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([[0, 1], [2, 3]], r"a gap between x = 1 µm, the end of cell 0, and 2 µm"),
        ([[0, 1], [1, 2], [1, 3]], "an overlap between x = "),
        ([[0, 2], [1, 3]], "an overlap between x = 2 µm"),
        ([[0, 1], [1, 0], [1, 2]], "more than once"),
    ],
)
def test_lines(cells: list[list[int]], words: str):
    refused(np.arange(4.0)[:, None], np.array(cells), words)
    check(np.arange(4.0)[:, None], np.array([[2, 1], [0, 1], [3, 2]]))


def test_random_meshes_are_told_from_their_broken_copies():
    rng = np.random.default_rng(7)
    from scipy.spatial import Delaunay

    for _ in range(20):
        points = rng.uniform(-10, 10, (60, 2))
        good = Delaunay(points).simplices.astype(np.int64)
        flat = np.abs(cell_sizes(points, good)) < 1e-3
        good = good[~flat]
        if connected_pieces(good).max() == 0 and not flat.any():
            check(points, good)
        broken = points.copy()
        inner = np.unique(good)[rng.integers(60)]
        broken[inner] = broken[inner] + rng.uniform(15, 30, 2)  # across others: signed areas change
        before, after = (cell_sizes(p, oriented(points, good)) for p in (points, broken))
        if (np.sign(before) != np.sign(after)).any():
            with pytest.raises(MeshError):
                check(broken, good)


def test_large_meshes_take_seconds():
    n = 300
    x, y = np.meshgrid(np.arange(n, dtype=float), np.arange(n, dtype=float))
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    many = np.concatenate([np.column_stack([a, a + 1, a + n + 1]), np.column_stack([a, a + n + 1, a + n])])
    start = time.process_time()
    check(np.column_stack([x.ravel(), y.ravel()]), many)
    assert time.process_time() - start < 20  # 179,000 triangles take about 1 s
