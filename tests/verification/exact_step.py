"""A film whose heating switches on at T_c: hot domains and hot spots of known size.

Where T > T_c the film of conductance G and cooling h is heated by q = V^2/r (one junction that is ohmic when hot and
carries nothing when cold); alpha_S = q / [h (T_c - T_B)]. The step is smeared by tanh((T - T_c)/width); it is
antisymmetric, so that the width enters in second order, and the width shrinks with the elements.

A domain or spot of a given size is held by its current, I = V/r times the hot area. The voltage that the solver finds
at that current gives alpha_S.
"""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from scipy.special import i0, i1, k0, k1
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.law.table import LawValues
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

HEALING = 5.0
"""lambda = sqrt(G/h) (µm)."""
SHEET, COOLING = 2.0, 2.0 / HEALING**2
"""G (µW/K) and h (µW/(µm² K))."""
RISE, BATH = 50.0, 10.0
"""T_c - T_B and T_B (K)."""
RESISTANCE = 1000.0
GROUP = "Film with a step of the heating at T_c"
WIDTHS = (0.5, 1.0, 1.5, 2.0, 2.5)
"""Of the domain, in units of lambda, in a strip of length 3 lambda."""
STRIP = 3.0
RADII = {1.0: 4.20264, 5.0: 2.22655}
"""Of the spot in units of lambda, and alpha_S."""
MARGIN = 14.0
"""Radius of the disc that stands for an infinite film, beyond the spot (lambda): exp(-28) of the rise comes back."""


class StepLaw:
    """An ohmic junction above T_c and an insulator below, with a smooth step in between.

    Attributes:
        T_range, v_max: no limits.
    """

    T_range = (0.0, math.inf)
    v_max = math.inf

    def __init__(self, critical_K: float, width_K: float) -> None:
        """Keep T_c and the width of the step (K)."""
        self._critical, self._width = critical_K, width_K

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Return current and derivatives at one voltage."""
        return self.at(np.asarray(v_mV, dtype=float), T_K)

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Return current and derivatives element by element."""
        t = np.tanh((T_K - self._critical) / self._width)
        on = 0.5 * (1.0 + t)
        return LawValues(v_mV * on, on, v_mV * 0.5 * (1.0 - t**2) / self._width)


def device(mesa: Mesa, refine: float) -> Scenario:
    """Return a film on cooled junctions; a strip or a disc by the shape of the mesa."""
    return Scenario(
        name="step",
        geometry="disc" if mesa.shape == "disc" else "strip",
        mesa=mesa,
        layers=(
            Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
        ),
        materials={
            "film": Material(in_plane_W_per_mK=SHEET / 0.04, out_of_plane_W_per_mK=100.0),
            "mesa": Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=10.0),
        },
        bath=Bath(temperature_K=BATH, bottom="conductance", bottom_W_per_m2K=COOLING * 1e6),
        law=normal_law(RESISTANCE, 1.0),
        mesh=Mesh(size_um=0.02 * HEALING, refine=refine),
        # The wide film: rounding of many stiff neighbours adds up to 1e-10 of its small power.
        numerics=Numerics(tolerance=1e-9),
    )


def _mesa(**outline: object) -> Mesa:
    return Mesa(junctions=1, spacing_nm=1.0, specific_resistance_ohm_um2=RESISTANCE, **outline)


def _held(scenario: Scenario, refine: float, area: float, alpha: float, rise: Array, x: Array) -> float:
    """Return alpha_S found at the current of a hot area, starting from a temperature rise given at places x."""
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF), StepLaw(BATH + RISE, 0.04 * RISE / refine))
    voltage = math.sqrt(alpha * COOLING * RISE * RESISTANCE)
    here = model.operators.xy[model.layout.mesa_nodes, 0]
    T = BATH + np.interp(here, x, rise)
    guess = np.concatenate([np.tile(T, len(model.layout.sublayers)), [voltage]])
    e = solve_steady(model, Bias.current(), voltage * area / RESISTANCE, guess)
    return e.V**2 / (RESISTANCE * COOLING * RISE)


def domain_alpha(width: float) -> float:
    """Return alpha_S of a domain at the insulated end of the strip; width in units of lambda."""
    return 1.0 + math.tanh(STRIP - width) / math.tanh(width)


@cache
def domain(width: float, refine: float) -> float:
    """Return alpha_S of that domain as computed."""
    mesa = _mesa(width_um=STRIP * HEALING, depth_um=1.0)
    alpha = domain_alpha(width)
    x = np.linspace(0.0, STRIP, 4001)
    hot = alpha - (alpha - 1.0) * np.cosh(x) / math.cosh(width)
    cold = np.cosh(STRIP - x) / math.cosh(STRIP - width)
    rise = RISE * np.where(x < width, hot, cold)
    return _held(device(mesa, refine), refine, width * HEALING, alpha, rise, (x - 0.5 * STRIP) * HEALING)


@cache
def spot(radius: float, refine: float) -> float:
    """Return alpha_S of a circular spot in a wide film as computed; radius in units of lambda."""
    mesa = _mesa(shape="disc", radius_um=(radius + MARGIN) * HEALING)
    alpha = spot_alpha(radius)
    x = np.linspace(0.0, radius + MARGIN, 8001)
    hot = alpha - (alpha - 1.0) * i0(np.minimum(x, radius)) / i0(radius)
    cold = k0(np.maximum(x, radius)) / k0(radius)
    rise = RISE * np.where(x < radius, hot, cold)
    return _held(device(mesa, refine), refine, math.pi * (radius * HEALING) ** 2, alpha, rise, x * HEALING)


def spot_alpha(radius: float) -> float:
    """Return alpha_S of a circular spot in an infinite film; radius in units of lambda."""
    return 1.0 + float(i0(radius) * k1(radius) / (i1(radius) * k0(radius)))


def _case(name: str, exact: float, source: str, compute: partial[float]) -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=exact,
        unit="",
        source=source,
        compute=compute,
        resolutions=(1.0, 2.0, 4.0),
        tolerance=2e-3,
        judge="relative",
        quick=(1.0, 2.0),
    )


CASES: tuple[Case, ...] = (
    *(
        _case(
            f"alpha_S of a domain of {d:g} lambda at the end of a strip of {STRIP:g} lambda",
            domain_alpha(d),
            "1 + tanh((L - d)/lambda)/tanh(d/lambda)",
            partial(domain, d),
        )
        for d in WIDTHS
    ),
    *(
        _case(
            f"alpha_S of a circular spot of radius {radius:g} lambda",
            alpha,
            "1 + I0 K1/(I1 K0) at R/lambda",
            partial(spot, radius),
        )
        for radius, alpha in RADII.items()
    ),
)
