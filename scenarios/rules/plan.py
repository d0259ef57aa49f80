"""Rules of the plan: outlines, contact patches, and what strips and discs can hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from hotmesa.scenarios.geometry import contact_fits, crystal_holds
from hotmesa.scenarios.mesas import are_odd, mesa_room_um
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.rules.mesas import further_mesa_places
from hotmesa.scenarios.schema import Mesa, Scenario

RIM = 1e-6
"""Share of its size by which a crystal must be wider than its mesa for the mesa not to reach the rim."""

SLACK_UM = 1e-9
"""Rounding in the distance of patches that touch."""


def plan_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions in the plan; positions are compared only where all outlines make sense."""
    shapes = [*_geometry(scenario), *_on_crystal(scenario)]
    yield from shapes
    sections = (scenario.mesa, scenario.crystal)
    odd = any(section is not None and any(section.contradictions()) for section in sections)
    odd = odd or are_odd(scenario)
    odd = odd or any(any(contact.odd_outline()) for contact in scenario.contacts)
    if shapes or odd or scenario.mesh.file is not None:
        return  # a mesh file brings its own regions
    yield from _crystal_size(scenario)
    yield from _cold_rim(scenario)
    yield from further_mesa_places(scenario)
    yield from _contact_places(scenario)
    yield from _contact_pairs(scenario)
    yield from _probes(scenario)


def _geometry(scenario: Scenario) -> Iterator[Finding]:
    """What a one-dimensional geometry can hold."""
    needed = {"plan": None, "strip": "rectangle", "disc": "disc"}[scenario.geometry]
    if needed is None:
        for i, contact in enumerate(scenario.contacts):
            if contact.shape == "rectangle" and contact.depth_um is None:
                text = 'is missing; shape = "rectangle" needs its extent along y in µm (> 0)'
                yield Finding(("contacts", i, "depth_um"), text)
        return
    reason = f'geometry = "{scenario.geometry}" needs shape = "{needed}"'
    if scenario.mesa.word != needed:
        yield Finding(("mesa", "shape"), f'"{scenario.mesa.word}" does not fit: {reason}', (("geometry",),))
    if scenario.crystal is not None and scenario.crystal.word != needed:
        yield Finding(("crystal", "shape"), f'"{scenario.crystal.word}" does not fit: {reason}', (("geometry",),))
    if scenario.geometry == "disc":
        yield from _disc_contacts(scenario)
        return
    yield from _strip_contacts(scenario)


def _strip_contacts(scenario: Scenario) -> Iterator[Finding]:
    for i, contact in enumerate(scenario.contacts):
        if contact.shape == "polygon":
            text = '"polygon" has no meaning on a strip, whose contacts are intervals of x; take "rectangle"'
            yield Finding(("contacts", i, "shape"), text, (("geometry",),))
        for key, unit in (("y_um", "µm"), ("depth_um", "µm"), ("angle_deg", "°")):
            value = getattr(contact, key)
            if value and (key == "y_um" or key in contact.shape_keys):
                text = f"{value:g} {unit} has no meaning on a strip, which knows x only; leave it out"
                yield Finding(("contacts", i, key), text, (("geometry",),))


def _disc_contacts(scenario: Scenario) -> Iterator[Finding]:
    if len(scenario.contacts) > 1:
        text = f'geometry = "disc" has room for one contact in the centre; there are {len(scenario.contacts)}'
        yield Finding(("contacts",), text + '; use geometry = "plan"', (("geometry",),))
    for i, contact in enumerate(scenario.contacts):
        if contact.shape != "disc":
            text = f'"{contact.shape}" breaks the symmetry of geometry = "disc", whose contact is a disc'
            yield Finding(("contacts", i, "shape"), text, (("geometry",),))
        if contact.x_um != 0 or contact.y_um != 0:
            text = (
                f"({contact.x_um:g}, {contact.y_um:g}) µm is off the centre, which breaks the symmetry of geometry = "
            )
            yield Finding(("contacts", i, "x_um"), text + '"disc"; use geometry = "plan"', (("contacts", i, "y_um"),))


def _crystal_size(scenario: Scenario) -> Iterator[Finding]:
    if scenario.crystal is None or crystal_holds(scenario.crystal, scenario.mesa, scenario.geometry == "strip"):
        return
    reach_x, reach_y = _reach(scenario.mesa)
    text = (
        f"the crystal ({scenario.crystal.describe()}) is smaller than the mesa, which reaches {reach_x:g} µm along x "
        f"and {reach_y:g} µm along y from the centre; the mesa must stand on it"
    )
    keys = (("mesa", "width_um"), ("mesa", "depth_um"), ("crystal", "width_um"), ("crystal", "depth_um"))
    yield Finding(("crystal",), text, (*keys, ("geometry",), ("mesa", "shape"), ("crystal", "shape")))


def _cold_rim(scenario: Scenario) -> Iterator[Finding]:
    """The mesa must not reach a rim that is held at the bath temperature: it would be cooled through its own edge."""
    crystal, on_a_line = scenario.crystal, scenario.geometry == "strip"
    if crystal is None or scenario.bath.rim != "bath" or not crystal_holds(crystal, scenario.mesa, on_a_line):
        return
    if not crystal_holds(crystal, scenario.mesa, on_a_line, RIM):
        text = 'the mesa reaches the rim of the crystal, which rim = "bath" holds at the bath temperature; widen the '
        keys = (*_mesa_keys(), *(("crystal", key) for key in ("width_um", "depth_um", "radius_um")))
        yield Finding(("bath", "rim"), f"{text}crystal or insulate its rim", keys)


