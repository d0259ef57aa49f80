"""Each check is seen failing: the physics is altered on purpose, and the named cases must leave their tolerance."""

import gc
import sys

import pytest
from verification import alterations as wrong
from verification import alterations_electrode as electrode
from verification import alterations_of_places as places_wrong
from verification import alterations_of_stacks as stacks_wrong
from verification import alterations_of_the_law as law_wrong
from verification import report
from verification.cases import describe, evaluate

from hotmesa.solver.errors import SolveError

STRIP_T = "strip: error of temperature, L2"
STRIP_V = "strip: error of voltage at given current"
DEPTH = "uniform sublayers: error of temperature, L2"
GRADED = "graded sublayers: error of temperature, L2"
UNIFORM = ": distance from the uniform model along the S-curve"
JACOBIAN = ": largest relative error of the Jacobian"

PUBLISHED = "published resistivity across the layers, 95 to 292 K: largest relative distance"
CROSSTALK = "crosstalk of unlike mesas at rest: largest relative difference of α_ij and α_ji"
SUPERPOSED = (
    "ohmic mesas, one in series and one with a current of its own: largest relative miss of T_i − T_B = Σ α_ij P_j"
)
IN_SERIES = "two far mesas, in series: relative difference of the voltage of each from that of one alone"
SLOPE = "slope of the current by temperature around T_c: error over the largest slope"

