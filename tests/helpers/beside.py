"""Devices with one number changed, made and solved anew: what derivatives are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.compat import geometry_dofmap
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import Parameter
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.model import Model
from hotmesa.solver.sensitivity.beside import Beside

RELATIVE_STEP = 1e-3


@contextmanager
def moved_nodes(model: Model, displacement: Array) -> Iterator[TaggedMesh]:
    """Give the mesh of a model on one process with all nodes displaced (µm), as long as the block lasts."""
    mesh = model.tagged.mesh
    places = mesh.geometry.x
    before = places.copy()
    nodes, dofs = geometry_dofmap(mesh).ravel(), model.operators.space.dofmap.list.ravel()
    places[nodes, : displacement.shape[1]] += displacement[dofs]
    try:
        yield model.tagged
    finally:
        places[:] = before


def at(model: Model, parameter: Parameter, value: float, beside: Beside | None = None) -> Model:
    """Return the device at another value of a parameter, all of it made anew, with moved nodes where it moves them."""
    scenario = parameter.varied(spelled_out(model.scenario), value)
    displacement = np.zeros((model.operators.owned, 2))
    if beside is not None and beside.plan is not None:
        displacement = (value - parameter.value) * beside.plan.xy
    same = beside is not None and beside.low.junctions.law is model.junctions.law
    law = model.junctions.law if same else build_law(scenario, None)
    with moved_nodes(model, displacement) as tagged:
        return Model(scenario, tagged, law)


def both_sides(model: Model, parameter: Parameter, beside: Beside | None = None) -> tuple[float, list[Model]]:
    """Return how far two values of a parameter are apart, and the devices there."""
    ends = parameter.ends(RELATIVE_STEP)
    return ends[1] - ends[0], [at(model, parameter, value, beside) for value in ends]
