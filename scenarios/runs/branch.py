"""The branch of steady states from rest: facts, words, and the currents that it cannot reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotmesa.scenarios.kinds import Kind
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Scenario

LEAST_POINTS_PER_LEG = 2

NEWTON = {"newton_steps": "Newton steps spent on the row; the one column that may depend on the number of processes"}
SLOPE = {
    "dV_dI_ohm": "slope of the curve from its tangent, not from differences; infinite at a fold in I",
    "df_dI_THz_per_mA": "slope of the Josephson frequency, (dV/dI)/(n Φ0)",
}
CURVE = {
    **SLOPE,
    "arclength": "parameter along the branch; always grows",
    "fold": "`V` or `I` where the branch turns back in V or in I, `pinned V` or `pinned I` where only the mesh makes "
    "it do so, `pinned mode` where on the mesh more or fewer modes grow than on the device, else empty",
    **NEWTON,
}
"""Meaning of the columns of a point on a curve of steady states."""
STABILITY = {
    "unstable_modes_<bias>": "number of growing modes under a bias: `voltage_bias`, `current_bias`, and `load_line` "
    "where `[bias]` has one ([stability](stability.md))",
    "rate_<bias>_per_us": "largest growth rate under that bias",
}


def findings(scenario: Scenario) -> Iterator[Finding]:
    """Currents asked for that the branch does not reach."""
    end = scenario.branch.end_current_mA
    for current in scenario.branch.at_mA:
        if current > end:
            text = f"{current:g} mA lies beyond the end of the branch (branch.end_current_mA = {end:g})"
            yield Finding(("branch", "at_mA"), text, (("branch", "end_current_mA"),))


def describe(scenario: Scenario) -> list[str]:
    """The branch and the uniform model beside it, in words."""
    shape = {"plan": "plan (x, y)", "strip": "strip (x)", "disc": "disc (radius)"}[scenario.geometry]
    end = f"to {scenario.branch.end_current_mA:g} mA with at least {scenario.branch.min_points} points"
    if scenario.mesas:
        return [f"branch in the {shape} {end}"]
    return [f"branch in the {shape} {end}", f"beside it the uniform model with {scenario.uniform.describe()}"]


def stable_states(scenario: Scenario, currents_mA: Sequence[float]) -> Scenario | None:
    """The sweep of a current source that follows the stable states; None with another source.

    Its legs end on the currents, so that the states there are kept.
    """
    if scenario.bias.unit != "mA":
        return None
    legs = (0.0, *currents_mA)
    points = max(LEAST_POINTS_PER_LEG, -(-scenario.branch.min_points // len(legs)))
    bias = scenario.bias.model_copy(update={"legs_mA": legs, "points_per_leg": points})
    behind = scenario.branch.model_copy(update={"at_mA": ()})
    return scenario.model_copy(update={"mode": "sweep", "bias": bias, "branch": behind})


KIND = Kind(
    "branch",
    "iv.csv",
    "the branch of steady states from rest",
    meanings=CURVE | STABILITY,
    words=("fold", "place", "reason", "at", "mesa"),
    beside=("uniform.csv", "accuracy.csv", "crosstalk.csv"),
    refines=True,
    from_rest=True,
    findings=findings,
    describe=describe,
    stable_states=stable_states,
)
