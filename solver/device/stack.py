"""From the layers of a scenario to the list of thin sublayers that carry one temperature field each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.geometry import area_ratio, resistive_junctions
from hotmesa.scenarios.layers import graded, layer_thickness, mesa_depths_um
from hotmesa.scenarios.materials import ThermalMaterial, build_material
from hotmesa.scenarios.schema import Curve, Scenario
from hotmesa.scenarios.schema.maps import BOUNDARY
from hotmesa.solver.device.local import AtNodes, factor_at_nodes


@dataclass(frozen=True)
class Sublayer:
    """One finite volume through the thickness.

    Attributes:
        name: layer name, numbered from the top where a layer has several sublayers.
        material: its thermal properties.
        thickness: µm.
        on_mesa: whether it covers the mesa only, or the whole plan.
        junctions: how many voltage-carrying junctions it holds (a share of n, not necessarily whole).
        boundary: conductance of the boundary to the sublayer below, µW/(µm² K); inf where there is none, of a curve
            that at the temperature of the bath.
        boundary_curve: that conductance against temperature, where it depends on it.
        boundary_factor: on either, at the nodes of the plan, where it depends on the place.
        layer: name of its layer.
        area: of its middle over that of the outline of the mesa, 1 with upright walls and in the crystal.
        area_below: the same of its lower face.
    """

    name: str
    material: ThermalMaterial
    thickness: float
    on_mesa: bool
    junctions: float
    boundary: float
    boundary_curve: PowerCurve | None = None
    boundary_factor: AtNodes | None = None
    layer: str = ""
    area: float = 1.0
    area_below: float = 1.0


def build_stack(scenario: Scenario, brought: Mapping[str, ThermalMaterial] | None = None) -> tuple[Sublayer, ...]:
    """Return all sublayers from top to bottom; materials that are brought along go before those of the scenario."""
    materials = {name: build_material(spec) for name, spec in scenario.materials.items()} | dict(brought or {})
    materials = {name: material.measured_from(scenario.bath.temperature_K) for name, material in materials.items()}
    n = resistive_junctions(scenario)
    depths, stack = mesa_depths_um(scenario), list[Sublayer]()
    for layer in scenario.layers:
        factor = factor_at_nodes(scenario, f"layers.{layer.name}.{BOUNDARY}")
        parts = graded(layer_thickness(scenario, layer), layer.sublayers, layer.first_sublayer_um)
        areas = _areas(scenario, depths.get(layer.name), parts)
        for name, d, (area, below) in zip(layer.sublayer_names, parts, areas, strict=True):
            boundary, curve = layer.boundary_W_per_m2K if name == layer.sublayer_names[-1] else None, None
            if isinstance(boundary, Curve):
                curve = boundary.interpolated.scaled(1e-6).measured_from(scenario.bath.temperature_K)
                boundary = float(boundary.interpolated(scenario.bath.temperature_K))
            stack.append(
                Sublayer(
                    name=name,
                    material=materials[layer.material],
                    thickness=float(d),
                    on_mesa=layer.region == "mesa",
                    junctions=n * float(d) / float(parts.sum()) if layer.junctions else 0.0,
                    boundary=np.inf if boundary is None else boundary * 1e-6,
                    boundary_curve=curve,
                    boundary_factor=factor if boundary is not None else None,
                    layer=layer.name,
                    area=area,
                    area_below=below,
                )
            )
    return tuple(stack)


def _areas(scenario: Scenario, depths: tuple[float, float] | None, thicknesses: Array) -> Iterator[tuple[float, float]]:
    """Yield the areas of middle and lower face of the sublayers of a layer over that of the outline of the mesa.

    Args:
        scenario: the device.
        depths: of top and bottom of the layer below the middle of the junctions (µm); None in the crystal.
        thicknesses: of the sublayers (µm).
    """
    for d, below in zip(thicknesses, np.cumsum(thicknesses), strict=True):
        if depths is None:
            yield 1.0, 1.0
        else:
            lower = depths[0] + float(below)
            yield area_ratio(scenario.mesa, lower - 0.5 * float(d)), area_ratio(scenario.mesa, lower)
