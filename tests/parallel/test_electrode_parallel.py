"""Runs with a resistive electrode give the same numbers on one process and on two."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from helpers import rank_runs
from helpers.electrodes import folding, strip

from hotmesa.scenarios import to_toml
from hotmesa.scenarios.schema import Bias, Branch, Scenario, Transient
from hotmesa.scenarios.schema.maps import Map

KEPT = ("V_mV", "I_mA", "P_mW", "T_max_K", "electrode_drop_mV", "P_electrode_mW", "I_lead_mA", "I_wire_mA")
COUNTS = ("unstable_modes_voltage_bias", "unstable_modes_current_bias", "fold", "jump", "branch")


def runs() -> dict[str, Scenario]:
    """One of every kind of run with fields; the branch has a map below its electrode."""
    mapped = (Map(of="mesa.specific_resistance_ohm_um2", expression="where(x > 0, 0.8, 1)"),)
    short, fold = Branch(end_current_mA=0.8, min_points=6), Branch(end_current_mA=1.3, min_points=10)
    swept = Bias(kind="voltage", legs_mV=(0.0, 700.0), points_per_leg=6)
    step = Transient(level_mA=0.7, end_us=0.02)
    sheet = folding(sheet_ohm=40.0, conductance_W_per_K=3e-6).model_copy(update={"branch": fold})
    return {
        "branch": strip(maps=mapped, branch=short),
        "family": strip(mode="family", branch=short, family={"junctions": (9, 19)}),
        "sweep": sheet.model_copy(update={"mode": "sweep", "bias": swept}),
        "transient": strip(mode="transient", transient=step),
        "diagram": sheet.model_copy(update={"mode": "diagram"}),
    }


def test_two_processes_give_the_runs_of_one(run_mpi: Callable[..., Any], tmp_path: Path) -> None:
    files = []
    for name, scenario in runs().items():
        numerics = scenario.numerics.model_copy(update={"path": "sparse", "estimate_error": False})
        file = tmp_path / f"{name}.toml"
        file.write_text(to_toml(scenario.model_copy(update={"numerics": numerics})), encoding="utf-8")
        files.append(str(file))
    found = []
    for ranks in (1, 2):
        out = tmp_path / f"{ranks}.json"
        done = run_mpi(ranks, rank_runs.__file__, str(out), *files, timeout=600)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(out.read_text(encoding="utf-8")))
    for name, one in found[0].items():
        two = found[1][name]
        assert one["status"] == two["status"] == 0, (name, one["problem"], two["problem"])
        table = next(iter(one["tables"]))
        here, there = one["tables"][table], two["tables"][table]
        assert max(map(float, here["electrode_drop_mV"])) > 1.0, name
        for key in sorted({*KEPT} & {*here}):
            a, b = (np.array(values[key], dtype=float) for values in (here, there))
            np.testing.assert_allclose(b, a, rtol=0.0, atol=1e-7 * np.abs(a).max(), err_msg=f"{name}: {key}")
        for key in sorted({*COUNTS} & {*here}):
            assert there[key] == here[key], f"{name}: {key}"
