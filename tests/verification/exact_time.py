"""Exact results in time: order of the integrator, error control, heating of a half-space, speed of a hot front."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from scipy.special import erfc
from verification.cases import Case
from verification.exact_step import BATH, COOLING, HEALING, RESISTANCE, RISE, SHEET, StepLaw

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Crystal, Law, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.law.laws import JunctionLaw
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.time.transient import Circuit, TimePoint, Tolerances, Transient

GROUP = "Time"
CAPACITY_J_PER_M3K = 1e6
"""1 pJ/(µm³ K)."""
SPARSE = Numerics(path="sparse", tolerance=1e-9)


def _model(scenario: Scenario, law: JunctionLaw | None = None) -> Model:
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF), law)


def _held(model: Model, V: float, T: np.ndarray, end: float, tolerances: Tolerances) -> list[TimePoint]:
    """Return the moments of a device at constant voltage from temperatures T."""
    circuit = Circuit(Bias.voltage(), 0.0, lambda t: V)
    return list(Transient(model, circuit, tolerances).run(np.concatenate([T, [V]]), 0.0, end))


# A lumped device: one layer, cooled by h, without current: T - T_B falls as exp(-t h / (d c)).

START_K = 50.0


@cache
def _lumped() -> tuple[Model, float]:
    """Return a device of one temperature, and its relaxation time (µs)."""
    mesa = Mesa(width_um=1.0, depth_um=1.0, junctions=1, spacing_nm=100.0, specific_resistance_ohm_um2=1000.0)
    material = Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=1e6, heat_capacity_J_per_m3K=CAPACITY_J_PER_M3K)
    scenario = Scenario(
        name="lump",
        geometry="strip",
        mesa=mesa,
        layers=(Layer(name="mesa", material="mesa", region="mesa", junctions=True),),
        materials={"mesa": material},
        bath=Bath(temperature_K=10.0, bottom="conductance", bottom_W_per_m2K=1e5),
        law=normal_law(1000.0, 100.0),
        mesh=Mesh(size_um=0.5),
        numerics=SPARSE,
    )
    return _model(scenario), 0.1 / 0.1


def relaxed(tolerances: Tolerances) -> float:
    """Return the largest error (K) of the lumped device while it relaxes from 60 K to 10 K for two time constants."""
    model, tau = _lumped()
    start = np.full(model.layout.size, model.bath + START_K)
    moments = _held(model, 0.0, start, 2.0 * tau, tolerances)
    return max(abs(float(m.e.T[0]) - model.bath - START_K * math.exp(-m.t / tau)) for m in moments)


def relaxed_with_steps(steps: float) -> float:
    """Return that error with so many equal steps; the tolerance accepts every step."""
    _, tau = _lumped()
    h = 2.0 * tau / steps
    return relaxed(Tolerances(atol_K=1e6, rtol=1e-4, first_step_us=h, max_step_us=h))


def relaxed_within(inverse_tolerance: float) -> float:
    """Return that error with steps chosen by a tolerance (K)."""
    return relaxed(Tolerances(atol_K=1.0 / inverse_tolerance, rtol=1e-12))


# A disc with uniform flux on a half-space.

DISC, KAPPA, FLUX = 5.0, 1.0, 10.0
"""Radius (µm), conductivity (µW/µm K) and heating (µW/µm²); with c = 1 pJ/(µm³ K) the diffusivity is 1 µm²/µs."""
TIMES = {"early": 4.0, "late": 25.0}


def _ierfc(x: float) -> float:
    return math.exp(-x * x) / math.sqrt(math.pi) - x * float(erfc(x))


def disc_rise(t: float) -> float:
    """Return the rise (K) in the centre: (2 q sqrt(Dt)/kappa) [1/sqrt(pi) - ierfc(a / 2 sqrt(Dt))]."""
    root = math.sqrt(KAPPA * t)
    return 2.0 * FLUX * root / KAPPA * (1.0 / math.sqrt(math.pi) - _ierfc(DISC / (2.0 * root)))


@cache
def computed_rise(t: float, refine: float) -> float:
    """Return the same from the layered model: a thin heated layer on a wide, thick crystal."""
    # rho_c s = r makes the junction as conducting as its normal resistance: Q = V^2 / r.
    mesa = Mesa(shape="disc", radius_um=DISC, junctions=1, spacing_nm=1.0, specific_resistance_ohm_um2=1.0)
    bulk = Material(in_plane_W_per_mK=KAPPA, out_of_plane_W_per_mK=KAPPA, heat_capacity_J_per_m3K=CAPACITY_J_PER_M3K)
    thin = Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=1e3, heat_capacity_J_per_m3K=1.0)
    wide = 8.0 * math.sqrt(KAPPA * t) + DISC
    scenario = Scenario(
        name="disc",
        geometry="disc",
        mesa=mesa,
        crystal=Crystal(shape="disc", radius_um=wide),
        layers=(
            Layer(name="mesa", material="thin", region="mesa", junctions=True),
            Layer(
                name="crystal",
                material="bulk",
                thickness_um=wide,
                sublayers=round(12 * refine),
                first_sublayer_um=0.4 / refine,
            ),
        ),
        materials={"bulk": bulk, "thin": thin},
        bath=Bath(temperature_K=10.0, bottom="half-layer"),
        law=Law(kind="ohmic", resistivity_ohm_cm=0.1),
        mesh=Mesh(size_um=0.5 / refine, contact_size_um=0.5 / refine, rim_size_um=4.0 / refine),
        numerics=SPARSE,
    )
    model = _model(scenario)
    V = math.sqrt(FLUX)
    moments = _held(model, V, model.cold()[0], t, Tolerances(rtol=1e-5, atol_K=1e-4))
    centre = int(np.argmin(model.operators.xy[model.layout.mesa_nodes, 0]))
    return float(moments[-1].e.T[model.layout.rows(0)][centre]) - model.bath


# A front between the hot and the cold state of a film whose heating switches on at T_c.

ALPHAS = (2.5, 4.0)
FRONT_STRIP = 40.0
"""Length of the strip in units of lambda."""


def front_speed(alpha: float) -> float:
    """Return sqrt(G h)/C (alpha_S - 2)/sqrt(alpha_S - 1) (µm/µs)."""
    capacity = (0.04 + 0.001) * CAPACITY_J_PER_M3K * 1e-6
    return math.sqrt(SHEET * COOLING) / capacity * (alpha - 2.0) / math.sqrt(alpha - 1.0)


@cache
def computed_speed(alpha: float, refine: float) -> float:
    """Return the speed of the place where T = T_c, at constant voltage, after the front has found its shape."""
    metal = {"heat_capacity_J_per_m3K": CAPACITY_J_PER_M3K}
    scenario = Scenario(
        name="front",
        geometry="strip",
        mesa=Mesa(
            junctions=1,
            spacing_nm=1.0,
            specific_resistance_ohm_um2=RESISTANCE,
            width_um=FRONT_STRIP * HEALING,
            depth_um=1.0,
        ),
        layers=(
            Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
        ),
        materials={
            "film": Material(in_plane_W_per_mK=SHEET / 0.04, out_of_plane_W_per_mK=100.0, **metal),
            "mesa": Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=10.0, **metal),
        },
        bath=Bath(temperature_K=BATH, bottom="conductance", bottom_W_per_m2K=COOLING * 1e6),
        law=normal_law(RESISTANCE, 1.0),
        mesh=Mesh(size_um=0.08 * HEALING / refine),
        numerics=SPARSE,
    )
    # The smeared step spans several elements, or the front would stick to the nodes.
    model = _model(scenario, StepLaw(BATH + RISE, 0.1 * RISE / refine))
    x = model.operators.xy[model.layout.mesa_nodes, 0]
    T = BATH + RISE * alpha * 0.5 * (1.0 - np.tanh((x + 10.0 * HEALING) / HEALING))
    V = math.sqrt(alpha * COOLING * RISE * RESISTANCE)
    way = 12.0 * HEALING / front_speed(alpha)
    moments = _held(model, V, np.tile(T, 2), way, Tolerances(rtol=1e-4 / refine, atol_K=1e-2 / refine))
    order = np.argsort(x)

    def place(m: TimePoint) -> float:
        falling = m.e.T[model.layout.rows(1)][order][::-1]
        return float(np.interp(BATH + RISE, falling, x[order][::-1]))

    settled = [m for m in moments if m.t > 0.4 * way]
    return float(np.polyfit([m.t for m in settled], [place(m) for m in settled], 1)[0])


def _case(name: str, exact: float, unit: str, source: str, compute: Callable[[float], float], **judged: object) -> Case:
    return Case(name=name, group=GROUP, exact=exact, unit=unit, source=source, compute=compute, **judged)


CASES: tuple[Case, ...] = (
    _case(
        "relaxation of a lumped device, equal steps",
        0.0,
        "K",
        "exp(-t h/C); resolution: number of steps. BDF of second order, started with one small step of first order",
        relaxed_with_steps,
        resolutions=(40.0, 80.0, 160.0),
        tolerance=1.8,
        judge="order",
    ),
    _case(
        "relaxation of a lumped device, steps by tolerance",
        0.0,
        "K",
        "exp(-t h/C); resolution: 1/tolerance in 1/K. A step of second order within tol is h ~ tol^(1/3), and the "
        "error at the end falls as h^2 = tol^(2/3)",
        relaxed_within,
        resolutions=(1e2, 1e3, 1e4),
        tolerance=0.6,
        judge="order",
    ),
    *(
        _case(
            f"disc of uniform flux on a half-space, rise of the centre at {when} time",
            disc_rise(t),
            "K",
            "(2q sqrt(Dt)/kappa) [1/sqrt(pi) - ierfc(a/2 sqrt(Dt))], Carslaw and Jaeger 10.5",
            partial(computed_rise, t),
            resolutions=(0.5, 1.0, 2.0),
            tolerance=0.01,
            judge="relative",
            quick=(0.5, 1.0),
            quick_tolerance=0.02,
        )
        for when, t in TIMES.items()
    ),
    *(
        _case(
            f"speed of a hot front, alpha_S = {alpha:g}",
            front_speed(alpha),
            "µm/µs",
            "(sqrt(Gh)/C) (alpha_S - 2)/sqrt(alpha_S - 1); the width of the step counts in second order",
            partial(computed_speed, alpha),
            resolutions=(0.5, 1.0, 2.0),
            tolerance=0.01,
            judge="relative",
            quick=(0.5, 1.0),
        )
        for alpha in ALPHAS
    ),
)
"""Exact results in time."""
