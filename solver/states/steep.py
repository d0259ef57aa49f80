"""Sublayers that are too thick for their conductivity: the heat through half of one falls where it grows hotter.

Half a sublayer conducts with its conductivity at a mean temperature. Where that falls steeply over its thickness, as
between two nodes of a table, the heat does not grow with the difference of temperatures, and the curve of states turns
back at the node as no device does. Thinner sublayers have smaller differences.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.sinks import BathSink
from hotmesa.solver.device.vertical import UnlikeMaterials
from hotmesa.solver.model import Model
from hotmesa.solver.parallel import global_max

FALLS = "the heat through half a sublayer falls where it grows hotter"
NEARBY = (1.0, 0.99, 1.01)
"""Times the temperatures of a state: a node of a table may lie ahead of it."""


def too_thick(model: Model, T: Array) -> str:
    """Return in words which layers are too coarsely divided at temperatures T (K) or near; "" for none. Collective.

    Args:
        model: the device.
        T: temperatures of the unknowns of this rank.
    """
    layer = {name: layer.name for layer in model.scenario.layers for name in layer.sublayer_names}
    for factor in NEARBY:
        for names, falls in _borders(model, factor * T):
            if global_max(model.comm, float(np.any(falls))) > 0.0:
                layers = " and ".join(layer[name] for name in names)
                return f"{FALLS} ({layers}): its conductivity is too steep; raise sublayers of {layers}"
    return ""


def _borders(model: Model, T: Array) -> Iterator[tuple[list[str], Array]]:
    """Yield the layers at every border that is crossed at a mean temperature, and where their heat falls."""
    potentials = model.layout.potentials(T, model.bath)
    for face in model.interfaces:
        if isinstance(face, UnlikeMaterials):
            flux = face.flux(T, potentials)
            yield [face.above.name, face.below.name], (flux.by_upper < 0.0) | (flux.by_lower > 0.0)
    for sink, T_outer in zip(model.sinks, model.outer_temperatures(np.full(len(model.wired), model.bath)), strict=True):
        if isinstance(sink, BathSink):
            yield [sink.surface.sublayer.name], sink.heat(T, potentials, T_outer).by_T < 0.0
