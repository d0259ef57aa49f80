"""Quality of a mesh in words: angles, and element size against the thermal healing length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.healing import HealingLengths
from hotmesa.meshes.raw import MeshError, RawMesh, cell_sizes

GOOD_ANGLE_DEG = 20.0  # generated meshes stay well above it
LEAST_ANGLE_DEG = 1.0  # below it gradients on the element lose all meaning
COARSE = 2.0  # times the size that resolves the healing lengths: a warning


@dataclass(frozen=True)
class Quality:
    """What was measured on a mesh.

    Attributes:
        nodes: Number of nodes.
        mesa_nodes: Number of nodes in the mesa.
        smallest_angle_deg: Smallest angle of all triangles; 180 on lines.
        longest_mesa_edge_um: Longest element edge in the mesa.
        healing_length_um: Shortest healing length of the device, or None.
        warnings: What is wrong, in words, with what to try; empty if nothing is.
    """

    nodes: int
    mesa_nodes: int
    smallest_angle_deg: float
    longest_mesa_edge_um: float
    healing_length_um: float | None
    warnings: tuple[str, ...]

    def summary(self) -> str:
        """Return one line in words."""
        words = f"mesh: {self.nodes} nodes, {self.mesa_nodes} of them in the mesa"
        if self.smallest_angle_deg < 180:
            words += f", smallest angle {self.smallest_angle_deg:.0f} degrees"
        words += f", longest edge in the mesa {self.longest_mesa_edge_um:.3g} µm"
        if self.healing_length_um is not None:
            ratio = self.healing_length_um / self.longest_mesa_edge_um
            words += f" = 1/{ratio:.3g} of the thermal healing length ({self.healing_length_um:.3g} µm)"
        return words


def check_quality(raw: RawMesh, healing: HealingLengths | None) -> Quality:
    """Return the quality of a mesh.

    Args:
        raw: The whole mesh.
        healing: Thermal healing lengths of the device, or None if unknown.

    Raises:
        MeshError: If an element has no extent or an angle below one degree.
    """
    mesa = raw.member[:, 0]
    angles = _smallest_angles(raw)
    worst = int(np.argmin(angles))
    if angles[worst] < LEAST_ANGLE_DEG or float(np.abs(cell_sizes(raw.points, raw.cells)).min()) == 0.0:
        place = ", ".join(f"{x:.4g}" for x in raw.points[raw.cells[worst]].mean(axis=0))
        raise MeshError(
            f"the mesh has an element without extent (smallest angle {angles[worst]:.2g} degrees, at {place} µm): "
            "move outlines that nearly touch apart, or take smaller elements there"
        )
    longest = float(_edge_lengths(raw)[mesa].max())
    warnings = []
    if angles[worst] < GOOD_ANGLE_DEG:
        warnings.append(
            f"the mesh has an angle of {angles[worst]:.1f} degrees (good meshes stay above {GOOD_ANGLE_DEG:.0f}): "
            "results near it are less accurate; move outlines that nearly touch apart, or take smaller elements there"
        )
    if healing is not None and longest > COARSE * healing.element:
        warnings.append(
            f"elements of {longest:.3g} µm in the mesa are coarse against the thermal healing length "
            f"(superconducting {healing.cold:.3g} µm, normal {healing.normal:.3g} µm, wall of a hot spot "
            f"{healing.wall:.3g} µm): take mesh.size_um of {healing.element:.2g} or less"
        )
    nodes = len(raw.points), len(np.unique(raw.cells[mesa]))
    return Quality(*nodes, float(angles[worst]), longest, healing.shortest if healing else None, tuple(warnings))


def _edge_lengths(raw: RawMesh) -> NDArray[np.float64]:
    """Return the longest edge of every cell in µm, shape (cells,)."""
    corner = raw.points[raw.cells]
    return np.asarray(np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(axis=1))


def _smallest_angles(raw: RawMesh) -> NDArray[np.float64]:
    """Return the smallest angle of every cell in degrees, shape (cells,); 180 on lines."""
    if raw.points.shape[1] == 1:
        return np.full(len(raw.cells), 180.0)
    corner = raw.points[raw.cells]
    forward = np.roll(corner, -1, axis=1) - corner
    back = np.roll(corner, 1, axis=1) - corner
    cross = np.abs(forward[..., 0] * back[..., 1] - forward[..., 1] * back[..., 0])
    angles = np.arctan2(cross, np.sum(forward * back, axis=2))
    return np.asarray(angles.min(axis=1) * (180 / math.pi))
