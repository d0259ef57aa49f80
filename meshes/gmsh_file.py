"""Meshes in gmsh's format .msh: text of version 2 by an own reader, everything else by gmsh itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.file_mesh import KIND, FileMesh, Group, file_mesh, refuse_other_cells
from hotmesa.meshes.gmsh2 import KINDS, NODES, dimension_of, name_of, read_text_2
from hotmesa.meshes.raw import MeshError
from hotmesa.meshes.session import gmsh_session

HEADER = re.compile(rb"\$MeshFormat\s+(\d+(?:\.\d+)?)\s+([01])\s+\d+\s")


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
    with TemporaryDirectory() as folder, gmsh_session("read this mesh", "save it again as version 4.1") as gmsh:
        copy = Path(folder) / "mesh.msh"  # gmsh goes by the ending, and reads options that lie beside the file
        copy.write_bytes(data)
        gmsh.merge(str(copy))
        return _from_model(gmsh, dimension, one_group=int(version) == 2)


def _from_model(gmsh: Any, dimension: int, one_group: bool) -> FileMesh:
    """Return the mesh of the current model of gmsh."""
    numbers, coordinates, _ = gmsh.model.mesh.getNodes()
    labels: list[NDArray[np.int64]] = []
    corners: list[NDArray[np.int64]] = []
    members: dict[int, list[NDArray[np.int64]]] = {}
    kinds = set()
    count = 0
    for entity, kind, tags, nodes in _blocks(gmsh, dimension):
        kinds.add(name_of(kind))
        if KINDS.get(kind) != KIND[dimension]:
            continue
        groups = sorted({abs(int(n)) for n in gmsh.model.getPhysicalGroupsForEntity(*entity)})
        if one_group and len(groups) > 1:
            raise MeshError(
                f"surface {entity[1]} has the groups {groups}, and in the binary format 2 gmsh cannot tell which cells "
                "are whose: save it as version 4.1"
            )
        for group in groups:
            members.setdefault(group, []).append(np.arange(count, count + len(tags)))
        labels.append(np.asarray(tags, dtype=np.int64))
        corners.append(np.asarray(nodes, dtype=np.int64).reshape(len(tags), NODES[kind]))
        count += len(tags)
    refuse_other_cells(kinds, KIND[dimension])
    names = {n: gmsh.model.getPhysicalName(dimension, n) for n in members}
    found = tuple(Group(names[n], n, np.concatenate(cells)) for n, cells in sorted(members.items()))
    nodes = np.asarray(numbers, dtype=np.int64), np.asarray(coordinates).reshape(-1, 3)
    return file_mesh(nodes, (np.concatenate(labels), np.concatenate(corners)), found)


def _blocks(gmsh: Any, dimension: int) -> Iterator[tuple[tuple[int, int], int, Any, Any]]:
    """Yield entity, kind, numbers and nodes of the elements of this dimension and above."""
    for entity in gmsh.model.getEntities():
        if entity[0] >= dimension:
            for kind, tags, nodes in zip(*gmsh.model.mesh.getElements(*entity), strict=True):
                if dimension_of(int(kind)) >= dimension and len(tags):
                    yield entity, int(kind), tags, nodes
