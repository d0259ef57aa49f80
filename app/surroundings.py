"""What a command finds around it and must not break on: encodings, home, caches, temporary files, mpirun, settings."""

from __future__ import annotations

import codecs
import os
import pwd
import sys
import tempfile
from collections.abc import MutableMapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

Environment = MutableMapping[str, str]
_PLAIN = str.maketrans({"µ": "u", "μ": "u", "Ω": "ohm", "Γ": "Gamma", "Δ": "Delta", "→": "->", "≥": ">=", "≤": "<="})
_RANK = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")
_SIZE = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS")


def rank_and_size() -> tuple[int, int]:
    """Return the number of this process and how many mpirun has started, as its environment tells; else 0 and 1."""
    rank, size = (
        max((int(text) for text in map(os.environ.get, names) if text and text.isdigit()), default=default)
        for names, default in ((_RANK, 0), (_SIZE, 1))
    )
    return (rank, size) if size > 1 else (0, 1)


def settle(environment: Environment) -> list[str]:
    """Let the program, and what it starts, run in these surroundings; return in words what had to be put right.

    It is the environment of a process that is ours: a library changes nothing that belongs to its caller.
    """
    _open_streams()
    codecs.register_error("hotmesa", _in_plain_letters)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):  # none, or one of somebody else
            stream.reconfigure(errors="hotmesa")  # type: ignore[union-attr]
    if rank_and_size()[0] > 0:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # the first process speaks for all
    _own_pictures(environment)
    return [*_temporary_files(environment), *_home(environment), *_caches(environment)]


def _open_streams() -> None:
    """Give streams that the caller has closed a place where nobody reads: else the next files take their numbers."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """Spell what an encoding does not have: PYTHONIOENCODING=ascii, an old locale."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return text.encode("ascii", "replace").decode("ascii"), error.end


def _own_pictures(environment: Environment) -> None:
    """Draw into files, with our own sheet alone: not with the backend of a notebook or a user's matplotlibrc."""
    environment["MPLBACKEND"] = "agg"
    result = find_spec("hotmesa.postprocess")
    if result is not None and result.submodule_search_locations:
        environment["MATPLOTLIBRC"] = str(Path(result.submodule_search_locations[0]) / "hotmesa.mplstyle")


def _temporary_files(environment: Environment) -> list[str]:
    """MPI ends the process where it cannot write its temporary files."""
    bad = [name for name in ("TMPDIR", "TEMP", "TMP") if environment.get(name) and not _usable(environment[name])]
    words = [f"{name}={environment.pop(name)} is no folder that can be written to" for name in bad]
    tempfile.tempdir = None
    return [f"{text}: temporary files go to {tempfile.gettempdir()}" for text in words]


def _home(environment: Environment) -> list[str]:
    """MPI, DOLFINx and matplotlib look for the home folder, and fail without one."""
    if environment.get("HOME"):
        return []
    try:
        environment["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a user without a name, as in a container
        environment["HOME"] = tempfile.gettempdir()
    return []


def _caches(environment: Environment) -> list[str]:
    """Forms are compiled into a folder of caches, and no run is possible without."""
    base = environment.get("XDG_CACHE_HOME", "")
    named = Path(base) if os.path.isabs(base) else Path(environment["HOME"]) / ".cache"
    if all(_can_be_made(named / part) for part in ("", "fenics")):
        return []
    place = Path(tempfile.gettempdir()) / f"hotmesa-{os.getuid()}"
    with suppress(OSError):
        place.mkdir(mode=0o700, exist_ok=True)
    try:
        there = place.lstat()
    except OSError:
        return []  # DOLFINx says what it could not write
    if place.is_symlink() or there.st_uid != os.getuid() or there.st_mode & 0o022:
        return [f"cannot write to the cache folder {named}, and {place} is somebody else's: set XDG_CACHE_HOME"]
    environment["XDG_CACHE_HOME"] = str(place)
    return [f"cannot write to the cache folder {named}: {place} is used; XDG_CACHE_HOME names another one"]


def _usable(folder: str) -> bool:
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def _can_be_made(folder: Path) -> bool:
    """Whether a folder can be written to, or made."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return there is not None and _usable(str(there))
