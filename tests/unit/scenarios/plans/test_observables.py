"""Names of observables: what a study may ask of the runs of each mode."""

import pytest

from hotmesa.scenarios.plans.observables import is_among
from hotmesa.vocabulary import VOCABULARY

KNOWN = [
    ("branch", "V_peak_mV_per_junction"),
    ("branch", "hot_fraction@I_mA=1.2"),
    ("branch", "Q_wire_mW@P_mW=1.0"),
    ("uniform", "beta"),
    ("transient", "time_constant_T_us"),
    ("transient", "end.V_mV"),
    ("transient", "T_max_K@t_us=0.06"),
    ("sweep", "hysteresis_area_uW"),
    ("sweep", "jumps.0.from.V_mV"),
    ("sweep", "continuous_transitions.1.to.I_mA"),
    ("sweep", "V_mV@source_mA=0.5"),
    ("branch", "rate_voltage_bias_per_us@I_mA=0.5"),
    ("transient", "E_stored_nJ@t_us=0.5"),
    ("transient", "hot_spots.3.count"),
]
UNKNOWN = [
    ("branch", "V_peek_mV_per_junction", "did you mean V_peak_mV_per_junction"),
    ("branch", "jumps.0.from.V_mV", "unknown observable"),
    ("transient", "time_constant_us", "time_constant_"),
    ("sweep", "jumps.0.from.V", "unknown observable"),
    ("sweep", "T_max_K@volts=1", "unknown column volts"),
    ("branch", "hot_fraction", "it is a column: say where"),
]


@pytest.mark.parametrize(("mode", "name"), KNOWN)
def test_known_observable_passes(mode, name):
    assert VOCABULARY.problem_with(name, [mode]) is None


@pytest.mark.parametrize(("mode", "name", "text"), UNKNOWN)
def test_unknown_observable_is_named_with_the_nearest(mode, name, text):
    problem = VOCABULARY.problem_with(name, [mode])
    assert problem is not None
    assert text in problem


def test_observable_of_one_of_several_modes_passes():
    assert VOCABULARY.problem_with("hysteresis_area_uW", ["branch", "sweep"]) is None


def test_placeholders_stand_for_names_and_numbers():
    assert is_among("Q_top-film_mW", ["Q_<sink>_mW"])
    assert is_among("jumps.12.leg", ["jumps.<n>.leg"])
    assert not is_among("jumps.first.leg", ["jumps.<n>.leg"])
    assert not is_among("Q_mW", ["Q_<sink>_mW"])
