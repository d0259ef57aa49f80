"""Contradictions that no single key shows: each is an error with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hotmesa.scenarios.geometry import mesa_height_um
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.rules.electrode import electrode_findings
from hotmesa.scenarios.rules.heaters import heater_findings
from hotmesa.scenarios.rules.maps import direction_findings, map_findings
from hotmesa.scenarios.rules.mesas import further_mesa_findings
from hotmesa.scenarios.rules.plan import plan_findings
from hotmesa.scenarios.rules.stability import accuracy_findings, heat_capacity_findings, stability_findings
from hotmesa.scenarios.rules.values import value_findings
from hotmesa.scenarios.rules.walls import wall_findings
from hotmesa.scenarios.schema import Layer, Scenario, findings_in


def find_contradictions(scenario: Scenario, complete: bool = True) -> tuple[Finding, ...]:
    """All contradictions of a scenario whose single keys are valid; if it is complete, something must cool it."""
    kind = KINDS[scenario.mode]
    parts = [findings_in(scenario), value_findings(scenario), plan_findings(scenario)]
    parts += [stability_findings(scenario), accuracy_findings(scenario), kind.findings(scenario)]
    parts += [heat_capacity_findings(scenario), electrode_findings(scenario), heater_findings(scenario)]
    parts += [further_mesa_findings(scenario)]
    if kind.spatial or scenario.layers:
        parts += [_layers(scenario), _junction_layer(scenario), _stack_order(scenario), _sinks(scenario)]
        parts += [wall_findings(scenario)]
        parts += [map_findings(scenario), direction_findings(scenario)]
        parts += [cooling_findings(scenario)] if complete else []
    return tuple(finding for part in parts for finding in part)


def _layers(scenario: Scenario) -> Iterator[Finding]:
    names = Counter(layer.name for layer in scenario.layers)
    for i, layer in enumerate(scenario.layers):
        if names[layer.name] > 1:
            yield Finding(
                ("layers", i, "name"), f'"{layer.name}" is used by {names[layer.name]} layers; names are unique'
            )
        for other in scenario.layers:
            if other.name != layer.name and {*layer.sublayer_names} & {*other.sublayer_names} == {layer.name}:
                text = f'"{layer.name}" is the name of a sublayer of "{other.name}"; take another'
                yield Finding(("layers", i, "name"), text, (("layers",),))
        if layer.material not in scenario.materials:
            known = ", ".join(f'"{name}"' for name in scenario.materials) or "none yet"
            text = f"there is no table [materials.{layer.material}]; materials of this scenario: {known}"
            yield Finding(("layers", i, "material"), text, (("materials",),))
        if layer.region == "crystal" and scenario.crystal is None:
            text = 'region = "crystal" needs a [crystal] section with its size; without one use region = "mesa"'
            yield Finding(("layers", i, "region"), text, (("crystal",),))
        yield from _thickness(scenario, i, layer)
    covered = any(layer.region == "crystal" for layer in scenario.layers)
    if scenario.crystal is not None and scenario.layers and not covered:
        text = 'the crystal is described, but no layer has region = "crystal"; add one or remove [crystal]'
        yield Finding(("crystal",), text, tuple(("layers", i, "region") for i in range(len(scenario.layers))))


def _thickness(scenario: Scenario, i: int, layer: Layer) -> Iterator[Finding]:
    where: Where = ("layers", i, "thickness_um")
    junctions: Where = ("layers", i, "junctions")
    if layer.junctions and layer.thickness_um is not None:
        height = mesa_height_um(scenario.mesa)
        text = (
            f"{layer.thickness_um:g} µm is given for the junction layer, whose thickness is already fixed by "
            f"mesa.junctions × mesa.spacing_nm = {height:.4g} µm; leave it out"
        )
        yield Finding(where, text, (junctions,))
    if not layer.junctions and layer.thickness_um is None:
        yield Finding(where, f'is missing; layer "{layer.name}" needs its thickness in µm (> 0)', (junctions,))
    thickness = mesa_height_um(scenario.mesa) if layer.junctions else layer.thickness_um
    first = layer.first_sublayer_um
    if first is None or thickness is None:
        return
    where = ("layers", i, "first_sublayer_um")
    if first > thickness:
        text = f"{first:g} µm is more than the whole layer ({thickness:.4g} µm)"
        yield Finding(where, text, (("layers", i, "thickness_um"), junctions))
    elif layer.sublayers == 1 and first != thickness:
        text = "has no effect with sublayers = 1; raise sublayers or leave it out"
        yield Finding(where, text, (("layers", i, "sublayers"),))


def _junction_layer(scenario: Scenario) -> Iterator[Finding]:
    uses: tuple[Where, ...] = tuple(("layers", i, "junctions") for i in range(len(scenario.layers)))
    chosen = [i for i, layer in enumerate(scenario.layers) if layer.junctions]
    if not scenario.layers:
        text = 'there are no layers; list them from top to bottom, one with junctions = true (or set mode = "uniform")'
        yield Finding(("layers",), text, (("mode",),))
    elif len(chosen) != 1:
        named = ", ".join(f'"{scenario.layers[i].name}"' for i in chosen) or "none has it"
        text = f"exactly one layer holds the junctions (junctions = true); here: {named}"
        yield Finding(("layers",), text, uses)
    for i in chosen:
        if scenario.layers[i].region != "mesa":
            text = 'the junction layer must have region = "mesa": current flows in the mesa only'
            yield Finding(("layers", i, "region"), text, uses)


def _stack_order(scenario: Scenario) -> Iterator[Finding]:
    crystal: Layer | None = None
    for i, layer in enumerate(scenario.layers):
        if layer.region == "crystal":
            crystal = crystal or layer
        elif crystal is not None:
            text = (
                f'layer "{layer.name}" covers the mesa only and lies below "{crystal.name}", which covers the whole '
                "crystal; layers are listed from top to bottom, mesa layers first"
            )
            yield Finding(("layers", i, "region"), text)


def _sinks(scenario: Scenario) -> Iterator[Finding]:
    """Names of contacts and sinks are unique, and what they cool is there."""
    taken = {*scenario.bath.sinks()}
    for section in ("contacts", "sinks"):
        names = [item.name for item in getattr(scenario, section)]
        for i, name in enumerate(names):
            if names.count(name) > 1:
                text = f'"{name}" is used by {names.count(name)} {section}; names are unique'
                yield Finding((section, i, "name"), text)
            if name in taken:
                yield Finding((section, i, "name"), f'"{name}" is the name of another heat sink; take another')
        taken.update(names)
    for i, sink in enumerate(scenario.sinks):
        if sink.face == "crystal" and scenario.crystal is None:
            text = 'face = "crystal" cools the crystal beside the mesa, but there is no [crystal]; try face = "bottom"'
            yield Finding(("sinks", i, "face"), text, (("crystal",),))
    if scenario.bath.rim == "bath" and scenario.crystal is None:
        yield Finding(("bath", "rim"), 'rim = "bath" cools the rim of the crystal, but there is no [crystal]')


def cooling_findings(scenario: Scenario) -> Iterator[Finding]:
    """A device that nothing cools, unless a heat sink is brought along from Python."""
    bath = scenario.bath
    cold = [name for name, words in bath.sinks().items() if words and (name != "rim" or scenario.crystal is not None)]
    if not cold and not scenario.contacts and not scenario.sinks:
        text = (
            "nothing carries the heat away: no contact, an insulated bottom and rim, and top_W_per_m2K = 0; "
            "there is no steady state"
        )
        yield Finding(("bath",), text, (("bath",), ("contacts",), ("sinks",)))
