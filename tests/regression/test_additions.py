"""The five additions to the package, each made for real: check, reference, runs, studies and --overwrite follow.

A law and a heat sink take two files, an observable one function, a figure one file, a kind of run three files and a
line, all in a copy of the package.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hotmesa import kinds

PACKAGE = Path(kinds.__file__).resolve().parents[1]
FOLDERS = {"app": "", "scenarios": "scenarios", "meshes": "meshes", "solver": "solver", "postprocess": "postprocess"}
STRIP = PACKAGE / "tests" / "regression" / "golden" / "strip.toml"
COARSE = ("branch.end_current_mA=0.3", "stability.points=none", "mesh.refine=0.3")
DRIVER = """
import contextlib, io, json, sys
from hotmesa.cli import main
done = []
for command in json.loads(sys.argv[1]):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            status = main(command)
        except SystemExit as error:
            status = error.code
    done.append((status, text.getvalue()))
print(json.dumps(done))
"""


class Copy:
    """A copy of the package (of links), with some of its files changed or added."""

    def __init__(self, folder: Path, changes: dict[str, str], lines: Mapping[str, tuple[str, str]] = {}) -> None:
        """Copy.

        Args:
            folder: for the copy.
            changes: texts by file, put after what the file holds, if there is one.
            lines: by file a line that is put in behind another one.
        """
        changes = dict(changes)
        for name, (before, line) in lines.items():
            whole = (PACKAGE / name).read_text()
            assert whole.count(before) == 1
            changes[name] = whole.replace(before, before + line)
        self.folder = folder
        for name, inside in FOLDERS.items():
            for file in (PACKAGE / name).rglob("*"):
                place = folder / "hotmesa" / inside / file.relative_to(PACKAGE / name)
                if file.is_file() and "__pycache__" not in file.parts:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.symlink_to(file)
        for name, text in changes.items():
            place = folder / "hotmesa" / name
            old = place.read_text() if place.exists() and name not in lines else ""
            place.unlink(missing_ok=True)
            place.write_text(old + text)

    def __call__(self, *commands: Sequence[str]) -> list[tuple[int, str]]:
        """Run commands, one after the other in one process; status and text of each."""
        found = subprocess.run(
            [sys.executable, "-c", DRIVER, json.dumps(commands)],
            cwd=self.folder, env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [(status, text) for status, text in json.loads(found.stdout.splitlines()[-1])]


def sets(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def study(folder: Path, key: str, values: object, observable: str, fixed: dict[str, object]) -> list[str]:
    """The command of a study of one key."""
    lines = ['name = "s"', f'scenario = "{STRIP}"', f"observables = [{json.dumps(observable)}]", "[fixed]"]
    lines += [f"{json.dumps(name)} = {value}" for name, value in fixed.items()]
    lines += ["[[vary]]", f'key = "{key}"', f"values = {values}"]
    (folder / "s.toml").write_text("\n".join(lines) + "\n")
    return ["study", "s.toml", "--out", "study", "--workers", "0", "--quiet"]


FIXED = {"branch.end_current_mA": 0.3, "stability.points": '"none"', "mesh.refine": 0.3, "branch.min_points": 4}


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_law_takes_two_files(tmp_path: Path) -> None:
    changed = Copy(
        tmp_path,
        {
            "scenarios/schema/law.py": """

class Activated(Law):
    '''A thermally activated resistance.'''

    words: ClassVar[str] = "activated, {activation_meV:g} meV"
    kind: Literal["activated"] = "activated"
    activation_meV: Positive = Field(description="activation energy")
""",
            "solver/law/activated.py": """
import numpy as np

from hotmesa.solver.law.ohmic import OhmicLaw


def build(law, scenario, cache):
    T = np.geomspace(1.5, 400.0, 80)
    return OhmicLaw((T, np.exp(-law.activation_meV / (0.08617 * (T + 20.0)))))
