"""Inputs that once crashed, never ended or mixed layers up: answered within seconds and little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hotmesa as hm

STRIP = Path(__file__).parent / "golden" / "strip.toml"
LARGEST_MB, LONGEST_S = 500, 5.0
CHILD = """
import resource, sys
from hotmesa.cli import main
status = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
# not ru_maxrss: that one keeps the size of the process that started this one
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("used", float(peak) / 1024, used.ru_utime + used.ru_stime)
sys.exit(status)
"""

WRONG = [
    ("range step", "st.toml", 'vary = [{key = "bath.temperature_K", range = {first = 4.2, last = 10, step = 1e-300}}]',
     "at most 10000 points"),
    ("radius", "dev.toml", 'contacts = [{radius_um = 1e-200, contact_K_per_mW = 3.0}]', "radius_um: 1e-200 must be"),
    ("nesting", "dev.toml", "x = " + "[" * 5000 + "]" * 5000, "nested more than 20 deep"),
    ("many contacts", "dev.toml", "contacts = [" + "{radius_um = 1.0}," * 3000 + "]", "200 at most"),
    ("sublayers", "dev.toml", """
layers = [
  {name = "film", material = "gold", thickness_um = 0.04, region = "mesa"},
  {name = "mesa", material = "crystal", region = "mesa", junctions = true, sublayers = 2},
  {name = "mesa_01", material = "crystal", thickness_um = 20.0},
]""", '"mesa_01" is the name of a sublayer of "mesa"'),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_refused_within_seconds(tmp_path: Path, file: str, text: str, said: str) -> None:
    study = file == "st.toml"
    (tmp_path / file).write_text(f'{"scenario" if study else "base"} = "{STRIP}"\nname = "dev"\n{text}\n')
    command = ["study", file, "--out", "res", "--workers", "0"] if study else ["run", file, "--out", "res"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2 and said in done.stderr, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    megabytes, seconds = map(float, done.stdout.rpartition("used ")[2].split())
    assert megabytes < LARGEST_MB and seconds < LONGEST_S  # of the processor: others may use the machine
    assert not (tmp_path / "res").exists()


def test_a_layer_may_be_called_like_a_sublayer_that_is_not_there() -> None:
    """The crystal is called mesa_01; the junctions are found by their place, not by their name."""
    names = {"layers.1.sublayers": 1, "layers.2.name": "mesa_01", "layers.2.sublayers": 1, "stability.points": "none"}
    names |= {"layers.2.first_sublayer_um": None, "branch.end_current_mA": 0.1, "mesh.refine": 0.3}
    run = hm.run(STRIP, names)
    assert run.states is not None and list(run.states.layer_names) == ["film", "mesa", "mesa_01"]
    assert run.junction_layers == [1]
    found = run.junction_T_K
    assert found is not None
    np.testing.assert_array_equal(found, run.states.T_K[:, 1])
