"""A scenario in words, for a person who wants to see what will be computed."""

from __future__ import annotations

from hotmesa.scenarios.geometry import area_ratio, mesa_height_um, normal_resistance_ohm
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.layers import layer_thickness
from hotmesa.scenarios.maps import describe_map
from hotmesa.scenarios.schema import Layer, Scenario
from hotmesa.scenarios.schema.device import UPRIGHT_DEG

PART = "branch"
"""Kind of each of the runs inside another one."""


def summary(scenario: Scenario) -> str:
    """Device, layers, cooling, law and what is computed, a few lines."""
    blocks: list[tuple[str, list[str]]] = [("mesa", _mesa(scenario))]
    if scenario.mesas:
        blocks.append(("mesas", [section.describe() for section in scenario.mesas]))
    if scenario.maps:
        blocks.append(("maps", [describe_map(scenario, item) for item in scenario.maps]))
    if scenario.layers:
        blocks.append(("layers", [_layer(scenario, layer) for layer in scenario.layers]))
        sinks = [contact.describe() for contact in scenario.contacts] + [sink.describe() for sink in scenario.sinks]
        if scenario.electrode is not None:
            blocks.append(("current", [scenario.electrode.describe()]))
        blocks.append(("cooling", [*sinks, *_bath(scenario)]))
        blocks += [("heaters", [heater.describe() for heater in scenario.heaters])] if scenario.heaters else []
    blocks += [("law", [scenario.law.describe()]), ("run", _run(scenario))]
    lines = [f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name]
    for head, texts in blocks:
        lines += [f"  {head if i == 0 else '':<8} {text}" for i, text in enumerate(texts)]
    return "\n".join(lines)


def _mesa(scenario: Scenario) -> list[str]:
    mesa = scenario.mesa
    resistance = normal_resistance_ohm(mesa)
    height = f"{mesa.junctions} junctions of {mesa.spacing_nm:g} nm, {1e3 * mesa_height_um(mesa):.3g} nm high"
    lines = [f"{mesa.describe()} ({mesa.area_um2:.4g} µm²), {height}"]
    if mesa.wall_angle_deg != UPRIGHT_DEG:
        ends = [area_ratio(mesa, sign * mesa_height_um(mesa) / 2) * mesa.area_um2 for sign in (-1, 1)]
        lines.append(
            f"walls at {mesa.wall_angle_deg:g}°: junctions of {ends[0]:.4g} µm² on top, {ends[1]:.4g} µm² below"
        )
    lines.append(f"normal resistance R_N = {resistance:.4g} Ω, {resistance / mesa.junctions:.4g} Ω for each junction")
    if mesa.resistive_junctions is not None and mesa.resistive_junctions != mesa.junctions:
        lines.append(f"{mesa.resistive_junctions} of the {mesa.junctions} junctions carry voltage")
    return lines


def _layer(scenario: Scenario, layer: Layer) -> str:
    covers = "mesa" if layer.region == "mesa" else "whole crystal"
    count = "1 sublayer" if layer.sublayers == 1 else f"{layer.sublayers} sublayers"
    heated = ", the junctions" if layer.junctions else ""
    material = f"{layer.material} ({scenario.materials[layer.material].describe()})"
    return f"{layer.name}: {layer_thickness(scenario, layer):.4g} µm of {material}, {covers}, {count}{heated}"


def _bath(scenario: Scenario) -> list[str]:
    bath, crystal = scenario.bath, scenario.crystal
    sinks = bath.sinks()
    rim = sinks.pop("rim") or "rim insulated"
    parts = [f"bath {bath.temperature_K:g} K", sinks.pop("bottom") or "bottom insulated"]
    parts += [words for words in sinks.values() if words]
    if crystal is not None:
        parts += [f"crystal {crystal.describe()}", rim]
    return [", ".join(parts)]


def _run(scenario: Scenario) -> list[str]:
    kind = KINDS[scenario.mode]
    return [kind.text] if kind.describe is None else kind.describe(scenario)


def part_of(scenario: Scenario, name: str) -> Scenario:
    """Return the scenario of a run inside that of a scenario, "branch_01" of a diagram for example."""
    noun, _, number = name.partition("_")
    title = f"{scenario.title or scenario.name}, {noun} {int(number)}"
    return scenario.model_copy(update={"mode": PART, "name": f"{scenario.name}-{noun}-{number}", "title": title})
