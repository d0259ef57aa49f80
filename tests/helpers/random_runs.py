"""Random runs: random devices with what is rarer about them, their bias, and any kind of run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from helpers.random_devices import GEOMETRIES, TRIES, Draw, device_keys
from hotmesa.meshes import build_mesh
from hotmesa.meshes.raw import MeshError
from hotmesa.scenarios import polygon
from hotmesa.scenarios.rules.device import find_contradictions
from hotmesa.scenarios.schema import Scenario

Mode = Literal["branch", "sweep", "transient", "diagram", "family", "uniform"]
MODES: tuple[Mode, ...] = get_args(Mode)
OFTEN: tuple[Mode, ...] = (
    *("branch",) * 10,
    *("sweep",) * 4,
    *("transient",) * 2,
    *("family",) * 2,
    "diagram",
    "uniform",
)
MOST_TOUCHING = 3
TOUCHING = ("reaches to or beyond the outline", "move outlines that nearly touch apart")
"""What the mesh says of a device that is none: a user would move its contacts."""
LARGEST_MV = 60.0
"""Voltage of a junction in the normal state at which a run ends at most; law tables end at 120 mV."""


def random_run(seed: int, folder: Path, mode: Mode | None = None, points: int = 30) -> Scenario:
    """Return a valid run of a coarsely meshed device; the same for the same seed.

    Args:
        seed: of the random numbers.
        folder: for the tables that it reads.
        mode: kind of run; any if not given.
        points: after which a branch may be given up.
    """
    draw = Draw(seed, 2)
    # Chosen once: devices that contradict themselves are drawn anew, and more often with many contacts and corners.
    mode, geometry = mode or draw.one(*OFTEN), draw.one("plan", *GEOMETRIES)
    outline = _polygon if geometry == "plan" and draw.chance(0.4) else _disc
    touching = 0
    for _ in range(TRIES):
        keys = device_keys(draw, geometry, mode, seed)
        for change in (outline, _mesh, _layers, _materials, _contacts, _bath, _sinks, _law, _numbers):
            change(draw, keys, folder)
        keys["branch"]["max_points"] = points
        _ASK[mode](draw, keys)
        scenario = Scenario.model_validate(keys)
        if list(find_contradictions(scenario)):
            continue
        if _apart(scenario):
            return scenario
        touching += 1
        if touching > MOST_TOUCHING:
            raise RuntimeError(f"the meshes of {touching} devices in a row are refused for seed {seed}")
    raise RuntimeError(f"no valid run for seed {seed}")


def _apart(scenario: Scenario) -> bool:
    """Whether outlines keep clear of each other: now and then contacts at random nearly touch one."""
    if scenario.geometry != "plan" or not scenario.contacts or scenario.mode == "uniform":
        return True
    try:
        build_mesh(scenario)
    except MeshError as error:
        if not any(words in str(error) for words in TOUCHING):
            raise
        return False
    return True


def _polygon(draw: Draw, keys: dict[str, Any], folder: Path) -> None:
    """Make the mesa a polygon."""
    mesa = keys["mesa"]
    if mesa["shape"] == "rectangle":
        size = mesa.pop("width_um")
        before = size * mesa.pop("depth_um")
        mesa |= {"shape": "polygon", "vertices_um": _star(draw, 0.5 * size)}
        # The same current density as before.
        share = abs(polygon.area(mesa["vertices_um"])) / before
        keys["branch"]["end_current_mA"] = _digits(keys["branch"]["end_current_mA"] * share)
    _disc(draw, keys, folder)


def _disc(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    """Make the crystal of some plans a disc."""
    if keys["geometry"] == "plan" and "crystal" in keys and draw.chance(0.2):
        keys["crystal"] = {"shape": "disc", "radius_um": keys["crystal"]["width_um"]}


def _star(draw: Draw, size: float) -> list[list[float]]:
    """Return the corners of a polygon around the origin, every one seen from there."""
    count = draw.whole(3, 8)
    angles = 2.0 * np.pi * (np.arange(count) + draw.rng.uniform(0.0, 0.5, count)) / count
    radii = size * draw.rng.uniform(0.5, 1.1, count)
    return [[_digits(r * np.cos(a)), _digits(r * np.sin(a))] for r, a in zip(radii, angles, strict=True)]


def _digits(value: float) -> float:
    return float(f"{value:.5g}")


def _mesh(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    """Coarser in the plan, where elements are many; finer on lines, where walls are seen."""
    factor = draw.linear(1.0, 1.5) if keys["geometry"] == "plan" else draw.log(0.15, 1.0)
    keys["mesh"] = {key: _digits(size * factor) for key, size in keys["mesh"].items()}


def _layers(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    for layer in keys["layers"]:
        if layer.get("sublayers", 1) > 1 and "thickness_um" in layer and draw.chance(0.5):
            layer["first_sublayer_um"] = _digits(layer["thickness_um"] / layer["sublayers"] * draw.linear(0.2, 1.0))


def _materials(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    for material in keys["materials"].values():
        if draw.chance(0.15):
            material["heat_capacity_J_per_m3K"] = draw.log(1e4, 3e6)
        elif draw.chance(0.15):
            T = [2.0, 10.0, 30.0, 80.0, 200.0]
            curve = {"T_K": T, "values": [f * draw.linear(0.5, 2.0) for f in (5e2, 2e4, 2.5e5, 1e6, 2e6)]}
            material["heat_capacity_J_per_m3K"] = curve
        if "heat_capacity_J_per_m3K" in material:
            material.pop("heat_capacity_of", None)
        if material["base"] == "gold-film" and draw.chance(0.5):
            material["lorenz_factor"] = draw.linear(1.0, 3.0)
    if draw.chance(0.15):
        keys["materials"]["wire"] = {"base": "gold-wire", "divide_conductivity_by": draw.log(1.0, 100.0)}
        keys["layers"][0]["material"] = "wire"


def _contacts(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    """Give some contacts a gold wire, and some no resistance at all."""
    for contact in keys["contacts"]:
        if "wire_K_per_mW" not in contact and draw.chance(0.4):
            contact |= {"wire_length_mm": draw.log(1.0, 30.0), "wire_diameter_um": draw.linear(20.0, 200.0)}
        if "contact_K_per_mW" in contact and draw.chance(0.1):
            contact["contact_K_per_mW"] = 0.0


def _bath(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    bath = keys["bath"]
    if draw.chance(0.2):
        bath["top_W_per_m2K"] = draw.log(10.0, 1e6)
    if draw.chance(0.15):
        bath.pop("bottom_W_per_m2K", None)
        bath["bottom"] = "insulated"
    bath["temperature_K"] = min(bath["temperature_K"], 70.0)


def _sinks(draw: Draw, keys: dict[str, Any], folder: Path) -> None:
    """Add up to two sinks by laws of the surface temperature."""
    sinks = []
    for k in range(draw.one(0, 0, 0, 0, 1, 1, 2)):
        sink: dict[str, Any] = {"name": f"s{k}", "face": draw.one("top", "bottom", "crystal")}
        sink["kind"] = draw.one("conductance", "helium", "table")
        if sink["kind"] == "conductance":
            sink["h_W_per_m2K"] = draw.log(1e3, 1e6)
        elif sink["kind"] == "helium":
            sink["a_W_per_m2K4"] = draw.log(1.0, 1e3)
        else:
            rise = draw.linear(1.0, 4.0)
            rows = [(T, draw.log(3e2, 3e4) + 1e3 * T**rise) for T in (1.0, 4.0, 20.0, 100.0, 400.0)]
            sink["table"] = _table(folder, keys["name"], f"sink{k}", "T_K,q_W_per_m2", sorted(rows), rising=True)
        sinks.append(sink)
    keys["sinks"] = sinks


def _table(folder: Path, name: str, what: str, header: str, rows: list[Any], rising: bool = False) -> str:
    """Write a table and return its path; if it is to rise, its last column is added up."""
    values = np.array(rows, dtype=float)
    if rising:
        values[:, -1] = np.cumsum(values[:, -1])
    path = folder / f"{name}-{what}.csv"
    np.savetxt(path, values, fmt="%.8g", delimiter=",", header=header, comments="")
    return str(path.absolute())


def _law(draw: Draw, keys: dict[str, Any], folder: Path) -> None:
    """Now and then a rarer law, or what a d-wave law can have besides."""
    kind = draw.one("as it is", "as it is", "gaps", "files", "contact", "table", "constant")
    if kind == "gaps":
        gaps = [draw.linear(15.0, 35.0) for _ in range(draw.whole(1, 2))]
        keys["law"] = {"gaps_meV": gaps, "gap_closing": draw.one("bcs", "local"), "gamma_scale": draw.log(0.3, 4.0)}
        keys["law"] |= {"gap_weights": [draw.linear(0.2, 1.0) for _ in gaps], "gap_tail": draw.linear(0.03, 0.2)}
        keys["law"] |= {"momentum_weight": draw.one(0.0, -0.5, 0.5)}
    elif kind == "files":
        gap, T_c = draw.linear(18.0, 30.0), draw.linear(60.0, 92.0)
        T = np.linspace(2.0, T_c, 12)
        gaps = np.column_stack([T, gap * np.sqrt(np.maximum(1.0 - (T / T_c) ** 3, 0.0))])
        rates = np.column_stack([T, 0.5 + 8.0 * (T / 74.0) ** 4])
        keys["law"] = {"gap_table": _table(folder, keys["name"], "gap", "T_K,Delta_meV", list(gaps))}
        keys["law"]["gamma_table"] = _table(folder, keys["name"], "gamma", "T_K,Gamma_meV", list(rates))
    elif kind == "contact":
        keys["law"] = {"set": draw.whole(1, 3), "sin_contact_ohm": draw.log(0.01, 3.0)}
    elif kind == "table":
        keys["law"] = {"kind": "table", "table": _measured(draw, keys, folder)}
    elif kind == "constant":
        mesa = keys["mesa"]
        normal = mesa["specific_resistance_ohm_um2"] / (10 * mesa["spacing_nm"])
        keys["law"] = {"kind": "ohmic", "resistivity_ohm_cm": normal * draw.linear(0.5, 2.0)}


def _measured(draw: Draw, keys: dict[str, Any], folder: Path) -> str:
    """Write currents with a soft gap that closes, as a table i(v, T), and return its path."""
    gap, T_c = draw.linear(20.0, 45.0), draw.linear(70.0, 95.0)
    v, rows = np.linspace(2.0, 118.0, 59), []
    for T in (1.0, 3.0, 8.0, 16.0, 30.0, 45.0, 60.0, 75.0, 90.0, 110.0, 150.0):
        edge = gap * np.sqrt(max(1.0 - (T / T_c) ** 2, 0.0))
        share = 0.05 + 0.95 * np.minimum((T / T_c) ** 2, 1.0)
        open_ = 1.0 / (1.0 + np.exp((edge - v) / 4.0))
        rows += [(T, speed, speed * (share + (1.0 - share) * o)) for speed, o in zip(v, open_, strict=True)]
    return _table(folder, keys["name"], "law", "T_K,v_mV,i_mV", rows)


def _numbers(draw: Draw, keys: dict[str, Any], _: Path) -> None:
    keys["numerics"] = {"estimate_error": draw.chance(0.04), "path": draw.one("auto", "auto", "auto", "sparse")}
    keys["uniform"] = {"thermal_resistance_K_per_mW": draw.log(0.5, 500.0)}
    keys["output"] = {"every": 1}


def _bias(draw: Draw, keys: dict[str, Any]) -> tuple[str, float]:
    """Choose what the source holds; return its unit and the value up to which it may go."""
    end = keys["branch"]["end_current_mA"]
    n = keys["mesa"].get("resistive_junctions", keys["mesa"]["junctions"])
    kind = draw.one("current", "current", "voltage", "load-line")
    keys["bias"] = {"kind": kind}
    if kind == "current":
        return "mA", end
    V = n * draw.linear(5.0, LARGEST_MV)
    if kind == "load-line":
        R = float(f"{draw.log(0.05, 20.0) * V / end:.5g}")
        keys["bias"]["load_resistance_ohm"] = R
        return "mV", _digits(V + R * end)
    return "mV", _digits(V)


def _ask_branch(draw: Draw, keys: dict[str, Any]) -> None:
    _bias(draw, keys)
    keys["stability"] = {"points": draw.one("none", "none", "counts", "kept")}
    if draw.chance(0.2):
        keys["branch"]["at_mA"] = sorted(
            _digits(keys["branch"]["end_current_mA"] * draw.linear(0.05, 1.0)) for _ in "ab"
        )


def _ask_sweep(draw: Draw, keys: dict[str, Any]) -> None:
    unit, end = _bias(draw, keys)
    part = _digits(end * draw.linear(0.1, 0.9))
    legs = draw.one(
        [0.0, end, 0.0], [0.0, end], [part, end, part], [0.0, part, -part], [0.0, end, part, end], [-part, 0.0]
    )
    keys["bias"] |= {f"legs_{unit}": legs, "points_per_leg": draw.whole(3, 8)}


def _ask_transient(draw: Draw, keys: dict[str, Any]) -> None:
    unit, end = _bias(draw, keys)
    if keys["bias"]["kind"] != "voltage" and draw.chance(0.4):
        keys["bias"]["capacitance_nF"] = draw.log(1e-4, 10.0)
    span = draw.log(1e-2, 1e4)
    asked: dict[str, Any] = {"end_us": span, "waveform": draw.one("step", "ramp", "pulses", "table")}
    asked |= {"rtol": 1e-3, "saves": draw.whole(1, 4), "spread": draw.one("even", "decades")}
    if asked["waveform"] == "table":
        asked |= {"table_us": [0.0, 0.3 * span, 0.7 * span], f"table_{unit}": [0.0, end, _digits(0.5 * end)]}
    else:
        asked |= {f"level_{unit}": end, f"before_{unit}": _digits(end * draw.one(0.0, 0.05))}
    if asked["waveform"] in ("ramp", "pulses"):
        asked["rise_us"] = _digits(0.05 * span)
    if asked["waveform"] == "pulses":
        asked |= {"width_us": _digits(0.2 * span), "period_us": _digits(0.4 * span), "pulses": 2}
    if draw.chance(0.3):
        asked |= {"noise_K": draw.log(1e-3, 0.3), "seed": draw.whole(0, 99)}
    if draw.chance(0.3):
        asked["start"] = "steady"
    keys["transient"] = asked
    keys["numerics"]["path"] = "auto"


def _ask_diagram(draw: Draw, keys: dict[str, Any]) -> None:
    _bias(draw, keys)
    keys["diagram"] = {"depth": 1, "max_branches": 4}


def _ask_family(draw: Draw, keys: dict[str, Any]) -> None:
    _bias(draw, keys)
    N = keys["mesa"]["junctions"]
    keys["mesa"].pop("resistive_junctions", None)
    keys["family"] = {"junctions": sorted({draw.whole(1, N) for _ in range(2)})}


def _ask_uniform(draw: Draw, keys: dict[str, Any]) -> None:
    _bias(draw, keys)


_ASK: dict[Mode, Callable[[Draw, dict[str, Any]], None]] = {
    "branch": _ask_branch,
    "sweep": _ask_sweep,
    "transient": _ask_transient,
    "diagram": _ask_diagram,
    "family": _ask_family,
    "uniform": _ask_uniform,
}
