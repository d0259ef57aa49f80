"""Rules of [stability] and [diagram]: keys that would have no effect, and searches that cannot work."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Diagram, Scenario

_KEEP_NO_MODES = {
    "diagram": 'has no effect with mode = "diagram"; run one branch (mode = "branch") to keep its modes',
}
"""Kinds of run that compute the modes of their points and keep none as fields."""


def stability_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of [stability]."""
    stability, unkept = scenario.stability, _KEEP_NO_MODES.get(scenario.mode)
    if stability.modes and unkept is not None:
        yield Finding(("stability", "modes"), unkept, (("mode",),))
    elif stability.modes and stability.points in ("none", "counts"):
        text = f'has no effect with points = "{stability.points}"; set points = "kept" or "all"'
        yield Finding(("stability", "modes"), text, (("stability", "points"),))
    if stability.points in ("kept", "all") and not KINDS[scenario.mode].spatial:
        text = 'the uniform model (mode = "uniform") has no modes in space; leave it out or set mode = "branch"'
        yield Finding(("stability", "points"), text, (("mode",),))


def branch_findings(scenario: Scenario) -> Iterator[Finding]:
    """Currents asked for that the branch does not reach."""
    end = scenario.branch.end_current_mA
    for current in scenario.branch.at_mA:
        if current > end:
            text = f"{current:g} mA lies beyond the end of the branch (branch.end_current_mA = {end:g})"
            yield Finding(("branch", "at_mA"), text, (("branch", "end_current_mA"),))


def diagram_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of a diagram."""
    diagram, end = scenario.diagram, scenario.branch.end_current_mA
    for current in diagram.deflation_at_mA:
        if current > end:
            text = f"{current:g} mA lies beyond the end of the branches (branch.end_current_mA = {end:g})"
            yield Finding(("diagram", "deflation_at_mA"), text, (("branch", "end_current_mA"),))
    if diagram.depth == 0 and not diagram.deflation_at_mA:
        text = "0 and no deflation_at_mA: nothing would be searched; set depth = 1"
        yield Finding(("diagram", "depth"), text, (("diagram", "deflation_at_mA"),))
    if not diagram.deflation_at_mA and diagram.deflation_starts != Diagram.model_fields["deflation_starts"].default:
        text = "has no effect without deflation_at_mA"
        yield Finding(("diagram", "deflation_starts"), text, (("diagram", "deflation_at_mA"),))
