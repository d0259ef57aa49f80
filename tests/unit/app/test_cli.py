"""The command line with a fake tracer: folders, exit status, messages, interruption."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from hotmesa import kinds, runner
from hotmesa.cli import main
from hotmesa.postprocess.results import Point, load_run
from hotmesa.progress import Progress
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.solver.errors import SolveError

FAST = ("--set", "law.kind=ohmic", "--set", "law.resistivity_ohm_cm=100", "--set", "law.set=none")


def point(k: int) -> Point:
    """Point k of a resistor of 460 Ω: good enough to be drawn."""
    current = 0.1 * (k + 1)
    voltage = 460 * current
    row = {"V_mV": voltage, "V_per_junction_mV": voltage / 19, "I_mA": current, "P_mW": 1e-3 * voltage * current}
    return Point(row | {"T_max_K": 4.2 + k, "dV_dI_ohm": 460.0, "fold": "", "newton_steps": 2})


Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the N = 19 scenario with a tracer of our own in place of the solver."""

    def with_tracer(trace: Callable[[object], Iterator[Point]], *arguments: str) -> int:
        solver = kinds.Solver(lambda scenario, comm, own: trace("model"), lambda scenario: ("I_mA", 1.6))
        monkeypatch.setattr(runner, "solver_of", lambda word: solver)
        monkeypatch.chdir(tmp_path)
        return main(["run", "kurter2010-n19", *FAST, *arguments])

    return with_tracer


def six(model: object) -> Iterator[Point]:
    assert model == "model"
    yield replace(point(0), beside=lambda: {"uniform.csv": [point(k).row for k in range(9)]})
    yield from (point(k) for k in range(1, 6))


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0 and capsys.readouterr().out == f"hotmesa {version('hotmesa')}\n"


def test_list_shows_names_and_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("kurter2010-n19 ") and "19 junctions" in line for line in lines)


def test_check_describes_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "kurter2010-n19", "--set", "mesa.junctions=12"]) == 0
    assert "12 junctions" in capsys.readouterr().out


def test_check_reports_all_problems_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "kurter2010-n19", "--set", "mesa.junctions=0", "--set", "bath.rim=x"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "2 problems" in printed.err
    assert "Traceback" not in printed.err


def test_check_schema_needs_no_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema"]) == 0
    assert "contacts.*.contact_K_per_mW" in capsys.readouterr().out
    assert main(["check"]) == 2


