"""The uniform model alone: facts and words."""

from __future__ import annotations

from hotmesa.scenarios.kinds import Kind
from hotmesa.scenarios.runs.branch import CURVE, STABILITY
from hotmesa.scenarios.schema import Scenario


def describe(scenario: Scenario) -> list[str]:
    """The uniform model in words."""
    return [f"uniform model, {scenario.uniform.alone().describe()}, up to {scenario.uniform.end_temperature_K:g} K"]


COOLING = {
    "loop_gain": "λ = T ∂ ln i/∂T over `cooling_exponent`: the curve folds where it passes 1",
    "cooling_exponent": "n_C = d ln C/d ln T, with which power of T the cooling grows",
    "exponent_needed": "T ∂ ln i/∂T at constant voltage: a stack whose cooling grows faster than this never folds",
}


KIND = Kind(
    "uniform",
    "uniform.csv",
    "the uniform model alone",
    points="points of the uniform model",
    meanings=CURVE | STABILITY | COOLING,
    spatial=False,
    read_by_all=True,
    shown=False,
    describe=describe,
)
