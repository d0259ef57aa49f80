"""Leaning walls at one temperature: one current through all junctions, heat through a stump, and what it stores."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from scipy.integrate import quad
from scipy.optimize import brentq
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Heater, Law, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.model import Model
from hotmesa.solver.states.problem import ThermalBranch

GROUP = "Walls that lean"
WIDTH, DEPTH, ANGLE = 10.0, 6.0, 80.0
"""Outline in the middle of the junctions (µm), and angle of the walls (degrees)."""
JUNCTIONS, SPACING_NM = 500, 2.0
HEIGHT = 1.0
"""Of the junctions (µm); as much of the stack lies below them without any."""
STUMP = 1.0
FILM = 0.05
"""Of the film above (µm)."""
CONDUCTIVITY, STORED = 0.5, 2e6
"""W/(m K) and J/(m³ K) of everything."""
SPECIFIC_OHM_UM2 = 400.0
BATH = 20.0
V_PER_JUNCTION = 45.0
"""mV, near the gap, where the law bends most."""
POWER = 1000.0
"""µW of the heater."""


def area(z: float) -> float:
    """Return the area (µm²) at a depth z (µm) below the middle of the junctions: both pairs of walls lean."""
    shift = z / math.tan(math.radians(ANGLE))
    return (WIDTH + 2.0 * shift) * (DEPTH + 2.0 * shift)


def device(sublayers: int, law: Law, **parts: object) -> Scenario:
    """Return film, junctions and a stump on a cold base, each in as many sublayers as asked for but the film."""
    layers = (
        Layer(name="film", material="any", region="mesa", thickness_um=FILM),
        Layer(name="mesa", material="any", region="mesa", junctions=True, sublayers=sublayers),
        Layer(name="stump", material="any", region="mesa", thickness_um=STUMP, sublayers=sublayers),
    )
    values = {
        "name": "walls",
        "mesa": Mesa(
            width_um=WIDTH,
            depth_um=DEPTH,
            junctions=JUNCTIONS,
            spacing_nm=SPACING_NM,
            specific_resistance_ohm_um2=SPECIFIC_OHM_UM2,
            wall_angle_deg=ANGLE,
        ),
        "layers": layers,
        "materials": {
            "any": Material(
                in_plane_W_per_mK=CONDUCTIVITY, out_of_plane_W_per_mK=CONDUCTIVITY, heat_capacity_J_per_m3K=STORED
            )
        },
        "bath": Bath(temperature_K=BATH),
        "law": law,
        "mesh": Mesh(size_um=4.0),
        "numerics": Numerics(path="sparse", tolerance=1e-11),
    }
    return Scenario(**(values | parts))


@cache
def model(sublayers: float, kind: str) -> Model:
    """Return the device with ohmic junctions, with tunnelling ones, or heated from outside."""
    law = Law(set=3) if kind == "tunnelling" else normal_law(SPECIFIC_OHM_UM2, SPACING_NM)
    heater = Heater(name="plate", layer="film", radius_um=1e4, profile="disc", power_uW=POWER)
    parts = {"heaters": (heater,)} if kind == "heated" else {}
    scenario = device(int(sublayers), law, **parts)
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


def over_the_junctions(f: Callable[[float], float]) -> float:
    """Return the integral of f(z) over the height of the junctions (µm times its unit)."""
    return float(quad(f, -HEIGHT / 2, HEIGHT / 2, epsabs=0.0, epsrel=1e-11)[0])


def exact_resistance() -> float:
    """Return N r int dz/(h A) (Ω) in closed form."""
    slope = 2.0 / math.tan(math.radians(ANGLE))
    wide, narrow = (math.log((side + slope * HEIGHT / 2) / (side - slope * HEIGHT / 2)) for side in (WIDTH, DEPTH))
    return JUNCTIONS * SPECIFIC_OHM_UM2 / HEIGHT * (narrow - wide) / (slope * (WIDTH - DEPTH))


def resistance(sublayers: float) -> float:
    """Return V/I of the ohmic stack (Ω)."""
    m = model(sublayers, "ohmic")
    V = JUNCTIONS * V_PER_JUNCTION
    return V / m.evaluate(*m.cold(), V).I


@cache
def exact_upper_half() -> float:
    """Return which part of the power a stack of tunnelling junctions makes in its upper half, where it is narrow.

    v(z) of the law at the current density I/A(z), I such that the mean of v over the height is that given.
    """
    law = build_law(device(1, Law(set=3)))

    def voltage(i: float) -> float:
        return float(brentq(lambda v: law.at_voltage(v, np.array([BATH])).i[0] - i, 1e-6, 200.0, xtol=1e-12))

    def mean(current: float) -> float:
        return over_the_junctions(lambda z: voltage(current / area(z))) / HEIGHT

    middle = law.at_voltage(V_PER_JUNCTION, np.array([BATH])).i[0] * WIDTH * DEPTH
    current = brentq(lambda total: mean(total) - V_PER_JUNCTION, 0.8 * middle, 1.2 * middle, rtol=1e-12)
    upper = quad(lambda z: voltage(current / area(z)), -HEIGHT / 2, 0.0, epsrel=1e-11)[0]
    return float(upper) / (HEIGHT * V_PER_JUNCTION)


def upper_half(sublayers: float) -> float:
    """Return the same as computed."""
    m = model(sublayers, "tunnelling")
    Q = m.evaluate(*m.cold(), JUNCTIONS * V_PER_JUNCTION).junctions.Q
    made = Q @ m.junction_mass
    return float(made[: len(made) // 2].sum() / made.sum())


def exact_rise() -> float:
    """Return P int dz/(kappa A) from the middle of the film to the base (K)."""
    top, base = -HEIGHT / 2 - FILM / 2, HEIGHT / 2 + STUMP
    return POWER * float(quad(lambda z: 1.0 / (CONDUCTIVITY * area(z)), top, base, epsrel=1e-12)[0])


def rise(sublayers: float) -> float:
    """Return the same as computed: the mean over the film of the heated device."""
    m = model(sublayers, "heated")
    u, _ = ThermalBranch(m).cold_start()
    return float(u[m.layout.rows(0)] @ m.layout.mass(0) / m.layout.mass(0).sum()) - BATH


def exact_stored() -> float:
    """Return c int A dz over the whole mesa (pJ/K)."""
    return STORED * 1e-6 * float(quad(area, -HEIGHT / 2 - FILM, HEIGHT / 2 + STUMP, epsrel=1e-12)[0])


def stored(sublayers: float) -> float:
    """Return the same as computed."""
    m = model(sublayers, "ohmic")
    return float(heat_capacity(m.layout, m.cold()[0]).sum())


def _case(name: str, exact: float, unit: str, source: str, compute: Callable[[float], float], tolerance: float) -> Case:
    return Case(name, GROUP, exact, unit, source, compute, (2.0, 4.0, 8.0), tolerance, "relative")


CASES: tuple[Case, ...] = (
    _case(
        "ohmic stack at one temperature, V/I",
        exact_resistance(),
        "Ω",
        "N r/h int dz/A(z) in closed form; resolution: sublayers, each with the area of its middle",
        resistance,
        3e-5,
    ),
    _case(
        "tunnelling stack at one temperature, heat of its narrow half over the whole",
        exact_upper_half(),
        "",
        "v(I/A(z)) of the law summed over all depths by quadrature; resolution: sublayers",
        upper_half,
        1e-5,
    ),
    _case(
        "heat through film, junctions and stump, rise of the film",
        exact_rise(),
        "K",
        "P int dz/(kappa A(z)) by quadrature, heat straight down; resolution: sublayers",
        rise,
        3e-4,
    ),
    _case(
        "heat capacity of the whole",
        exact_stored(),
        "pJ/K",
        "c times the volume, by quadrature; resolution: sublayers",
        stored,
        3e-5,
    ),
)
