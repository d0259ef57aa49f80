"""The uniform model alone: facts and words."""

from __future__ import annotations

from hotmesa.scenarios.kinds import Kind
from hotmesa.scenarios.runs.branch import CURVE, STABILITY
from hotmesa.scenarios.schema import Scenario


def describe(scenario: Scenario) -> list[str]:
    """The uniform model in words."""
    alpha = f"{scenario.uniform.thermal_resistance_K_per_mW:g} K/mW"
    return [f"uniform model T = T_B + {alpha} × P up to {scenario.uniform.end_temperature_K:g} K"]


KIND = Kind(
    "uniform",
    "uniform.csv",
    "the uniform model alone",
    points="points of the uniform model",
    meanings=CURVE | STABILITY,
    spatial=False,
    shown=False,
    describe=describe,
)
