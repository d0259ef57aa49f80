"""Rules of what differs from place to place and from direction to direction: maps, and conduction along x and y."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.maps import read_factor, targets, tried_at
from hotmesa.scenarios.problems import Finding, did_you_mean
from hotmesa.scenarios.schema import DWave, Scenario
from hotmesa.scenarios.schema.maps import BOUNDARY, LAW, RESISTANCE, ExpressionMap, ImageMap, Map


def map_findings(scenario: Scenario) -> Iterator[Finding]:
    """Maps of something that is not there or cannot be mapped, and factors that are no positive numbers."""
    if scenario.maps and not KINDS[scenario.mode].spatial:
        text = f'has no effect with mode = "{scenario.mode}", which knows no places; leave it out'
        yield Finding(("maps",), text, (("mode",),))
        return
    for i, item in enumerate(scenario.maps):
        found = tuple(_target(scenario, i, item))
        yield from found or _factor(scenario, i, item)


def _target(scenario: Scenario, i: int, item: Map) -> Iterator[Finding]:
    known, where = targets(scenario), ("maps", i, "of")
    if item.of not in known:
        names = [layer.name for layer in scenario.layers]
        if item.layer in names and item.of.endswith(f".{BOUNDARY}"):
            text = f'layer "{item.layer}" has no {BOUNDARY}, on which the factor could be; give it one'
            yield Finding(where, text, (("layers", names.index(item.layer), BOUNDARY),))
        else:
            near = did_you_mean(item.of, known) or f"; there are {', '.join(known)}"
            yield Finding(where, f'"{item.of}" is nothing that a map can be of{near}', (("layers",),))
        return
    if [other.of for other in scenario.maps[:i]].count(item.of):
        yield Finding(where, f'"{item.of}" has a map already; write one expression, the product of both')
    law = scenario.law
    if item.of == LAW and not isinstance(law, DWave):
        text = f'"{LAW}" scales energies of a d-wave law; law.kind = "{law.word}" has none'
        yield Finding(where, text, (("law", "kind"),))
    elif item.of == LAW and law.series_ohm > 0.0:
        text = f'"{LAW}" would scale the contact in series with the junctions, too; leave law.sin_contact_ohm out'
        yield Finding(where, text, (("law", "sin_contact_ohm"),))
    if item.of in (LAW, RESISTANCE) and scenario.josephson.critical_voltage_mV is not None:
        text = "the critical current of josephson.critical_voltage_mV knows no maps; leave one of both out"
        yield Finding(where, text, (("josephson", "critical_voltage_mV"),))


def _factor(scenario: Scenario, i: int, item: Map) -> Iterator[Finding]:
    where = ("maps", i, "expression" if isinstance(item, ExpressionMap) else "file")
    file = getattr(item, "file", None)
    if file is not None and not Path(file).is_file():
        return  # which is told of all files alike
    if next(item.contradictions(), None) is not None:
        return
    try:
        x, y, _ = tried_at(scenario, item)
        values = read_factor(item)(x, y)
    except HotmesaError as error:
        yield Finding(where, str(error))
        return
    wrong = ~(np.isfinite(values) & (values > 0.0))
    if not wrong.any():
        return
    k = int(np.argmax(wrong))
    place = f"at x = {x[k]:.4g}, y = {y[k]:.4g} µm"
    if not isinstance(item, ExpressionMap) and np.isnan(values[k]):
        sides = "x_um and y_um" if isinstance(item, ImageMap) else "its places"
        text = f"says nothing {place}; {sides} must enclose all of what the map is on"
    else:
        text = f"the factor is {values[k]:.4g} {place}; it must be a number above 0 everywhere"
    yield Finding(where, text, (("mesa",), ("crystal",)))


def direction_findings(scenario: Scenario) -> Iterator[Finding]:
    """Unlike conduction along x and y where there is no plane of both."""
    for name, material in scenario.materials.items():
        if material.conductivity_ratio_xy != 1.0 and scenario.geometry != "plan":
            text = f'has no effect with geometry = "{scenario.geometry}", which has one direction; leave it out'
            yield Finding(("materials", name, "conductivity_ratio_xy"), text, (("geometry",),))