CONTROLS = [
    # Several mesas
    (stacks_wrong.nodes_of_a_mesa_count_alike, CROSSTALK),
    (stacks_wrong.a_mesa_of_its_own_makes_no_heat, SUPERPOSED),
    (stacks_wrong.mesas_in_series_have_one_voltage, IN_SERIES),
    # Heat from outside
    (wrong.heater_of_the_wrong_power, "disc in the middle of a film, rise of the centre"),
    # Manufactured solutions
    (wrong.conductivity_doubled, STRIP_T),
    (wrong.in_plane_conductivity_doubled, "plan, uniform triangles: error of temperature, L2"),
    (wrong.potential_not_integrated, STRIP_T),
    (wrong.potential_of_the_wrong_layer, STRIP_T),
    (wrong.coupling_forgotten, STRIP_T),
    (wrong.boundary_ignored, STRIP_T),
    (wrong.whole_layer_to_the_bath, STRIP_T),
    (wrong.contact_forgotten, STRIP_T),
    (wrong.contact_doubled, STRIP_T),
    (wrong.wire_takes_half, "strip: error of wire node"),
    (wrong.disc_without_radius, "disc: error of temperature, L2"),
    (wrong.rim_forgotten, "disc, rim at the bath: error of temperature, L2"),
    (wrong.current_with_wrong_sign, STRIP_V),
    (wrong.depth_of_the_strip_doubled, STRIP_V),
    (wrong.potential_not_integrated, "strip, tunnelling law: error of voltage at given current"),
    (wrong.whole_layer_to_the_bath, DEPTH),
    (wrong.one_voltage_for_all_sublayers, DEPTH),
    (wrong.upper_distance_only, GRADED),
    (wrong.junctions_shared_evenly, "graded sublayers: error of voltage at given current"),
    (wrong.boundary_ignored, "uniform sublayers, boundary conductances: error of temperature, L2"),
    # Jacobian
    (wrong.potential_not_integrated, "no crystal" + JACOBIAN),
    (wrong.jacobian_without_dQ_dV, "ohmic law" + JACOBIAN),
    (wrong.jacobian_with_dQ_dV_at_fixed_current, "ohmic law" + JACOBIAN),
    (wrong.jacobian_without_dQ_dT, "no crystal" + JACOBIAN),
    (wrong.jacobian_without_dQ_dT, "three mesa sublayers" + JACOBIAN),
    (wrong.jacobian_without_dI_dT, "tunnelling law" + JACOBIAN),
    (wrong.jacobian_without_dI_dV, "ohmic law" + JACOBIAN),
    (wrong.jacobian_without_wire_row, "Wiedemann-Franz contact and gold wire" + JACOBIAN),
    (wrong.jacobian_without_wire_diagonal, "contact and constant wire" + JACOBIAN),
    (wrong.jacobian_without_kappa_slope, "bottom conductance, cooled top" + JACOBIAN),
    (wrong.jacobian_with_old_kappa, "condensed crystal of one shape" + JACOBIAN),
    (wrong.law_derivative_wrong, "law from a table" + JACOBIAN),
    # Exact results
    (wrong.in_plane_conductivity_doubled, "disc, radius: uniform flux, mean"),
    (wrong.in_plane_conductivity_doubled, "disc, radius: isothermal"),
    (wrong.disc_without_radius, "disc, radius: uniform flux, centre"),
    (wrong.in_plane_conductivity_doubled, "temperature rise at the rim, radius"),
    (wrong.contact_forgotten, "heat into the sink, radius"),
    (wrong.whole_layer_to_the_bath, "mean temperature rise, radius"),
    (wrong.joule_heat_altered, "alpha_S of a domain of 1 lambda at the end of a strip of 3 lambda"),
    (wrong.in_plane_conductivity_doubled, "alpha_S of a circular spot of radius 1 lambda"),
    (wrong.contact_doubled, "strip, contact on the crystal: rise at the edge of the mesa over the heat"),
    (wrong.joule_heat_altered, "strip, contact on the crystal: heat into it over the Joule power, minus 1"),
    (wrong.joule_heat_altered, "voltage of a standing front in a strip, N = 19"),
    (wrong.gap_smaller, "voltage of a standing front in a strip, N = 30"),
    (wrong.gap_smaller, "voltage of a standing front, rule of equal areas, N = 19"),
    (wrong.slope_of_the_cooling_halved, "set 3, cooling T^1.8: slope by the loop gain, error over R_N"),
    (wrong.tall_stacks_cooled_better, "set 3, cooling T^1.8: sum rule of the widths of 12 and 30 junctions"),
    (wrong.tall_stacks_cooled_better, "ohmic junctions: V √N of 12 and 30 junctions at equal temperature"),
    (wrong.contact_doubled, "length of the domain where V stops falling"),
    # Electrode
    (electrode.electrode_makes_no_heat, "two contacts, one lead: heat made over power that enters, minus 1"),
    (electrode.sheet_resistance_doubled, "ohmic stack, current through a contact, strip: current"),
    (electrode.electrode_without_radius, "ohmic stack, current through a contact, disc: potential at the far end"),
    (wrong.jacobian_without_electrode, "electrode, one contact" + JACOBIAN),
    # Time
    (wrong.heat_capacity_halved, "relaxation of a lumped device, equal steps"),
    (wrong.heat_capacity_halved, "speed of a hot front, alpha_S = 2.5"),
    (wrong.in_plane_conductivity_doubled, "disc of uniform flux on a half-space, rise of the centre at late time"),
    # Limits
    (wrong.joule_heat_altered, "well-conducting film, cooled by the bottom" + UNIFORM),
    (wrong.joule_heat_altered, "well-conducting film, cooled by the contact" + UNIFORM),
    (wrong.gap_smaller, "no gap: V/I over the normal resistance, minus 1"),
    (wrong.contact_uneven, "strip with the wire in the centre: difference between mirror images"),
    (wrong.depth_of_the_strip_doubled, "strip against plan: relative difference of voltage"),
    (wrong.disc_without_radius, "disc against plan: relative difference of the largest temperature rise"),
    # Outlines of contacts, maps and directions
    (wrong.depth_of_the_strip_doubled, "bar across a plan against interval of a strip: V"),
    (places_wrong.maps_of_the_junctions_forgotten, "uniform factor on mesa.specific_resistance_ohm_um2"),
    (places_wrong.maps_seen_in_a_mirror, "step of mesa.specific_resistance_ohm_um2, no heat along the strip"),
    (places_wrong.directions_alike, "κx = 4 κy against x' = x/2, sparse path"),
    (places_wrong.walls_upright, "ohmic stack at one temperature, V/I"),
    (places_wrong.walls_upside_down, "tunnelling stack at one temperature, heat of its narrow half over the whole"),
    (places_wrong.walls_upright, "heat through film, junctions and stump, rise of the film"),
    (places_wrong.walls_upright, "heat capacity of the whole"),
    # Stability
    (wrong.heat_capacity_halved, "Rate of a domain of 1.5 lambda in a strip of 3 lambda"),
    # Conservation and invariance
    (wrong.contact_forgotten, "kurter2010-n19: heat into all sinks over Joule power, minus 1, worst point above 1 nW"),
    (wrong.joule_heat_altered, "kurter2010-n06: heat into all sinks over Joule power, minus 1, worst point above 1 nW"),
    (wrong.one_voltage_for_all_sublayers, "mesa of 4 sublayers: current by the law over J, minus 1, worst node"),
    (wrong.voltages_do_not_add_up, "mesa of 4 sublayers: sum of voltages over V, minus 1, worst node"),
    (wrong.condensed_crystal_altered, "crystal condensed or not"),
    (wrong.first_node_of_the_contact_left_out, "nodes and cells in another order"),
    (wrong.contact_uneven, "device rotated by 37 degrees with its mesh"),
    # Normal resistance
    (law_wrong.resistance_the_same_at_all_temperatures, PUBLISHED),
    (law_wrong.resistance_the_same_at_all_temperatures, "uniform stack at 180 K, V"),
    (law_wrong.pseudogap_below_T_c_too, "current more than 10 K below T_c: largest relative change"),
    (law_wrong.slope_of_the_resistance_forgotten, SLOPE),
    (law_wrong.slope_of_the_resistance_forgotten, "pseudogap" + JACOBIAN),
    # Tunnelling law
    (wrong.colder_junctions, "set 1, 40 K: largest distance from seven check values"),
    (wrong.colder_junctions, "set 3: largest relative error of the table"),
    (wrong.gap_kept_in_a_normal_junction, "no gap: largest distance from i = v"),
    (wrong.too_few_angles, "conserved momentum, gap 24 meV, Γ 1.2 meV, 40 K: largest distance at three voltages"),
    # Continuation
    (wrong.folds_overlooked, "circle x² + λ² = 1: fold in x"),
    (wrong.folds_at_points, "cubic λ = x³ - 3x: first fold in λ"),
    (wrong.folds_at_points, "Bratu u'' + λ exp u = 0, Chebyshev collocation: fold in λ"),
    (wrong.landing_missed, "circle x² + λ² = 1: λ on landing at x = 0.7"),
    (wrong.newton_given_up, "Bratu u'' + λ exp u = 0, second differences: error of the fold in λ"),
]


