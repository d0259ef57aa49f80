"""A resistive electrode on ohmic junctions: lines, radii and planes on which its potential is known.

With sheet resistance rho_s and specific resistance rho_c of the whole stack the potential obeys
lambda^2 U'' = U with lambda = sqrt(rho_c / rho_s), the transfer length. Temperatures are those of the bath, or given:
nothing here depends on how heat flows.
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Any, Literal

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from scipy.special import i0, i1, k0, k1
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Contact, Curve, Electrode, Layer, Material, Mesa, Mesh, Scenario
from hotmesa.solver.model import Model, State

GROUP = "Electrode with a sheet resistance"
LENGTH, WIDTH, PAD = 60.0, 7.0, 4.0
"""Of the strip, and of the contact at its left end (µm)."""
RADIUS, CENTRE = 20.0, 3.0
"""Of the disc and of the contact in its centre (µm)."""
SHEET_OHM, STACK_OHM_UM2 = 2.0, 800.0
"""Transfer length 20 µm."""
V = 7.0
"""mV."""
SHAPE = 30.0
"""Place b of the sheet whose conductance grows as s², s = 1 + x/b, with x from the contact (µm)."""
COLD_K = 20.0
"""Temperature of that sheet at the contact."""

Geometry = Literal["strip", "disc", "plan"]


def device(geometry: Geometry, refine: float, **electrode: object) -> Scenario:
    """Return ohmic junctions below a sheet, cooled from below, with a contact that takes no heat."""
    strip = geometry == "strip"
    mesa = Mesa(width_um=LENGTH, depth_um=WIDTH) if strip else Mesa(shape="disc", radius_um=RADIUS)
    place = {"x_um": (PAD - LENGTH) / 2, "radius_um": PAD / 2} if strip else {"radius_um": CENTRE}
    resistance = {"junctions": 1, "spacing_nm": 1.0, "specific_resistance_ohm_um2": STACK_OHM_UM2}
    return Scenario(
        name="electrode",
        geometry=geometry,
        mesa=mesa.model_copy(update=resistance),
        layers=(
            Layer(name="film", material="film", thickness_um=0.05, region="mesa"),
            Layer(name="mesa", material="film", region="mesa", junctions=True),
        ),
        materials={"film": Material(in_plane_W_per_mK=100.0, out_of_plane_W_per_mK=100.0)},
        contacts=(Contact(name="lead", contact_K_per_mW=1e9, **place),),
        bath=Bath(bottom="conductance", bottom_W_per_m2K=1e6),
        law=normal_law(STACK_OHM_UM2, 1.0),
        mesh=Mesh(size_um=4.0, contact_size_um=1.0, refine=refine),
        electrode=Electrode(**({"kind": "sheet", "inject": ("lead",), "sheet_ohm": SHEET_OHM} | electrode)),
    )


def _model(scenario: Scenario) -> Model:
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


@cache
def state(geometry: Geometry, refine: float) -> tuple[Model, State]:
    """Return the device at the bath temperature under a voltage."""
    model = _model(device(geometry, refine))
    return model, model.evaluate(*model.cold(), V)


def transfer_length() -> float:
    """Return sqrt(rho_c / rho_s) (µm)."""
    return math.sqrt(STACK_OHM_UM2 / SHEET_OHM)


def strip() -> dict[str, float]:
    """Return current (mA), potential at the far end (mV) and heat in the sheet (µW) of the strip.

    The current below the contact has the full voltage; the rest is U = V cosh((L - x)/lambda) / cosh(L/lambda) over the
    length L beyond the contact, so that I = V w / sqrt(rho_s rho_c) tanh(L/lambda).
    """
    lam = transfer_length()
    beyond = (LENGTH - PAD) / lam
    along = V * WIDTH / math.sqrt(SHEET_OHM * STACK_OHM_UM2) * math.tanh(beyond)
    # Of what enters the sheet the heat is V I less that in the stack, the integral of U²/rho_c.
    stack = V**2 * WIDTH * lam / STACK_OHM_UM2 * (math.sinh(2.0 * beyond) / 4.0 + beyond / 2.0) / math.cosh(beyond) ** 2
    return {
        "current": V * WIDTH * PAD / STACK_OHM_UM2 + along,
        "potential at the far end": V / math.cosh(beyond),
        "heat in the sheet": V * along - stack,
    }


def disc() -> dict[str, float]:
    """Return current (mA) and potential at the rim (mV) of a disc: U = A I0(r/lambda) + B K0(r/lambda), U'(R) = 0."""
    lam = transfer_length()
    a, b = CENTRE / lam, RADIUS / lam
    A, B = np.linalg.solve([[i0(a), k0(a)], [i1(b), -k1(b)]], [V, 0.0])
    along = -2.0 * math.pi * CENTRE / (SHEET_OHM * lam) * (A * i1(a) - B * k1(a))
    below = V * math.pi * CENTRE**2 / STACK_OHM_UM2
    return {"current": below + float(along), "potential at the far end": float(A * i0(b) + B * k0(b))}


def _computed(geometry: Geometry, what: str, refine: float) -> float:
    model, e = state(geometry, refine)
    assert e.electrode is not None
    if what == "current":
        return e.I
    if what == "heat in the sheet":
        return float(e.electrode.heat.sum())
    xy = model.operators.xy[model.layout.mesa_nodes]
    far = np.argmax(xy[:, 0] if geometry == "strip" else np.hypot(*xy.T))
    return float(model.electrode.nodes.mine(e.electrode.potential)[far]) if model.electrode else math.nan


