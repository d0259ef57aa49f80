"""Branches of partial stacks: facts, words, and numbers of junctions that the stack does not have."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import COLUMNS, SLOPE, Kind
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.runs.branch import CURVE
from hotmesa.scenarios.schema import Family, Scenario


def counts_of(scenario: Scenario) -> tuple[int, ...]:
    """Return the numbers n of junctions that carry voltage, branch by branch."""
    family = scenario.family
    last = scenario.mesa.junctions if family.last is None else family.last
    return tuple(sorted(set(family.junctions or range(family.first, last + 1, family.step))))


def findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of a family."""
    family, N = scenario.family, scenario.mesa.junctions
    uses = (("mesa", "junctions"), ("mode",))
    for key in ("junctions", "first", "last"):
        given = getattr(family, key)
        beyond = [n for n in (given if key == "junctions" else (given or 1,)) if n > N]
        if beyond:
            text = f"{beyond[0]} junctions cannot carry voltage, the stack has only {N}; give numbers within 1:{N}"
            yield Finding(("family", key), text, uses)
    if family.last is not None and family.last < family.first:
        text = f"{family.last} lies before first = {family.first}; there is no n between them"
        yield Finding(("family", "last"), text, (("family", "first"), *uses))
    for key in ("first", "last", "step"):
        if family.junctions and getattr(family, key) != Family.model_fields[key].default:
            text = "has no effect beside family.junctions, which names every n; leave one of them out"
            yield Finding(("family", key), text, (("family", "junctions"), *uses))
    if scenario.mesa.resistive_junctions is not None:
        text = 'has no effect with mode = "family", where n goes through [family]; leave it out'
        yield Finding(("mesa", "resistive_junctions"), text, uses)


def describe(scenario: Scenario) -> list[str]:
    """The branches in words."""
    counts = ", ".join(str(n) for n in counts_of(scenario))
    return [f"branches to {scenario.branch.end_current_mA:g} mA with n = {counts} junctions that carry voltage"]


KIND = Kind(
    "family",
    "family.csv",
    "branches with n = 1, 2, ... of the junctions carrying voltage",
    columns=("n", *COLUMNS, SLOPE, "arclength"),
    meanings={
        "n": "number of junctions that carry voltage",
        **CURVE,
        "I_c_mA": "critical current of a junction at the temperatures of the mesa",
        "I_c_hottest_mA": "the same if all of the mesa had its highest temperature",
        "I_c_coldest_mA": "the same if all of it had its lowest one",
        "I_r_mA": "retrapping current",
        "josephson": "`switch` above I_c while a junction without voltage is left, `retrap` below I_r, else empty",
    },
    words=("fold", "josephson", "kind"),
    beside=("changes.csv",),
    prefix="n = {n:3d}: ",
    refines=True,
    findings=findings,
    describe=describe,
)
