"""Sweeps that no source could make on the device are refused, each at its key and with its reason."""

from __future__ import annotations

import pytest

from hotmesa.scenarios import ScenarioError, load_scenario

LINE = ("bias.kind=load-line", "bias.load_resistance_ohm=50", "bias.legs_mA=none")
WRONG = [
    (["mode=sweep"], "bias.legs_mA", "needs turning values in mA"),
    (["mode=sweep", "bias.legs_mA=[1.0]"], "bias.legs_mA", "needs turning values"),
    (["mode=sweep", "bias.legs_mA=[0.0,1.0,1.0]"], "bias.legs_mA", "leg 2 has zero length: it goes from 1 mA to 1 mA"),
    (["mode=sweep", "bias.legs_mV=[0.0,1.0]"], "bias.legs_mV", 'wrong unit: kind = "current" sweeps a current'),
    (["mode=sweep", "bias.kind=voltage", "bias.legs_mA=[0.0,1.0]"], "bias.legs_mA", "sweeps a voltage; give legs_mV"),
    (["bias.kind=load-line"], "bias.load_resistance_ohm", "needs R_L of the load line"),
    (["bias.load_resistance_ohm=50"], "bias.load_resistance_ohm", 'no effect with kind = "current"'),
    (["bias.kind=voltage", "bias.capacitance_nF=1"], "bias.capacitance_nF", "no effect"),
    (["mode=sweep", "bias.legs_mA=[0.0,1.0]", "bias.capacitance_nF=1"], "bias.capacitance_nF", "without a capacitance"),
    # Ends of the law table: 19 x 120 mV = 2280 mV, which are 4.957 mA through 460 Ω.
    (["mode=sweep", "bias.legs_mA=[0.0,-5.0]"], "bias.legs_mA", "current -5 mA is beyond the range of the device"),
    (["mode=sweep", "bias.kind=voltage", "bias.legs_mV=[0.0,2300.0]"], "bias.legs_mV", "stay within 2280 mV"),
    (["mode=sweep", *LINE, "bias.legs_mV=[0.0,2600.0]"], "bias.legs_mV", "never meets the device"),
]


@pytest.mark.parametrize(("changes", "key", "reason"), WRONG)
def test_wrong_bias(changes: list[str], key: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("kurter2010-n19", changes)
    assert len(caught.value.problems) == 1, caught.value.problems
    assert key in caught.value.problems[0]
    assert reason in caught.value.problems[0]


@pytest.mark.parametrize(
    "changes",
    [
        ["bias.legs_mA=[1.0,1.0]"],  # legs count in mode "sweep" alone
        ["mode=sweep", "bias.legs_mA=[0.0,1.5,0.0,-1.5,0.0]"],
        ["mode=sweep", "bias.legs_mA=[1.0,1.5]"],
        ["mode=sweep", *LINE, "bias.legs_mV=[0.0,2500.0]"],
        ["bias.kind=load-line", "bias.load_resistance_ohm=50", "bias.capacitance_nF=0.1"],
    ],
)
def test_right_bias(changes: list[str]) -> None:
    load_scenario("kurter2010-n19", changes)
