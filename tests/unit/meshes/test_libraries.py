"""DOLFINx and PETSc take no options from the working folder, and say in words what they cannot compile."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from regression.contract import GOLDEN

from hotmesa.meshes.compiled import discard_damaged, remember

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("app", "meshes", "solver", "scenarios", "postprocess")
SOURCES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
STARTED = {"petsc4py", "slepc4py", "dolfinx", "ffcx"}
FIRST = (
    "hotmesa.meshes", "hotmesa.solver.parts", "hotmesa.solver.device.plan", "hotmesa.solver.linear.symmetric",
    "hotmesa.solver.stability.eigen", "hotmesa.solver.time.integrator",
)  # fmt: skip


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A working folder with files of options of PETSc, DOLFINx and FFCx."""
    for name in (".petscrc", "petscrc"):
        (tmp_path / name).write_text("-from_the_working_folder 1\n")
    (tmp_path / "dolfinx_jit_options.json").write_text(f'{{"cache_dir": "{tmp_path / "compiled"}"}}')
    (tmp_path / "ffcx_options.json").write_text('{"no": JSON')
    return tmp_path


LOOK = "from hotmesa.meshes.libraries import CACHE, PETSc; print(CACHE, PETSc.Options().getAll())"


@pytest.mark.parametrize("first", FIRST)
def test_options_of_the_working_folder_do_not_hold(trap: Path, first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import {first}; {LOOK}"], cwd=trap, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "working_folder" not in done.stdout and str(trap) not in done.stdout


def test_the_trap_works(trap: Path) -> None:
    code = "from petsc4py import PETSc; import dolfinx.jit; print(PETSc.Options().getAll(), dolfinx.jit.get_options())"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=trap, capture_output=True, text=True, check=True)
    assert "from_the_working_folder" in done.stdout and str(trap / "compiled") in done.stdout


def test_only_one_module_starts_the_libraries() -> None:
    found = set()
    for path in SOURCES:
        # Whatever lies in meshes/ is imported after meshes/__init__, which imports that module first.
        allowed = {"dolfinx"} if path.parent == ROOT / "meshes" else set()
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [item.name for item in node.names] if isinstance(node, ast.Import) else []
            if {name.partition(".")[0] for name in names} & (STARTED - allowed):
                found.add(path.relative_to(ROOT).as_posix())
    assert found - {"solver/device/plan.py"} == {"meshes/libraries.py"}


def test_a_form_that_cannot_be_compiled_is_told_in_words(tmp_path: Path) -> None:
    environment = {**os.environ, "CC": "/bin/false", "XDG_CACHE_HOME": str(tmp_path / "caches")}
    program = Path(sys.executable).with_name("hotmesa")
    done = subprocess.run(
        [program, "run", str(GOLDEN / "strip.toml"), "--out", str(tmp_path / "out"), "--quiet"], env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    forms = tmp_path / "caches" / "fenics" / "hotmesa"
    assert done.stderr.startswith(f"hotmesa: DOLFINx could not compile a form in {forms}: ")
    assert "C compiler (CC)" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def run_with(caches: Path, out: Path) -> str:
    """Run a small strip with a folder of caches of its own and return its table."""
    small = ("mesh.refine=0.3", "branch.end_current_mA=0.2", "stability.points=none", "numerics.estimate_error=false")
    program = Path(sys.executable).with_name("hotmesa")
    done = subprocess.run(
        [program, "run", GOLDEN / "strip.toml", "--out", out, "--quiet", *sets(small)],
        env={**os.environ, "XDG_CACHE_HOME": str(caches)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return (out / "iv.csv").read_text()


def sets(changes: tuple[str, ...]) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def test_damaged_files_of_every_cache_are_made_anew(tmp_path: Path) -> None:
    """A library cut short would end the process, one with a flipped bit compute something else."""
    caches = tmp_path / "caches"
    table = run_with(caches, tmp_path / "first")
    forms = sorted((caches / "fenics" / "hotmesa").glob("*.so"))
    assert len(forms) >= 4
    cut, flipped, empty, gone = forms[:4]
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    empty.write_bytes(b"")
    gone.unlink()
    others = [file for file in caches.rglob("*") if file.is_file() and file.parent != forms[0].parent]
    assert {file.parent.name for file in others} >= {"laws"}
    for file in others:
        file.write_bytes(file.read_bytes()[:100])
    assert run_with(caches, tmp_path / "second") == table
    assert sorted((caches / "fenics" / "hotmesa").glob("*.so")) == forms
    assert run_with(caches, tmp_path / "third") == table


def test_forms_that_somebody_else_has_not_finished_are_left_alone(tmp_path: Path) -> None:
    for name in ("begun.c", "whole.c", "whole.c.cached", "whole.cpython.so", "lost.c", "lost.c.cached", "lost.o"):
        (tmp_path / name).write_text(name)
    remember(tmp_path / "whole.cpython.so")
    before = {file.name for file in tmp_path.iterdir()}
    discard_damaged(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == before - {"lost.c", "lost.c.cached", "lost.o"}
    (tmp_path / "whole.cpython.so").write_text("other")
    discard_damaged(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"begun.c"}
    discard_damaged(tmp_path / "none")


def test_settings_in_the_home_folder_that_are_no_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "dolfinx").mkdir()
    (tmp_path / "dolfinx" / "dolfinx_jit_options.json").write_text("{")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    program = Path(sys.executable).with_name("hotmesa")
    done = subprocess.run(
        [program, "run", str(GOLDEN / "strip.toml"), "--out", str(tmp_path / "out")], env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"dolfinx_jit_options.json or ffcx/ffcx_options.json in the folder of settings ({tmp_path})" in done.stderr


def test_a_working_folder_that_is_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Some versions of Open MPI say a line about it; the program adds nothing."""
    code = "import os, sys; os.mkdir(sys.argv[1]); os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); import "
    done = [
        subprocess.run(
            [sys.executable, "-P", "-c", code + module, str(tmp_path / "gone")],
            capture_output=True, text=True, check=False,
        )
        for module in ("mpi4py.MPI", "hotmesa.meshes")
    ]  # fmt: skip
    mpi, meshes = (re.sub(r":\d+\]", "]", each.stderr) for each in done)
    assert [each.returncode for each in done] == [0, 0] and meshes == mpi
