"""Every command once, as a user calls it, on a bundled device: it ends with 0 and leaves what it promises."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from helpers.tunnelling import sin_current

from hotmesa.cli import main
from hotmesa.commands import COMMANDS

DEVICE = "diagram-strip"
KEYS = {
    "mode": "branch", "branch.min_points": 12, "branch.end_current_mA": 0.8, "stability.points": "none",
    "numerics.estimate_error": False, "mesh.size_um": 0.5,
}  # fmt: skip
SETS = tuple(word for key, value in KEYS.items() for word in ("--set", f"{key}={json.dumps(value)}"))
HEAD = f'name = "some"\nscenario = "{DEVICE}"\n'
FIXED = "[fixed]\n" + "".join(f'"{key}" = {json.dumps(value)}\n' for key, value in KEYS.items())
AT = "T_max_K@I_mA=0.7"
FILES = {
    "study.toml": f'{HEAD}observables = ["{AT}"]\nrank_by = "{AT}"\nbest = "smallest"\n{FIXED}'
    '[[vary]]\nkey = "bath.temperature_K"\nvalues = [4.2, 20.0]\n',
    "fit.toml": f'{HEAD}{FIXED}[[parameters]]\nkey = "bath.temperature_K"\nstart = 6.0\nmin = 4.0\n'
    f'max = 9.0\n[[data]]\nname = "hot"\nobservable = "{AT}"\nvalue = 70.0\nsigma = 5.0\n',
    "best.toml": f'{HEAD}tolerance = 0.1\n{FIXED}[[variables]]\nkey = "contacts.0.radius_um"\nmin = 1.0\nmax = 1.5\n'
    f'[objective]\nobservable = "{AT}"\ngoal = "minimise"\n',
    "bands.toml": f'{HEAD}samples = 8\nobservables = ["{AT}"]\n{FIXED}[[assumed]]\nkey = "bath.temperature_K"\n'
    "min = 4.0\nmax = 5.0\n",
}


def as_table(head: str, x: np.ndarray, y: np.ndarray) -> str:
    """Two columns as a CSV file."""
    return head + "\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True))


U, V = np.linspace(0.0, 900.0, 200), np.linspace(-60.0, 60.0, 121)
CONTACT = as_table("V_mV,I_mA", U, sin_current(U, 4.2, 24.0, 0.5))
CONDUCTANCE = as_table("v_mV,dI_dV", V, np.gradient(sin_current(V, 4.2, 24.0, 0.6), 1.0))
# (command, its words, what is there afterwards), each after those above it.
CALLS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("list", (), ()),
    ("check", (DEVICE, "--draw", "device.png"), ("device.png",)),
    ("run", (DEVICE, *SETS, "--out", "r"), ("r/iv.csv", "r/iv.png", "r/map.png", "r/summary.json", "r/fields.pvd")),
    ("ltslm", ("r", "--current", "0.7", "--out", "spot"), ("spot/ltslm.png",)),
    ("family", (DEVICE, *SETS, "--junctions", "12,19", "--out", "f"), ("f/family.csv", "f/family.png")),
    ("plot", ("r", "--what", "iv,map", "--format", "pdf", "--width", "86mm"), ("r/iv-86mm.pdf", "r/map-86mm.pdf")),
    ("surface", ("r", "--current", "0.7", "--out", "s"), ("s/surface.csv", "s/surface.png")),
    ("report", ("r",), ("r/report.html",)),
    ("animate", ("r", "--out", "r.gif"), ("r.gif",)),
    ("paraview", ("r",), ("r/volume.pvd", "r/view.py")),
    ("observe", ("r", "--window", "0", "1", "--out", "seen.csv"), ("seen.csv",)),
    ("study", ("study.toml", "--workers", "0", "--out", "st"), ("st/table.csv", "st/compare.png")),
    ("compare", ("st", "--by", AT), ("st/ranking.csv",)),
    ("fit", ("fit.toml", "--workers", "0", "--out", "ft"), ("ft/fit.json", "ft/fit.png")),
    ("optimise", ("best.toml", "--workers", "0", "--out", "o"), ("o/optimise.png",)),
    ("uncertainty", ("bands.toml", "--workers", "0", "--out", "u"), ("u/uncertainty.csv",)),
    ("sensitivity", (DEVICE, *SETS, "--of", AT, "--parameters", "law.gap_ratio", "--out", "se"), ("se/tornado.png",)),
    ("identify", (DEVICE, *SETS, "--parameters", "law.gap_ratio", "--out", "id"), ("id/identify.png",)),
    ("folds", ("kurter2010-uniform", "--over", "bath.temperature_K=4.2:80", "--out", "fo"), ("fo/folds.png",)),
    ("spectrum", ("sin.csv", "--kind", "SIN", "--temperature", "4.2", "--out", "sin.json"), ("sin.json",)),
    ("subtract", ("contact.csv", "contact.csv", "--out", "rest.csv"), ("rest.csv",)),
    ("completion", ("bash",), ()),
    ("doctor", (), ()),
)  # fmt: skip
ELSEWHERE = {"explore": "unit/app/test_explore_browser.py", "kernel": "regression/test_notebooks.py"}
"""Commands with a process or a home folder of their own, and the tests that run them."""
USABLE = {"doctor": (0, 1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("every")
    for name, text in (FILES | {"sin.csv": CONDUCTANCE, "contact.csv": CONTACT}).items():
        (made / name).write_text(text)
    return made


@pytest.mark.parametrize(("command", "words", "files"), CALLS, ids=[call[0] for call in CALLS])
def test_a_command_on_a_bundled_device(
    command: str, words: tuple[str, ...], files: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(folder)
    assert main([command, *words]) in USABLE.get(command, (0,))
    assert capsys.readouterr().out
    for name in files:
        assert os.path.getsize(folder / name) > 0


def test_no_command_is_left_out() -> None:
    assert {command for command, *_ in CALLS} | ELSEWHERE.keys() == COMMANDS.keys()
    for command, file in ELSEWHERE.items():
        text = (Path(__file__).parents[1] / file).read_text()
        assert "served_page" in text if command == "explore" else f'main(["{command}"])' in text
