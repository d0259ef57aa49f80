"""Electrical numbers of a mesa that follow from its scenario."""

from __future__ import annotations

from hotmesa.scenarios.geometry import mesa_area_um2
from hotmesa.scenarios.schema import Scenario


def resistive_junctions(scenario: Scenario) -> int:
    """Number n <= N of junctions that carry voltage."""
    return scenario.mesa.resistive_junctions or scenario.mesa.junctions


def junction_resistance_ohm(scenario: Scenario) -> float:
    """Normal resistance R_j of one junction in Ohm: specific resistance over area."""
    return scenario.mesa.specific_resistance_ohm_um2 / mesa_area_um2(scenario.mesa)
