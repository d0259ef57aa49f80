"""What stands above figures: from the values computed with, for the title in a file may name others."""

from __future__ import annotations

from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.schema import Scenario


def title_of(scenario: Scenario) -> str:
    """Return name, junctions, size and bath temperature: "kurter2010-n19: 19 junctions, 10 × 10 µm, bath 4.2 K"."""
    mesa = scenario.mesa
    size = f"{mesa.width_um:g} × {mesa.depth_um:g} µm"
    if mesa.shape == "polygon":
        size = "polygon"
    elif mesa.radius_um is not None and (mesa.shape == "disc" or scenario.geometry == "disc"):
        size = f"disc of {mesa.radius_um:g} µm radius"
    count = resistive_junctions(scenario)
    junctions = f"{count}" if count == mesa.junctions else f"{count} resistive of {mesa.junctions}"
    return f"{scenario.name}: {junctions} junctions, {size}, bath {scenario.bath.temperature_K:g} K"
