"""The electrode of a scenario made into a network of nodes, sheets and contacts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.layers import graded, layer_thickness
from hotmesa.scenarios.materials import from_spec, gold_film_resistivity
from hotmesa.scenarios.schema import Electrode as Section
from hotmesa.scenarios.schema import GoldFilm, Scenario, SheetElectrode
from hotmesa.scenarios.schema.maps import SHEET
from hotmesa.solver.device.electrode import Conductance, Electrode, Index, Links, Sheet, terminals_of
from hotmesa.solver.device.heating import Junctions
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.device.local import factor_at
from hotmesa.solver.device.mesa_nodes import MesaNodes

SHORT_S = 1e4
"""Sheet conductance (1/Ω) of superconducting planes: they lose 1e-4 of what a gold film of 1 Ω loses."""
TRANSITION_K = 1.0
"""How wide the transition of the planes is: a step would be a kink in every curve of states."""


@dataclass(frozen=True)
class Planes:
    """CuO2 planes: normal above T_c, a short below; in between the logarithm of their conductance goes over.

    Attributes:
        normal: conductance (1/Ω per square) in the normal state.
        critical: T_c (K), one or one at every node, shape (m,).
    """

    normal: PowerCurve
    critical: float | Array

    def with_slope(self, temperature: Array) -> tuple[Array, Array]:
        """Return conductance (1/Ω) and slope (1/(Ω K)) at temperatures (K)."""
        normal, slope = self.normal.with_slope(temperature)
        f = 0.5 * (1.0 - np.tanh(0.5 * (temperature - self.critical) / TRANSITION_K))
        gain = np.log(SHORT_S / normal)
        value = normal * np.exp(f * gain)
        by_T = (1.0 - f) * slope / normal - f * (1.0 - f) / TRANSITION_K * gain
        return value, value * by_T


def build_electrode(
    scenario: Scenario, tagged: TaggedMesh, layout: Layout, junctions: Junctions
) -> Electrode | None:
    """Return the electrode of a device; None where one voltage drives every place. Collective where there is one.

    Raises:
        RequestError: a contact touches no part of the mesa, or two that differ in potential touch each other.
    """
    section = scenario.electrode
    if section is None:
        return None
    nodes = MesaNodes.of(layout)
    names = list(dict.fromkeys((*section.inject, section.meter)))
    areas = np.array([layout.operators.mesa_mass, *(layout.operators.patches[name] for name in names)])
    everywhere = nodes.everywhere(areas[:, layout.mesa_nodes])
    patches = dict(zip(names, everywhere[1:], strict=True))
    whole = _on_all_nodes(junctions, nodes)
    own = section.contact_ohm is not None
    count = nodes.count + len(names) * own
    return Electrode(
        nodes=nodes,
        mass=everywhere[0],
        sheets=_sheets(scenario, section, layout, nodes, whole.scale),
        links=_links(scenario, tagged, nodes, layout, count),
        joints=_joints(list(patches.values()), section.contact_ohm, count),
        terminals=terminals_of(patches, section.inject, section.shares, section.meter, nodes.count, own),
        junctions=whole,
        junction_layers=layout.junction_layers,
    )


def _on_all_nodes(junctions: Junctions, nodes: MesaNodes) -> Junctions:
    """Return junctions with the factors of their maps at the nodes of all ranks. Collective where there are some."""
    factor, scale = (None if part is None else nodes.everywhere(part) for part in (junctions.factor, junctions.scale))
    return replace(junctions, factor=factor, scale=scale)


def _sheets(
    scenario: Scenario, section: Section, layout: Layout, nodes: MesaNodes, scale: Array | None
) -> list[Sheet]:
    """Return the sublayers of the film, then the planes, whose T_c goes with the energies of the junctions.

    Where a map changes how the film conducts heat, it conducts current alike: by the law of Wiedemann and Franz, or
    because it is thicker. A sheet with numbers of its own has no map.
    """
    layer = scenario.electrode_layer
    numbers = [k for k, s in enumerate(layout.mesa_layers) if s.name in layer.sublayer_names]
    thickness = layer_thickness(scenario, layer)
    parts = graded(thickness, layer.sublayers, layer.first_sublayer_um) / thickness
    whole, factor = _film(scenario, section), None
    if not isinstance(section, SheetElectrode):
        factor = factor_at(scenario, f"layers.{layer.name}.{SHEET}", layout.operators.xy[layout.mesa_nodes])
        factor = None if factor is None else nodes.everywhere(factor)
    sheets = [Sheet(k, whole.scaled(float(part)), factor) for k, part in zip(numbers, parts, strict=True)]
    if section.planes_ohm is not None:
        critical = scenario.critical_temperature_K * (1.0 if scale is None else scale)
        planes: Conductance = Planes(_inverse(from_spec(section.planes_ohm)), critical)
        sheets.append(Sheet(layout.junction_layers[0], planes))
    return sheets


def _film(scenario: Scenario, section: Section) -> PowerCurve:
    """Return the conductance (1/Ω per square) of the whole layer."""
    if isinstance(section, SheetElectrode):
        return _inverse(from_spec(section.sheet_ohm))
    layer = scenario.electrode_layer
    material = scenario.materials[layer.material]
    assert isinstance(material, GoldFilm)  # noqa: S101 - by the rules of scenarios
    resistivity = gold_film_resistivity(material.residual_resistivity_ohm_m)
    return _inverse(resistivity).scaled(layer_thickness(scenario, layer) * 1e-6)


def _inverse(curve: PowerCurve) -> PowerCurve:
    return PowerCurve(curve.nodes, 1.0 / curve.values)


def _links(scenario: Scenario, tagged: TaggedMesh, nodes: MesaNodes, layout: Layout, count: int) -> Links:
    """Return the sides of all elements of the mesa, the same on every rank. Collective."""
    elements = nodes.elements(tagged, layout).T
    xy = nodes.everywhere(layout.operators.xy[layout.mesa_nodes].T)
    if len(elements) == 2:
        x = xy[0][elements]
        across = scenario.mesa.extent_um[1] if scenario.geometry == "strip" else 2.0 * np.pi * x.mean(axis=0)
        return Links(elements, across / np.abs(x[1] - x[0]), elements, count)
    ends, shapes = [], []
    for i, j, opposite in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        a, b = (xy[:, elements[k]] - xy[:, elements[opposite]] for k in (i, j))
        # Half the cotangent of the angle opposite of the side.
        shapes.append(0.5 * (a * b).sum(axis=0) / np.abs(a[0] * b[1] - a[1] * b[0]))
        ends.append(elements[[i, j]])
    return Links(np.concatenate(ends, axis=1), np.concatenate(shapes), np.tile(elements, 3), count)


def _joints(patches: list[Array], ohm: float | None, count: int) -> Links:
    """Return what joins every contact with the nodes below it, in proportion to their areas."""
    ends: list[Index] = [np.zeros((2, 0), dtype=np.int64)]
    shapes = [np.zeros(0)]
    if ohm is not None:
        first = count - len(patches)
        for k, patch in enumerate(patches):
            below = np.flatnonzero(patch > 0.0)
            ends.append(np.array([np.full(below.size, first + k), below]))
            shapes.append(patch[below] / (patch.sum() * ohm))
    joined = np.concatenate(ends, axis=1)
    return Links(joined, np.concatenate(shapes), joined, count)