def forget() -> None:
    """Empty the caches of the cases: what was computed with altered physics must not outlive it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("verification."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    gc.collect()


@pytest.fixture
def altered():
    forget()
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    forget()


@pytest.mark.parametrize(("alter", "name"), CONTROLS, ids=lambda p: p if isinstance(p, str) else p.__name__)
def test_wrong_physics_is_noticed(alter, name, altered):
    case = {c.name: c for c in report.all_cases()}[name]
    alter(altered)
    try:
        outcome = evaluate(case, quick=True)
    except SolveError:
        return  # no solution at all is noticed, too
    assert not outcome.passed, f"{alter.__doc__} It goes unnoticed. {describe(outcome)}"


def test_every_group_of_cases_has_a_control():
    groups = {c.name: c.group for c in report.all_cases()}
    assert {groups[name] for _, name in CONTROLS} == set(groups.values())


def test_every_alteration_is_used():
    modules = (wrong, electrode, places_wrong, stacks_wrong, law_wrong)
    named = [(module, f) for module in modules for f in vars(module).values()]
    made = {f for module, f in named if callable(f) and getattr(f, "__module__", "") == module.__name__}
    unused = {f.__name__ for f in made - {alter for alter, _ in CONTROLS} if not f.__name__.startswith("_")}
    assert unused == set()
