"""Observables read from the folder of a run."""

import json
from pathlib import Path

import pytest

from hotmesa.postprocess.runs import numbers_of
from hotmesa.postprocess.values import observe
from hotmesa.scenarios.plans.observables import is_among

SUMMARY = {
    "name": "device",
    "beta": None,
    "V_extrema_mV_per_junction": [30.0, 28.5],
    "end": {"I_mA": 1.5},
    "jumps": [{"leg": 1, "cause": "fold", "from": {"V_mV": 700.0}}, {"leg": 2, "from": {"V_mV": 610.0}}],
    "reasons": {"beta": "no peak"},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY), encoding="utf-8")
    (tmp_path / "sweep.csv").write_text("leg,I_mA,V_mV\n1,0.0,0.0\n1,1.0,10.0\n2,0.5,4.0\n", encoding="utf-8")
    return tmp_path


def test_all_numbers_leave_tables_out(folder):
    values = observe(folder, None)
    assert set(values) == {"beta", "V_extrema_mV_per_junction.0", "V_extrema_mV_per_junction.1", "end.I_mA"}
    assert (values["beta"].number, values["beta"].reason) == (None, "no peak")


def test_numbers_of_a_table_are_found_by_name(folder):
    values = observe(folder, ["jumps.1.from.V_mV", "jumps.2.from.V_mV", "V_mV@I_mA=1.0"])
    assert values["jumps.1.from.V_mV"].number == 610.0
    assert (values["jumps.2.from.V_mV"].number, values["jumps.2.from.V_mV"].reason) == (
        None, "no further jump up to 1.5 mA",
    )  # fmt: skip
    assert values["V_mV@I_mA=1.0"].number == pytest.approx(10.0)


@pytest.mark.parametrize(("name", "mode"), [("uniform", "uniform"), ("strip", "branch"), ("sweep", "sweep")])
def test_the_numbers_of_a_summary_are_those_declared(name: str, mode: str) -> None:
    golden = Path(__file__).parents[2] / "regression" / "golden" / "folders.json"
    plain = {"name", "folds", "reasons", "bias", "jumps", "continuous_transitions"}
    found = [key for key in json.loads(golden.read_text())[name]["keys"] if key.split(".")[0] not in plain]
    found = [key for key in found if not key.startswith(("uniform.folds", "uniform.reasons"))]
    declared = numbers_of(mode)
    whole = {key.split(".")[0] for key in declared} | {key.rpartition(".")[0] for key in declared}
    assert [key for key in found if not is_among(key, declared) and key not in whole] == []
