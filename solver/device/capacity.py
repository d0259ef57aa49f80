"""Heat that the layers store, for what happens in time."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.errors import RequestError, SolveError


def require_heat_capacities(layout: Layout) -> None:
    """Do nothing where every layer has a heat capacity.

    Raises:
        RequestError: one has none, so that nothing can be told of what happens in time.
    """
    lacking = dict.fromkeys(s.name for s in layout.sublayers if not s.material.stores_heat)
    if lacking:
        raise RequestError(
            f"the layers {', '.join(lacking)} are of a material without heat capacity, on which times and growth rates "
            'depend; give heat_capacity_J_per_m3K in J/(m³ K), or heat_capacity_of = "bi2212"'
        )


def heat_capacity(layout: Layout, T: Array, of_unknowns: bool = False) -> Array:
    """Return the heat capacity of every unknown (pJ/K = µW µs/K) at temperatures T (K).

    Args:
        layout: order of the unknowns.
        T: temperatures of the unknowns.
        of_unknowns: do without what of a condensed crystal belongs to no unknown.

    Raises:
        SolveError: the crystal is condensed, so that most of its heat capacity belongs to no unknown.
    """
    if layout.condensed and not of_unknowns:
        raise SolveError("a condensed crystal has no heat capacity: use numerics.path = 'sparse' in time")
    capacity = np.empty(layout.size)
    for k, sublayer in enumerate(layout.sublayers):
        rows = layout.rows(k)
        capacity[rows] = sublayer.material.heat_capacity(T[rows]) * sublayer.thickness * layout.mass(k)
    return capacity


def heat_capacity_slope(layout: Layout, T: Array) -> Array:
    """Return the derivative of the heat capacity by temperature (pJ/K^2)."""
    slope = np.empty(layout.size)
    for k, sublayer in enumerate(layout.sublayers):
        rows = layout.rows(k)
        slope[rows] = sublayer.material.heat_capacity.slope(T[rows]) * sublayer.thickness * layout.mass(k)
    return slope
