"""Random valid devices of every shape, for properties that all of them must have; the same ones for the same seed."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from hotmesa.scenarios.rules.device import find_contradictions
from hotmesa.scenarios.runs.sweep import findings as sweep_findings
from hotmesa.scenarios.schema import Scenario

Geometry = Literal["plan", "strip", "disc"]
GEOMETRIES: tuple[Geometry, ...] = ("plan", "strip", "disc")
OWN = {"base": "none", "heat_capacity_of": "bi2212"}
TRIES = 200
OSCILLATING = 102
"""Seed of a sweep that comes to a state which is lost to an oscillation."""


class Draw:
    """Random numbers under the names that physicists give their distributions."""

    def __init__(self, *seeds: int) -> None:
        self.rng = np.random.default_rng(seeds if len(seeds) > 1 else seeds[0])

    def log(self, low: float, high: float) -> float:
        """Return a number whose logarithm is uniform, to five digits as in an input file."""
        return float(f"{np.exp(self.rng.uniform(np.log(low), np.log(high))):.5g}")

    def linear(self, low: float, high: float) -> float:
        """Return a uniform number, to five digits."""
        return float(f"{self.rng.uniform(low, high):.5g}")

    def whole(self, low: int, high: int) -> int:
        """Return a whole number between both, these included."""
        return int(self.rng.integers(low, high + 1))

    def one(self, *values: Any) -> Any:
        """Return one of the values."""
        return values[int(self.rng.integers(len(values)))]

    def chance(self, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return bool(self.rng.random() < probability)


def random_device(seed: int, geometry: Geometry | None = None, mode: str = "branch") -> Scenario:
    """Return a valid device, coarsely meshed, followed to a current at which its junctions would carry 3 to 60 mV.

    Args:
        seed: of the random numbers.
        geometry: of the plan; any if not given.
        mode: kind of run.
    """
    draw = Draw(seed)
    for _ in range(TRIES):
        scenario = Scenario.model_validate(device_keys(draw, geometry or draw.one(*GEOMETRIES), mode, seed))
        if not list(find_contradictions(scenario)):
            return scenario
    raise RuntimeError(f"no valid device for seed {seed}")


def random_sweep(seed: int) -> Scenario:
    """Return a valid sweep: any device and any source, one to three legs up, down and through zero.

    Args:
        seed: of the random numbers.
    """
    device, draw = random_device(seed), Draw(10_000 + seed)
    for _ in range(TRIES):
        sweep = {"mode": "sweep", "bias": _bias(draw, device)}
        scenario = Scenario.model_validate(device.model_dump(exclude_unset=True) | sweep)
        if not list(sweep_findings(scenario)):
            return scenario
    raise RuntimeError(f"no valid sweep for seed {seed}")


def _bias(draw: Draw, device: Scenario) -> dict[str, Any]:
    """Return a source that goes about as far as the branch of the device."""
    kind = draw.one("current", "voltage", "load-line")
    current = device.branch.end_current_mA
    normal_ohm = device.mesa.junctions * device.mesa.specific_resistance_ohm_um2 / device.mesa.area_um2
    load = {"load_resistance_ohm": normal_ohm * draw.log(0.01, 10.0)} if kind == "load-line" else {}
    top = current if kind == "current" else current * (normal_ohm + load.get("load_resistance_ohm", 0.0))
    top *= draw.linear(0.3, 1.0)
    pattern = draw.one((0, 1), (0, 1, 0), (0, -1, 0.5), (1, -1), (0, 1, 0.2, 0.8), (-0.5, 1, 0))
    legs = {"legs_mA" if kind == "current" else "legs_mV": [top * part for part in pattern]}
    return {"kind": kind, "points_per_leg": draw.whole(5, 12)} | load | legs


def long_strip(seed: int) -> Scenario:
    """Return a strip many healing lengths long on a cold plate, in which hot spots have walls; coarsely meshed."""
    draw = Draw(seed, 3)
    healing, across = draw.log(3.0, 12.0), draw.log(0.05, 0.6)
    width, mesa = _digits(healing * draw.linear(12.0, 24.0)), draw.whole(100, 700)
    along, spacing = draw.log(1.0, 8.0), draw.linear(1.5, 1.6)
    h = along * mesa * spacing * 1e-3 / healing**2  # µW/(µm² K)
    keys: dict[str, Any] = {
        "name": f"long-{seed}",
        "geometry": "strip",
        "mesa": {"shape": "rectangle", "width_um": width, "depth_um": draw.linear(10.0, 60.0), "junctions": mesa}
        | {"spacing_nm": spacing, "specific_resistance_ohm_um2": draw.log(500.0, 5000.0)},
        "layers": [{"name": "mesa", "material": "m", "region": "mesa", "junctions": True}],
        "materials": {"m": OWN | {"in_plane_W_per_mK": along, "out_of_plane_W_per_mK": across}},
        "bath": {"temperature_K": draw.linear(4.0, 50.0), "bottom": "conductance", "bottom_W_per_m2K": 1e6 * h},
        "law": {"set": draw.whole(1, 3)},
        "mesh": {"size_um": _digits(healing / draw.linear(2.0, 3.0))},
        "stability": {"points": "none"},
    }
    if draw.chance(0.5):
        keys["contacts"] = [{"name": "c", "radius_um": 0.1 * width, "x_um": draw.one(0.0, 0.3 * width)}]
        keys["contacts"][0]["contact_K_per_mW"] = draw.log(0.1, 10.0)
    keys["layers"][0]["sublayers"] = draw.one(1, 1, 2)
    area = width * keys["mesa"]["depth_um"]
    end = draw.linear(10.0, 40.0) * area / keys["mesa"]["specific_resistance_ohm_um2"]
    keys["branch"] = {"end_current_mA": _digits(end), "min_points": 10, "max_points": 300}
    return Scenario.model_validate(keys)


def square(seed: int) -> Scenario:
    """Return a square mesa with nothing on it, whose modes come in pairs; coarsely meshed."""
    draw = Draw(seed, 4)
    for _ in range(TRIES):
        keys = device_keys(draw, "plan", "branch", seed)
        size = 10.0 ** draw.linear(0.3, 1.8)
        before = keys["mesa"].get("width_um", 0.0) * keys["mesa"].get("depth_um", 0.0)
        if not before:
            continue
        keys["mesa"] |= {"width_um": _digits(size), "depth_um": _digits(size)}
        keys["branch"]["end_current_mA"] *= size**2 / before
        keys |= {"name": f"square-{seed}", "contacts": [], "mesh": {"size_um": _digits(size / draw.linear(2.5, 4.0))}}
        if "crystal" in keys:
            wide = _digits(size * draw.linear(1.6, 3.0))
            keys["crystal"] = {"width_um": wide, "depth_um": wide}
            keys["mesh"]["rim_size_um"] = 0.5 * wide
        scenario = Scenario.model_validate(keys)
        if not list(find_contradictions(scenario)):
            return scenario
    raise RuntimeError(f"no valid square for seed {seed}")


def _digits(value: float) -> float:
    return float(f"{value:.5g}")


def device_keys(draw: Draw, geometry: Geometry, mode: str, seed: int) -> dict[str, Any]:
    """Return the keys of a device, which may contradict each other."""
    size = draw.log(2.0, 120.0)
    mesa, area = _mesa(draw, geometry, size)
    has_crystal = draw.chance(0.7)
    names = [f"m{k}" for k in range(draw.whole(1, 4))]
    end = draw.linear(3.0, 60.0) * area / mesa["specific_resistance_ohm_um2"]
    device: dict[str, Any] = {
        "name": f"random-{seed}",
        "geometry": geometry,
        "mode": mode,
        "mesa": mesa,
        "layers": _layers(draw, names, has_crystal),
        "materials": {name: _material(draw) for name in names},
        "contacts": _contacts(draw, geometry, size),
        "bath": _bath(draw, has_crystal),
        "law": _law(draw, mesa),
        "branch": {"end_current_mA": float(f"{end:.5g}"), "min_points": draw.whole(5, 15), "max_points": 300},
        "mesh": {"size_um": float(f"{size / draw.linear(4.0, 9.0):.5g}"), "refine_for_walls": False},
        "stability": {"points": "none"},
    }
    if has_crystal:
        width = float(f"{size * draw.linear(1.6, 5.0):.5g}")
        radius = {"shape": "disc", "radius_um": width}
        device["crystal"] = radius if geometry == "disc" else {"width_um": width, "depth_um": width}
        device["mesh"] |= {"rim_size_um": float(f"{width / draw.linear(4.0, 8.0):.5g}")}
    return device


def _mesa(draw: Draw, geometry: Geometry, size: float) -> tuple[dict[str, Any], float]:
    """Return the section and the area (µm²) of a mesa."""
    mesa: dict[str, Any] = {
        "junctions": round(draw.log(1, 700)),
        "spacing_nm": draw.linear(1.5, 2.2),
        "specific_resistance_ohm_um2": draw.log(200.0, 30000.0),
    }
    if draw.chance(0.2):
        mesa["resistive_junctions"] = draw.whole(1, mesa["junctions"])
    if geometry == "disc" or (geometry == "plan" and draw.chance(0.2)):
        radius = float(f"{0.5 * size:.5g}")
        return mesa | {"shape": "disc", "radius_um": radius}, float(np.pi * radius**2)
    depth = float(f"{size * draw.linear(0.4, 1.0):.5g}")
    return mesa | {"shape": "rectangle", "width_um": size, "depth_um": depth}, size * depth


def _layers(draw: Draw, names: list[str], has_crystal: bool) -> list[dict[str, Any]]:
    """Return one to six layers: some on top, that of the junctions, some between it and the bath."""

    def layer(name: str, region: str, low_um: float, high_um: float) -> dict[str, Any]:
        made = {"name": name, "material": draw.one(*names), "region": region, "thickness_um": draw.log(low_um, high_um)}
        return made | ({"boundary_W_per_m2K": draw.log(1e5, 1e8)} if draw.chance(0.2) else {})

    top = [layer(f"top{k}", "mesa", 0.01, 0.5) for k in range(draw.whole(0, 2))]
    junctions = {"name": "mesa", "material": draw.one(*names), "region": "mesa", "junctions": True}
    junctions |= {"sublayers": draw.one(1, 1, 1, 2, 3, 5)}
    below = [layer(f"sub{k}", "mesa", 0.02, 2.0) for k in range(draw.whole(0, 1))]
    crystal = [layer(f"cr{k}", "crystal", 0.3, 50.0) for k in range(draw.whole(1, 2))] if has_crystal else []
    for part in crystal:
        part |= {"sublayers": draw.whole(1, 4)}
    return [*top, junctions, *below, *crystal]


def _material(draw: Draw) -> dict[str, Any]:
    kind = draw.one("bi2212", "bi2212", "gold-film", "constant", "table")
    if kind == "bi2212":
        divided = {"base": "bi2212", "divide_conductivity_by": draw.linear(1.0, 20.0)}
        return divided | ({"anisotropy": draw.linear(1.0, 12.0)} if draw.chance(0.4) else {})
    if kind == "gold-film":
        return {"base": "gold-film", "residual_resistivity_ohm_m": draw.log(7e-10, 8e-8)}
    along, across = draw.log(0.05, 50.0), draw.log(0.02, 50.0)
    if kind == "constant":
        return OWN | {"in_plane_W_per_mK": along, "out_of_plane_W_per_mK": across}
    T = [2.0, 10.0, 30.0, 80.0, 200.0]
    curve = {"T_K": T, "values": [draw.log(0.03, 50.0) for _ in T]}
    return OWN | {"out_of_plane_W_per_mK": curve, "anisotropy": draw.log(0.3, 15.0)}


def _contacts(draw: Draw, geometry: Geometry, size: float) -> list[dict[str, Any]]:
    """Return up to four contacts (one in the middle of a disc); those that touch are refused by the rules."""
    contacts = []
    for k in range(draw.whole(0, 1 if geometry == "disc" else 4)):
        radius = float(f"{size * draw.linear(0.03, 0.15):.5g}")
        contact: dict[str, Any] = {"name": f"c{k}", "radius_um": radius, "x_um": 0.0, "y_um": 0.0}
        if geometry != "disc":
            contact["x_um"] = draw.linear(-0.4, 0.4) * size
        if geometry == "plan":
            contact["y_um"] = draw.linear(-0.25, 0.25) * size
        if draw.chance(0.7):
            contact["contact_K_per_mW"] = draw.log(0.02, 100.0)
        else:
            contact["contact_resistance_ohm"] = draw.log(1e-3, 1.0)
        if draw.chance(0.5):
            contact["wire_K_per_mW"] = draw.log(0.2, 20.0)
        contacts.append(contact)
    return contacts


def _bath(draw: Draw, has_crystal: bool) -> dict[str, Any]:
    bath: dict[str, Any] = {"temperature_K": draw.log(1.5, 80.0)}
    bath["bottom"] = draw.one("half-layer", "conductance", "conductance")
    if bath["bottom"] == "conductance":
        bath["bottom_W_per_m2K"] = draw.log(3e3, 3e6)
    if has_crystal and draw.chance(0.3):
        bath["rim"] = "bath"
    return bath


def _law(draw: Draw, mesa: dict[str, Any]) -> dict[str, Any]:
    kind = draw.one("set", "set", "set", "gaps", "ohmic")
    if kind == "set":
        return {"set": draw.whole(1, 3)}
    if kind == "gaps":
        return {"gaps_meV": [draw.one(20.0, 25.0)], "gap_closing": draw.one("bcs", "local"), "gamma_scale": 1.0}
    # 1 Ω cm nm = 10 Ω µm².
    normal = mesa["specific_resistance_ohm_um2"] / (10 * mesa["spacing_nm"])
    T = [10.0, 70.0, 90.0, 300.0]
    return {"kind": "ohmic", "resistivity_ohm_cm": {"T_K": T, "values": [normal * f for f in (8.0, 3.0, 1.0, 0.8)]}}
