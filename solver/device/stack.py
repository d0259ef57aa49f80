"""From the layers of a scenario to the list of thin sublayers that carry one temperature field each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.layers import graded, layer_thickness
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


def build_stack(scenario: Scenario, brought: Mapping[str, ThermalMaterial] | None = None) -> tuple[Sublayer, ...]:
    """Return all sublayers from top to bottom; materials that are brought along go before those of the scenario."""
    materials = {name: build_material(spec) for name, spec in scenario.materials.items()} | dict(brought or {})
    materials = {name: material.measured_from(scenario.bath.temperature_K) for name, material in materials.items()}
    n = resistive_junctions(scenario)
    stack: list[Sublayer] = []
    for layer in scenario.layers:
        factor = factor_at_nodes(scenario, f"layers.{layer.name}.{BOUNDARY}")
        parts = graded(layer_thickness(scenario, layer), layer.sublayers, layer.first_sublayer_um)
        for name, d in zip(layer.sublayer_names, parts, strict=True):
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
                )
            )
    return tuple(stack)
