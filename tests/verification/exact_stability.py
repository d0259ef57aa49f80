"""Growth rate of a hot domain in a film whose heating switches on at T_c, under an ideal voltage source.

The domain of width d at the insulated end of a strip of length L grows or shrinks as a whole. Small disturbances
theta obey C theta_t = G theta_xx - h theta + q delta(T - T_c) theta, so that with k = sqrt(1 + p), p the rate in
units of h/C and lengths in units of lambda, the jump of the slope at the edge gives

    k [tanh(k d) + tanh(k (L - d))] = alpha_S / |dT/dx at the edge|,   |dT/dx| = tanh(L - d) in units of T_c - T_B.

For (d, L) = (1.5, 3) its root is p = 0.374490.
"""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np
from mpi4py import MPI
from scipy.optimize import brentq
from verification import exact_step
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Mesa
from hotmesa.solver.model import Model
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

GROUP = "Growth rate of a hot domain under voltage bias"
HEAT_CAPACITY = 1.0
"""pJ/(µm³ K), of film and junctions."""
WIDTHS = (0.75, 1.5, 2.25)


def exact_rate(width: float) -> float:
    """Return the rate (h/C) of a domain of a width (lambda) in a strip of length 3 lambda."""
    L = exact_step.STRIP
    edge = exact_step.domain_alpha(width) / math.tanh(L - width)

    def mismatch(p: float) -> float:
        k = math.sqrt(1.0 + p)
        return k * (math.tanh(k * width) + math.tanh(k * (L - width))) - edge

    return float(brentq(mismatch, -0.9, 50.0, xtol=1e-14))


@cache
def rate(width: float, bias: str, refine: float) -> float:
    """Return the leading rate (h/C) of that domain as computed, under "voltage" or "current" bias."""
    mesa = Mesa(
        junctions=1,
        spacing_nm=1.0,
        specific_resistance_ohm_um2=exact_step.RESISTANCE,
        width_um=exact_step.STRIP * exact_step.HEALING,
        depth_um=1.0,
    )
    scenario = exact_step.device(mesa, refine)
    volume = {"heat_capacity_J_per_m3K": HEAT_CAPACITY * 1e6}
    materials = {name: m.model_copy(update=volume) for name, m in scenario.materials.items()}
    scenario = scenario.model_copy(update={"materials": materials})
    law = exact_step.StepLaw(exact_step.BATH + exact_step.RISE, 0.04 * exact_step.RISE / refine)
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF), law)
    area = width * exact_step.HEALING
    e = solve_steady(model, Bias.current(), _voltage(width) * area / exact_step.RESISTANCE, _guess(model, width))
    source = Bias.voltage() if bias == "voltage" else Bias.current()
    found = float(Stability(model, 1e-7).modes(e, source).rates[0])
    capacity = HEAT_CAPACITY * (0.04 + 0.001)
    return found * capacity / exact_step.COOLING


def _voltage(width: float) -> float:
    heating = exact_step.domain_alpha(width) * exact_step.COOLING * exact_step.RISE
    return math.sqrt(heating * exact_step.RESISTANCE)


def _guess(model: Model, width: float) -> np.ndarray:
    """Return the exact profile as a state."""
    x = np.linspace(0.0, exact_step.STRIP, 4001)
    alpha = exact_step.domain_alpha(width)
    hot = alpha - (alpha - 1.0) * np.cosh(x) / math.cosh(width)
    cold = np.cosh(exact_step.STRIP - x) / math.cosh(exact_step.STRIP - width)
    here = model.operators.xy[model.layout.mesa_nodes, 0] / exact_step.HEALING + 0.5 * exact_step.STRIP
    T = exact_step.BATH + exact_step.RISE * np.interp(here, x, np.where(x < width, hot, cold))
    return np.concatenate([np.tile(T, len(model.layout.sublayers)), [_voltage(width)]])


CASES: tuple[Case, ...] = tuple(
    Case(
        name=f"Rate of a domain of {width:g} lambda in a strip of 3 lambda",
        group=GROUP,
        exact=exact_rate(width),
        unit="h/C",
        source=(
            "Root of k [tanh kd + tanh k(L - d)] = alpha_S / tanh(L - d), k = sqrt(1 + p); the step of the heating is "
            "smeared over 0.04 (T_c - T_B) and narrower on finer meshes, which shifts the rate in second order."
        ),
        compute=partial(rate, width, "voltage"),
        resolutions=(1.0, 2.0, 4.0),
        tolerance=2e-3,
        judge="relative",
        quick=(1.0, 2.0),
        quick_tolerance=1e-2,
    )
    for width in WIDTHS
)
