"""Rules of [family]: numbers of junctions that the stack has, given in one way."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Family, Scenario


def counts_of(scenario: Scenario) -> tuple[int, ...]:
    """Return the numbers n of junctions that carry voltage, branch by branch."""
    family = scenario.family
    last = scenario.mesa.junctions if family.last is None else family.last
    return tuple(sorted(set(family.junctions or range(family.first, last + 1, family.step))))


def family_findings(scenario: Scenario) -> Iterator[Finding]:
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
