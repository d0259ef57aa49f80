"""gmsh as a library: one session at a time, left as it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hotmesa.meshes.raw import MeshError

QUIET: Mapping[str, float] = {"General.Terminal": 0, "General.NumThreads": 1}


@contextmanager
def gmsh_session(purpose: str, advice: str, options: Mapping[str, float] = QUIET) -> Iterator[Any]:
    """Give the gmsh module with an empty model of its own; leave the session as it was found, also on errors.

    Args:
        purpose: What gmsh is needed for, as in "mesh a plan".
        advice: What to try where it fails.
        options: Numbers of gmsh that hold inside.

    Raises:
        MeshError: If gmsh cannot be loaded, or for whatever it raises inside.
    """
    try:
        import gmsh
    except (ImportError, OSError) as error:
        raise MeshError(f"gmsh is needed to {purpose} and could not be loaded: {error}") from error
    mine = not gmsh.isInitialized()
    if mine:
        # Without interruptible=False gmsh would swallow Ctrl-C from here on.
        gmsh.initialize(argv=[], readConfigFiles=False, interruptible=False)
    previous = "" if mine else gmsh.model.getCurrent()
    before = {name: gmsh.option.getNumber(name) for name in options}
    try:
        for name, value in options.items():
            gmsh.option.setNumber(name, value)
        gmsh.model.add("hotmesa")
        yield gmsh
    except MeshError:
        raise
    except Exception as error:  # gmsh raises nothing more special than Exception
        raise MeshError(f"gmsh could not {purpose} ({error}): {advice}") from error
    finally:
        if mine:
            gmsh.finalize()
        else:
            gmsh.model.mesh.removeSizeCallback()
            gmsh.model.remove()
            for name, value in before.items():
                gmsh.option.setNumber(name, value)
            gmsh.model.setCurrent(previous)
