from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.scenarios.schema import Bias, Transient
from hotmesa.scenarios.source_table import read_source
from hotmesa.solver.time.source import build_circuit, build_waveform


def waveform(**keys: object):
    return build_waveform(on_crystal(transient=Transient(**keys)))


def test_step_jumps_at_its_time() -> None:
    step = waveform(waveform="step", at_us=2.0, before_mA=0.1, level_mA=0.5)
    assert [step(t) for t in (0.0, 2.0 - 1e-9, 2.0, 9.0)] == [0.1, 0.1, 0.5, 0.5]
    assert step.corners == (2.0,)


def test_ramp_is_linear() -> None:
    ramp = waveform(waveform="ramp", at_us=1.0, rise_us=4.0, level_mA=0.8)
    np.testing.assert_allclose([ramp(t) for t in (0.5, 1.0, 2.0, 5.0, 7.0)], [0.0, 0.0, 0.2, 0.8, 0.8], atol=1e-15)
    assert ramp.corners == (1.0, 5.0)


@pytest.mark.parametrize("rise", [0.0, 0.1])
def test_pulses_carry_their_charge(rise: float) -> None:
    keys = {"at_us": 1.0, "width_us": 0.5, "period_us": 2.0, "pulses": 3, "rise_us": rise}
    train = waveform(waveform="pulses", before_mA=0.2, level_mA=1.2, end_us=8.0, **keys)
    t = np.linspace(0.0, 8.0, 80_001)
    values = np.array([train(x) for x in t])
    # Three trapezoids of height 1 mA over 0.2 mA; the grid resolves jumps to 1e-4 µs.
    assert np.trapezoid(values, t) == pytest.approx(8.0 * 0.2 + 3 * (0.5 + rise), abs=1e-3)
    assert values.max() == 1.2
    assert len(train.corners) == (6 if rise == 0.0 else 12)


def test_table_holds_its_ends() -> None:
    table = waveform(waveform="table", table_us=(1.0, 2.0, 4.0), table_mA=(0.5, 1.0, 0.0))
    np.testing.assert_allclose([table(t) for t in (0.0, 1.5, 3.0, 9.0)], [0.5, 0.75, 0.5, 0.0], atol=1e-15)


def test_table_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_text("# a ramp\nt_us,source_mA\n0,0\n2,0.4\n", encoding="utf-8")
    assert waveform(waveform="table", table=str(path))(1.0) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("t_us,source_mV\n0,0\n1,1\n", "mV is no unit of source"),
        ("t_us,source_mA\n0,0\n1,x\n", 'line 3, column source_mA: "x" is no finite number'),
        ("t_us,source_mA\n0,0\n1,-1\n", "must be 0 or more; line 3 has t_us = 1, source_mA = -1"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "source.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        read_source(path, "mA")


def test_circuit_has_the_units_of_the_solver() -> None:
    bias = Bias(kind="load-line", load_resistance_ohm=50.0, capacitance_nF=3.0)
    circuit = build_circuit(on_crystal(bias=bias, transient=Transient(level_mV=700.0)))
    # 3 nF = 3e-3 mA us/mV.
    assert (circuit.bias.by_V, circuit.bias.by_I, circuit.capacitance) == (1.0, 50.0, pytest.approx(3e-3))
    assert circuit.source(1.0) == 700.0
