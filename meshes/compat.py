"""The one file that knows how DOLFINx 0.9, 0.10 and 0.11 differ.

Only features are tested, never version strings ("0.9.0" < "0.10" is false).
"""

from __future__ import annotations

import numpy as np
from dolfinx.mesh import Mesh
from numpy.typing import NDArray

IntArray = NDArray[np.int32]


def geometry_dofmap(mesh: Mesh) -> IntArray:
    """Return the geometry nodes of every local cell, shape (cells, nodes per cell)."""
    geometry = mesh.geometry
    dofmap: IntArray = geometry.dofmaps[0] if hasattr(geometry, "dofmaps") else geometry.dofmap
    return dofmap
