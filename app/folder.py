"""The folder of a run: what belongs to it, and making room for new results without touching other files."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hotmesa.postprocess.checkpoint import FILE as CHECKPOINT
from hotmesa.postprocess.journal import FILE as JOURNAL
from hotmesa.postprocess.provenance import read_json
from hotmesa.postprocess.states import DERIVATIVES
from hotmesa.postprocess.states import FILE as STATES
from hotmesa.postprocess.volume_files import FILES as VOLUME
from hotmesa.scenarios import toml
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.writing import PART

LOG = logging.getLogger("hotmesa.folder")

# What every run may write besides its tables and pictures; nothing else is ever removed.
_FILES = (
    *(STATES, JOURNAL, CHECKPOINT, "summary.json", "provenance.json", "scenario.toml", "run.log"),
    *("observed.csv", "report.html", DERIVATIVES),
    *("fields.pvd", "fields_[0-9]*.vtu", "crystal_[0-9]*.vtu"),
    *VOLUME,
)


def run_files() -> tuple[str, ...]:
    """Return the patterns of everything that a run of any kind writes."""
    from hotmesa.postprocess.runs import picture_files  # the command line would wait for scipy

    tables = [name for kind in KINDS.values() for name in (kind.table, *kind.beside)]
    files = dict.fromkeys((*_FILES, *tables, *picture_files()))
    folders = dict.fromkeys(kind.parts for kind in KINDS.values() if kind.parts)
    return (*files, *(f"{folder}/{name}" for folder in folders for name in files))


COMPLETE, CUT = "complete", "interrupted"
"""In provenance.json, of a run that has all its points, and of one that was asked to stop."""


class FolderError(HotmesaError, ValueError):
    """The output folder cannot be used; the message says why and what to do."""


def own_files(folder: Path, own: Sequence[str] | None = None) -> tuple[Path, ...]:
    """Files of an earlier run in a folder, sorted; `own` are the patterns of what is meant, None for those of a run."""
    patterns = run_files() if own is None else own
    result = {file for pattern in patterns for file in folder.glob(pattern)}
    links = {file for name in patterns if (file := folder / name).is_symlink()}  # also those that lead nowhere
    return tuple(sorted(result | links))


def remove_drafts(folder: Path) -> None:
    """Remove what a run that was killed has begun to write in a folder; nobody may be at work there.

    Raises:
        OSError: it cannot be removed.
    """
    for file in own_files(folder, [f"{pattern}{PART}" for pattern in run_files()]):
        file.unlink()


def prepare(folder: Path, overwrite: bool, own: Sequence[str] | None = None) -> None:
    """Make the folder, or make room in it for files of the patterns `own`, None for those of a run.

    Raises:
        FolderError: results exist and may not be overwritten, or the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        existing = own_files(folder, own)
        if existing and not overwrite:
            raise FolderError(_refusal(folder, existing))
        for file in existing:
            file.unlink()
        tempfile.TemporaryFile(dir=folder).close()
    except FileExistsError:
        raise FolderError(f"cannot write results to {folder}: it is a file; choose another folder with --out") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(f"cannot write results to {folder}: {reason}; choose another folder with --out") from None


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Make a folder and keep other runs out of it while inside; it is the folder itself that is locked.

    Raises:
        FolderError: another run writes there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        yield  # `prepare` says what is wrong with it
        return
    with ExitStack() as stack:
        stack.callback(os.close, number)
        try:
            _lock(folder, number)
        except OSError:  # NFS locks no folders, but files that are open for writing
            try:
                file = _lock_file(folder)
                stack.callback(os.close, file)
                _lock(folder, file)
            except OSError as error:
                _no_locks(folder, error)
        yield


def _lock_file(folder: Path) -> int:
    return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)


def _lock(folder: Path, number: int, how: int = fcntl.LOCK_EX) -> None:
    try:
        fcntl.flock(number, how | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderError(f"another command computes in {folder}; wait for it, or choose another --out") from None


def _no_locks(folder: Path, error: OSError) -> None:
    """Say that nobody is kept out: on NFS without lockd, for example, or on some parallel file systems."""
    LOG.warning(
        "the file system of %s has no locks (%s): take care that only one command computes there",
        folder,
        error.strerror,
    )


def refuse_foreign(folder: Path, own: str, name: str = "") -> None:
    """Leave a folder alone that holds results of another kind, or a study or fit of another name.

    Args:
        folder: where results shall go.
        own: file that says what the folder holds, "scenario.toml" or that of a plan, "study.toml" for example.
        name: of the study or fit; "" for any.

    Raises:
        FolderError: it holds something else.
    """
    for other in ("scenario.toml", "study.toml", "fit.toml", "uncertainty.toml", "optimise.toml"):
        if other != own and (folder / other).is_file():
            raise FolderError(f"{folder} holds other results ({other}); choose another folder with --out")
    there = name
    with suppress(OSError, ValueError):
        there = toml.read(folder / own).get("name", name)
    if name and there != name:
        raise FolderError(f"{folder} holds the results of {there}, not of {name}; choose another --out")


@contextmanager
def locked(folder: Path, inside: str, shared: bool = False) -> Iterator[None]:
    """Keep other calls out of the folder; calls for single cases may share it, each with cases of its own.

    Raises:
        FolderError: another call works there, or the folder cannot be used.
    """
    try:
        (folder / inside).mkdir(parents=True, exist_ok=True)
        number = _lock_file(folder)
    except OSError as error:
        raise FolderError(f"cannot write results to {folder}: {error.strerror or error}") from None
    with open(number, "wb") as stream:
        try:
            _lock(folder, stream.fileno(), fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except OSError as error:
            _no_locks(folder, error)
        yield


def cut_short(folder: Path) -> bool:
    """Whether a folder that nobody computes in holds a run that was interrupted or killed, or that failed."""
    with suppress(HotmesaError):
        return read_json(folder / "provenance.json").get("status") in ("running", "failed", CUT)
    return False


def _refusal(folder: Path, existing: Sequence[Path]) -> str:
    if cut_short(folder):
        return (
            f"{folder} holds a run that was interrupted; add --resume to go on with it, --overwrite to replace it, "
            "or choose another folder with --out"
        )
    names = ", ".join(file.name for file in existing[:4]) + (" ..." if len(existing) > 4 else "")
    return (
        f"{folder} already holds results ({names}); add --overwrite to replace them, "
        "or choose another folder with --out"
    )
