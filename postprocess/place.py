"""Where on the mesa the hot spot is: middle, off-centre, edge, corner, end; or there is none, or all is hot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hotmesa.scenarios.arrays import Array

NONE, MIDDLE, OFF, EDGE, CORNER, END, ALL = "none", "middle", "off-centre", "edge", "corner", "end", "all hot"
PLACES = (NONE, MIDDLE, OFF, EDGE, CORNER, END, ALL)
CORE = 0.1
"""The core of a hot spot is what is colder than its hottest place by less than this part of its heating."""
OUTER = 0.25
"""A place is at a side within a healing length of it, but not further away than this part of the mesa."""
ASIDE = 0.05
"""Least distance of the core's centroid from the centre line, over the mesa, where it is at one side only."""
LONG = 2.0
"""The short sides of a mesa that is at least this much longer than wide are its ends."""
FILLED = 1.0 - 1e-9


@dataclass(frozen=True)
class Spot:
    """The hot spot of a state.

    Attributes:
        place: one of `PLACES`.
        x_um, y_um: centroid of its core from the centre of the mesa; NaN without one.
        spots: number of separate cores.
    """

    place: str
    x_um: float = float("nan")
    y_um: float = float("nan")
    spots: int = 0


@dataclass(frozen=True)
class Mesa:
    """What a spot is placed on.

    Attributes:
        xy: nodes in µm from the centre of the mesa, shape (n, 2); in a disc x is the radius and y zero.
        cells: those of the mesa, shape (m, 3) or (m, 2).
        geometry: "plan", "strip" or "disc".
        rectangle: whether it has corners; else what lies at two sides is at its edge.
    """

    xy: Array
    cells: NDArray[np.int64]
    geometry: str = "plan"
    rectangle: bool = True


def place_of(mesa: Mesa, T_K: Array, hot_K: float, bath_K: float, length_um: float) -> Spot:
    """Return where the hot spot of a state is.

    Without a place above `hot_K` there is none, and with nothing else all is hot. Otherwise the *core* decides: all
    nodes hotter than T_max − 0.1 (T_max − T_B), or that part of them which holds the largest area, where they fall
    apart. Along x and along y it is at a side if it comes within a healing length of this side (or a quarter of the
    mesa, if that is less) and not of the other one; it is in the middle if its centroid is as near to the centre line.

    Two sides make a corner; one is an end, if it is a short side of a mesa twice as long as wide or of a strip, else an
    edge; in a disc the rim is the edge. Neither side nor middle is off-centre.

    Args:
        mesa: nodes and cells.
        T_K: temperature of the junctions at the nodes, NaN outside the mesa, shape (n,).
        hot_K: hot temperature.
        bath_K: bath temperature.
        length_um: healing length.
    """
    weight = _areas(mesa)
    inside = weight > 0.0
    hot = inside & (T_K > hot_K)
    if not hot.any():
        return Spot(NONE)
    largest = float(np.max(T_K[inside]))
    core = inside & (T_K > largest - CORE * (largest - bath_K))
    parts = _parts(mesa.cells, core)
    areas = np.bincount(parts[core], weights=weight[core])
    chosen = core & (parts == int(np.argmax(areas)))
    x, y = (weight[chosen] @ mesa.xy[chosen]) / weight[chosen].sum()
    spots = int((areas > 0.0).sum())
    if float(weight[hot].sum()) >= FILLED * float(weight.sum()):
        return Spot(ALL, float(x), float(y), spots)
    low, high = mesa.xy[inside].min(axis=0), mesa.xy[inside].max(axis=0)
    if mesa.geometry == "disc":
        word = _along_radius(mesa.xy[chosen, 0], float(high[0]), length_um)
    else:
        sides = [_along(mesa.xy[chosen, k], float(c), low[k], high[k], length_um) for k, c in enumerate((x, y))]
        word = _named(sides, high - low, mesa)
    return Spot(word, float(x), float(y), spots)


def _areas(mesa: Mesa) -> Array:
    """Return the part of the mesa that belongs to each node, shape (n,): thirds of triangles, halves of intervals."""
    corners = mesa.xy[mesa.cells]
    edges = corners[:, 1:] - corners[:, :1]
    if edges.shape[1] == 1:
        size = np.linalg.norm(edges[:, 0], axis=1)
        size = size * np.abs(corners[:, :, 0].mean(axis=1)) if mesa.geometry == "disc" else size
    else:
        size = 0.5 * np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    count = mesa.cells.shape[1]
    return np.bincount(mesa.cells.ravel(), weights=np.repeat(size / count, count), minlength=len(mesa.xy))


def _parts(cells: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of the connected part of each chosen node, counted from 0, shape (n,); -1 elsewhere."""
    pairs = np.concatenate([cells[:, [a, b]] for a in range(cells.shape[1]) for b in range(a)])
    pairs = pairs[chosen[pairs].all(axis=1)]
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(chosen), len(chosen)))
    labels = connected_components(graph, directed=False)[1]
    numbers = np.full(len(chosen), -1)
    numbers[chosen] = np.unique(labels[chosen], return_inverse=True)[1]
    return numbers


def _along(core: Array, centroid: float, low: float, high: float, length_um: float) -> str:
    """Return "side", "middle" or "off" for one direction, of which there is nothing else than the middle in a line."""
    reach = min(length_um, OUTER * (high - low))
    at_low, at_high = bool(core.min() - low <= reach), bool(high - core.max() <= reach)
    aside = abs(centroid - 0.5 * (low + high))
    # A core in the middle that reaches both sides may miss one of them by rounding, or by a row of elements.
    if at_low != at_high and aside > ASIDE * (high - low):
        return "side"
    return "middle" if aside <= reach else "off"


def _along_radius(core: Array, radius: float, length_um: float) -> str:
    reach = min(length_um, OUTER * radius)
    if core.min() <= reach:
        return MIDDLE
    return EDGE if radius - core.max() <= reach else OFF


def _named(sides: list[str], extent: Array, mesa: Mesa) -> str:
    if mesa.geometry == "strip":
        return {"side": END, "middle": MIDDLE, "off": OFF}[sides[0]]
    if sides == ["side", "side"]:
        return CORNER if mesa.rectangle else EDGE
    if "side" in sides:
        along = sides.index("side")
        return END if mesa.rectangle and extent[along] >= LONG * extent[1 - along] else EDGE
    return OFF if "off" in sides else MIDDLE
