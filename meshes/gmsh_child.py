"""Script that reads a mesh with gmsh and writes it as arrays, in a process of its own: broken files make gmsh crash.

It imports nothing of this package, and no MPI.
"""

from __future__ import annotations

import sys
from typing import Any

import gmsh
import numpy as np


def main(source: str, target: str, dimension: int) -> None:
    """Write nodes, names of groups, and the blocks of elements of a dimension and above to an .npz file.

    Every block has dimension, entity, kind and count of its elements in a row of "blocks", and its arrays by position.
    """
    gmsh.initialize(argv=[], readConfigFiles=False, interruptible=False)
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.merge(source)
    numbers, coordinates, _ = gmsh.model.mesh.getNodes()
    named = gmsh.model.getPhysicalGroups(dimension)
    arrays: dict[str, Any] = {
        "nodes": np.asarray(numbers, dtype=np.int64),
        "points": np.asarray(coordinates, dtype=np.float64).reshape(-1, 3),
        "numbers": np.array([number for _, number in named], dtype=np.int64),
        "names": np.array([gmsh.model.getPhysicalName(*group) for group in named], dtype=np.str_),
    }
    blocks: list[tuple[int, int, int, int]] = []
    for entity in gmsh.model.getEntities():
        if entity[0] < dimension:
            continue
        for kind, labels, corners in zip(*gmsh.model.mesh.getElements(*entity), strict=True):
            arrays[f"labels{len(blocks)}"] = np.asarray(labels, dtype=np.int64)
            arrays[f"corners{len(blocks)}"] = np.asarray(corners, dtype=np.int64)
            arrays[f"groups{len(blocks)}"] = np.asarray(gmsh.model.getPhysicalGroupsForEntity(*entity), dtype=np.int64)
            blocks.append((entity[0], entity[1], int(kind), len(labels)))
    np.savez(target, blocks=np.array(blocks, dtype=np.int64).reshape(-1, 4), **arrays)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
