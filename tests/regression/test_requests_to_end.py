"""TERM, HUP and Ctrl-C at any command, with and without MPI: points are kept, nobody computes on, status 130."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from helpers.launcher import ROOT, launcher_environment, ready_cache
from helpers.requests import REQUESTS, hear_all, in_session, parent_of, processes_with, ranks_with
from regression.contract import GOLDEN, rows

from hotmesa.cli import main
from hotmesa.commands import COMMANDS

STRIP = GOLDEN / "strip.toml"
LONG = {
    "branch.min_points": 20000, "branch.max_points": 100000, "numerics.path": "sparse", "stability.points": "none",
    "numerics.estimate_error": False,
}  # fmt: skip
SETS = [word for key, value in LONG.items() for word in ("--set", f"{key}={json.dumps(value)}")]
FIXED = "[fixed]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in LONG.items())
HEAD = f'name = "some"\nscenario = "{STRIP}"\n{FIXED}'
VARY = '[[vary]]\nkey = "bath.temperature_K"\nvalues = [4.0, 4.2, 4.4, 4.6]\n'
PARAMETER = '[[parameters]]\nkey = "bath.temperature_K"\nstart = 4.2\nmin = 4.0\nmax = 5.0\n'
DATA = '[[data]]\nname = "end"\nobservable = "T_max_K"\nvalue = 40.0\nsigma = 1.0\n'
WORDS = {
    "run": ("run", str(STRIP), *SETS),
    "family": ("family", str(STRIP), "--junctions", "19", *SETS),
    "study": ("study", "study.toml"),
    "fit": ("fit", "fit.toml"),
}
needs_mpirun = pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a long command by the launcher, in a session of its own, up to its first points."""
    cache = ready_cache(tmp_path)
    (tmp_path / "study.toml").write_text(HEAD + VARY)
    (tmp_path / "fit.toml").write_text(HEAD + PARAMETER + DATA)
    started = []

    def start(command: str, ranks: int) -> subprocess.Popen[str]:
        words = [*WORDS[command], "--out", str(tmp_path / "out")]
        if command in ("study", "fit"):
            words += ["--mpi"] if ranks > 1 else ["--workers", "2"]
        mpirun = ("mpirun", "-n", str(ranks)) if ranks > 1 else ()
        process = subprocess.Popen(
            [str(ROOT / "hotmesa"), *mpirun, *words], env=launcher_environment(cache), cwd=tmp_path,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, preexec_fn=hear_all,
        )  # fmt: skip
        started.append(process)
        deadline = time.monotonic() + 90.0
        while not any(count_points(path) > 3 for path in (tmp_path / "out").glob("**/*.csv")):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.05)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)  # nothing of it is left to the tests behind


def count_points(path: Path) -> int:
    """Number of lines of a table behind its header."""
    return path.read_bytes().count(b"\n") - 1


def kept(folder: Path, command: str) -> bool:
    """Whether the points are there, and the folder says that it was interrupted."""
    tables = [path for path in folder.glob("**/iv.csv" if command != "family" else "**/family.csv")]
    assert any(count_points(path) > 3 for path in tables)
    if command in ("run", "family"):
        return bool(json.loads((folder / "provenance.json").read_text())["status"] == "interrupted")
    if command == "study":
        return {row["status"] for row in rows(folder / "table.csv")} <= {"interrupted", "not computed"}
    return True


WHOM = ("group", "launcher")
EVERY = [(*case, ranks) for ranks in (1, 2) for case in product(WORDS, REQUESTS, WHOM)]
FEW = EVERY[::5] + EVERY[3::5]
"""By default: of each command, each request, group and launcher some."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the test of all commands its cases."""
    if "whom" in metafunc.fixturenames and "number" in metafunc.fixturenames:
        cases = EVERY if metafunc.config.getoption("--nightly") else FEW
        names = [f"{command}-{number.name}-{whom}-{ranks}" for command, number, whom, ranks in cases]
        metafunc.parametrize(("command", "number", "whom", "ranks"), cases, ids=names)


def test_a_command_that_is_asked_to_end_keeps_its_points_and_leaves_nobody(
    begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, command: str, number: signal.Signals, whom: str,
    ranks: int,
) -> None:  # fmt: skip
    if ranks > 1 and shutil.which("mpirun") is None:
        pytest.skip("there is no mpirun")
    process = begin(command, ranks)
    (os.killpg if whom == "group" else os.kill)(process.pid, number)
    _, said = process.communicate(timeout=60)
    lines = said.splitlines()
    assert process.returncode == 130, said
    assert len(lines) == 1 and lines[0].startswith("hotmesa: interrupted"), said
    assert kept(tmp_path / "out", command)
    assert processes_with(str(tmp_path)) == {} and in_session(process.pid) == []


@pytest.mark.parametrize("number", REQUESTS, ids=lambda number: number.name)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_ends_with_130_when_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, number: signal.Signals
) -> None:
    import importlib

    module = importlib.import_module(f"hotmesa.commands.{command}")

    def asked(**options: object) -> int:
        signal.raise_signal(number)
        pytest.fail("it went on")

    monkeypatch.setattr(module, "main", asked)
    monkeypatch.setattr(module, "add_arguments", lambda parser: None)
    before = [signal.getsignal(n) for n in REQUESTS]
    assert main([command]) == 130
    assert capsys.readouterr() == ("", "hotmesa: interrupted\n")
    assert [signal.getsignal(n) for n in REQUESTS] == before


@needs_mpirun
@pytest.mark.parametrize("whom", ["mpirun", "launcher"])
@pytest.mark.parametrize("command", ["run", "study"])
def test_ranks_end_when_what_started_them_is_killed(
    begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, command: str, whom: str
) -> None:
    process = begin(command, 2)
    ranks = ranks_with(str(tmp_path))
    assert len(ranks) == 2
    os.kill(process.pid if whom == "launcher" else parent_of(ranks[0]), signal.SIGKILL)
    deadline = time.monotonic() + 40.0
    while processes_with(str(tmp_path)):
        assert time.monotonic() < deadline, processes_with(str(tmp_path))
        time.sleep(0.1)
    process.communicate(timeout=30)
    assert process.returncode not in (0, 130)
    assert any(count_points(path) > 3 for path in (tmp_path / "out").glob("**/iv.csv"))
