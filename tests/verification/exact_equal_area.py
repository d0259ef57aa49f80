"""Two phases side by side: the voltage at which a front stands still, and the break-up of a uniform mesa.

On a film of constant conductance G, cooled by h = 1/(alpha A), a straight front between a cold and a hot uniform state
stands still where the integral of [Q(T, V) - h (T - T_B)] dT between both vanishes (rule of equal areas). The film
carries only the width of the front, not its voltage.
"""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np
from mpi4py import MPI
from scipy.integrate import simpson
from scipy.optimize import brentq
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Law, Layer, Material, Mesa, Mesh, Scenario
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.model import Model
from hotmesa.solver.runs.uniform import UniformDevice, trace_uniform, uniform_states
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

ALPHA, BATH, AREA, JUNCTION_OHM = 110.0, 4.2, 100.0, 24.2
"""K/mW, K, µm², Ω."""
COOLING = 1e3 / (ALPHA * AREA)
"""h in µW/(µm² K)."""
EQUAL_AREA_MV = {16: 31.95, 19: 29.95, 24: 27.41, 30: 25.13}
BREAK_UP_W_PER_K = {16: 3.9e-7, 19: 6.3e-7, 24: 9.4e-7, 30: 1.2e-6}
GROUP = "Two phases: equal areas and break-up (set 3, uniform alpha = 110 K/mW)"
SHEET = 0.5
"""G of the strip (µW/K); its healing length sqrt(G/h) is 2.3 µm."""
STRIP = 60.0


@cache
def law() -> JunctionLaw:
    """Return the law of set 3."""
    return build_law(Scenario(name="law", law=Law(set=3)))


def states_at(junctions: int, v: float) -> Array:
    """Return the temperatures of all uniform states at a junction voltage (mV)."""

    def excess(T: Array) -> Array:
        heat = 1e-3 * ALPHA * junctions * v * law().at_voltage(v, np.asarray(T)).i / JUNCTION_OHM
        return np.asarray(heat - (T - BATH))

    T = np.linspace(BATH, 250.0, 4000)
    sign = np.flatnonzero(np.diff(np.sign(excess(T))))
    return np.array([brentq(lambda t: float(excess(np.array(t))), T[k], T[k + 1], xtol=1e-10) for k in sign])


@cache
def equal_area_voltage(junctions: int) -> float:
    """Return the junction voltage (mV) of the rule of equal areas."""
    device = UniformDevice(float(junctions), JUNCTION_OHM, ALPHA, BATH)
    folds = trace_uniform(law(), device, 300.0, 600).figures["V_extrema_mV_per_junction"]

    def area(v: float) -> float:
        cold, _, hot = states_at(junctions, v)
        T = np.linspace(cold, hot, 4001)
        heat = 1e-3 * ALPHA * junctions * v * law().at_voltage(v, T).i / JUNCTION_OHM
        return float(simpson(heat - (T - BATH), x=T))

    margin = 0.01 * (folds[0] - folds[1])  # next to a fold two of the three states fall between two samples
    return float(brentq(area, folds[1] + margin, folds[0] - margin, xtol=1e-9))


def strip(junctions: int, refine: float) -> Scenario:
    """Return a long strip of the mesa: film and junctions on a uniform cooling."""
    spacing_nm = 2.151
    return Scenario(
        name="front",
        geometry="strip",
        mesa=Mesa(width_um=STRIP, depth_um=10.0, junctions=junctions, specific_resistance_ohm_um2=JUNCTION_OHM * AREA),
        layers=(
            Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
        ),
        # Thin and conducting across, so that the cooling alone stands between the junctions and the bath.
        materials={
            "film": Material(in_plane_W_per_mK=SHEET / 0.04, out_of_plane_W_per_mK=100.0),
            "mesa": Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=spacing_nm * junctions),
        },
        bath=Bath(temperature_K=BATH, bottom="conductance", bottom_W_per_m2K=COOLING * 1e6),
        law=Law(set=3),
        mesh=Mesh(size_um=0.4, refine=refine),
    )


@cache
def front_voltage(junctions: int, refine: float) -> float:
    """Return the junction voltage (mV) of a strip that is half cold and half hot, as computed."""
    scenario = strip(junctions, refine)
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF), law())
    v = equal_area_voltage(junctions)
    cold, _, hot = states_at(junctions, v)
    x = model.operators.xy[model.layout.mesa_nodes, 0]
    T = 0.5 * (cold + hot) + 0.5 * (hot - cold) * np.tanh(x / math.sqrt(SHEET / COOLING))
    J = law().at_voltage(v, np.array([cold, hot])).i / (JUNCTION_OHM * AREA)
    guess = np.concatenate([np.tile(T, len(model.layout.sublayers)), [junctions * v]])
    e = solve_steady(model, Bias.current(), float(J.mean()) * model.area, guess)
    return e.V / junctions


def break_up_conductance(junctions: int) -> float:
    """Return the film conductance (W/K) below which a uniform mesa, 10 µm wide, breaks up.

    The mode cos(pi x/w) grows at fixed V where V J_T > h + G (pi/w)^2; the largest V J_T along the curve decides.
    """
    device = UniformDevice(float(junctions), JUNCTION_OHM, ALPHA, BATH)
    T = np.linspace(BATH + 1.0, 120.0, 3000)
    s = uniform_states(law(), device, T)
    by_T = junctions * s.v * law().at(s.v, T).di_dT / (JUNCTION_OHM * AREA)
    return float(np.max(by_T - COOLING) * (10.0 / math.pi) ** 2 * 1e-6)


CASES: tuple[Case, ...] = (
    *(
        Case(
            name=f"voltage of a standing front, rule of equal areas, N = {n}",
            group=GROUP,
            exact=v,
            unit="mV",
            source="integral over the law; two decimals are known",
            compute=lambda _, n=n: equal_area_voltage(n),
            resolutions=(1.0,),
            tolerance=0.05,
            judge="absolute",
        )
        for n, v in EQUAL_AREA_MV.items()
    ),
    *(
        Case(
            name=f"voltage of a standing front in a strip, N = {n}",
            group=GROUP,
            exact=v,
            unit="mV",
            source="rule of equal areas",
            compute=partial(front_voltage, n),
            resolutions=(1.0, 2.0, 4.0),
            tolerance=0.05,
            judge="absolute",
            quick=(2.0,),
        )
        for n, v in EQUAL_AREA_MV.items()
    ),
    *(
        Case(
            name=f"film conductance below which a uniform mesa breaks up, N = {n}",
            group=GROUP,
            exact=G * 1e6,
            unit="µW/K",
            source="V J_T = h + G (pi/w)^2 at the worst place of the uniform curve; two digits are known",
            compute=lambda _, n=n: break_up_conductance(n) * 1e6,
            resolutions=(1.0,),
            tolerance=0.05,
            judge="relative",
        )
        for n, G in BREAK_UP_W_PER_K.items()
    ),
)
