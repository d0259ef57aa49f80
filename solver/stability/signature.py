"""Invariants of a state, which its mirror images share, and the place of its hot spot."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.parallel import global_max, global_min, global_sum, global_sums
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, VOLTAGE_SCALE_MV

UNIFORM_SPREAD = 1e-3
"""A state is uniform if its temperatures spread by less than this part of the heating above the bath."""
ODD_SHARE = 0.2


def signature(model: Model, e: Evaluation) -> Array:
    """Return numbers that mirror images of a state share, in the units of arclength, shape (11,).

    They are the voltage; largest, smallest and mean temperature of the junctions; second and fourth moment of their
    deviation from the mean (as roots); and the sizes of its lowest patterns over the mesa (see `kind`), the larger of
    each pair of directions first. They tell stripes from spots, and change at once where a symmetry is lost.
    """
    T = junction_temperatures(model, e)
    share = model.junction_mass / (model.area * T.shape[0])
    mean = global_sum(model.comm, float((share * T).sum()))
    second, fourth = global_sums(model.comm, np.array([(share * (T - mean) ** k).sum() for k in (2, 4)]))
    high, low = global_max(model.comm, T.max(initial=0.0)), global_min(model.comm, T.min(initial=np.inf))
    odd_x, odd_y, even_x, even_y, saddle = np.array(_shares(model, T.mean(axis=0))) * second**0.5
    odd, even = sorted((abs(odd_x), abs(odd_y)), reverse=True), sorted((even_x, even_y), reverse=True)
    temperatures = np.array([high, low, mean, second**0.5, fourth**0.25, *odd, *even, abs(saddle)])
    voltage = e.V / (VOLTAGE_SCALE_MV * float(model.junctions.counts.sum()))
    return np.append(voltage, temperatures / TEMPERATURE_SCALE_K)


def contrast(mark: Array) -> float:
    """Return the root mean square deviation of the temperature in a signature."""
    return float(mark[4])


def spread(model: Model, e: Evaluation) -> float:
    """Return the difference of the extreme junction temperatures (K)."""
    T = junction_temperatures(model, e)
    return global_max(model.comm, T.max(initial=0.0)) - global_min(model.comm, T.min(initial=np.inf))


def kind(model: Model, e: Evaluation) -> str:
    """Return the place of the hot spot: uniform, corner, edge, centre, middle, corners or edges.

    On a strip it is end, centre or ends, in a disc centre or rim.

    The pattern is compared with the lowest ones of a rectangle: sin(pi x/w) and sin(pi y/d), odd, cos(2 pi x/w) and
    cos(2 pi y/d), even, and the product of the odd ones. "middle" is a stripe through the centre, "edges" are two
    opposite ones, "corners" two or four.
    """
    T = junction_temperatures(model, e).mean(axis=0)
    heated = global_sum(model.comm, float(model.junction_mass @ T)) / model.area - model.bath
    if spread(model, e) <= UNIFORM_SPREAD * heated + 1e-6:
        return "uniform"
    odd_x, odd_y, even_x, even_y, saddle = _shares(model, T)
    if model.scenario.geometry == "disc":
        return "centre" if even_x > 0.0 else "rim"
    if abs(odd_x) + abs(odd_y) > ODD_SHARE * (abs(even_x) + abs(even_y)) and max(abs(odd_x), abs(odd_y)) > ODD_SHARE:
        return _odd(model, odd_x, odd_y)
    if model.scenario.geometry != "plan":
        return "centre" if even_x > 0.0 else "ends"
    if abs(saddle) > max(abs(even_x), abs(even_y)):
        return "corners"
    both = min(abs(even_x), abs(even_y)) > 0.5 * max(abs(even_x), abs(even_y)) and even_x * even_y > 0.0
    if both:
        return "centre" if even_x > 0.0 else "corners"
    return "middle" if max(even_x, even_y, key=abs) > 0.0 else "edges"


def _odd(model: Model, odd_x: float, odd_y: float) -> str:
    if model.scenario.geometry != "plan":
        return "end"
    small, large = sorted((abs(odd_x), abs(odd_y)))
    return "corner" if small > 0.5 * large else "edge"


def _shares(model: Model, T: Array) -> tuple[float, float, float, float, float]:
    """Return the correlation of a pattern with sin(pi x/w), sin(pi y/d), cos(2 pi x/w), cos(2 pi y/d) and sin sin."""
    m, comm = model.junction_mass, model.comm
    xy = model.operators.xy[model.layout.mesa_nodes]
    deviation = T - global_sum(comm, float(m @ T)) / model.area
    size = np.sqrt(global_sum(comm, float(m @ deviation**2)) / model.area)
    patterns = []
    for axis in (0, 1):
        half = max(global_max(comm, np.abs(xy[:, axis]).max(initial=0.0)), 1e-12)
        patterns.append(np.sin(0.5 * np.pi * xy[:, axis] / half))
        patterns.append(np.cos(np.pi * xy[:, axis] / half))
    patterns.append(patterns[0] * patterns[2])
    sums = global_sums(comm, np.array([m @ (deviation * p) for p in patterns])) / model.area
    norms = np.sqrt(np.maximum(global_sums(comm, np.array([m @ p**2 for p in patterns])) / model.area, 1e-12))
    shares = [float(v) for v in sums / (norms * max(size, 1e-12))]
    if global_max(comm, np.abs(xy[:, 1]).max(initial=0.0)) == 0.0:
        shares[2:] = [0.0, 0.0, 0.0]
    return shares[0], shares[2], shares[1], shares[3], shares[4]
