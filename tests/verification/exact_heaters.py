"""Heat from outside on a film without current: a disc and a Gaussian spot, and a heater that is switched on and off."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from scipy.integrate import quad
from scipy.special import i0, i1, j0, k0, k1
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Heater, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import temperatures
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient

GROUP = "Heat from outside"
HEALING, SHEET = 3.0, 2.0
"""lambda = sqrt(G/h) (µm) and G (µW/K)."""
COOLING = SHEET / HEALING**2
POWER = 100.0
BATH = 10.0
FILM, DISC = 12.0, 3.0
"""Radii (µm) of a film and of the disc in its middle that is heated."""
SPOT = 1.5
"""Radius of a Gaussian spot (µm)."""
ON, OFF, END = 0.5, 1.5, 2.0
"""Times in units of the time constant of one temperature."""


def _film(mesa: Mesa, heater: Heater, mesh: Mesh, **parts: object) -> Model:
    values = {
        "name": "film",
        "mesa": mesa,
        "layers": (Layer(name="mesa", material="mesa", region="mesa", junctions=True),),
        "materials": {
            "mesa": Material(
                in_plane_W_per_mK=SHEET / 0.1, out_of_plane_W_per_mK=1e4, heat_capacity_J_per_m3K=1e6
            )
        },
        "bath": Bath(temperature_K=BATH, bottom="conductance", bottom_W_per_m2K=1e6 * COOLING),
        "law": normal_law(1000.0, 100.0),
        "heaters": (heater,),
        "mesh": mesh,
        "numerics": Numerics(path="sparse", tolerance=1e-10),
    }
    scenario = Scenario(**(values | parts))
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


def _mesa(**outline: object) -> Mesa:
    return Mesa(junctions=1, spacing_nm=100.0, specific_resistance_ohm_um2=1000.0, **outline)


def exact_disc() -> float:
    """Return the rise in the middle of a heated disc in a film with an insulated rim (K).

    theta = q/h + A I0(r/lambda) inside, B [I0(r/lambda) K1(R/lambda) + K0(r/lambda) I1(R/lambda)] outside.
    """
    a, b, q = DISC / HEALING, FILM / HEALING, POWER / (math.pi * DISC**2)
    outside = i0(a) * k1(b) + k0(a) * i1(b), i1(a) * k1(b) - k1(a) * i1(b)
    A, _ = np.linalg.solve([[i0(a), -outside[0]], [i1(a), -outside[1]]], [-q / COOLING, 0.0])
    return float(q / COOLING + A)


def centre_of_disc(refine: float) -> float:
    """Return the same as computed (K)."""
    heater = Heater(name="spot", radius_um=DISC, profile="disc", power_uW=POWER)
    mesa = _mesa(shape="disc", radius_um=FILM)
    model = _film(mesa, heater, Mesh(size_um=0.4 / refine), geometry="disc")
    u, _ = ThermalBranch(model).cold_start()
    return float(u[int(np.argmin(model.operators.xy[:, 0]))]) - BATH


@cache
def exact_gaussian() -> float:
    """Return the rise that a Gaussian spot on an endless film makes, as that spot weighs it (K).

    (1/2 pi) int k |q(k)|^2/(G k^2 + h) dk / P, q(k) the Fourier transform of the spot, which ends at three radii.
    """
    norm = quad(lambda r: r * 2.0 ** (-((r / SPOT) ** 2)), 0.0, 3.0 * SPOT)[0]

    def share(k: float) -> float:
        return float(quad(lambda r: r * j0(k * r) * 2.0 ** (-((r / SPOT) ** 2)), 0.0, 3.0 * SPOT)[0]) / norm

    found = quad(lambda k: k * share(k) ** 2 / (SHEET * k**2 + COOLING), 0.0, 12.0 / SPOT, limit=200)[0]
    return float(POWER * found / (2.0 * math.pi))


def under_gaussian(refine: float) -> float:
    """Return the same as computed, off the middle of a square that is wide against lambda (K)."""
    heater = Heater(name="spot", x_um=4.0, y_um=-3.0, radius_um=SPOT, power_uW=POWER)
    model = _film(_mesa(width_um=40.0, depth_um=40.0), heater, Mesh(size_um=1.4 / refine))
    u, _ = ThermalBranch(model).cold_start()
    return float(model.heater_heat @ u[:-1]) / POWER - BATH


def exact_switched() -> float:
    """Return the rise of one temperature half a time constant after a heater was on for one of them (K)."""
    return POWER / COOLING * (1.0 - math.exp(ON - OFF)) * math.exp(OFF - END)


def switched(inverse_tolerance: float) -> float:
    """Return the same as computed, with steps by a tolerance in K."""
    tau = 0.1 / COOLING
    heater = Heater(name="spot", radius_um=0.5, profile="disc", power_uW=POWER, from_us=ON * tau, to_us=OFF * tau)
    mesa = _mesa(width_um=1.0, depth_um=1.0)
    model = _film(mesa, heater, Mesh(size_um=0.25), geometry="strip", mode="transient", transient={"end_us": 9.0})
    start = np.append(model.cold()[0], 0.0)
    run = Transient(model, Circuit(Bias.voltage(), 0.0, lambda t: 0.0), Tolerances(1.0 / inverse_tolerance, 1e-12))
    (*_, last) = run.run(start, 0.0, END * tau)
    return float(temperatures(model, last.e)["T_mean_K"]) - BATH


CASES: tuple[Case, ...] = (
    Case(
        name="disc in the middle of a film, rise of the centre",
        group=GROUP,
        exact=exact_disc(),
        unit="K",
        source="I0 and K0 of r/lambda, no slope at the rim; the edge of the disc goes over one element",
        compute=centre_of_disc,
        resolutions=(1.0, 2.0, 4.0),
        tolerance=1e-3,
        judge="relative",
    ),
    Case(
        name="Gaussian spot off the middle of a wide film, rise under it",
        group=GROUP,
        exact=exact_gaussian(),
        unit="K",
        source="(P/2 pi) int k |q(k)|^2/(G k^2 + h) dk of an endless film; its edges are five lambda away",
        compute=under_gaussian,
        resolutions=(1.0, 2.0, 4.0),
        tolerance=3e-3,
        judge="relative",
        quick=(1.0, 2.0),
        quick_tolerance=1e-2,
    ),
    Case(
        name="one temperature, a heater that was on for one time constant",
        group=GROUP,
        exact=exact_switched(),
        unit="K",
        source="P/h (1 - exp(-1)) exp(-1/2); resolution: 1/tolerance of the time steps in 1/K",
        compute=switched,
        resolutions=(1e2, 1e3, 1e4),
        tolerance=1e-3,
        judge="relative",
        quick=(1e2, 1e3),
    ),
)
"""Heaters against closed formulas."""
