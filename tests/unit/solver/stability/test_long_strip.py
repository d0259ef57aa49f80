"""All branches of a uniformly cooled strip of 300 µm with 640 junctions, whose walls lie far from each other."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from helpers.crossings import crossings, lumped
from regression.test_stability_random import dense_rates, positive

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Bath, Branch, Layer, Material, Mesa, Mesh, Scenario
from hotmesa.scenarios.schema import Diagram as DiagramSection
from hotmesa.solver.model import Model
from hotmesa.solver.runs.diagram import Diagram

WIDTH_UM, DEPTH_UM, IN_PLANE = 300.0, 60.0, 5.0
SHEET = IN_PLANE * 1e-6
"""Conductance of a sheet 1 µm thick (W/K)."""
FIRST_MA = (4.875, 42.998)
"""Currents between which the first mode grows, by a finite-volume code that is not ours."""
MODES = 8
LOOKED_AT = 10
"""States of a branch, nearly, whose modes are compared with all eigenvalues."""
TWINS = 1e-3
"""Relative difference of two rates below which their modes are an even and an odd one of the same far walls."""
SIZE_UM = 1.9
"""Of the elements: the coarsest whose rows do not hold a wall, of 9 µm here."""


def strip() -> Scenario:
    """The strip, its bath and cooling such that the first mode grows between those currents: what is left is a test."""
    return Scenario(
        name="long-strip",
        geometry="strip",
        mesa=Mesa(
            junctions=640,
            spacing_nm=1.5625,
            specific_resistance_ohm_um2=360.0,
            width_um=WIDTH_UM,
            depth_um=DEPTH_UM,
        ),
        layers=(Layer(name="mesa", material="m", region="mesa", junctions=True),),
        # One temperature through the thickness.
        materials={"m": Material(base="bi2212", in_plane_W_per_mK=IN_PLANE, out_of_plane_W_per_mK=1e4)},
        bath=Bath(temperature_K=18.108, bottom="conductance", bottom_W_per_m2K=19419.5),
        law=load_scenario("thz-300x60").law,
        branch=Branch(end_current_mA=48.0, min_points=30),
        mesh=Mesh(size_um=SIZE_UM, refine_for_walls=False),
        diagram=DiagramSection(depth=1),
    )


@cache
def diagram() -> Diagram:
    found = Diagram(Model(strip(), build_mesh(strip())))
    for _ in found.run():
        pass
    return found


def pairs() -> list[tuple[int, str, str]]:
    """Mode, origin and end of the branches that leave the uniform one.

    Both signs of an odd mode are mirror images, those of an even one are different states.
    """
    modes = [m for m in range(1, MODES + 1) for _ in range(2 - m % 2)]
    return [(m, f"bifurcation {m}", f"bifurcation {2 * MODES + 1 - m}") for m in modes]


def test_its_sixteen_bifurcations_are_those_of_eight_modes() -> None:
    """On the nodes of the mesh to 1e-4, and in the continuum to the error of the elements."""
    found = [c.bifurcation for c in diagram().crossings if c.branch == 0]
    currents = [b.current for b in found]
    assert (currents[0], currents[-1]) == pytest.approx(FIRST_MA, rel=1e-4)
    modes = [*range(1, MODES + 1), *range(MODES, 0, -1)]
    assert [(b.waves, b.appears) for b in found] == [(((m, 0),), k < MODES) for k, m in enumerate(modes)]
    on_nodes = crossings(strip(), SHEET, lumped(diagram().model))
    assert [m for _, m, _ in on_nodes] == modes
    assert currents == pytest.approx([at_mA for at_mA, _, _ in on_nodes], rel=1e-4)
    # Lumped elements have mu (1 - (m pi a / L)^2 / 12), 0.2 % less for m = 8; the current of mode 8 feels it 1.7 times.
    exact = crossings(strip(), SHEET, (np.arange(MODES + 2) * np.pi / (WIDTH_UM * 1e-6)) ** 2)
    assert currents == pytest.approx([at_mA for at_mA, _, _ in exact], rel=5e-3)


def test_every_branch_ends_in_the_bifurcation_of_its_own_mode_and_is_traced_once() -> None:
    """Seven branches up to mode 4, thirteen in all; none of them is of the mesh."""
    branches = diagram().branches
    assert [(b.origin, b.end) for b in branches[1:]] == [(origin, end) for _, origin, end in pairs()]
    assert [b.images for b in branches[1:]] == [1 + m % 2 for m, _, _ in pairs()]
    assert 1 + sum(m <= 4 for m, _, _ in pairs()) == 7
    assert len(diagram().crossings) == 2 * MODES and not any(c.pinned for c in diagram().crossings)


def test_states_of_even_modes_keep_their_mirror_line_to_the_last_digits() -> None:
    """A shift of two far walls in one direction hardly has a rate: what rounding leaves of it would grow to kelvins."""
    x = diagram().model.operators.xy[:, 0]
    here, there = np.argsort(x), np.argsort(-x)
    for branch, (m, _, _) in zip(diagram().branches[1:], pairs(), strict=True):
        # The last point is the bifurcation, of the uniform branch.
        shift = [np.abs(p.curve.evaluation.T[here] - p.curve.evaluation.T[there]).max() for p in branch.points[1:-1]]
        assert max(shift) < 1e-9 if m % 2 == 0 else max(shift) > 1.0


def test_growing_modes_of_both_parities_are_counted_under_both_sources() -> None:
    """Far walls feel each other so little that even and odd shifts of them have one rate to digits: none is missed."""
    twins = {"even": 0, "odd": 0}
    for branch, (m, _, _) in zip(diagram().branches[1:], pairs(), strict=True):
        inside = branch.points[1:-1]  # at its ends, which are bifurcations, a rate is zero
        for p in inside[:: max(1, len(inside) // LOOKED_AT)]:
            for modes, name in ((p.voltage, "V"), (p.current, "I")):
                rates = dense_rates(diagram().model, p.curve.evaluation, modes.bias)
                least, most = positive(rates, p.curve.fold == name, bool(p.curve.fold))
                assert least <= modes.unstable <= most, (branch.number, p.curve.control, name)
                k = max(modes.unstable, 1)
                # Their errors are a part of the distance to the shift, which lies above the first.
                assert modes.rates[:k] == pytest.approx(rates[:k], abs=1e-4 * np.ptp(rates[: k + MODES]))
                close = np.abs(np.diff(rates[: k + 1])) < TWINS * np.abs(rates[:k])
                twins["odd" if m % 2 else "even"] += bool(close.any())
    assert min(twins.values()) > LOOKED_AT
