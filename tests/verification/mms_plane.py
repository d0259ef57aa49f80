"""Convergence in the plane: the manufactured device solved on three meshes of each geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from verification.cases import Case
from verification.mms import (
    BATH_K,
    CRYSTAL_UM,
    MESA_UM,
    PATCH,
    WIRE_K,
    Array,
    Geometry,
    Manufactured,
    contact_heat,
    device,
    manufacture,
)
from verification.mms_laws import SmoothLaw

from hotmesa.meshes import TaggedMesh, build_mesh
from hotmesa.meshes.raw import RawMesh, outer_boundary, region_names
from hotmesa.meshes.tagged import distribute
from hotmesa.scenarios.materials import gold_wire
from hotmesa.scenarios.schema import Law
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

VOLTAGE_MV = 19 * 30.0
AREA_R_OHM_UM2 = 2421.0
JUNCTIONS = 19


@dataclass(frozen=True)
class Problem:
    """A manufactured problem: geometry, kind of mesh, rim and law.

    Attributes:
        structured: a uniform plan of right triangles with a square contact, instead of the mesh generator's.
        real_law: the tunnelling law of gap set 3 from its table, instead of the closed form.
    """

    name: str
    geometry: Geometry
    rim: str
    structured: bool = False
    real_law: bool = False


@dataclass(frozen=True)
class Errors:
    """Errors of a solution: temperature (K, L2 mean over all sublayers), voltage (mV), current (mA), wire (K)."""

    T: float
    V: float
    wire: float


PROBLEMS = (
    Problem("strip", "strip", "bath"),
    Problem("disc", "disc", "insulated"),
    Problem("disc, rim at the bath", "disc", "bath"),
    Problem("plan, uniform triangles", "plan", "insulated", structured=True),
    Problem("plan, generated mesh, rim at the bath", "plan", "bath"),
    Problem("strip, tunnelling law", "strip", "insulated", real_law=True),
)


def law_of(problem: Problem) -> JunctionLaw:
    """Return the junction law of a problem."""
    return build_law(scenario_of(problem, 1.0)) if problem.real_law else SmoothLaw()


def scenario_of(problem: Problem, refine: float):
    """Return the scenario; the wire is as long as makes it carry the heat of the contact at the chosen T_w."""
    heat = integral(problem, "patch", patch_heat(problem)) / integral(problem, "patch", np.ones_like)
    curve = gold_wire().in_plane
    section = np.pi * 2.5**2
    length_um = section * (curve.integral(WIRE_K) - curve.integral(BATH_K)) / heat
    law = Law(set=3) if problem.real_law else normal_law()
    return device(problem.geometry, problem.rim, float(length_um) * 1e-3, refine, law)


def patch_heat(problem: Problem) -> Callable[[Array], Array]:
    """Return the heat into the whole patch if all of it had the film's temperature at points xy."""
    film = manufacture(problem.geometry, problem.rim).T[0]
    return lambda xy: np.asarray(contact_heat(film(xy[0], xy[1])), dtype=float)


def integral(problem: Problem, region: str, f: Callable[[Array], Array]) -> float:
    """Return the integral of f(xy) over the exact mesa or contact patch by a Gauss rule."""
    xy, weight = _gauss(problem, region)
    return float(np.sum(weight * np.asarray(f(xy)[0] if f is np.ones_like else f(xy))))


def _gauss(problem: Problem, region: str) -> tuple[Array, Array]:
    t, w = np.polynomial.legendre.leggauss(80)
    x0, y0, a = (float(p) for p in PATCH) if region == "patch" else (0.0, 0.0, MESA_UM / 2)
    if problem.geometry == "disc":
        r = 0.5 * a * (t + 1)
        return np.array([r, 0 * r]), 0.5 * a * w * 2 * np.pi * r
    if problem.geometry == "strip":
        return np.array([x0 + a * t, 0 * t]), a * w * MESA_UM
    if region == "patch" and not problem.structured:
        r, angle = np.meshgrid(0.5 * a * (t + 1), np.pi * (t + 1), indexing="ij")
        return np.array([x0 + r * np.cos(angle), y0 + r * np.sin(angle)]), np.outer(0.5 * a * w, np.pi * w) * r
    X, Y = np.meshgrid(x0 + a * t, y0 + a * t, indexing="ij")
    return np.array([X, Y]), np.outer(a * w, a * w)


