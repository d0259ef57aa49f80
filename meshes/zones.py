"""Parts of a mesh that can be refined each for itself, as keys of [mesh]: what a run turns to reach an accuracy."""

from __future__ import annotations

from collections.abc import Mapping

from hotmesa.meshes.sizes import element_sizes
from hotmesa.scenarios.schema import Scenario

CONTACTS, EDGE, MESA, OUTER = "contacts", "edge", "mesa", "outer"
DIGITS = 3
"""Of an element size: rounding in the errors must not give another mesh on another number of processes."""
LEAST_GROWTH = 0.02


def zones(scenario: Scenario) -> tuple[str, ...]:
    """Return the parts that the mesh of a scenario has: contacts, edge and inside of the mesa, and what lies around."""
    beside = scenario.crystal is not None
    return (*((CONTACTS,) if scenario.contacts else ()), *((EDGE, MESA, OUTER) if beside else (MESA,)))


def refined(scenario: Scenario, factors: Mapping[str, float]) -> Scenario:
    """Return a scenario whose elements are smaller by a factor in each part of its mesh, with all sizes written down.

    Where the mesa is refined its edge and the contacts get elements at most as large. Around the mesa both the largest
    element and the growth towards it become smaller.
    """
    now, refine = element_sizes(scenario), scenario.mesh.refine
    mesa = now.mesa / factors.get(MESA, 1.0)
    sizes = {"size_um": mesa, "edge_size_um": min(now.edge / factors.get(EDGE, 1.0), mesa)}
    if now.contacts:
        sizes["contact_size_um"] = min(min(now.contacts) / factors.get(CONTACTS, 1.0), mesa)
    if scenario.crystal is not None:
        outer = factors.get(OUTER, 1.0)
        sizes |= {"rim_size_um": max(now.rim / outer, mesa), "growth": max(now.growth / outer, LEAST_GROWTH)}
    else:
        del sizes["edge_size_um"]
    written = {key: float(f"{refine * size:.{DIGITS}g}") for key, size in sizes.items()}
    return scenario.model_copy(update={"mesh": scenario.mesh.model_copy(update=written)})
