"""What fits where in the plane, and what follows from the sizes of a mesa."""

from __future__ import annotations

import math

from hotmesa.scenarios import polygon
from hotmesa.scenarios.mesas import are_in_series, circuit_of, lies_on, mesa_room_um, mesas_of
from hotmesa.scenarios.schema import Contact, Crystal, Disc, Heater, Mesa, Outline, Patch, Polygon, Scenario

# Room for rounding in "touches the edge from inside", relative to sizes of 0.1 to 1000 µm.
_SLACK_UM = 1e-9


def contact_fits(scenario: Scenario, contact: Contact) -> bool:
    """Whether the patch lies on one mesa as a whole (touching its edge is allowed), or on the crystal clear of all."""
    patch, mesa = contact.patch, scenario.mesa
    crystal, on_a_line = scenario.crystal, scenario.geometry == "strip"
    if contact.on == "crystal":
        others = [other.patch for other in mesas_of(scenario)[1:]]
        clear = all(patch.gap_um(other) > 0.0 for other in others)
        return clear and crystal is not None and _fits_beside(patch, mesa, crystal, on_a_line)
    if on_a_line:
        return abs(patch.x_um) + patch.half_width_um <= mesa.extent_um[0] / 2 + _SLACK_UM
    return any(lies_on(one.patch, patch, _SLACK_UM) for one in mesas_of(scenario))


def _fits_beside(patch: Patch, mesa: Mesa, crystal: Crystal, on_a_line: bool) -> bool:
    """Whether a patch lies on the crystal without touching its rim or the mesa."""
    if on_a_line:
        half, low, high = mesa.extent_um[0] / 2, abs(patch.x_um) - patch.half_width_um, abs(patch.x_um)
        return low > half and high + patch.half_width_um < crystal.extent_um[0] / 2
    if patch.gap_um(Patch(mesa)) <= 0.0:
        return False
    if isinstance(patch.shape, Disc):
        return patch.radius_um < crystal.room_um(patch.x_um, patch.y_um)
    return all(crystal.room_um(x, y) > 0.0 for x, y in patch.corners)


def heats_mesa_alone(scenario: Scenario, heater: Heater) -> bool:
    """Whether all that a heater warms are layers of a mesa: a layer of it, or a spot on the surface inside it."""
    if heater.layer is not None:
        return next(layer for layer in scenario.layers if layer.name == heater.layer).region == "mesa"
    if scenario.geometry == "strip":
        return abs(heater.x_um) + heater.reach_um <= scenario.mesa.extent_um[0] / 2 + _SLACK_UM
    return heater.reach_um <= mesa_room_um(scenario, heater.x_um, heater.y_um) + _SLACK_UM


def crystal_holds(crystal: Crystal, mesa: Outline | Patch, on_a_line: bool, margin: float = 0.0) -> bool:
    """Whether the whole mesa lies on the crystal; on a strip only the widths count.

    Args:
        crystal: around the mesa.
        mesa: on it.
        on_a_line: whether the device is a strip.
        margin: share of half its size by which the crystal must be wider.
    """
    across = crystal.extent_um[:1] if on_a_line else crystal.extent_um
    least = margin * min(across) / 2 - _SLACK_UM
    if on_a_line:
        x = [x for x, _ in mesa.corners]
        return across[0] - (max(x) - min(x)) >= 2 * least
    return polygon.holds(
        crystal.room_um, crystal.corners if isinstance(crystal, Polygon) else (), mesa.corners, -least
    )


def normal_resistance_ohm(mesa: Mesa) -> float:
    """R_N = N r / A in Ω, r the specific resistance of one junction."""
    return mesa.junctions * mesa.specific_resistance_ohm_um2 / mesa.area_um2


def mesa_height_um(mesa: Mesa) -> float:
    """Height of the stack, N times the spacing, in µm."""
    return mesa.junctions * mesa.spacing_nm * 1e-3


def wall_shift_um(mesa: Mesa, below_um: float) -> float:
    """How far the walls stand out, in µm, at a depth below the middle of the junctions (µm, negative above it)."""
    return below_um * math.tan(math.radians(90.0 - mesa.wall_angle_deg))


def area_ratio(mesa: Mesa, below_um: float) -> float:
    """Area of the mesa at a depth below the middle of its junctions (µm, negative above it) over that in the middle."""
    shift = wall_shift_um(mesa, below_um)
    return mesa.grown_area_um2(shift) / mesa.area_um2 if shift else 1.0


def normal_resistivity_ohm_cm(mesa: Mesa) -> float:
    """Resistivity of a normal junction in Ω cm: specific resistance over spacing (1 Ω cm nm = 10 Ω µm²)."""
    return mesa.specific_resistance_ohm_um2 / (10 * mesa.spacing_nm)


def resistive_junctions(scenario: Scenario) -> int:
    """Number n <= N of junctions that carry voltage."""
    return scenario.mesa.resistive_junctions or scenario.mesa.junctions


def circuit_junctions(scenario: Scenario) -> int:
    """Number of voltage-carrying junctions over which the voltage of the run falls; of parallel mesas that of one."""
    count = len(circuit_of(scenario)) if are_in_series(scenario) else 1
    return count * resistive_junctions(scenario)


def circuit_resistance_ohm(scenario: Scenario, area_um2: float | None = None) -> float:
    """Normal resistance in Ω of the resistive junctions that the run follows.

    Args:
        scenario: the device.
        area_um2: of its mesa, in place of that of the outline; of one mesa only.
    """
    stack = resistive_junctions(scenario) * scenario.mesa.specific_resistance_ohm_um2
    if not scenario.mesas:
        return stack / (scenario.mesa.area_um2 if area_um2 is None else area_um2)
    each = [stack / mesa.patch.area_um2 for mesa in circuit_of(scenario)]
    return sum(each) if are_in_series(scenario) else 1.0 / sum(1.0 / ohm for ohm in each)


def junction_resistance_ohm(scenario: Scenario) -> float:
    """Normal resistance R_j of one junction in Ω: specific resistance over area."""
    return scenario.mesa.specific_resistance_ohm_um2 / scenario.mesa.area_um2