def graded_current() -> float:
    """Return the current (mA) into a sheet with conductance s² / SHEET_OHM.

    (s² U_s)_s = k U with k = b²/lambda² at s = 1: U = A s^p + B s^q with p, q the roots of p (p + 1) = k, U' = 0 at the
    far end.
    """
    k = (SHAPE / transfer_length()) ** 2
    p, q = (-1.0 + sign * math.sqrt(1.0 + 4.0 * k) for sign in (1.0, -1.0))
    p, q, end = p / 2.0, q / 2.0, 1.0 + (LENGTH - PAD) / SHAPE
    A, B = np.linalg.solve([[1.0, 1.0], [p * end ** (p - 1.0), q * end ** (q - 1.0)]], [V, 0.0])
    along = -(A * p + B * q) * WIDTH / (SHEET_OHM * SHAPE)
    return V * WIDTH * PAD / STACK_OHM_UM2 + float(along)


def _graded(refine: float) -> float:
    """Return that current as computed: the resistance falls as T^-2, and T grows with the distance."""
    cold, hot = COLD_K, 10.0 * COLD_K
    curve = Curve(T_K=(cold, hot), values=(SHEET_OHM, SHEET_OHM * (cold / hot) ** 2))
    model = _model(device("strip", refine, sheet_ohm=curve))
    x = model.operators.xy[model.layout.mesa_nodes, 0] + LENGTH / 2 - PAD
    T = np.tile(COLD_K * np.maximum(1.0 + x / SHAPE, 1.0), len(model.layout.sublayers))
    return model.evaluate(T, np.zeros(0), V).I


@cache
def _near_limit(conductance: float) -> float:
    """Return by how much the current at one voltage falls short of that of one common potential, relative."""
    model = _model(device("strip", 4.0, sheet_ohm=SHEET_OHM / conductance))
    return 1.0 - model.evaluate(*model.cold(), V).I * STACK_OHM_UM2 / (V * model.area)


def _power(shares: tuple[float, ...], contact_ohm: float | None, refine: float) -> float:
    """Return how much more heat is made than enters through two contacts, relative, planes in parallel included."""
    more: dict[str, Any] = {"inject": ("lead", "right"), "shares": shares, "contact_ohm": contact_ohm}
    scenario = device("strip", refine, planes_ohm=5.0, **more)
    right = Contact(name="right", x_um=20.0, radius_um=3.0, contact_K_per_mW=1e9)
    model = _model(scenario.model_copy(update={"contacts": (*scenario.contacts, right)}))
    T = np.random.default_rng(1).uniform(50.0, 100.0, model.layout.size)
    e = model.evaluate(T, np.zeros(0), V)
    assert e.electrode is not None
    entering = sum(e.electrode.currents.values())
    if shares and not math.isclose(e.electrode.currents["right"], shares[1] * e.I, rel_tol=1e-9):
        raise ValueError("a contact does not carry its share of the current")
    if not math.isclose(entering, e.I, rel_tol=1e-9):
        raise ValueError("the currents of the contacts do not add up to that through the stack")
    return float(model.made(e.junctions, e.electrode).sum()) / e.P - 1.0


def _case(geometry: Geometry, what: str, exact: float) -> Case:
    return Case(
        name=f"ohmic stack, current through a contact, {geometry}: {what}",
        group=GROUP,
        exact=exact,
        unit={"current": "mA", "heat in the sheet": "µW"}.get(what, "mV"),
        source="transfer length sqrt(rho_c/rho_s), tanh law" if geometry == "strip" else "I0 and K0 of r/lambda",
        compute=partial(_computed, geometry, what),
        resolutions=(1.0, 2.0, 4.0),
        tolerance=1.9,
        judge="order",
        quick=(1.0, 2.0),
        quick_tolerance=1.7,
    )


CASES: tuple[Case, ...] = (
    *(_case("strip", what, exact) for what, exact in strip().items()),
    *(_case(geometry, what, exact) for geometry in ("disc", "plan") for what, exact in disc().items()),
    Case(
        name="ohmic stack, strip whose sheet conductance grows as T²: current",
        group=GROUP,
        exact=graded_current(),
        unit="mA",
        source="powers of 1 + x/b that solve (s² U')' = k U",
        compute=_graded,
        resolutions=(1.0, 2.0, 4.0),
        tolerance=1.9,
        judge="order",
    ),
    Case(
        name="ohmic stack, strip: current below that of one common voltage, ever better sheets",
        group=GROUP,
        exact=0.0,
        unit="",
        source="(L/lambda)²/3 and higher powers: of first order in the sheet resistance",
        compute=_near_limit,
        resolutions=(1e2, 1e4, 1e6),
        tolerance=0.999,
        judge="order",
    ),
    *(
        Case(
            name=f"two contacts, {words}: heat made over power that enters, minus 1",
            group=GROUP,
            exact=0.0,
            unit="",
            source="the box method keeps energy to rounding",
            compute=partial(_power, shares, ohm),
            resolutions=(0.5, 1.0, 2.0),
            tolerance=1e-9,
            judge="absolute",
        )
        for words, shares, ohm in (
            ("one lead", (), None),
            ("shares of the current", (0.3, 0.7), None),
            ("one lead through resistances", (), 0.5),
        )
    ),
)
