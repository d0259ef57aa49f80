"""Inputs that once crashed, never ended or mixed layers up: answered within seconds and little memory."""

from __future__ import annotations

import json
import os
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
SEVERAL = """
import contextlib, io, json, sys, time
from hotmesa.cli import main
answers = []
for line in sys.argv[1:]:
    said, begin = io.StringIO(), time.process_time()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main(line.split())
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    answers.append((status, said.getvalue(), float(peak) / 1024, time.process_time() - begin))
print(json.dumps(answers))
"""

WRONG = [
    ("range step", "st.toml", 'vary = [{key = "bath.temperature_K", range = {first = 4.2, last = 10, step = 1e-300}}]',
     "at most 10000 points"),
    ("radius", "dev.toml", 'contacts = [{radius_um = 1e-200, contact_K_per_mW = 3.0}]', "radius_um: 1e-200 must be"),
    ("cases", "st.toml", "vary = [" + ", ".join(
        f'{{key = "{key}", range = {{first = 4.0, last = 10.0, points = 1000}}}}'
        for key in ("bath.temperature_K", "mesa.width_um", "mesa.spacing_nm")) + "]",
     "1000000000 cases are more than max_cases"),
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
    refused(tmp_path, command, said)
    assert not (tmp_path / "res").exists()


def refused(folder: Path, command: list[str], said: str) -> None:
    """Assert that a command ends with status 2 and its reason, within seconds, little memory and few words."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *command], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2 and said in done.stderr, done.stderr[-2000:]
    assert "Traceback" not in done.stderr and len(done.stderr) < 20_000
    megabytes, seconds = map(float, done.stdout.rpartition("used ")[2].split())
    assert megabytes < LARGEST_MB and seconds < LONGEST_S  # of the processor: others may use the machine


LONG = {
    "a list": ("unknown = [" + "1," * 480_000 + "]", "unknown: unknown key"),
    "a list of a key": ("[branch]\nat_mA = [" + "0.1," * 240_000 + "]", "1000 at most"),
    "a curve": ("[materials.a.in_plane_W_per_mK]\nT_K = [" + "1.0," * 240_000 + "]\nvalues = [1]", "10000 at most"),
    "corners": ("[mesa]\nshape = 'polygon'\nvertices_um = [" + "[1,1]," * 160_000 + "]", "1000 at most"),
    "unknown keys": ("".join(f"k{k} = 1\n" for k in range(90_000)), "the file has 90001 keys"),
    "fewer unknown keys": ("".join(f"k{k} = 1\n" for k in range(19_000)), "unknown key"),
    "unknown tables": ("".join(f"[t{k}]\n" for k in range(100_000)), "keys, more than 20000"),
    "keys of a section": ("[mesa]\n" + "".join(f"k{k} = 1\n" for k in range(19_000)), "unknown key"),
    "layers": ("[[layers]]\nname = 'a'\n" * 45_000, "100 at most"),
    "materials": ("".join(f"[materials.m{k}]\n" for k in range(19_000)), "200 at most"),
    "regions": ("[mesh.regions]\n" + "".join(f"m{k} = 1\n" for k in range(19_000)), "200 at most"),
    "a word": ("mode = '" + "x" * 950_000 + "'", "mode"),
    "a key": ("x" * 950_000 + " = 1", "toml: xxxx"),
    "dots": (".".join(["x"] * 480_000) + " = 1", "nested more than 20 deep"),
    "dots in braces": ("x = {" + "x . " * 240_000 + "y = 1}", "nested more than 20 deep"),
    "10 MB": ("# " + "x" * 10_000_000, "larger than 1 MB"),
    "10 MB of a list": ("unknown = [" + "1," * 5_000_000 + "]", "larger than 1 MB"),
}


def test_megabytes_are_refused_within_seconds(tmp_path: Path) -> None:
    for kind, (text, _) in LONG.items():
        (tmp_path / f"{kind.replace(' ', '-')}.toml").write_text(f'name = "dev"\n{text}\n')
    lines = [f"check {kind.replace(' ', '-')}.toml" for kind in LONG]
    for (kind, (_, words)), answer in zip(LONG.items(), several(tmp_path, lines), strict=True):
        status, said, megabytes, seconds = answer
        assert status == 2 and words in said, (kind, said[:2000])
        assert len(said) < 20_000 and megabytes < LARGEST_MB and seconds < LONGEST_S, (kind, megabytes, seconds)


def several(folder: Path, lines: list[str]) -> list[tuple[int, str, float, float]]:
    """Return status, words, largest memory so far (MB) and time (s) of several commands in one process."""
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, *lines], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return [(int(row[0]), str(row[1]), float(row[2]), float(row[3])) for row in json.loads(done.stdout)]


KEYS = {
    "mesh": '[mesh]\nfile = "{}"', "law": '[law]\nkind = "table"\ntable = "{}"', "gap": '[law]\ngap_table = "{}"',
    "source": 'mode = "transient"\n[transient]\nwaveform = "table"\ntable = "{}"', "base": "",
    "sink": '[[sinks]]\nkind = "table"\nname = "he"\nface = "top"\ntable = "{}"',
    "start": 'mode = "transient"\n[transient]\nlevel_mA = 0.1\nstart = "{}"',
}  # fmt: skip


COMMANDS = (
    "run X", "check X", "study X", "fit X", "ltslm X --current 0.1", "compare X",
    "spectrum X --kind SIN --temperature 4",
    "subtract X X --out y.csv", "subtract good.csv X --out y.csv", "fit ft.toml", "study st.toml",
)  # fmt: skip


@pytest.mark.parametrize("special", ["/dev/zero", "pipe", "folder"])
def test_devices_pipes_and_folders_are_refused(tmp_path: Path, special: str) -> None:
    """As file of every key of a scenario, and as argument of every command; a pipe would be waited for without end."""
    for name in ("pipe", "pipe.msh"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "folder").mkdir()
    (tmp_path / "good.csv").write_text("V_mV,I_mA\n1,0.1\n2,0.2\n")
    (tmp_path / "st.toml").write_text(f'name = "st"\nscenario = "{STRIP}"\n[[vary]]\nfile = "{special}"\n')
    parameter = 'parameters = [{key = "mesa.spacing_nm", start = 2, min = 1, max = 3}]'
    data = f'data = [{{name = "a", file = "{special}"}}]'
    (tmp_path / "ft.toml").write_text(f'name = "ft"\nscenario = "{STRIP}"\n{parameter}\n{data}\n')
    lines = [command.replace("X", special) for command in COMMANDS]
    for key, text in KEYS.items():
        file = "pipe.msh" if (special, key) == ("pipe", "mesh") else special
        base = file if key == "base" else str(STRIP)
        (tmp_path / f"{key}.toml").write_text(f'base = "{base}"\nname = "dev"\n{text.format(file)}\n')
        lines.append(f"run {key}.toml --out res")
    answers = several(tmp_path, lines)
    for line, (status, said, megabytes, seconds) in zip(lines, answers, strict=True):
        assert status == 2 and "Traceback" not in said, (line, said)
        assert special in said or line.split()[1] in said, (line, said)
        assert megabytes < LARGEST_MB and seconds < LONGEST_S, line
    assert len(answers) == len(COMMANDS) + len(KEYS) and not (tmp_path / "res").exists()


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
