"""A field on the nodes of a surface as an optical instrument sees it: the mean under a Gaussian around each node."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array

FWHM_OVER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))
_CHUNK = 512


def smear(xy: Array, weighted: Array, area: Array, width_um: float) -> Array:
    """Return the mean of a surface field under a Gaussian centred on each node, shape (n,).

    Args:
        xy: nodes (µm), shape (n, 2).
        weighted: field times area of each node, shape (n,).
        area: of each node that counts, shape (n,).
        width_um: full width at half maximum (µm).
    """
    sigma = width_um / FWHM_OVER_SIGMA
    mean = np.empty_like(weighted)
    for start in range(0, len(xy), _CHUNK):
        here = slice(start, start + _CHUNK)
        distance2 = np.sum((xy[here, None, :] - xy[None, :, :]) ** 2, axis=-1)
        beam = np.exp(-0.5 * distance2 / sigma**2)
        mean[here] = (beam @ weighted) / (beam @ area)
    return mean


def node_areas(xy: Array, cells: Array) -> Array:
    """Return the share of every node in the area of the cells around it (of intervals the length), shape (n,)."""
    corners = xy[cells]
    edges = corners[:, 1:] - corners[:, :1]
    if cells.shape[1] == 2:
        sizes = np.abs(edges[:, 0, 0])
    else:
        sizes = 0.5 * np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    return np.bincount(cells.ravel(), np.repeat(sizes / cells.shape[1], cells.shape[1]), minlength=len(xy))
