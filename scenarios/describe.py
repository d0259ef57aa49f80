"""A scenario in words, for a person who wants to see what will be computed."""

from __future__ import annotations

from hotmesa.scenarios.geometry import mesa_area_um2, mesa_height_um, normal_resistance_ohm
from hotmesa.scenarios.rules.bias import legs_key, sweep_legs
from hotmesa.scenarios.schema import Contact, Curve, Layer, Material, Scenario
from hotmesa.scenarios.source_table import source_points, source_unit


def summary(scenario: Scenario) -> str:
    """Device, layers, cooling, law and what is computed, a few lines."""
    blocks: list[tuple[str, list[str]]] = [("mesa", _mesa(scenario))]
    if scenario.layers:
        blocks.append(("layers", [_layer(scenario, layer) for layer in scenario.layers]))
        blocks.append(("cooling", [*(_contact(contact) for contact in scenario.contacts), *_bath(scenario)]))
    blocks += [("law", [_law(scenario)]), ("run", _run(scenario))]
    lines = [f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name]
    for head, texts in blocks:
        lines += [f"  {head if i == 0 else '':<8} {text}" for i, text in enumerate(texts)]
    return "\n".join(lines)


def _mesa(scenario: Scenario) -> list[str]:
    mesa = scenario.mesa
    outline = {
        "rectangle": f"{mesa.width_um:g} µm × {mesa.depth_um:g} µm",
        "disc": f"disc of radius {mesa.radius_um or 0:g} µm",
        "polygon": f"polygon with {len(mesa.vertices_um or ())} corners",
    }[mesa.shape]
    resistance = normal_resistance_ohm(mesa)
    height = f"{mesa.junctions} junctions of {mesa.spacing_nm:g} nm, {1e3 * mesa_height_um(mesa):.3g} nm high"
    lines = [f"{outline} ({mesa_area_um2(mesa):.4g} µm²), {height}"]
    lines.append(f"normal resistance R_N = {resistance:.4g} Ω, {resistance / mesa.junctions:.4g} Ω for each junction")
    if mesa.resistive_junctions is not None and mesa.resistive_junctions != mesa.junctions:
        lines.append(f"{mesa.resistive_junctions} of the {mesa.junctions} junctions carry voltage")
    return lines


def _layer(scenario: Scenario, layer: Layer) -> str:
    thickness = mesa_height_um(scenario.mesa) if layer.junctions else layer.thickness_um or 0.0
    covers = "mesa" if layer.region == "mesa" else "whole crystal"
    count = "1 sublayer" if layer.sublayers == 1 else f"{layer.sublayers} sublayers"
    heated = ", the junctions" if layer.junctions else ""
    material = _material(layer.material, scenario.materials[layer.material])
    return f"{layer.name}: {thickness:.4g} µm of {material}, {covers}, {count}{heated}"


def _material(name: str, material: Material) -> str:
    values = (material.in_plane_W_per_mK, material.out_of_plane_W_per_mK)
    if any(value is not None for value in values):
        along, across = ("κ(T)" if isinstance(value, Curve) else f"{value or 0:g}" for value in values)
        if values[0] is None:
            along = f"{material.anisotropy:g} ×" if material.anisotropy is not None else "library"
        if values[1] is None:
            across = "library"
        return f"{name} ({along} along, {across} across, W/(m K))"
    reduced = (
        f" with conductivity / {material.divide_conductivity_by:g}" if material.divide_conductivity_by != 1 else ""
    )
    return f"{name} ({material.base}{reduced})"


def _contact(contact: Contact) -> str:
    if contact.contact_K_per_mW is not None:
        touch = f"contact {contact.contact_K_per_mW:g} K/mW"
    else:
        touch = f"Wiedemann-Franz contact of {contact.contact_resistance_ohm or 0:g} Ω"
    if contact.wire_length_mm is not None:
        wire = f"gold wire {contact.wire_length_mm:g} mm long, {contact.wire_diameter_um:g} µm thick"
    elif contact.wire_K_per_mW:
        wire = f"wire {contact.wire_K_per_mW:g} K/mW"
    else:
        wire = "its far side at bath temperature"
    place = f"patch of radius {contact.radius_um:g} µm at ({contact.x_um:g}, {contact.y_um:g}) µm"
    return f"{contact.name}: {place}, {touch}, {wire}"


