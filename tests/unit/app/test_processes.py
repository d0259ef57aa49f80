"""What child processes inherit, and what they must not find: modules in the working folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from regression.contract import GOLDEN

from hotmesa.processes import outside_mpi, safe_path

MODULES = ("argparse", "dolfinx", "hotmesa", "json", "logging", "matplotlib", "mpi4py", "numpy", "pydantic", "pyvista")
MODULES += ("random", "scipy", "signal", "site", "sitecustomize", "tomllib", "ufl", "usercustomize")
"""Modules of the standard library and of packages that the commands import at different times."""
STUDY = """
name = "small"
scenario = "kurter2010-uniform"

[fixed]
law.kind = "ohmic"
law.set = "none"
law.resistivity_ohm_cm = 100.0

[[vary]]
key = "mesa.junctions"
values = [6]
"""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose modules leave a mark when they are executed."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'a').write({name!r} + ' ')\n")
    (tmp_path / "study.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    return tmp_path


def command(*words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("hotmesa")
    return subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=120)


def executed(trap: Path) -> str:
    mark = trap / "executed"
    return mark.read_text() if mark.exists() else ""


def test_the_trap_works(trap: Path) -> None:
    subprocess.run([sys.executable, "-c", "import random"], check=True)
    assert executed(trap) == "random "


def test_workers_of_a_study_execute_nothing_of_the_working_folder(trap: Path) -> None:
    done = command("study", "study.toml", "--workers", "1", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert executed(trap) == ""


def test_the_module_executes_nothing_of_the_working_folder(trap: Path) -> None:
    (trap / "hotmesa.py").unlink()  # -m without -P means just that one
    words = [sys.executable, "-m", "hotmesa", "check", "kurter2010-uniform"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, executed(trap)) == (0, ""), done.stderr


STRIP = str(GOLDEN / "strip.toml")


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("check", STRIP),
        ("run", STRIP, "--set", "mesh.refine=0.3"),
        ("family", STRIP, "--junctions", "6", "--set", "mesh.refine=0.3"),
        ("doctor",),
    ],
    ids=lambda words: words[0],
)
def test_no_command_executes_anything_of_the_working_folder(
    trap: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("HOTMESA_SCENE", raising=False)  # drawn by a process of its own
    done = command(*words)
    assert (done.returncode, executed(trap)) == (0, ""), done.stderr
    if words[0] == "run":
        assert list(trap.glob("out/*/scene.png"))


def test_mpi_processes_execute_nothing_of_the_working_folder(
    trap: Path, run_mpi: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = run_mpi(2, "-P", "-m", "mpi4py", "-m", "hotmesa", "study", "study.toml", "--mpi", "--quiet")
    assert (done.returncode, executed(trap)) == (0, ""), done.stderr


def test_the_safe_path_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (None, "x"):
        if before is None:
            monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
        else:
            monkeypatch.setenv("PYTHONSAFEPATH", before)
        with safe_path():
            assert os.environ["PYTHONSAFEPATH"] == "1"
        assert os.environ.get("PYTHONSAFEPATH") == before


def test_a_child_outside_of_mpi_keeps_settings_alone() -> None:
    job = ("OMPI_COMM_WORLD_RANK", "OMPI_UNIVERSE_SIZE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_hnp_uri")
    job += ("PMIX_RANK", "PMIX_SERVER_URI41", "PMIX_NAMESPACE", "PRTE_LAUNCHED", "PMI_RANK", "PMI_FD")
    job += ("HYDI_CONTROL_FD", "MPI_LOCALNRANKS")
    settings = ("OMPI_MCA_btl", "OMPI_ALLOW_RUN_AS_ROOT", "PMIX_MCA_gds", "PRTE_MCA_rmaps_default_mapping_policy")
    settings += ("OPAL_PREFIX", "MPIR_CVAR_CH4_NETMOD", "OMP_NUM_THREADS", "PATH")
    assert outside_mpi(dict.fromkeys((*job, *settings), "1")) == dict.fromkeys(settings, "1")


def test_a_machine_without_shared_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from hotmesa import pool

    def refuse(*count: object, **words: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(pool, "ProcessPoolExecutor", refuse)
    with pool.Processes(2) as workers, pytest.raises(pool.RequestError, match=r"/dev/shm; --workers 0 computes"):
        list(workers.outcomes([None]))  # type: ignore[list-item]


def test_mpi_has_the_threads_that_pools_need_whatever_library_starts_it() -> None:
    asked = "import hotmesa.meshes.libraries, mpi4py.MPI as MPI; print(MPI.Query_thread() >= MPI.THREAD_SERIALIZED)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "True\n"
