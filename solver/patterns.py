"""What distinguishes one state from another: numbers that mirror images share, and where the hot part lies."""

from __future__ import annotations

import numpy as np

from hotmesa.solver.branch_problem import TEMPERATURE_SCALE_K, VOLTAGE_SCALE_MV
from hotmesa.solver.curves import Array
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.observables import junction_temperatures
from hotmesa.solver.parallel import global_max, global_min, global_sum, global_sums

UNIFORM_SPREAD = 1e-3
"""A state is uniform if its temperatures spread by less than this part of the heating above the bath."""
ODD_SHARE = 0.2


def signature(model: Model, e: Evaluation) -> Array:
    """Return numbers that mirror images of a state share, in the units of arclength, shape (5,).

    They are the voltage and largest, smallest, mean and root mean square temperature of the junctions.
    """
    T = junction_temperatures(model, e)
    share = model.junction_mass / (model.area * T.shape[0])
    mean, square = global_sums(model.comm, np.array([(share * T).sum(), (share * T**2).sum()]))
    high, low = global_max(model.comm, T.max(initial=0.0)), global_min(model.comm, T.min(initial=np.inf))
    temperatures = np.array([high, low, mean, np.sqrt(square)]) / TEMPERATURE_SCALE_K
    return np.append(e.V / (VOLTAGE_SCALE_MV * float(model.junctions.counts.sum())), temperatures)


def spread(model: Model, e: Evaluation) -> float:
    """Return the difference of the extreme junction temperatures (K)."""
    T = junction_temperatures(model, e)
    return global_max(model.comm, T.max(initial=0.0)) - global_min(model.comm, T.min(initial=np.inf))


def kind(model: Model, e: Evaluation) -> str:
    """Return where the heat gathers: uniform, corner, edge, centre, middle, corners or edges ("end" and "ends" on a strip, "rim" of a disc).

    The pattern is compared with the lowest ones of a rectangle: sin(pi x/w) and sin(pi y/d), odd, and cos(2 pi x/w) and
    cos(2 pi y/d), even. "middle" is a stripe through the centre, "edges" are two opposite ones.
    """
    T = junction_temperatures(model, e).mean(axis=0)
    heated = global_sum(model.comm, float(model.junction_mass @ T)) / model.area - model.bath
    if spread(model, e) <= UNIFORM_SPREAD * heated + 1e-6:
        return "uniform"
    odd_x, odd_y, even_x, even_y = _shares(model, T)
    if model.scenario.geometry == "disc":
        return "centre" if even_x > 0.0 else "rim"
    if abs(odd_x) + abs(odd_y) > ODD_SHARE * (abs(even_x) + abs(even_y)) and max(abs(odd_x), abs(odd_y)) > ODD_SHARE:
        return _odd(model, odd_x, odd_y)
    if model.scenario.geometry != "plan":
        return "centre" if even_x > 0.0 else "ends"
    both = min(abs(even_x), abs(even_y)) > 0.5 * max(abs(even_x), abs(even_y)) and even_x * even_y > 0.0
    if both:
        return "centre" if even_x > 0.0 else "corners"
    return "middle" if max(even_x, even_y, key=abs) > 0.0 else "edges"


def _odd(model: Model, odd_x: float, odd_y: float) -> str:
    if model.scenario.geometry != "plan":
        return "end"
    small, large = sorted((abs(odd_x), abs(odd_y)))
    return "corner" if small > 0.5 * large else "edge"


def _shares(model: Model, T: Array) -> tuple[float, float, float, float]:
    """Return the correlation of a pattern with sin(pi x/w), sin(pi y/d), cos(2 pi x/w) and cos(2 pi y/d)."""
    m, comm = model.junction_mass, model.comm
    xy = model.operators.xy[model.layout.mesa_nodes]
    deviation = T - global_sum(comm, float(m @ T)) / model.area
    size = np.sqrt(global_sum(comm, float(m @ deviation**2)) / model.area)
    patterns = []
    for axis in (0, 1):
        half = max(global_max(comm, np.abs(xy[:, axis]).max(initial=0.0)), 1e-12)
        patterns.append(np.sin(0.5 * np.pi * xy[:, axis] / half))
        patterns.append(np.cos(np.pi * xy[:, axis] / half))
    sums = global_sums(comm, np.array([m @ (deviation * p) for p in patterns])) / model.area
    norms = np.sqrt(np.maximum(global_sums(comm, np.array([m @ p**2 for p in patterns])) / model.area, 1e-12))
    odd_x, even_x, odd_y, even_y = (float(v) for v in sums / (norms * size))
    flat = global_max(comm, np.abs(xy[:, 1]).max(initial=0.0)) == 0.0
    return odd_x, 0.0 if flat else odd_y, even_x, 0.0 if flat else even_y
