"""DOLFINx, PETSc and SLEPc, started where no file of the working folder steers them.

Started elsewhere they would take options from the folder of a run: .petscrc, petscrc, dolfinx_jit_options.json and
ffcx_options.json can name libraries to load, compilers to call and folders with compiled forms, and change the solver.
Files in the home folder and PETSC_OPTIONS are the user's own, and hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import mpi4py.MPI  # noqa: F401 - starts MPI with threads, as pools need it; DOLFINx 0.11 would start it without

from hotmesa.meshes.compiled import discard_damaged, remember
from hotmesa.scenarios.errors import HotmesaError


class LibraryError(HotmesaError, RuntimeError):
    """A library cannot be started as it is set up; the message says which file or folder is meant."""


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Work in the folder of this package meanwhile, which holds no files of options."""
    try:
        before = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # removed meanwhile, or not to be read
        os.chdir(Path(__file__).parent)
        yield
        return
    try:
        os.chdir(Path(__file__).parent)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


with _elsewhere():
    import cffi
    import dolfinx.fem as fem
    import dolfinx.io as io
    import dolfinx.jit
    import dolfinx.mesh as mesh
    import ffcx
    from petsc4py import PETSc
    from slepc4py import SLEPc

    try:
        # Read once and kept.
        CACHE = Path(dolfinx.jit.get_options()["cache_dir"]) / "hotmesa"
        ffcx.get_options()
    except ValueError as error:
        raise LibraryError(
            "dolfinx/dolfinx_jit_options.json or ffcx/ffcx_options.json in the folder of settings "
            f"({os.environ.get('XDG_CONFIG_HOME', '~/.config')}) is no JSON: {error}"
        ) from None

__all__ = ["CACHE", "LibraryError", "PETSc", "SLEPc", "compiled_form", "fem", "io", "mesh"]


def compiled_form(form: Any) -> Any:
    """Return a form of UFL as DOLFINx assembles it, compiled or from the folder of caches. Collective.

    Numbers of a device belong into it as `fem.Constant`: every other number makes another form, which is compiled for
    seconds and stays in memory for good.

    Raises:
        LibraryError: it cannot be compiled: there is no compiler, no room, or what a killed process has left.
    """
    try:
        _look_once()
        compiled = fem.form(form, jit_options={"cache_dir": CACHE})
    except (OSError, RuntimeError, ImportError, cffi.VerificationError) as error:
        words = str(error) or type(error).__name__
        raise LibraryError(
            f"DOLFINx could not compile a form in {CACHE}: {words}\n"
            "It needs a C compiler (CC), room there, and nothing that a killed compilation has left: remove that "
            "folder, or name another one by XDG_CACHE_HOME"
        ) from error
    if compiled.mesh.comm.rank == 0 and compiled.module.__file__ is not None:
        remember(Path(compiled.module.__file__))
    return compiled


@cache
def _look_once() -> None:
    """Remove damaged forms before the first one is loaded."""
    discard_damaged(CACHE)
