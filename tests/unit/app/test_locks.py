"""File systems that lock files alone, as NFS does, or nothing at all."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from hotmesa.folder import FolderError, exclusive, locked

REAL = fcntl.flock


def nfs(number: int, how: int) -> None:
    """Lock as NFS does: for a lock of one alone the file must be open for writing, which no folder can be."""
    if stat.S_ISDIR(os.fstat(number).st_mode):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    REAL(number, how)


def without(number: int, how: int) -> None:
    """Lock nothing."""
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def of_a_study(folder: Path) -> AbstractContextManager[None]:
    return locked(folder, "cases")


def test_nfs_keeps_a_second_run_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", nfs)
    refused = pytest.raises(FolderError, match="another command computes")
    with exclusive(tmp_path / "a"), refused, exclusive(tmp_path / "a"):
        pass
    with exclusive(tmp_path / "a"):  # free again
        pass


@pytest.mark.parametrize("keep", [exclusive, of_a_study])
def test_a_file_system_without_locks_is_told_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    keep: Callable[[Path], AbstractContextManager[None]],
) -> None:  # fmt: skip
    monkeypatch.setattr(fcntl, "flock", without)
    monkeypatch.setattr(logging.getLogger("hotmesa"), "propagate", True)
    with keep(tmp_path / "a"):
        pass
    assert f"the file system of {tmp_path / 'a'} has no locks (No locks available)" in caplog.text


@pytest.mark.parametrize("keep", [exclusive, of_a_study])
def test_a_folder_is_free_after_an_error(tmp_path: Path, keep: Callable[[Path], AbstractContextManager[None]]) -> None:
    with pytest.raises(RuntimeError), keep(tmp_path / "a"):
        raise RuntimeError
    with keep(tmp_path / "a"):
        pass
