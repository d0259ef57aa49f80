"""Law tables on disk, under a key of everything they depend on; a file that is not exactly as expected is not used."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file

FORMAT = 1
"""Raise this number whenever the way a table is computed changes."""


def default_folder() -> Path:
    """Folder of the cached tables: $XDG_CACHE_HOME/hotmesa/laws, by default ~/.cache/hotmesa/laws."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    root = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~")) / ".cache"
    return root / "hotmesa" / "laws"


def table_key(parameters: Mapping[str, object]) -> str:
    """SHA-256 (hexadecimal) of all parameters and the format number."""
    text = json.dumps({"format": FORMAT, **parameters}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def load_grid(folder: Path, key: str, T_K: Array, v_mV: Array) -> Array | None:
    """Stored ln(i/v), shape (T, v), or None if there is no file that is intact and was made for this key and grid."""
    try:
        with (folder / f"{key}.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
            found, T, v, grid = str(stored["key"]), stored["T_K"], stored["v_mV"], stored["log_conductance"]
            digest = str(stored["digest"])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, AttributeError):
        # Whatever is wrong with the file, the remedy is the same: compute the table again.
        return None
    expected = (T_K.size, v_mV.size)
    if found != key or grid.shape != expected or grid.dtype != np.float64 or digest != _digest(grid):
        return None
    if not (np.array_equal(T, T_K) and np.array_equal(v, v_mV) and np.all(np.isfinite(grid))):
        return None
    return np.asarray(grid)


def store_grid(folder: Path, key: str, T_K: Array, v_mV: Array, grid: Array) -> None:
    """Write a table under its final name in one step; a folder that cannot be written is no error.

    Several processes may store the same table at once: each writes its own temporary file and renames it.
    """
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / f"{key}.npz", f".{secrets.token_hex(4)}.part") as file:
            np.savez(file, key=key, T_K=T_K, v_mV=v_mV, log_conductance=grid, digest=_digest(grid))


def _digest(grid: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(grid).tobytes()).hexdigest()
