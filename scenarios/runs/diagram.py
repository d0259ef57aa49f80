"""All branches that can be found: facts, and searches that cannot work."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import Kind
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.runs import branch
from hotmesa.scenarios.schema import Diagram, Scenario


def findings(scenario: Scenario) -> Iterator[Finding]:
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


KIND = Kind(
    "diagram",
    "iv.csv",
    "all branches that can be found",
    advice="What often helps: smaller steps (--set diagram.step=0.1), another first distance "
    "(--set diagram.amplitude_K=0.5), or a finer mesh (--set mesh.refine=2).",
    meanings=branch.KIND.meanings,
    words=("fold", "kind", "origin", "end", "folder", "half_waves", "change"),
    beside=("uniform.csv", "diagram.csv", "bifurcations.csv"),
    parts="branch_[0-9]*",
    keeps_modes=False,
    refines=True,
    walls=True,
    findings=findings,
    describe=branch.describe,
)
