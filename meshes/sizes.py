"""Element sizes from the thermal healing lengths of the device, and the size wanted at every place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from hotmesa.meshes.healing import HealingLengths, crystal_width, healing_lengths, mesa_width
from hotmesa.meshes.raw import MeshError
from hotmesa.meshes.rows import size_without_rows
from hotmesa.scenarios.mesas import mesa_area_um2, mesa_room_um, mesas_of
from hotmesa.scenarios.schema import Disc, Patch, Scenario

LINE_FACTOR = 5.0  # a line has so few nodes that finer ones cost nothing
PLAN_GROWTH = 0.25  # growth of the element size per µm of distance
LINE_GROWTH = 0.1
GAP_PART = 0.5
MAX_NODES = 2_000_000
USUAL_NODES = 100_000  # more are taken only where the scenario gives the sizes
SLACK = 1.1  # of sizes for walls: neither healing lengths nor what rows add are known better
STEP = 1.1  # of sizes until the unknowns are few enough
ON_EDGE_UM = 1e-6  # rounding in the distance from an edge
LEAST_PART = 0.05  # of the mesa size: narrower gaps are not resolved further

Place = Callable[[float, float], float]


@dataclass(frozen=True)
class Sizes:
    """Element sizes in µm, already divided by `mesh.refine`.

    Attributes:
        mesa: Size in the mesa.
        contacts: Size in every contact patch, in the order of the scenario.
        rim: Largest size in the crystal.
        growth: Increase of the size per µm of distance from the mesa or from a contact.
        edge: Size at the edge of the mesa.
        gap: Largest size between the edges of a contact and of the mesa, as a part of the gap between them.
        healing: Thermal healing lengths of the device, or None where the layers do not tell them.
        asked: Size in the mesa without what diagrams and sweeps need, whose walls no row of elements may hold.
        needed: What they need, where it is smaller than `asked`, else `asked`; `mesa` lies between, as far as the
            number of unknowns allows.
    """

    mesa: float
    contacts: tuple[float, ...]
    rim: float
    growth: float
    edge: float
    gap: float
    healing: HealingLengths | None
    asked: float
    needed: float

    @property
    def words(self) -> str:
        """What a person is told of elements that are smaller than asked for, or would have to be; "" where none are."""
        if self.needed >= self.asked:
            return ""
        size = f"elements of {self.asked:.3g} µm"
        if self.mesa < self.asked:
            size = f"elements refined from {self.asked:.3g} to {self.mesa:.3g} µm for walls of hot spots"
        if self.mesa <= SLACK * self.needed:
            return f"{size} (mesh.refine_for_walls)"
        return (
            f"{size}: rows of them may hold walls, and {self.needed:.3g} µm, which do not, are more than "
            f"mesh.max_unknowns, or {USUAL_NODES:,} nodes in the mesa"
        )


def element_sizes(scenario: Scenario) -> Sizes:
    """Return the element sizes of a scenario in µm.

    Mesa: min(healing length / 8, half-width of a wall / 5, width / 19), but at most 100,000 nodes; contact: min(that,
    width / 8), of a disc radius / 4; edge of the mesa: as the mesa; rim: crystal width / 10; lines are five times
    finer. A size given in [mesh] wins; `mesh.refine` divides them all. In the mesa of a diagram or a sweep they are
    then made smaller where their rows would hold walls: to `size_without_rows`, as far as 100,000 nodes and
    `mesh.max_unknowns` allow.

    Raises:
        MeshError: If the sizes ask for more than two million nodes.
    """
    sizes = _asked_for(scenario)
    _refuse_huge(scenario, sizes)
    needed = size_without_rows(scenario, sizes.healing)
    if sizes.asked <= SLACK * needed:
        return sizes
    mesa = max(needed, _affordable(scenario))
    while mesa < sizes.asked and _unknowns(scenario, _limited(sizes, mesa)) > scenario.mesh.max_unknowns:
        mesa *= STEP
    return replace(_limited(sizes, mesa) if mesa < sizes.asked else sizes, needed=needed)


def _asked_for(scenario: Scenario) -> Sizes:
    factor = 1.0 if scenario.geometry == "plan" else LINE_FACTOR
    width = mesa_width(scenario)
    healing = healing_lengths(scenario)
    needed = math.inf if healing is None else healing.element
    default = max(min(needed, width / 19), _affordable(scenario)) / factor
    mesa = scenario.mesh.size_um or default
    wanted = [contact.patch.element_um(scenario.geometry != "plan") / factor for contact in scenario.contacts]
    contacts = tuple(scenario.mesh.contact_size_um or min(mesa, size) for size in wanted)
    rim = max(scenario.mesh.rim_size_um or crystal_width(scenario) / 10 / factor, mesa)
    refine = scenario.mesh.refine
    growth = (scenario.mesh.growth or (PLAN_GROWTH if factor == 1.0 else LINE_GROWTH)) / refine
    edge = min(scenario.mesh.edge_size_um or mesa, mesa) / refine
    patches = tuple(c / refine for c in contacts)
    mesa /= refine
    return Sizes(mesa, patches, rim / refine, growth, edge, GAP_PART / refine, healing, mesa, mesa)


def _affordable(scenario: Scenario) -> float:
    """Return the least size on a plan that is taken unless it is given."""
    return math.sqrt(1.2 * mesa_area_um2(scenario) / USUAL_NODES) if scenario.geometry == "plan" else 0.0


def _limited(sizes: Sizes, mesa: float) -> Sizes:
    """Return sizes that are no larger than one in the mesa, contacts and edge included."""
    contacts = tuple(min(size, mesa) for size in sizes.contacts)
    return replace(sizes, mesa=mesa, contacts=contacts, edge=min(sizes.edge, mesa))


def _nodes_in_mesa(scenario: Scenario, sizes: Sizes) -> float:
    """Return about how many nodes the mesa gets."""
    if scenario.geometry != "plan":
        return mesa_width(scenario) / min((sizes.mesa, *sizes.contacts))
    parts = [(mesa_area_um2(scenario), sizes.mesa)]
    parts += [(c.patch.area_um2, s) for c, s in zip(scenario.contacts, sizes.contacts, strict=True)]
    nodes = sum(1.2 * area / size**2 for area, size in parts)
    if sizes.edge < sizes.mesa:  # the integral of 1.2 / size^2 over both sides of the edge
        nodes += 1.2 * 4 * _sides(scenario) / (sizes.growth * sizes.edge)
    return nodes


def _sides(scenario: Scenario) -> float:
    """Return the extents of all mesas along x and y together (µm)."""
    return sum(mesa.patch.extent_um[0] + mesa.patch.extent_um[1] for mesa in mesas_of(scenario))


def _unknowns(scenario: Scenario, sizes: Sizes) -> float:
    """Return about how many unknowns the device has at most, those of a condensed crystal included."""
    nodes, crystal = _nodes_in_mesa(scenario, sizes), scenario.crystal
    if crystal is not None and scenario.geometry == "plan":  # around the mesa sizes grow linearly, up to the rim
        nodes += 1.2 * 2 * _sides(scenario) / sizes.growth * (1.0 / sizes.edge - 1.0 / sizes.rim)
        nodes += 1.2 * crystal.area_um2 / sizes.rim**2
    elif crystal is not None:
        nodes += 2.0 * math.log1p(crystal_width(scenario) * sizes.growth / sizes.edge) / sizes.growth
    return nodes * sum(layer.sublayers for layer in scenario.layers)


def _refuse_huge(scenario: Scenario, sizes: Sizes) -> None:
    """Raise MeshError where the sizes ask for a mesh that no run could finish with."""
    nodes = _nodes_in_mesa(scenario, sizes)
    if nodes > MAX_NODES:
        raise MeshError(
            f"the element sizes ask for about {nodes:.1e} nodes in the mesa (at most {MAX_NODES:.0e}): "
            "take a larger mesh.size_um or mesh.contact_size_um, or a smaller mesh.refine"
        )


def size_function(scenario: Scenario, sizes: Sizes) -> Place:
    """Return a function of x and y (µm) that gives the wanted element size (µm); on lines y is ignored.

    The size is constant in a contact patch and in the mesa, and grows linearly with the distance from them, in the mesa
    too where its edge has smaller elements. On a plan
    a narrow gap between the edges of a contact and of the mesa gets elements that fit into it.
    """
    to_mesa = mesa_distance(scenario)
    plan = scenario.geometry == "plan"
    patches = tuple(zip([contact.patch for contact in scenario.contacts], sizes.contacts, strict=True))
    with_gap = tuple(patch for patch, _ in patches if plan and not _touches_edge(scenario, patch))
    least = LEAST_PART * sizes.mesa

    def size(x: float, y: float) -> float:
        edge = to_mesa(x, y)
        at_edge = sizes.edge + sizes.growth * abs(edge) if sizes.edge < sizes.mesa else math.inf
        element = min(sizes.rim, sizes.mesa + sizes.growth * max(edge, 0.0), at_edge)
        inside = math.inf
        for patch, patch_size in patches:
            distance = _distance_to_patch(patch, x, y if plan else None)
            if distance <= 0:
                inside = min(inside, patch_size)
            element = min(element, patch_size + sizes.growth * max(distance, 0.0))
        element = element if inside == math.inf else min(inside, at_edge)
        for patch in with_gap:
            gap = abs(edge) + abs(patch.room_um(x, y))
            element = min(element, max(sizes.gap * gap, least))
        return element

    return size


def mesa_distance(scenario: Scenario) -> Place:
    """Return a function of x and y (µm) that gives the distance from the edge of the mesa (µm), negative inside."""
    mesa = scenario.mesa
    if scenario.geometry == "strip":
        return lambda x, y: abs(x) - mesa.extent_um[0] / 2
    if scenario.mesas:
        patches = [one.patch for one in mesas_of(scenario)]
        return lambda x, y: -max(patch.room_um(x, y) for patch in patches)
    return lambda x, y: -mesa.room_um(x, y)


def _distance_to_patch(patch: Patch, x: float, y: float | None) -> float:
    """Return the distance from a contact in µm, not above 0 inside; y is None on a line."""
    if y is None:
        return abs(x - patch.x_um) - patch.half_width_um
    if not isinstance(patch.shape, Disc):
        return -patch.room_um(x, y) - ON_EDGE_UM
    # The corners of the polygon that stands for the disc lie up to 2.4 % outside of it.
    return math.hypot(x - patch.x_um, y - patch.y_um) - 1.025 * patch.shape.radius_um


def _touches_edge(scenario: Scenario, patch: Patch) -> bool:
    """Return whether the edge of a contact lies on that of its mesa, so that no gap narrows between them."""
    if not isinstance(patch.shape, Disc):
        return min(mesa_room_um(scenario, x, y) for x, y in patch.corners) <= ON_EDGE_UM
    discs = [mesa.patch for mesa in mesas_of(scenario) if isinstance(mesa.patch.shape, Disc)]
    return any((disc.x_um, disc.y_um, disc.radius_um) == (patch.x_um, patch.y_um, patch.radius_um) for disc in discs)
