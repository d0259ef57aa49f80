"""Limits in which one geometry, device or model must turn into another."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Literal

import numpy as np
from mpi4py import MPI
from verification.cases import Case

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import (
    Bath,
    Branch,
    Contact,
    Crystal,
    Law,
    Layer,
    Material,
    Mesa,
    Mesh,
    Numerics,
    Scenario,
    Uniform,
)
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.uniform import UniformDevice, uniform_states
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

Geometry = Literal["plan", "strip", "disc"]
ROUND_UM = 5.64
"""Radius of a disc of 100 µm²."""
GROUP = "Limits"
STATE_MA = {"flat": 0.6, "round": 0.5}
"""Currents at which lines and plans are compared; there the law is far from ohmic."""
JUNCTIONS = Layer(name="mesa", material="mesa", region="mesa", junctions=True)
FILM = Layer(name="film", material="film", thickness_um=0.04, region="mesa")
CRYSTAL = Layer(name="crystal", material="mesa", thickness_um=30.0, sublayers=6, first_sublayer_um=0.4)
THIN_CRYSTAL = Layer(name="crystal", material="pristine", thickness_um=5.0, sublayers=6, first_sublayer_um=0.2)
INTERCALATED = {
    "film": Material(base="gold-film"),
    "mesa": Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02),
}


@cache
def law(number: Literal[1, 2, 3]) -> JunctionLaw:
    """Return the law of one of the published sets."""
    return build_law(Scenario(name="law", law=Law(set=number)))


def _model(scenario: Scenario) -> Model:
    shared = law(scenario.law.set) if scenario.law.set is not None else None
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF), shared)


def uniform_device(cooling: Literal["bottom", "contact"], refine: float) -> Scenario:
    """Return a mesa with alpha = 110 K/mW and a film that conducts so well that the mesa has one temperature."""
    contact = Contact(x_um=-2.0, y_um=-2.0, radius_um=1.5, contact_K_per_mW=110.0)
    bath = {"bottom": "conductance", "bottom_W_per_m2K": 1e9 / (110.0 * 100.0)} if cooling == "bottom" else {}
    return Scenario(
        name="uniform",
        layers=(FILM, JUNCTIONS),
        # A film of 4e-2 W/K; across the layers 1e-6 of the resistance to the bath.
        materials={
            "film": Material(in_plane_W_per_mK=1e6, out_of_plane_W_per_mK=1e3),
            "mesa": Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=1e3),
        },
        contacts=() if cooling == "bottom" else (contact,),
        bath=Bath(**(bath or {"bottom": "insulated"})),
        law=Law(set=3),
        branch=Branch(end_current_mA=1.6, min_points=30),
        uniform=Uniform(thermal_resistance_K_per_mW=110.0),
        mesh=Mesh(size_um=1.0, contact_size_um=0.5, refine=refine),
        # So stiff a film turns the rounding of temperatures into 1e-9 of the power.
        numerics=Numerics(tolerance=1e-8),
    )


@cache
def distance_from_uniform(cooling: Literal["bottom", "contact"], refine: float) -> float:
    """Return the largest distance in junction voltage (mV) from the uniform model along the whole S-curve.

    At every point both are compared at the same mean temperature, in voltage and in current times R_j.
    """
    scenario = uniform_device(cooling, refine)
    rows = [p.row for p in trace(_model(scenario))]
    v, I_mA, T = (np.array([float(r[key]) for r in rows[1:]]) for key in ("V_per_junction_mV", "I_mA", "T_mean_K"))
    if not any(r["fold"] == "V" for r in rows):
        raise ValueError("the curve does not fold")
    device = UniformDevice.of(scenario)
    exact = uniform_states(law(3), device, T)
    return float(max(np.abs(v - exact.v).max(), np.abs(I_mA * device.junction_ohm - exact.i).max()))


@cache
def distance_from_ohm(refine: float) -> float:
    """Return the largest relative distance of V/I from the normal resistance of a device with next to no gap."""
    scenario = Scenario(
        name="gapless",
        crystal=Crystal(width_um=30.0, depth_um=30.0),
        layers=(FILM, JUNCTIONS, CRYSTAL),
        materials=INTERCALATED,
        contacts=(Contact(x_um=-2.0, y_um=-2.0, radius_um=1.5, contact_K_per_mW=3.0, wire_K_per_mW=2.0),),
        law=Law(gaps_meV=(1e-3,), gamma0_meV=0.6),
        branch=Branch(end_current_mA=1.0, min_points=10),
        mesh=Mesh(refine=refine),
    )
    rows = [p.row for p in trace(_model(scenario))][1:]
    normal = scenario.mesa.junctions * scenario.mesa.specific_resistance_ohm_um2 / 100.0
    return max(abs(float(r["V_mV"]) / float(r["I_mA"]) / normal - 1.0) for r in rows)


def symmetric_device(geometry: Geometry, refine: float) -> Scenario:
    """Return a mesa with its wire in the centre."""
    return Scenario(
        name="symmetric",
        geometry=geometry,
        crystal=Crystal(width_um=30.0, depth_um=30.0),
        layers=(FILM, JUNCTIONS, CRYSTAL),
        materials=INTERCALATED,
        contacts=(Contact(radius_um=1.5, contact_K_per_mW=3.0, wire_K_per_mW=2.0),),
        law=Law(set=1),
        mesh=Mesh(refine=refine),
        numerics=Numerics(tolerance=1e-11),
    )


@cache
def asymmetry(geometry: Geometry, refine: float) -> float:
    """Return the largest difference (K) between the temperatures at mirror images, at 0.5 mA."""
    model = _model(symmetric_device(geometry, refine))
    e = solve_steady(model, Bias.current(), 0.5)
    xy = model.operators.xy[model.layout.mesa_nodes]
    T = e.T[model.layout.junction_rows]
    worst = 0.0
    for mirror in (np.array([-1.0, 1.0]), np.array([1.0, -1.0])):
        # Rounding lets the coordinates of images differ in the last digits.
        order = np.lexsort(np.round(xy, 7).T)
        image = np.lexsort(np.round(xy * mirror, 7).T)
        if not np.allclose(xy[order], (xy * mirror)[image], atol=1e-9):
            raise ValueError("the mesh is not its own mirror image")
        worst = max(worst, float(np.abs(T[order] - T[image]).max()))
    return worst


def _flat(geometry: Geometry, refine: float) -> Scenario:
    """Return a mesa on a crystal that is no deeper than the mesa: nothing depends on y."""
    return Scenario(
        name="flat",
        geometry=geometry,
        crystal=Crystal(width_um=40.0, depth_um=10.0),
        layers=(FILM, JUNCTIONS, THIN_CRYSTAL),
        materials=INTERCALATED | {"pristine": Material(in_plane_W_per_mK=5.0, out_of_plane_W_per_mK=0.5)},
        law=Law(set=1),
        mesh=Mesh(refine=refine),
        numerics=Numerics(path="sparse" if refine > 1.0 else "auto"),
    )


def _round(geometry: Geometry, refine: float) -> Scenario:
    """Return a round mesa on a round crystal, with a wire in the centre."""
    return Scenario(
        name="round",
        geometry=geometry,
        mesa=Mesa(shape="disc", radius_um=ROUND_UM),
        crystal=Crystal(shape="disc", radius_um=20.0),
        layers=(FILM, JUNCTIONS, CRYSTAL),
        materials=INTERCALATED,
        contacts=(Contact(radius_um=2.0, contact_K_per_mW=30.0, wire_K_per_mW=2.0),),
        law=Law(set=1),
        mesh=Mesh(refine=refine),
        # Beyond 2000 nodes a sparse factorisation is quicker than a dense one.
        numerics=Numerics(path="sparse" if refine > 1.0 else "auto"),
    )


@cache
def _state(kind: Literal["flat", "round"], geometry: Geometry, refine: float) -> State:
    scenario = _flat(geometry, refine) if kind == "flat" else _round(geometry, refine)
    return solve_steady(_model(scenario), Bias.current(), STATE_MA[kind])


def plan_against_line(kind: Literal["flat", "round"], key: Literal["V", "T"], refine: float) -> float:
    """Return the relative difference of voltage, or largest temperature rise, of plan and line at one current."""
    plan = _state(kind, "plan", refine)
    line = _state(kind, "strip" if kind == "flat" else "disc", 4.0)
    if key == "V":
        return plan.V / line.V - 1.0
    return float((plan.T.max() - 4.2) / (line.T.max() - 4.2) - 1.0)


def _zero(
    name: str,
    compute: Callable[[float], float],
    resolutions: tuple[float, ...],
    tolerance: float,
    unit: str,
    source: str,
    quick_tolerance: float | None = None,
) -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=0.0,
        unit=unit,
        source=source,
        compute=compute,
        resolutions=resolutions,
        tolerance=tolerance,
        judge="absolute",
        quick=resolutions[:-1],
        quick_tolerance=quick_tolerance,
    )


CASES: tuple[Case, ...] = (
    *(
        _zero(
            f"well-conducting film, cooled by the {cooling}: distance from the uniform model along the S-curve",
            partial(distance_from_uniform, cooling),
            (0.5, 1.0, 2.0),
            0.02,
            "mV",
            "uniform model at the same temperature, voltage and current times R_j per junction",
        )
        for cooling in ("bottom", "contact")
    ),
    _zero(
        "no gap: V/I over the normal resistance, minus 1",
        distance_from_ohm,
        (0.25, 0.5, 1.0),
        1e-6,
        "",
        "i = v for a gap of zero; the gap of 1 ueV leaves (gap/gamma)^2",
    ),
    *(
        _zero(
            f"{geometry} with the wire in the centre: difference between mirror images",
            partial(asymmetry, geometry),
            (0.5, 1.0, 1.5),
            1e-10,
            "K",
            "symmetry of the device",
        )
        for geometry in ("plan", "strip")
    ),
    *(
        _zero(
            f"{'strip' if kind == 'flat' else 'disc'} against plan: relative difference of {what}",
            partial(plan_against_line, kind, key),
            (0.5, 1.0, 2.0),
            3e-3,
            "",
            "same device, meshed as a line and as a plan",
            1e-2 if key == "T" else None,
        )
        for kind in ("flat", "round")
        for key, what in (("V", "voltage"), ("T", "the largest temperature rise"))
    ),
)
