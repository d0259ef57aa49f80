"""Rules of [stability] and of mesh.accuracy_percent: keys that would have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.materials import without_heat_capacity
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Scenario


def stability_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of [stability]."""
    stability, kind = scenario.stability, KINDS[scenario.mode]
    if stability.modes and not kind.keeps_modes:
        text = f'has no effect with mode = "{kind.name}"; run one branch (mode = "branch") to keep its modes'
        yield Finding(("stability", "modes"), text, (("mode",),))
    elif stability.modes and stability.points in ("none", "counts"):
        text = f'has no effect with points = "{stability.points}"; set points = "kept" or "all"'
        yield Finding(("stability", "modes"), text, (("stability", "points"),))
    if stability.points in ("kept", "all") and not kind.spatial:
        text = 'the uniform model (mode = "uniform") has no modes in space; leave it out or set mode = "branch"'
        yield Finding(("stability", "points"), text, (("mode",),))


def heat_capacity_findings(scenario: Scenario) -> Iterator[Finding]:
    """Materials without heat capacity where something is told of time."""
    kind, rates = KINDS[scenario.mode], scenario.stability.points in ("kept", "all")
    if not kind.spatial or not (kind.in_time or rates):
        return
    needs = f'mode = "{kind.name}"' if kind.in_time else f'stability.points = "{scenario.stability.points}"'
    what = "is about time" if kind.in_time else "asks for growth rates"
    for name in without_heat_capacity(scenario):
        text = (
            f'is missing, and {needs} {what}; give a number or a curve in J/(m³ K), or heat_capacity_of = "bi2212" '
            "for a stack or crystal of Bi2212"
        )
        uses = (("materials", name), ("mode",), ("stability", "points"))
        yield Finding(("materials", name, "heat_capacity_J_per_m3K"), text, uses)


def accuracy_findings(scenario: Scenario) -> Iterator[Finding]:
    """Why an accuracy cannot be asked for."""
    if scenario.mesh.accuracy_percent is None:
        return
    where = ("mesh", "accuracy_percent")
    if not KINDS[scenario.mode].refines:
        text = (
            f'is for runs that follow the branch from rest, not for mode = "{scenario.mode}": run the device with '
            'mode = "branch" and take mesh and layers from the scenario.toml of that run'
        )
        yield Finding(where, text, (("mode",),))
    if not scenario.numerics.estimate_error:
        text = "needs the estimates that numerics.estimate_error = false leaves out; leave that out"
        yield Finding(where, text, (("numerics", "estimate_error"),))