@pytest.mark.parametrize(("word", "hint"), [("rnu", "did you mean run?"), ("xyzzy", "known are list, check, run, ")])
def test_unknown_command_is_bad_input(word: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([word])
    assert left.value.code == 2
    assert f"unknown command {word}; {hint}" in capsys.readouterr().err


def test_help_imports_no_command() -> None:
    code = (
        "import sys\n"
        "from hotmesa.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "hotmesa.commands" in loaded
    heavy = {"scipy", "matplotlib", "dolfinx", "mpi4py.MPI", "petsc4py.PETSc", "hotmesa.solver.model", "hotmesa.runner"}
    assert not loaded & heavy
    assert not {name for name in loaded if name.startswith("hotmesa.commands.")}


def test_list_and_check_need_no_solver(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('dolfinx', 'mpi4py', 'petsc4py', 'gmsh', 'ufl', 'basix'): sys.modules[name] = None\n"
        "from hotmesa.cli import main\n"
        "statuses = [main(['list']), main(['check', 'kurter2010-n19']), main(['check', '--schema'])]\n"
        f"statuses.append(main(['run', 'kurter2010-uniform', '--quiet', '--out', {str(tmp_path / 'u')!r}]))\n"
        f"statuses.append(main(['run', 'kurter2010-n19', '--quiet', '--out', {str(tmp_path / 'n')!r}]))\n"
        "print(statuses)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[0, 0, 0, 0, 2]"
    assert "doctor" in done.stderr
    assert (tmp_path / "u" / "uniform.csv").exists()
    assert not (tmp_path / "n").exists()


def test_run_writes_the_folder(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(six) == 0
    folder = tmp_path / "out" / "kurter2010-n19"
    names = {file.name for file in folder.iterdir()}
    assert {"iv.csv", "uniform.csv", "scenario.toml", "provenance.json", "run.log", "summary.json", "iv.png"} <= names
    assert load_scenario(folder / "scenario.toml") == load_scenario("kurter2010-n19", [*FAST[1::2]])
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["status"] == "complete"
    assert provenance["wall_s"] >= 0
    assert provenance["command"].startswith("hotmesa run kurter2010-n19 --set")
    assert json.loads((folder / "summary.json").read_text())["wall_s"] == provenance["wall_s"]
    assert len((folder / "run.log").read_text().splitlines()) > 6
    assert "6 points, 12 Newton steps" in capsys.readouterr().out


def test_existing_results_are_refused_and_foreign_files_kept(run: Run, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "mine"
    assert run(six, "--out", "mine", "--quiet") == 0
    (folder / "notes.txt").write_text("keep")
    (folder / "fields_0099.vtu").write_text("old")
    before = (folder / "iv.csv").read_text()
    capsys.readouterr()
    assert run(six, "--out", "mine", "--quiet") == 2
    printed = capsys.readouterr().err
    assert "already holds results" in printed
    assert "--overwrite" in printed
    assert (folder / "fields_0099.vtu").exists()
    assert run(lambda model: (point(k) for k in range(3)), "--out", "mine", "--overwrite", "--quiet") == 0
    assert (folder / "notes.txt").read_text() == "keep"
    assert not (folder / "fields_0099.vtu").exists()
    assert len((folder / "iv.csv").read_text().splitlines()) == 4 < len(before.splitlines())


def test_bad_scenario_leaves_old_results_alone(run: Run, tmp_path: Path) -> None:
    assert run(six, "--out", "mine", "--quiet") == 0
    assert run(six, "--out", "mine", "--overwrite", "--set", "mesa.junctions=0") == 2
    assert (tmp_path / "mine" / "iv.csv").exists()


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_unusable_folder_is_bad_input(run: Run, tmp_path: Path, capsys, out: str) -> None:
    (tmp_path / "file").write_text("x")
    assert run(six, "--out", out) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"hotmesa: cannot write results to {out}: ")
    assert "--out" in printed
    assert (tmp_path / "file").read_text() == "x"


def test_no_convergence_keeps_the_branch(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def stops(model: object) -> Iterator[Point]:
        yield from (point(k) for k in range(4))
        raise SolveError("the step became too small")

    assert run(stops, "--out", "mine") == 3
    printed = capsys.readouterr().err
    assert "stopped after 4 points at V = 184 mV, I = 0.4 mA, T_max = 7.2 K: the step became too small" in printed
    assert "--set" in printed
    assert len((tmp_path / "mine" / "iv.csv").read_text().splitlines()) == 5
    assert json.loads((tmp_path / "mine" / "provenance.json").read_text())["status"] == "stopped"
    assert (tmp_path / "mine" / "iv.png").exists()


def test_no_state_at_all_is_reported(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def never(model: object) -> Iterator[Point]:
        raise SolveError("nothing converged")
        yield

    assert run(never, "--out", "mine") == 3
    assert "no state was found: nothing converged" in capsys.readouterr().err
    assert not (tmp_path / "mine" / "iv.csv").exists()


def test_ctrl_c_keeps_what_was_traced(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(model: object) -> Iterator[Point]:
        yield point(0)
        yield point(1)
        os.kill(os.getpid(), signal.SIGINT)
        yield point(2)  # the point at work is finished
        yield point(3)

    assert run(interrupted, "--out", "mine") == 130
    assert "interrupted; the 3 points so far are kept" in capsys.readouterr().err
    assert len((tmp_path / "mine" / "iv.csv").read_text().splitlines()) == 4
    assert json.loads((tmp_path / "mine" / "provenance.json").read_text())["status"] == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_second_ctrl_c_stops_at_once(run: Run, tmp_path: Path) -> None:
    def stuck(model: object) -> Iterator[Point]:
        yield point(0)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second signal must interrupt")
        yield

    assert run(stuck, "--out", "mine") == 130
    assert len((tmp_path / "mine" / "iv.csv").read_text().splitlines()) == 2


def test_fault_of_the_program_is_not_hidden(run: Run, tmp_path: Path) -> None:
    def faulty(model: object) -> Iterator[Point]:
        raise ValueError("index mix-up")
        yield

    with pytest.raises(ValueError, match="index mix-up"):
        run(faulty, "--out", "mine")
    assert json.loads((tmp_path / "mine" / "provenance.json").read_text())["status"] == "failed"


def test_quiet_prints_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(six, "--quiet") == 0
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def test_terminal_shows_one_line_with_a_bar() -> None:
    screen = Terminal()
    progress = Progress(screen, 0.6)
    for k in range(6):
        progress.point(point(k).row)
    progress.done()
    shown = screen.getvalue()
    assert shown.count("\n") == 1
    assert shown.endswith("\n")
    assert "100 %" in shown.split("\r")[-1] or len(shown.split("\r")[-1].rstrip()) >= 79  # cut on a narrow terminal
    assert "points    6" in shown


def test_pipe_gets_a_line_every_five_points_and_the_last() -> None:
    pipe = io.StringIO()
    progress = Progress(pipe, 2.0)
    for k in range(13):
        progress.point(point(k).row)
    progress.done()
    lines = pipe.getvalue().splitlines()
    assert [line.split("points")[1].split()[0] for line in lines] == ["1", "6", "11", "13"]
    assert "\r" not in pipe.getvalue()


def test_warnings_go_to_the_log_and_the_terminal(run: Run, tmp_path: Path, capsys, recwarn) -> None:
    import logging

    def warns(model: object) -> Iterator[Point]:
        logging.getLogger("hotmesa.scenarios.materials").warning("kappa is constant above 306 K")
        yield point(0)
        yield point(1)

    assert run(warns, "--out", "mine") == 0
    assert "warning: kappa is constant above 306 K" in capsys.readouterr().out
    assert "kappa is constant" in (tmp_path / "mine" / "run.log").read_text()


@pytest.mark.filterwarnings("ignore:Could not import numba:ImportWarning")  # DOLFINx says so at its first import
def test_mesh_problem_is_bad_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    from hotmesa.meshes.raw import MeshError

    def no_mesh(scenario: Scenario, comm: object, own: object) -> Iterator[Point]:
        raise MeshError("the file has no region called mesa")
        yield

    solver = kinds.Solver(no_mesh, lambda scenario: ("I_mA", 1.6))
    monkeypatch.setattr(runner, "solver_of", lambda word: solver)
    assert main(["run", "kurter2010-n19", "--out", str(tmp_path / "x"), "--quiet"]) == 2
    assert capsys.readouterr().err == "hotmesa: the file has no region called mesa\n"
    # Nothing is left behind that would stand in the way of the corrected command.
    assert not (tmp_path / "x").exists()


def test_every_point_is_in_its_table_before_the_next(run: Run, tmp_path: Path) -> None:
    found: list[tuple[int, int]] = []

    def looking(model: object) -> Iterator[Point]:
        for number in range(4):
            yield point(number)
            so_far = load_run(tmp_path / "mine")
            found.append((len(so_far), 0 if so_far.states is None else len(so_far.states)))

    assert run(looking, "--out", "mine", "--quiet") == 0
    assert [rows for rows, _ in found] == [1, 2, 3, 4]
    assert not (tmp_path / "mine" / "journal.bin").exists()


def test_a_second_run_into_one_folder_is_refused(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner: list[int] = []

    def calls_again(model: object) -> Iterator[Point]:
        yield point(0)
        inner.append(main(["run", "kurter2010-uniform", "--out", "mine", "--overwrite", "--quiet"]))
        yield point(1)

    assert run(calls_again, "--out", "mine", "--quiet") == 0
    assert inner == [2]
    assert "another command computes in mine; wait for it" in capsys.readouterr().err
    assert len((tmp_path / "mine" / "iv.csv").read_text().splitlines()) == 3
    assert run(six, "--out", "mine", "--quiet", "--overwrite") == 0  # the lock went with the run
