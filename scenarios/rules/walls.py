"""Rules of walls that are not upright: how far they may lean for a model of one outline."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.geometry import area_ratio, wall_shift_um
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.layers import mesa_depths_um
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.schema.device import UPRIGHT_DEG

MOST = 0.2
"""Part by which the area may differ anywhere from that of the outline: beyond, the place of the walls counts."""


def wall_findings(scenario: Scenario) -> Iterator[Finding]:
    """Walls that lean so much that one outline does not do for all depths, or that nothing knows of."""
    mesa, where = scenario.mesa, ("mesa", "wall_angle_deg")
    if mesa.wall_angle_deg == UPRIGHT_DEG or any(mesa.contradictions()):
        return
    if not KINDS[scenario.mode].spatial:
        text = f'mode = "{scenario.mode}" knows no depth; leave it out'
        yield Finding(where, text, (("mode",),))
    layers = [layer for layer in scenario.layers if layer.region == "mesa"]
    unknown = any(layer.thickness_um is None and not layer.junctions for layer in layers)
    if unknown or sum(layer.junctions for layer in layers) != 1:
        return  # there is no depth, or no middle of the junctions
    depths = [depth for ends in mesa_depths_um(scenario).values() for depth in ends]
    uses: tuple[Where, ...] = (("mesa", "junctions"), ("layers",))
    for depth, end in ((min(depths), "top"), (max(depths), "base")):
        shift, ratio = wall_shift_um(mesa, depth), area_ratio(mesa, depth)
        if shift <= -0.5 * min(mesa.extent_um):
            yield Finding(where, f"{mesa.wall_angle_deg:g}° leaves no {end}: the walls meet before", uses)
            return
        if abs(ratio - 1.0) > MOST:
            text = (
                f"{mesa.wall_angle_deg:g}° moves the walls by {shift:.3g} µm at the {end} of the mesa, whose area is "
                f"then {100 * ratio:.3g} % of that of the outline; allowed are {100 * (1 - MOST):g} to "
                f"{100 * (1 + MOST):g} %. Take an angle nearer to 90, a wider mesa or a lower one"
            )
            yield Finding(where, text, uses)
            return