def current(problem: Problem, law: JunctionLaw) -> float:
    """Return the exact current (mA) of the manufactured state."""
    mesa = manufacture(problem.geometry, problem.rim).T[1]

    def density(xy: Array) -> Array:
        return law.at_voltage(VOLTAGE_MV / JUNCTIONS, mesa(xy[0], xy[1])).i / AREA_R_OHM_UM2

    return integral(problem, "mesa", density)


def structured_plan(refine: float) -> TaggedMesh:
    """Return a square plan of right triangles, legs 1 µm / refine, with a square contact patch."""
    n = round(CRYSTAL_UM * refine)
    t = np.linspace(-CRYSTAL_UM / 2, CRYSTAL_UM / 2, n + 1)
    points = np.array([(x, y) for y in t for x in t])
    k = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    cells = np.concatenate([np.column_stack([k, k + 1, k + n + 2]), np.column_stack([k, k + n + 2, k + n + 1])])
    middle = points[cells].mean(axis=1)
    x0, y0, a = (float(p) for p in PATCH)
    mesa = np.abs(middle).max(axis=1) < MESA_UM / 2
    patch = np.abs(middle - [x0, y0]).max(axis=1) < a
    member = np.column_stack([mesa, patch])
    raw = RawMesh(points, cells, region_names(["wire"]), member, outer_boundary(points, cells))
    return distribute(raw, "plan", MPI.COMM_WORLD)


def injected(model: Model, exact: Manufactured, V: float) -> tuple[Model, list[Array]]:
    """Return the model with the sources of the manufactured solution, and its temperatures at the nodes."""
    layout, ops = model.layout, model.operators
    patch = ops.patches["wire"]
    masses = {"plan": ops.mass, "mesa": ops.mesa_mass, "patch": patch / patch.sum()}
    x, y = (np.ascontiguousarray(c) for c in ops.xy.T)
    T, extra_heat = [], np.zeros(layout.size)
    for k, (field, parts) in enumerate(zip(exact.T, exact.sources, strict=True)):
        nodes = layout.nodes_of(k)
        T.append(field(x[nodes], y[nodes]))
        heat = sum(masses[region][nodes] * f(x[nodes], y[nodes]) for region, f in parts.items())
        extra_heat[layout.rows(k)] = heat
    rows = layout.junction_rows
    extra_heat[rows] -= model.junction_mass * model.junctions.evaluate(V, T[1][None]).Q[0]
    if exact.rim == "bath":
        extra_heat[layout.rim_rows] = 0.0
    return model.variant(extra_heat=extra_heat), T


@cache
def solve(problem: Problem, refine: float) -> Errors:
    """Return the errors of the solution at the exact current, on a mesh with elements divided by `refine`."""
    scenario, law = scenario_of(problem, refine), law_of(problem)
    model = Model(scenario, structured_plan(refine) if problem.structured else build_mesh(scenario), law)
    model, fields = injected(model, manufacture(problem.geometry, problem.rim), VOLTAGE_MV)
    T = np.concatenate(fields)
    branch = ThermalBranch(model, Bias.current())
    guess = np.concatenate([T, [WIRE_K], [VOLTAGE_MV]])
    e = solve_steady_state(branch, current(problem, law), guess)
    mass = np.concatenate([model.layout.mass(k) for k in range(len(model.layout.sublayers))])
    L2 = np.sqrt(np.sum(mass * (e.T - T) ** 2) / mass.sum())
    return Errors(float(L2), abs(e.V - VOLTAGE_MV), abs(float(e.wires[0]) - WIRE_K))


SOURCE = "manufactured solution, sources by sympy; P1 elements with lumped sources are of second order"
QUANTITIES = {"T": ("temperature, L2", "K"), "V": ("voltage at given current", "mV"), "wire": ("wire node", "K")}


def _error(problem: Problem, quantity: str, refine: float) -> float:
    return float(getattr(solve(problem, refine), quantity))


CASES = tuple(
    Case(
        name=f"{problem.name}: error of {words}",
        group="Manufactured solutions in the plane",
        exact=0.0,
        unit=unit,
        source=SOURCE,
        compute=partial(_error, problem, quantity),
        resolutions=(1.0, 2.0, 4.0),
        tolerance=1.9,
        judge="order",
    )
    for problem in PROBLEMS
    for quantity, (words, unit) in QUANTITIES.items()
)
