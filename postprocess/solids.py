"""The layers of a device as solids for pyvista: wedges between the levels of its sublayers, heights exaggerated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.results import Run, States
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.layers import graded, layer_thickness
from hotmesa.scenarios.schema import Layer, Scenario

if TYPE_CHECKING:
    import pyvista

TURNS = 72
"""Parts of the circle into which a disc is divided."""
MESA_HEIGHT = 0.22
"""Height of film and mesa as they are drawn, as part of the width of the mesa."""
DEPTH = 0.6
"""Largest depth of the crystal that is shown, as part of the width of the mesa."""
WEDGE = 13


@dataclass(frozen=True)
class Plan:
    """The plan of a device as triangles; strips and discs are extended and turned.

    Attributes:
        xy: (p, 2) points in µm.
        triangles: (m, 3) point numbers.
        in_mesa: (m,) true for triangles of the mesa.
        node: (p,) node of the mesh that a point belongs to.
    """

    xy: Array
    triangles: NDArray[np.int64]
    in_mesa: NDArray[np.bool_]
    node: NDArray[np.int64]

    @property
    def mesa_xy(self) -> Array:
        """Points of the mesa, shape (p_mesa, 2)."""
        return self.xy[np.unique(self.triangles[self.in_mesa])]


def plan_of(run: Run, states: States) -> Plan:
    """Return the plan of a device in triangles."""
    if states.geometry == "plan":
        return Plan(states.node_xy, states.cells, states.cell_in_mesa, np.arange(len(states.node_xy)))
    x, count = states.node_xy[:, 0], len(states.node_xy)
    if states.geometry == "strip":
        half = 0.5 * run.scenario.mesa.extent_um[1]
        rows = [np.column_stack([x, np.full(count, y)]) for y in (-half, half)]
    else:
        angles = np.linspace(0.0, 2.0 * np.pi, TURNS + 1)
        rows = [np.column_stack([x * np.cos(a), x * np.sin(a)]) for a in angles]
    a, b = states.cells[:, 0], states.cells[:, 1]
    quads = [(a + k * count, b + k * count, b + (k + 1) * count, a + (k + 1) * count) for k in range(len(rows) - 1)]
    triangles = [np.column_stack(part) for p, q, r, s in quads for part in ((p, q, r), (p, r, s))]
    flags = np.tile(states.cell_in_mesa, len(triangles))
    return Plan(np.concatenate(rows), np.concatenate(triangles), flags, np.tile(np.arange(count), len(rows)))


@dataclass(frozen=True)
class Stack:
    """The layers of a state as solids.

    Attributes:
        solids: by layer, from top to bottom; `T_K` at the points, z in µm as drawn, 0 at the top of the crystal.
        tops: their upper faces, by layer.
        mesa_factor: by which heights of film and mesa are exaggerated; those of the crystal are true.
        top_um: height of the top as drawn.
        depth_um: depth of the crystal that is shown; 0 where there is none.
        whole_depth_um: depth of the crystal.
    """

    solids: dict[str, pyvista.UnstructuredGrid]
    tops: dict[str, pyvista.PolyData]
    mesa_factor: float
    top_um: float
    depth_um: float
    whole_depth_um: float


@dataclass(frozen=True)
class Heights:
    """At which heights the sublayers of a device are drawn.

    Attributes:
        borders_um: by layer, from top to bottom, of its sublayers from their top to their bottom; 0 is the top of the
            crystal.
        mesa_factor: by which film and mesa are higher than they are; the crystal is to scale.
        depth_um: depth of the crystal that is shown; 0 where there is none.
        whole_depth_um: depth of the crystal.
    """

    borders_um: dict[str, Array]
    mesa_factor: float
    depth_um: float
    whole_depth_um: float


def heights(scenario: Scenario, width_um: float, factor: float | None = None) -> Heights:
    """Return heights at which film and mesa can be seen above a crystal that is drawn to scale.

    Args:
        scenario: whose layers are drawn.
        width_um: of the mesa.
        factor: by which film and mesa are higher than they are; None for the round one that shows them.
    """
    parts = {layer.name: _sublayers(scenario, layer) for layer in scenario.layers}
    on_mesa = [layer.name for layer in scenario.layers if layer.region == "mesa"]
    wide = [layer.name for layer in scenario.layers if layer.region != "mesa"]
    height = sum(float(parts[name].sum()) for name in on_mesa)
    if factor is None:
        factor = round_number(max(MESA_HEIGHT * width_um / height, 1.0)) if height > 0 else 1.0
    borders, z = {}, factor * height
    for name in (*on_mesa, *wide):
        z = 0.0 if wide and name == wide[0] else z
        thickness = parts[name] * (factor if name in on_mesa else 1.0)
        borders[name] = z - np.concatenate([[0.0], np.cumsum(thickness)])
        z -= float(thickness.sum())
    whole = sum(float(parts[name].sum()) for name in wide)
    return Heights(borders, factor, min(whole, DEPTH * width_um), whole)


def build_stack(
    run: Run, states: States, state: int, plan: Plan, factor: float | None = None, whole: bool = False
) -> Stack:
    """Return the layers of a stored state as solids: film and mesa exaggerated, the crystal to scale.

    Args:
        run: of the state.
        states: of the run.
        state: number of the stored state.
        plan: of the device.
        factor: by which film and mesa are higher than they are; None for the round one that shows them.
        whole: whether all of the crystal is wanted, not its upper part alone.
    """
    drawn = heights(run.scenario, size_um(plan), factor)
    if whole:
        drawn = replace(drawn, depth_um=drawn.whole_depth_um)
    first, solids, tops = 0, {}, {}
    for layer in sorted(run.scenario.layers, key=lambda layer: layer.region != "mesa"):
        borders = drawn.borders_um[layer.name]
        T = states.T_K[state, first : first + len(borders) - 1][:, plan.node]
        first += len(borders) - 1
        levels, at = _levels(borders, T, -np.inf if whole else -drawn.depth_um)
        if len(levels) > 1:
            cells = plan.triangles[plan.in_mesa] if layer.region == "mesa" else plan.triangles
            solids[layer.name] = _wedges(plan.xy, cells, levels, at)
            tops[layer.name] = _face(plan.xy, cells, float(levels[0]))
    top = max(float(borders[0]) for borders in drawn.borders_um.values())
    return Stack(solids, tops, drawn.mesa_factor, top, drawn.depth_um, drawn.whole_depth_um)


def size_um(plan: Plan) -> float:
    """Return the width in µm of a square as large as the box around the mesa."""
    return float(np.sqrt(np.prod(np.ptp(plan.mesa_xy, axis=0))))


def round_number(number: float) -> float:
    """Return the nearest of … 0.5, 1, 2, 5, 10, 20, 50 … that is not larger than a positive number."""
    power = 10.0 ** np.floor(np.log10(number))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= number))


def _sublayers(scenario: Scenario, layer: Layer) -> Array:
    return graded(layer_thickness(scenario, layer), layer.sublayers, layer.first_sublayer_um)


def _levels(borders: Array, T: Array, lowest: float) -> tuple[Array, Array]:
    """Return heights (l,) and temperatures (l, p): of the top, of the middle of each sublayer, of the bottom.

    What lies below `lowest` is cut off, with the temperature between the levels beside it.
    """
    heights = np.concatenate([borders[:1], 0.5 * (borders[1:] + borders[:-1]), borders[-1:]])
    values = np.concatenate([T[:1], T, T[-1:]])
    if heights[0] <= lowest:
        return heights[:0], values[:0]
    if heights[-1] >= lowest:
        return heights, values
    k = int(np.argmax(heights < lowest))
    part = (lowest - heights[k - 1]) / (heights[k] - heights[k - 1])
    cut = values[k - 1] + part * (values[k] - values[k - 1])
    return np.append(heights[:k], lowest), np.concatenate([values[:k], cut[None]])


def _wedges(xy: Array, triangles: NDArray[np.int64], heights: Array, T: Array) -> pyvista.UnstructuredGrid:
    import pyvista

    points, local = np.unique(triangles, return_inverse=True)
    local = local.reshape(triangles.shape)
    count = len(points)
    xyz = np.concatenate([np.column_stack([xy[points], np.full(count, z)]) for z in heights])
    cells = np.concatenate([np.hstack([local + (k + 1) * count, local + k * count]) for k in range(len(heights) - 1)])
    solid = pyvista.UnstructuredGrid({WEDGE: cells}, xyz)
    solid.point_data["T_K"] = np.concatenate([values[points] for values in T])
    return solid


def _face(xy: Array, triangles: NDArray[np.int64], z: float) -> pyvista.PolyData:
    import pyvista

    points, local = np.unique(triangles, return_inverse=True)
    xyz = np.column_stack([xy[points], np.full(len(points), z)])
    return pyvista.PolyData.from_regular_faces(xyz, local.reshape(triangles.shape))
