import pytest

from hotmesa.scenarios.schema import Bias as Section
from hotmesa.solver.states.bias import Bias


@pytest.mark.parametrize(
    ("section", "unit", "value"),
    [
        (Section(kind="current"), "mA", 2.0),
        (Section(kind="voltage"), "mV", 30.0),
        (Section(kind="load-line", load_resistance_ohm=10.0), "mV", 50.0),
    ],
)
def test_the_switch_of_a_scenario_says_what_the_source_holds(section: Section, unit: str, value: float) -> None:
    bias = Bias.of(section)
    assert bias.unit == unit
    assert bias.value(30.0, 2.0) == value  # V + R_L I with V = 30 mV, I = 2 mA: mA times ohm is mV


def test_a_load_line_needs_its_resistance() -> None:
    with pytest.raises(ValueError, match="load_resistance_ohm"):
        Bias.of(Section(kind="load-line"))
