"""Symmetric states stay so along a branch: where walls hardly feel a shift, rounding would grow into another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.model import Model
from hotmesa.solver.parallel import global_max
from hotmesa.solver.states.problem import ThermalBranch

SYMMETRIC_K = 1e-6
"""Largest difference between a symmetric state and its mirror image: of rounding, where modes are of some 0.1 K."""
SAME_PLACE_UM = 1e-9
AXES = (np.array([-1.0, 1.0]), np.array([1.0, -1.0]))


@contextmanager
def kept_symmetric(problem: ThermalBranch, u: Array) -> Iterator[Array]:
    """Let steps and tangents of a problem have the mirror lines x = 0 and y = 0 that a state u has. Collective.

    Yields:
        The state without what rounding has added to its symmetric part, which no step takes away.
    """
    for project in filter(None, (_projection(problem.model, axis) for axis in AXES)):
        if global_max(problem.model.comm, np.abs(project(u) - u).max(initial=0.0)) <= SYMMETRIC_K:
            problem.symmetries.append(project)
            u = project(u)
    try:
        yield u
    finally:
        problem.symmetries.clear()


def _projection(model: Model, axis: Array) -> Callable[[Array], Array] | None:
    """Return what makes the mean of a flat vector and its mirror image; None where the mesh has no such line."""
    image = _image(model, axis)
    mirror = ((float(axis[0]), 0.0), (0.0, float(axis[1])))
    patches = [contact.patch for contact in model.scenario.contacts]
    spots = np.array([(heater.x_um, heater.y_um) for heater in model.scenario.heaters]).reshape(-1, 2)
    off = any(patch.image(mirror) != patch.image() for patch in patches) or bool(np.any(spots * axis != spots))
    if image is None or off or model.scenario.maps or model.scenario.mesas:
        return None
    n, comm = model.layout.size, model.comm
    begin = sum(comm.allgather(n)[: comm.rank])

    def project(u: Array) -> Array:
        T = np.concatenate(comm.allgather(u[:n]))
        return np.concatenate([0.5 * (u[:n] + T[image[begin : begin + n]]), u[n:]])

    return project


def _image(model: Model, axis: Array) -> NDArray[np.int64] | None:
    """Return the number of the mirror image of every unknown temperature of all ranks, in the order of these."""
    layout = model.layout
    own = [
        np.column_stack([np.full(layout.nodes_of(k).size, float(k)), layout.operators.xy[layout.nodes_of(k)]])
        for k in range(len(layout.sublayers))
    ]
    places = np.concatenate(model.comm.allgather(np.concatenate(own)))
    places = np.round(places / SAME_PLACE_UM) + 0.0
    mirrored = places * np.array([1.0, *axis]) + 0.0
    here, there = np.lexsort(places.T), np.lexsort(mirrored.T)
    if not np.array_equal(places[here], mirrored[there]):
        return None
    image = np.empty(len(places), dtype=np.int64)
    image[there] = here
    return image
