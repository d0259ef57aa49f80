"""A scenario in words, for a person who wants to see what will be computed."""

from __future__ import annotations

from collections.abc import Callable

from hotmesa.scenarios.geometry import mesa_height_um, normal_resistance_ohm
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.layers import layer_thickness
from hotmesa.scenarios.rules.family import counts_of
from hotmesa.scenarios.schema import Layer, Scenario
from hotmesa.scenarios.source_table import source_points


def summary(scenario: Scenario) -> str:
    """Device, layers, cooling, law and what is computed, a few lines."""
    blocks: list[tuple[str, list[str]]] = [("mesa", _mesa(scenario))]
    if scenario.layers:
        blocks.append(("layers", [_layer(scenario, layer) for layer in scenario.layers]))
        sinks = [contact.describe() for contact in scenario.contacts] + [sink.describe() for sink in scenario.sinks]
        blocks.append(("cooling", [*sinks, *_bath(scenario)]))
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
    own = _KINDS.get(scenario.mode)
    if own is not None:
        return own(scenario)
    return _branch(scenario) if "uniform.csv" in KINDS[scenario.mode].beside else [KINDS[scenario.mode].text]


def _branch(scenario: Scenario) -> list[str]:
    alpha = f"{scenario.uniform.thermal_resistance_K_per_mW:g} K/mW"
    shape = {"plan": "plan (x, y)", "strip": "strip (x)", "disc": "disc (radius)"}[scenario.geometry]
    end = f"to {scenario.branch.end_current_mA:g} mA with at least {scenario.branch.min_points} points"
    return [f"branch in the {shape} {end}", f"beside it the uniform model with {alpha}"]


def _uniform(scenario: Scenario) -> list[str]:
    alpha = f"{scenario.uniform.thermal_resistance_K_per_mW:g} K/mW"
    return [f"uniform model T = T_B + {alpha} × P up to {scenario.uniform.end_temperature_K:g} K"]


def _family(scenario: Scenario) -> list[str]:
    counts = ", ".join(str(n) for n in counts_of(scenario))
    return [f"branches to {scenario.branch.end_current_mA:g} mA with n = {counts} junctions that carry voltage"]


def _sweep(scenario: Scenario) -> str:
    bias = scenario.bias
    turns = " to ".join(f"{value:g}" for value in bias.legs)
    return f"sweep of the {bias.describe()} from {turns} {bias.unit}, at least {bias.points_per_leg} points a leg"


def _transient(scenario: Scenario) -> str:
    spec, points = scenario.transient, source_points(scenario)
    bias = scenario.bias
    behind = f" behind {bias.series_ohm:g} Ω" if bias.series_ohm else ""
    if bias.parallel_nF > 0:
        behind += f" with {bias.parallel_nF:g} nF parallel to the mesa"
    start = spec.start if spec.start in ("rest", "steady") else f"a state of {spec.start}"
    top = f"up to {max(points.values):g} {bias.unit}{behind}"
    return f"transient: {spec.waveform} of the source {top}, from {start} to {spec.end_us:g} µs"


_KINDS: dict[str, Callable[[Scenario], list[str]]] = {
    "uniform": _uniform,
    "sweep": lambda scenario: [_sweep(scenario), *_branch(scenario)],
    "transient": lambda scenario: [_transient(scenario)],
    "family": _family,
}
"""What is computed, in words, where it is more than a branch."""
