"""Rules of heaters: they lie inside the plan and in a layer that is there, and are switched in transients only."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.mesas import are_odd, mesa_room_um
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Heater, Scenario


def heater_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of every heater with the rest of the scenario."""
    kind = KINDS[scenario.mode]
    if scenario.heaters and not kind.spatial:
        text = f'mode = "{scenario.mode}" has one temperature and no places to heat; leave the heaters out'
        yield Finding(("heaters",), text, (("mode",),))
    names = [heater.name for heater in scenario.heaters]
    layers = [layer.name for layer in scenario.layers]
    for i, heater in enumerate(scenario.heaters):
        if names.count(heater.name) > 1:
            text = f'"{heater.name}" is used by {names.count(heater.name)} heaters; names are unique'
            yield Finding(("heaters", i, "name"), text)
        if heater.layer is not None and heater.layer not in layers:
            known = ", ".join(f'"{name}"' for name in layers) or "none yet"
            text = f'there is no layer "{heater.layer}"; layers from the top: {known}'
            yield Finding(("heaters", i, "layer"), text, (("layers",),))
        for key in ("from_us", "to_us"):
            if getattr(heater, key) is not None and not kind.in_time:
                text = f'has no effect with mode = "{scenario.mode}", in which heaters are always on; leave it out'
                yield Finding(("heaters", i, key), text, (("mode",),))
        if scenario.mesh.file is None:
            yield from _place(scenario, i, heater)


def _place(scenario: Scenario, i: int, heater: Heater) -> Iterator[Finding]:
    where, place = ("heaters", i, "x_um"), f"({heater.x_um:g}, {heater.y_um:g}) µm"
    uses = (("heaters", i, "y_um"), ("heaters", i, "radius_um"), ("mesa",), ("crystal",), ("geometry",))
    if scenario.geometry == "disc" and (heater.x_um, heater.y_um) != (0.0, 0.0):
        text = f'{place} is off the centre, which breaks the symmetry of geometry = "disc"; use geometry = "plan"'
        yield Finding(where, text, uses)
        return
    if scenario.geometry == "strip" and heater.y_um != 0.0:
        text = f"{heater.y_um:g} µm has no meaning on a strip, which knows x only; leave it out"
        yield Finding(("heaters", i, "y_um"), text, (("geometry",),))
        return
    heated = next((layer for layer in scenario.layers if layer.name == heater.layer), None)
    inside = scenario.crystal if scenario.crystal is not None else scenario.mesa
    what = "plan"
    if heated is not None and heated.region == "mesa":
        inside, what = scenario.mesa, "mesa"
    x, y = inside.extent_um
    room = x / 2 - abs(heater.x_um) if scenario.geometry == "strip" else inside.room_um(heater.x_um, heater.y_um)
    if what == "mesa" and scenario.mesas and not are_odd(scenario):
        room = mesa_room_um(scenario, heater.x_um, heater.y_um)
    if room < heater.radius_um * (1.0 - 1e-9):
        reach = f"|x| <= {x / 2:g} µm" + ("" if scenario.geometry == "strip" else f", |y| <= {y / 2:g} µm")
        text = f"the spot of radius {heater.radius_um:g} µm at {place} reaches outside the {what} ({reach}); move or "
        yield Finding(where, f"{text}shrink it", uses)
