"""A contact on the end face of a strip is the limit of a narrow bar along its edge."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.sheets import COOLING_W_PER_M2K, SIDE_UM, sheet, sheet_model

from hotmesa.scenarios.schema import Contact
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

SHEET_W_PER_K, END_W_PER_K, HEAT = 3e-7, 2e-6, 0.5
"""Conductance along the sheet, conductance of the contact, evenly made heat (µW/µm²)."""


def into_bar(width_um: float) -> float:
    """Heat (µW) that a bar of this width at the left end takes out of the heated sheet."""
    bar = Contact(
        name="bar", shape="rectangle", width_um=width_um, x_um=(width_um - SIDE_UM) / 2,
        contact_K_per_mW=1e-3 / END_W_PER_K,
    )  # fmt: skip
    plain = sheet_model(sheet(SHEET_W_PER_K, size_um=0.0625, contacts=(bar,)))
    heat = np.zeros(plain.layout.size)
    heat[plain.layout.rows(0)] = HEAT * plain.junction_mass
    state = solve_steady(plain.variant(extra_heat=heat), Bias.voltage(), 0.0)
    return float(next(into.q.sum() for sink, into in zip(plain.sinks, state.heats, strict=True) if sink.name == "bar"))


def into_end_face() -> float:
    """The same of a conductance G at the end itself, exact.

    With K the conductance along the sheet, w its depth and eta = sqrt(K/h) the fin K T'' = h T - q has, with
    K w T'(0) = G T(0) and no heat through the other end, T(0) = (q/h) g/(G + g), g = K w tanh(L/eta)/eta.
    """
    eta_um = np.sqrt(SHEET_W_PER_K / COOLING_W_PER_M2K) * 1e6
    G, g = END_W_PER_K * 1e6, SHEET_W_PER_K * 1e6 * SIDE_UM * np.tanh(SIDE_UM / eta_um) / eta_um
    return float(HEAT / (COOLING_W_PER_M2K * 1e-6) * G * g / (G + g))


def test_narrow_bars_come_to_the_end_face_in_proportion_to_their_width():
    more = np.array([into_bar(width) / into_end_face() - 1.0 for width in (0.5, 0.25, 0.125)])
    assert more[:-1] / more[1:] == pytest.approx([2.0, 2.0], abs=0.05)  # first order; the second one is left
    # What is left at width zero, by Richardson's rule, is that of the elements.
    assert abs(2.0 * more[2] - more[1]) < 1e-3
