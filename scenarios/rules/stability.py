"""Rules of [stability] and of mesh.accuracy_percent: keys that would have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import KINDS
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
