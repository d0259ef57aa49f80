"""Surroundings in which a run would fail for reasons that have nothing to do with it."""

from __future__ import annotations

import codecs
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from regression.contract import GOLDEN

from hotmesa.surroundings import rank_and_size, settle


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave temporary files of the tests where they are."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


def hotmesa(*words: str, **changes: str | None) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **changes}
    kept = {name: value for name, value in environment.items() if value is not None}
    program = Path(sys.executable).with_name("hotmesa")
    return subprocess.run([program, *words], env=kept, capture_output=True, timeout=120, check=False)


def test_what_an_encoding_lacks_is_spelt() -> None:
    settle({"HOME": str(Path.home())})
    assert "300 µm, 2 µW, 5 Ω, −3 °".encode("ascii", "hotmesa") == b"300 um, 2 uW, 5 ohm, ?3 ?"
    assert codecs.lookup_error("hotmesa") is not None
    done = hotmesa("check", str(GOLDEN / "strip.toml"), PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b" um" in done.stdout and b"\xc2" not in done.stdout


def test_a_run_needs_no_home_no_good_tmpdir_no_utf8_and_no_settings_of_a_notebook(tmp_path: Path) -> None:
    settings = tmp_path / "matplotlibrc"
    settings.write_bytes(b"text.usetex: tr\xff\xfeue\n")
    done = hotmesa(
        "run", str(GOLDEN / "strip.toml"), "--out", str(tmp_path / "out"), HOME=None, TMPDIR="/nowhere",
        PYTHONIOENCODING="ascii", MPLBACKEND="module://matplotlib_inline.backend_inline", MATPLOTLIBRC=str(settings),
        HOTMESA_SCENE=None,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.decode().splitlines() == [
        "hotmesa: TMPDIR=/nowhere is no folder that can be written to: temporary files go to /tmp"
    ]
    assert {"iv.png", "map.png", "scene.png"} <= {path.name for path in (tmp_path / "out").iterdir()}
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["status"] == "complete"


def test_caches_that_cannot_be_written_go_to_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "file").write_text("")
    fine = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "new")}
    assert settle(fine) == []
    assert fine["XDG_CACHE_HOME"] == str(tmp_path / "new")
    bad = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "file" / "caches")}
    (words,) = settle(bad)
    place = tmp_path / f"hotmesa-{os.getuid()}"
    assert words.startswith(f"cannot write to the cache folder {tmp_path / 'file' / 'caches'}: {place} is used")
    assert bad["XDG_CACHE_HOME"] == str(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    place.chmod(0o777)  # anybody could put compiled forms there
    bad["XDG_CACHE_HOME"] = str(tmp_path / "file" / "caches")
    (words,) = settle(bad)
    assert "is somebody else's: set XDG_CACHE_HOME" in words
    assert bad["XDG_CACHE_HOME"] == str(tmp_path / "file" / "caches")


def test_ranks_are_read_from_the_environment_of_mpirun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith(("OMPI_COMM", "PMI")):
            monkeypatch.delenv(name)
    assert rank_and_size() == (0, 1)
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
    assert rank_and_size() == (0, 1)
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    assert rank_and_size() == (1, 2)