""",
        },
    )
    law = sets("law.kind=activated", "law.activation_meV=1.0")
    check, schema, run, odd, near, cases = changed(
        ["check", str(STRIP), *law],
        ["check", "--schema"],
        ["run", str(STRIP), *law, *sets(*COARSE), "--out", "out", "--quiet"],
        ["check", str(STRIP), *sets("law.activation_meV=1.0")],
        ["check", str(STRIP), *sets("law.kind=activeted")],
        study(tmp_path, "law.activation_meV", [1.0, 2.0], "V_mV@I_mA=0.2", FIXED | {"law.kind": '"activated"'}),
    )
    assert check[0] == 0 and "activated, 1 meV" in check[1]
    assert schema[0] == 0 and "law.activation_meV" in schema[1] and "(meV)" in schema[1]
    assert run[0] == 0, run[1]
    assert odd[0] == 2 and 'has no effect with kind = "d-wave"; set kind = "activated"' in odd[1]
    assert near[0] == 2 and 'did you mean "activated"' in near[1]
    assert cases[0] == 0, cases[1]
    voltages = [float(row["V_mV@I_mA=0.2"]) for row in table(tmp_path / "study" / "table.csv")]
    assert voltages[1] > 1.05 * voltages[0]


def test_a_heat_sink_takes_two_files(tmp_path: Path) -> None:
    changed = Copy(
        tmp_path,
        {
            "scenarios/schema/sinks.py": """

class Metal(Sink):
    '''Electrons of a metal: heat flux b (T^2 - T_B^2).'''

    words: ClassVar[str] = "metal, {b_W_per_m2K2:g} W/(m² K²)"
    kind: Literal["metal"] = "metal"
    b_W_per_m2K2: Positive = Field(description="coefficient b")
""",
            "solver/device/cooling/metal.py": """
def build(sink, bath):
    b = sink.b_W_per_m2K2 * 1e-6
    return lambda T: (b * (T**2 - bath**2), 2.0 * b * T)
""",
        },
    )
    sink = sets('sinks=[{name="lead",kind="metal",b_W_per_m2K2=1e4}]')
    alone = sets("contacts=[]", "bath.bottom=insulated")
    check, schema, run, refused, cases = changed(
        ["check", str(STRIP), *sink, *alone],
        ["check", "--schema"],
        ["run", str(STRIP), *sink, *alone, *sets(*COARSE), "--out", "out", "--quiet"],
        ["check", str(STRIP), *alone],
        study(
            tmp_path, "sinks.0.b_W_per_m2K2", [1e4, 4e4], "Q_lead_mW@I_mA=0.2",
            FIXED | {"sinks": '[{name="lead",kind="metal",b_W_per_m2K2=1e4}]'},
        ),
    )  # fmt: skip
    assert check[0] == 0 and "lead: metal, 10000 W/(m² K²) on the top" in check[1]
    words = " ".join(schema[1].split())
    assert schema[0] == 0 and "(W/(m² K²))" in words and "electrons of a metal: heat flux b" in words
    assert run[0] == 0, run[1]
    last = table(tmp_path / "out" / "iv.csv")[-1]
    assert float(last["Q_lead_mW"]) == pytest.approx(float(last["P_mW"]), rel=1e-8)
    assert refused[0] == 2 and "nothing carries the heat away" in refused[1]
    assert cases[0] == 0, cases[1]
    heats = [float(row["Q_lead_mW@I_mA=0.2"]) for row in table(tmp_path / "study" / "table.csv")]
    assert heats[1] > 1.2 * heats[0] > 0.0


def test_an_observable_takes_one_function(tmp_path: Path) -> None:
    function = """

@observable(T_rms_K="rms deviation of the temperature of the junctions from its mean")
def spread(model: Model, e: State) -> Row:
    return {"T_rms_K": float(np.std(e.T[model.layout.junction_rows]))}
"""
    changed = Copy(tmp_path, {"solver/states/observables.py": function})
    pulse = sets("mode=transient", "transient.level_mA=0.3", "transient.end_us=0.1", "stability.points=none")
    run, moments, cases = changed(
        ["run", str(STRIP), *sets(*COARSE), "--out", "out", "--quiet"],
        ["run", str(STRIP), *pulse, *sets("mesh.refine=0.3"), "--out", "time", "--quiet"],
        study(tmp_path, "mesa.junctions", [12, 19], "T_rms_K@I_mA=0.2", FIXED),
    )
    (near,) = changed(study(tmp_path, "mesa.junctions", [12, 19], "T_rsm_K@I_mA=0.2", FIXED))
    assert run[0] == 0 and moments[0] == 0, run[1] + moments[1]
    for file in ("out/iv.csv", "time/transient.csv"):
        assert float(table(tmp_path / file)[-1]["T_rms_K"]) > 0.0
    assert near[0] == 2 and "did you mean T_rms_K" in near[1]
    assert cases[0] == 0, cases[1]
    assert all(float(row["T_rms_K@I_mA=0.2"]) > 0.0 for row in table(tmp_path / "study" / "table.csv"))


def test_a_figure_takes_one_file(tmp_path: Path) -> None:
    function = """

def plot_spot(run: Run) -> Figure:
    figure = page.new_figure(3.0, 2.0)
    figure.subplots().plot(run.column("I_mA"), run.column("hot_fraction"))
    return figure


