"""Meshes in gmsh's format .msh: text of version 2 by an own reader, everything else by gmsh itself."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.file_mesh import KIND, FileMesh, Group, file_mesh, refuse_other_cells
from hotmesa.meshes.gmsh2 import KINDS, NODES, dimension_of, name_of, read_text_2
from hotmesa.meshes.raw import MeshError

HEADER = re.compile(rb"\$MeshFormat\s+(\d+(?:\.\d+)?)\s+([01])\s+\d+\s")
CHILD = Path(__file__).with_name("gmsh_child.py")
LONGEST_S = 600
MEMORY_BYTES = 4_000_000_000  # and a hundred times the file: a wrong count must not take the machine
Arrays = Mapping[str, NDArray[Any]]


def read_msh(path: Path, dimension: int) -> FileMesh:
    """Return the lines (dimension 1) or triangles (2) of a file.

    Raises:
        MeshError: If this is no such file, or it has other cells of this dimension or above.
    """
    data = path.read_bytes()
    header = HEADER.match(data)
    # gmsh would run whatever else stands in the file as a script.
    if header is None:
        raise MeshError("this is no gmsh mesh: it does not begin with $MeshFormat, version, 0 or 1, 8")
    version, binary = float(header[1]), header[2] == b"1"
    if int(version) == 2 and not binary:
        return read_text_2(data.decode("utf-8", errors="replace"), dimension)
    if int(version) not in (2, 4):
        raise MeshError(f"format {version:g} of gmsh is not read: save it as version 4.1 or 2.2")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "mesh.msh"  # gmsh goes by the ending, and reads options that lie beside the file
        copy.write_bytes(data)
        _run_gmsh(copy, dimension, MEMORY_BYTES + 100 * len(data))
        with np.load(copy.with_suffix(".npz")) as arrays:
            return _mesh(arrays, dimension, one_group=int(version) == 2)


def _run_gmsh(file: Path, dimension: int, memory_bytes: int) -> None:
    """Let gmsh read a file and write what it has found beside it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))

    command = [sys.executable, "-P", str(CHILD), str(file), str(file.with_suffix(".npz")), str(dimension)]
    advice = "the file is damaged, or not of its format: save it again as version 4.1"
    try:
        done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, preexec_fn=limit, cwd=file.parent)
    except subprocess.TimeoutExpired as error:
        raise MeshError(f"gmsh did not finish this mesh within {LONGEST_S} s: {advice}") from error
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        said = words[-1].removeprefix("Exception: ") if done.returncode > 0 and words else "it crashed"
        if "No module named 'gmsh'" in said or "OSError" in said:
            raise MeshError(f"gmsh is needed to read this mesh and could not be loaded: {said}")
        raise MeshError(f"gmsh could not read this mesh ({said.replace(str(file), 'the file')}): {advice}")


def _mesh(arrays: Arrays, dimension: int, one_group: bool) -> FileMesh:
    """Return the mesh that gmsh has found."""
    labels: list[NDArray[np.int64]] = []
    corners: list[NDArray[np.int64]] = []
    members: dict[int, list[NDArray[np.int64]]] = {}
    kinds: set[str] = set()
    count = 0
    for block, row in enumerate(arrays["blocks"]):
        entity, kind, cells = int(row[1]), int(row[2]), int(row[3])
        if dimension_of(kind) < dimension or not cells:
            continue
        kinds.add(name_of(kind))
        if KINDS.get(kind) != KIND[dimension]:
            continue
        groups = [int(n) for n in np.unique(np.abs(arrays[f"groups{block}"]))]
        if one_group and len(groups) > 1:
            raise MeshError(
                f"surface {entity} has the groups {groups}, and in the binary format 2 gmsh cannot tell which cells "
                "are whose: save it as version 4.1"
            )
        for group in groups:
            members.setdefault(group, []).append(np.arange(count, count + cells))
        labels.append(arrays[f"labels{block}"])
        corners.append(arrays[f"corners{block}"].reshape(cells, NODES[kind]))
        count += cells
    refuse_other_cells(kinds, KIND[dimension])
    names = {abs(int(n)): str(name) for n, name in zip(arrays["numbers"], arrays["names"], strict=True)}
    result = tuple(Group(names.get(n, ""), n, np.concatenate(cells)) for n, cells in sorted(members.items()))
    return file_mesh(
        (arrays["nodes"], np.asarray(arrays["points"], dtype=np.float64)),
        (np.concatenate(labels), np.concatenate(corners)),
        result,
    )