def _mesa_keys() -> tuple[tuple[str, str], ...]:
    return tuple(("mesa", key) for key in ("shape", "width_um", "depth_um", "radius_um", "vertices_um"))


def _contact_places(scenario: Scenario) -> Iterator[Finding]:
    for i, contact in enumerate(scenario.contacts):
        if contact_fits(scenario, contact):
            continue
        if contact.on == "crystal":
            yield _beside(scenario, i)
            continue
        place = f"the {contact.patch.describe()}"
        across = scenario.mesa.extent_um[0] if scenario.geometry == "strip" else min(scenario.mesa.extent_um)
        if contact.shape == "disc" and 2 * contact.radius_um > across and not scenario.mesas:
            text = f"{place} is larger than the mesa, which is only {across:g} µm across; reduce the radius"
            yield Finding(("contacts", i, "radius_um"), text, _mesa_keys())
        elif scenario.mesas:
            text = f"{place} lies on none of the mesas as a whole; move or shrink it"
            yield Finding(("contacts", i, "x_um"), text, (*_mesa_keys(), ("mesas",)))
        else:
            reach = _reach(scenario.mesa)
            text = (
                f"{place} reaches outside the mesa (|x| <= {reach[0]:g} µm, |y| <= {reach[1]:g} µm); move or shrink it"
            )
            uses = (*_mesa_keys(), *(("contacts", i, key) for key in ("y_um", *contact.shape_keys)))
            yield Finding(("contacts", i, "x_um"), text, uses)


def _beside(scenario: Scenario, i: int) -> Finding:
    """What is wrong with the place of a contact on the crystal."""
    contact, keys = scenario.contacts[i], [("contacts", i, "y_um"), ("contacts", i, "on")]
    keys += [("contacts", i, key) for key in contact.shape_keys]
    if scenario.crystal is None:
        text = 'on = "crystal" needs a [crystal] section with its size; without one a contact is on the mesa'
        return Finding(("contacts", i, "on"), text, (("crystal",),))
    reach, half = _reach(scenario.mesa), [0.5 * extent for extent in scenario.crystal.extent_um]
    text = (
        f"the {contact.patch.describe()} does not lie on the crystal beside the mesa, clear of mesa and rim: it needs "
        f"places outside |x| <= {reach[0]:g} µm, |y| <= {reach[1]:g} µm and inside |x| < {half[0]:g} µm, "
        f"|y| < {half[1]:g} µm; move or shrink it"
    )
    return Finding(("contacts", i, "x_um"), text, (*_mesa_keys(), *keys, ("crystal",)))


def _on_crystal(scenario: Scenario) -> Iterator[Finding]:
    """What knows no contact beside the mesa."""
    for i, contact in enumerate(scenario.contacts):
        if contact.on == "mesa":
            continue
        if scenario.geometry == "disc":
            text = '"crystal" does not fit geometry = "disc", whose contact is in the centre; use geometry = "plan"'
            yield Finding(("contacts", i, "on"), text, (("geometry",),))
        if scenario.mesh.file is not None:
            text = '"crystal" needs a mesh that is made, not one of a file; remove mesh.file'
            yield Finding(("contacts", i, "on"), text, (("mesh", "file"),))


def _probes(scenario: Scenario) -> Iterator[Finding]:
    """Places whose temperature is asked for lie on the mesa, and on the line of a strip or disc."""
    mesa, line = scenario.mesa, scenario.geometry != "plan"
    for i, (x, y) in enumerate(scenario.output.probes_um):
        where = ("output", "probes_um", i)
        if line and (y != 0.0 or (scenario.geometry == "disc" and x < 0.0)):
            has = "x only: write [x, 0]" if scenario.geometry == "strip" else "a radius only: write [r, 0], r >= 0"
            yield Finding(where, f'({x:g}, {y:g}) µm: geometry = "{scenario.geometry}" has {has}', (("geometry",),))
        elif (mesa.extent_um[0] / 2 - abs(x) if line else mesa_room_um(scenario, x, y)) < -1e-9:
            reach = _reach(mesa)
            text = f"({x:g}, {y:g}) µm lies outside the mesa (|x| <= {reach[0]:g} µm, |y| <= {reach[1]:g} µm)"
            yield Finding(where, text, (*_mesa_keys(), ("geometry",)))


def _reach(mesa: Mesa) -> tuple[float, float]:
    """Largest distances of the mesa from the centre along x and y."""
    x, y = zip(*mesa.corners, strict=True)
    return max(map(abs, x)), max(map(abs, y))


def _contact_pairs(scenario: Scenario) -> Iterator[Finding]:
    for (i, first), (j, second) in combinations(enumerate(scenario.contacts), 2):
        if scenario.geometry == "strip":
            centres = abs(first.x_um - second.x_um)
            gap = centres - first.patch.half_width_um - second.patch.half_width_um
        else:
            gap = first.patch.gap_um(second.patch)
        round_ = first.shape == second.shape == "disc"
        # Discs touch in one point, which may be rounding; what touches along an edge is one contact.
        if gap >= -SLACK_UM if round_ else gap > SLACK_UM:
            continue
        how = f"overlap by {-gap:.3g} µm; heat would leave twice through one place"
        if not round_:
            how = "touch or overlap; move them apart, or give the outline of both to one contact"
        text = f'the patches "{first.name}" and "{second.name}" {how}'
        keys = [("contacts", k, key) for k in (i, j) for key in ("x_um", "y_um", *scenario.contacts[k].shape_keys)]
        yield Finding(("contacts", j), text, tuple(keys))
