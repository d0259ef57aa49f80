"""Invariants of a state, which its mirror images share, and the place of its hot spot."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max, global_min, global_sum, global_sums
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, VOLTAGE_SCALE_MV

UNIFORM_SPREAD = 1e-3
"""A state is uniform if its temperatures spread by less than this part of the heating above the bath."""
ODD_SHARE = 0.2
INVARIANT_WAVES = 9
"""Half waves up to less than this are part of invariants: up to eight domains are told apart by their number."""
NAMED_WAVES = 48


def invariants(model: Model, e: State) -> Array:
    """Return numbers that mirror images of a state share, in the units of arclength, shape (n,).

    They are the voltage; largest, smallest and mean temperature of the junctions; second and fourth moment of their
    deviation from the mean (as roots); and its lowest cosines over the mesa (see `half_waves`) as all mirror images
    have them: the sign of an odd one does not count, nor which of two directions is called x. They tell stripes from
    spots and one number of spots from another, and change at once where a symmetry is lost.
    """
    T = junction_temperatures(model, e)
    share = model.junction_mass / (model.area * T.shape[0])
    mean = global_sum(model.comm, float((share * T).sum()))
    second, fourth = global_sums(model.comm, np.array([(share * (T - mean) ** k).sum() for k in (2, 4)]))
    high, low = global_max(model.comm, T.max(initial=0.0)), global_min(model.comm, T.min(initial=np.inf))
    waves = _waves(model, T.mean(axis=0), INVARIANT_WAVES) * second**0.5
    odd = np.arange(len(waves)) % 2 == 1
    waves = np.where(odd[:, None] | odd[None, :], np.abs(waves), waves)
    images = np.where(np.tri(len(waves), dtype=bool), np.minimum(waves, waves.T), np.maximum(waves, waves.T))
    temperatures = np.array([high, low, mean, second**0.5, fourth**0.25, *images.ravel()])
    voltage = e.V / (VOLTAGE_SCALE_MV * model.circuit.junctions_in_series)
    return np.append(voltage, temperatures / TEMPERATURE_SCALE_K)


def distance_to_curve(x: Array, curve: Array) -> float:
    """Return the distance of a place from a polygon through the rows of `curve`."""
    if len(curve) < 2:
        return float(np.linalg.norm(x - curve[0])) if len(curve) else np.inf
    start, chord = curve[:-1], np.diff(curve, axis=0)
    along = np.einsum("ij,ij->i", x - start, chord) / np.maximum(np.einsum("ij,ij->i", chord, chord), 1e-300)
    nearest = start + np.clip(along, 0.0, 1.0)[:, None] * chord
    return float(np.linalg.norm(x - nearest, axis=1).min())


def contrast(value: Array) -> float:
    """Return the root mean square deviation of the temperature in invariants."""
    return float(value[4])


def spread(model: Model, e: State) -> float:
    """Return the difference of the extreme junction temperatures (K)."""
    T = junction_temperatures(model, e)
    return global_max(model.comm, T.max(initial=0.0)) - global_min(model.comm, T.min(initial=np.inf))


def kind(model: Model, e: State) -> str:
    """Return the place of the hot spot: uniform, corner, edge, centre, middle, corners or edges.

    On a strip it is end, centre or ends, in a disc centre or rim.

    The lowest cosines over the mesa decide (see `half_waves`): one half wave is odd, two are even. "middle" is a stripe
    through the centre, "edges" are two opposite ones, "corners" two or four.
    """
    T = junction_temperatures(model, e).mean(axis=0)
    heated = global_sum(model.comm, float(model.junction_mass @ T)) / model.area - model.bath
    if spread(model, e) <= UNIFORM_SPREAD * heated + 1e-6:
        return "uniform"
    waves = _waves(model, T, 3)
    if model.scenario.geometry == "disc":
        return "centre" if waves[1, 0] > 0.0 else "rim"
    odd_x, odd_y, even_x, even_y, saddle = waves[1, 0], waves[0, 1], -waves[2, 0], -waves[0, 2], waves[1, 1]
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


def half_waves(model: Model, shape: Array) -> tuple[int, int]:
    """Return the numbers of half waves across and along the mesa (from the centre of a disc) of a pattern.

    Args:
        model: the device.
        shape: a pattern of temperatures in the order of the unknowns.
    """
    layers = len(model.layout.junction_layers)
    waves = np.abs(_waves(model, shape[model.layout.junction_rows].reshape(layers, -1).mean(axis=0), NAMED_WAVES))
    across, along = np.unravel_index(np.argmax(waves), waves.shape)
    return int(across), int(along)


def _waves(model: Model, T: Array, count: int) -> Array:
    """Return the correlations of a pattern with cos(m pi x/w) cos(n pi y/d), x and y from the edges, m, n < count."""
    m, comm = model.junction_mass, model.comm
    xy = model.operators.xy[model.layout.mesa_nodes, :2]
    deviation = T - global_sum(comm, float(m @ T)) / model.area
    size = np.sqrt(global_sum(comm, float(m @ deviation**2)) / model.area)
    low = np.array([global_min(comm, x.min(initial=np.inf)) for x in xy.T])
    high = np.array([global_max(comm, x.max(initial=-np.inf)) for x in xy.T])
    phase = np.pi * (xy - low) / np.maximum(high - low, 1e-12)
    across, along = np.cos(np.arange(count)[:, None, None] * phase).transpose(2, 0, 1)
    sums, squares = global_sums(
        comm, np.array([(across * m * deviation) @ along.T, (across**2 * m) @ (along**2).T]).reshape(2, -1)
    ).reshape(2, count, count) / model.area
    waves = np.asarray(sums / np.sqrt(np.maximum(squares, 1e-12)) / max(size, 1e-12))
    waves[0, 0] = 0.0
    if high[1] - low[1] <= 0.0:
        waves[:, 1:] = 0.0
    return waves