FIGURES["spot.png"] = plot_spot
"""
    changed = Copy(tmp_path, {"postprocess/runs/branch.py": function})
    (made,) = changed(["run", str(STRIP), *sets(*COARSE), "--out", "out", "--quiet"])
    assert made[0] == 0, made[1]
    assert (tmp_path / "out" / "spot.png").stat().st_size > 1000
    (other,) = changed(["run", "kurter2010-uniform", "--out", "out", "--quiet", "--overwrite"])
    assert other[0] == 0, other[1]
    assert (tmp_path / "out" / "iv.png").exists() and not (tmp_path / "out" / "spot.png").exists()


def test_a_kind_of_run_takes_three_files_and_a_line(tmp_path: Path) -> None:
    """Steady states at currents that a section of its own names."""
    changed = Copy(
        tmp_path,
        {
            "scenarios/runs/states.py": """
from collections.abc import Iterator

from pydantic import Field

from hotmesa.scenarios.kinds import COLUMNS, Kind
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Positive, Section


class States(Section):
    '''Steady states at currents (mode = "states").'''

    at_mA: tuple[Positive, ...] = Field((0.1, 0.2), description="these currents")
    cold_K: Positive = Field(4.0, description="a temperature")


def findings(scenario) -> Iterator[Finding]:
    '''Currents beyond the end.'''
    if max(scenario.states.at_mA) > scenario.branch.end_current_mA:
        yield Finding(("states", "at_mA"), "beyond branch.end_current_mA")


KIND = Kind(
    "states", "states.csv", "steady states at currents", points="states", columns=COLUMNS, findings=findings,
    keys=States, meanings={"number": "number of the state"},
)
""",
            "solver/runs/states.py": """
from hotmesa.postprocess.results import Point
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

NO_RESUME = "it is short"


def control(scenario):
    return "I_mA", scenario.states.at_mA[-1]


def points(model, observables=()):
    for number, current in enumerate(model.scenario.states.at_mA):
        e = solve_steady(model, Bias.current(), current)
        yield Point(observe(model, e, observables) | {"number": number})
""",
            "postprocess/runs/states.py": """
from hotmesa.postprocess import page


def summarise(run):
    return {"name": run.scenario.name, "points": len(run), "hottest_K": float(run.column("T_max_K").max())}


def plot_states(run):
    figure = page.new_figure(3.0, 2.0)
    figure.subplots().plot(run.column("I_mA"), run.column("T_max_K"), "o")
    return figure


NUMBERS = {"hottest_K": "highest temperature of all states"}
FIGURES = {"states.png": plot_states}
""",
        },
        {"scenarios/kinds.py": ('    "family",\n', '    "states",\n')},
    )
    states = sets("mode=states", "mesh.refine=0.3", "stability.points=none")
    at = sets("states.at_mA=[0.1,0.2,0.3]")
    check, schema, run, beyond, near, odd, again, other, cases = changed(
        ["check", str(STRIP), *states],
        ["check", "--schema"],
        ["run", str(STRIP), *states, *at, "--out", "out"],
        ["check", str(STRIP), *states, *sets("states.at_mA=[99.0]")],
        ["check", str(STRIP), *sets("mode=stats")],
        ["check", str(STRIP), *sets("states.at_A=[0.1]")],
        ["run", str(STRIP), *states, *at, "--out", "out", "--overwrite", "--quiet"],
        ["run", "kurter2010-uniform", "--out", "out", "--overwrite", "--quiet"],
        study(
            tmp_path, "mesa.junctions", [12, 19], "hottest_K",
            {"mode": '"states"', "mesh.refine": 0.3, "stability.points": '"none"'},
        ),
    )  # fmt: skip
    assert check[0] == 0 and "steady states at currents" in check[1]
    assert schema[0] == 0 and "[states]" in schema[1] and "states.cold_K" in schema[1] and '"states"' in schema[1]
    assert run[0] == 0 and "3 states, 0 Newton steps" in run[1], run[1]
    assert beyond[0] == 2 and "states.at_mA: beyond branch.end_current_mA" in beyond[1]
    assert near[0] == 2 and 'did you mean "states"' in near[1]
    assert odd[0] == 2 and "did you mean at_mA" in odd[1]
    assert again[0] == 0 and other[0] == 0, again[1] + other[1]
    assert not list((tmp_path / "out").glob("states.*"))
    assert cases[0] == 0, cases[1]
    assert all(float(row["hottest_K"]) > 4.2 for row in table(tmp_path / "study" / "table.csv"))