def _bath(scenario: Scenario) -> list[str]:
    bath = scenario.bath
    bottom = {
        "half-layer": "bottom face at bath temperature",
        "insulated": "bottom insulated",
        "conductance": f"bottom {bath.bottom_W_per_m2K or 0:g} W/(m² K)",
    }[bath.bottom]
    parts = [f"bath {bath.temperature_K:g} K", bottom]
    if bath.top_W_per_m2K:
        parts.append(f"top {bath.top_W_per_m2K:g} W/(m² K)")
    if scenario.crystal is not None:
        size = f"{scenario.crystal.width_um:g} µm × {scenario.crystal.depth_um:g} µm"
        if scenario.crystal.shape == "disc":
            size = f"radius {scenario.crystal.radius_um or 0:g} µm"
        parts.append(f"crystal {size}, rim {'insulated' if bath.rim == 'insulated' else 'at bath temperature'}")
    return [", ".join(parts)]


def _law(scenario: Scenario) -> str:
    law = scenario.law
    if law.kind == "ohmic":
        return (
            "ohmic, rho_c(T)" if isinstance(law.resistivity_ohm_cm, Curve) else f"ohmic, {law.resistivity_ohm_cm} Ω cm"
        )
    if law.kind == "table":
        return f"table {law.table}"
    if law.gap_table is not None:
        gaps = f"gap from {law.gap_table}"
    elif law.set is not None:
        gaps = f"set {law.set} of the paper"
    else:
        gaps = "gap " + ", ".join(f"{gap:g}" for gap in law.gaps_meV) + " meV"
    return f"d-wave tunnelling, {gaps}, scattering rate × {law.gamma_scale:g}"


def _run(scenario: Scenario) -> list[str]:
    alpha = f"{scenario.uniform.thermal_resistance_K_per_mW:g} K/mW"
    if scenario.mode == "uniform":
        return [f"uniform model T = T_B + {alpha} × P up to {scenario.uniform.end_temperature_K:g} K"]
    if scenario.mode == "transient":
        return [_transient(scenario)]
    shape = {"plan": "plan (x, y)", "strip": "strip (x)", "disc": "disc (radius)"}[scenario.geometry]
    end = f"to {scenario.branch.end_current_mA:g} mA with at least {scenario.branch.min_points} points"
    lines = [f"branch in the {shape} {end}", f"beside it the uniform model with {alpha}"]
    return [_sweep(scenario), *lines] if scenario.mode == "sweep" else lines


def _sweep(scenario: Scenario) -> str:
    bias = scenario.bias
    source = {"current": "current", "voltage": "voltage"}.get(
        bias.kind, f"voltage of a source behind {bias.load_resistance_ohm or 0:g} Ω"
    )
    turns = " to ".join(f"{value:g}" for value in sweep_legs(bias))
    return f"sweep of the {source} from {turns} {legs_key(bias)[-2:]}, at least {bias.points_per_leg} points a leg"


def _transient(scenario: Scenario) -> str:
    spec, points = scenario.transient, source_points(scenario)
    unit, behind = source_unit(scenario), ""
    if scenario.bias.kind == "load-line":
        behind = f" behind {scenario.bias.load_resistance_ohm or 0:g} Ω"
    if scenario.bias.capacitance_nF > 0:
        behind += f" with {scenario.bias.capacitance_nF:g} nF parallel to the mesa"
    start = spec.start if spec.start in ("rest", "steady") else f"a state of {spec.start}"
    top = f"up to {max(points.values):g} {unit}{behind}"
    return f"transient: {spec.waveform} of the source {top}, from {start} to {spec.end_us:g} µs"
