"""Convergence through the thickness: a manufactured profile in junctions and crystal, sublayers doubled.

Nothing varies along the layers. The junctions (0 < z < 2 µm) carry one common current, the crystal lies below. The
profile T(z) is chosen; its mesa conductivity is scaled so that the heat flux is continuous, and the conductances of
the boundaries follow from the chosen temperature jumps. The source -(kappa T')' - v(J, T) J n/L is put in at the
middle of every sublayer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import sympy as sp
from helpers.devices import normal_law
from verification.cases import Case
from verification.mms import Array, numeric, power
from verification.mms_laws import SmoothLaw

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Curve, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

Z = sp.Symbol("x", real=True)
MESA_UM, CRYSTAL_UM = 2, 8
JUNCTIONS, RESISTANCE_OHM_UM2, WIDTH_UM = 20, 2421.0, 10.0
BATH_K = 10
CURRENT_MV = 12.0
"""i = J r, the same in all junctions."""
CRYSTAL_LAW = (sp.Rational(1, 2), sp.Rational(4, 5))
MESA_POWER = sp.Rational(3, 5)
GRADING = 10.0
"""Thickness of the last sublayer over that of the first, whatever their number."""


@dataclass(frozen=True)
class Profile:
    """A manufactured profile.

    Attributes:
        mesa, crystal: temperatures (K) as functions of the depth z (µm).
        mesa_law: conductivity of the mesa, a (T/50)^p.
        jump: conductance under the mesa, top and bottom: conductances to the bath (µW/(µm² K)), None for none.
    """

    mesa: sp.Expr
    crystal: sp.Expr
    mesa_law: tuple[sp.Expr, sp.Expr]
    jump: float | None
    top: float | None
    bottom: float | None


@cache
def profile(boundaries: bool) -> Profile:
    """Return the profile without boundary conductances, or with one above, between and below."""
    m, c = Z / MESA_UM, (Z - MESA_UM) / CRYSTAL_UM
    bend = (1 - c) * (1 + sp.sin(sp.pi * c) / 5)
    if boundaries:
        mesa, crystal = 60 + 5 * m - 12 * m**2, 18 + 22 * bend
    else:
        mesa, crystal = 40 + 12 * (1 - m**2), BATH_K + 30 * bend
    flux = (-power(CRYSTAL_LAW, crystal) * sp.diff(crystal, Z)).subs(Z, MESA_UM)
    unit = (-power((sp.Integer(1), MESA_POWER), mesa) * sp.diff(mesa, Z)).subs(Z, MESA_UM)
    law = (sp.nsimplify(flux / unit), MESA_POWER)
    if not boundaries:
        return Profile(mesa, crystal, law, None, None, None)
    top = (power(law, mesa) * sp.diff(mesa, Z) / (mesa - BATH_K)).subs(Z, 0)
    out = -power(CRYSTAL_LAW, crystal) * sp.diff(crystal, Z) / (crystal - BATH_K)
    jump = flux / (mesa - crystal).subs(Z, MESA_UM)
    return Profile(mesa, crystal, law, float(jump), float(top), float(out.subs(Z, MESA_UM + CRYSTAL_UM)))


def source(law: tuple[sp.Expr, sp.Expr], T: sp.Expr) -> sp.Expr:
    """Return -(kappa T')' (µW/µm³)."""
    return -sp.diff(power(law, T) * sp.diff(T, Z), Z)


def voltage(i_mV: float, T: Array) -> Array:
    """Return the junction voltage (mV) at which the law gives the current, by Newton's method from above."""
    law, v = SmoothLaw(), np.full(T.shape, 200.0)
    for _ in range(100):
        values = law.at(v, T)
        v = np.clip(v - (values.i - i_mV) / values.di_dv, 0.5 * v, 2.0 * v)
    return v


def total_voltage(p: Profile) -> float:
    """Return the voltage over the mesa (mV): n/L times the integral of v(J, T(z))."""
    t, w = np.polynomial.legendre.leggauss(60)
    z = 0.5 * MESA_UM * (t + 1.0)
    return float(JUNCTIONS * 0.5 * w @ voltage(CURRENT_MV, numeric(p.mesa)(z, 0 * z)))


def scenario(p: Profile, count: int, graded: bool) -> Scenario:
    """Return the device with `count` sublayers in mesa and crystal each."""
    ratio = GRADING ** (1.0 / max(count - 1, 1))
    part = (ratio - 1.0) / (ratio**count - 1.0) if graded else None

    def material(law: tuple[sp.Expr, sp.Expr]) -> Material:
        T = (1.0, 500.0)
        curve = Curve(T_K=T, values=tuple(float(power(law, sp.Float(t, 30))) for t in T))
        return Material(in_plane_W_per_mK=1.0, out_of_plane_W_per_mK=curve)

    return Scenario(
        name="manufactured-depth",
        geometry="strip",
        mesa=Mesa(
            width_um=WIDTH_UM,
            depth_um=WIDTH_UM,
            junctions=JUNCTIONS,
            spacing_nm=1e3 * MESA_UM / JUNCTIONS,
            specific_resistance_ohm_um2=RESISTANCE_OHM_UM2,
        ),
        layers=(
            Layer(
                name="mesa",
                material="mesa",
                region="mesa",
                junctions=True,
                sublayers=count,
                first_sublayer_um=part and part * MESA_UM,
                boundary_W_per_m2K=p.jump and p.jump * 1e6,
            ),
            Layer(
                name="crystal",
                material="crystal",
                thickness_um=CRYSTAL_UM,
                sublayers=count,
                first_sublayer_um=part and part * CRYSTAL_UM,
            ),
        ),
        materials={"mesa": material(p.mesa_law), "crystal": material(CRYSTAL_LAW)},
        bath=Bath(
            temperature_K=BATH_K,
            top_W_per_m2K=(p.top or 0.0) * 1e6,
            bottom="half-layer" if p.bottom is None else "conductance",
            bottom_W_per_m2K=p.bottom and p.bottom * 1e6,
        ),
        law=normal_law(RESISTANCE_OHM_UM2, 1e3 * MESA_UM / JUNCTIONS),
        mesh=Mesh(size_um=5.0, rim_size_um=5.0),
        numerics=Numerics(path="sparse"),
    )


def middles(model: Model) -> Array:
    """Return the depth (µm) of the middle of every sublayer."""
    d = np.array([s.thickness for s in model.layout.sublayers])
    return np.cumsum(d) - 0.5 * d


def injected(model: Model, p: Profile) -> tuple[Model, Array]:
    """Return the model with the sources in it, and the exact temperatures of all unknowns."""
    T, extra_heat = np.empty(model.layout.size), np.empty(model.layout.size)
    for k, (z, s) in enumerate(zip(middles(model)[:, None], model.layout.sublayers, strict=True)):
        field, law = (p.mesa, p.mesa_law) if s.on_mesa else (p.crystal, CRYSTAL_LAW)
        here = numeric(field)(z, 0 * z)
        density = s.thickness * numeric(source(law, field))(z, 0 * z)
        density = density - s.junctions * voltage(CURRENT_MV, here) * CURRENT_MV / RESISTANCE_OHM_UM2
        T[model.layout.rows(k)] = here
        extra_heat[model.layout.rows(k)] = model.layout.mass(k) * density
    return model.variant(extra_heat=extra_heat), T


@cache
def solve(boundaries: bool, graded: bool, count: int) -> tuple[float, float]:
    """Return the errors of temperature (K, L2 mean over the depth) and voltage (mV)."""
    p = profile(boundaries)
    device = scenario(p, count, graded)
    model, T = injected(Model(device, build_mesh(device), SmoothLaw()), p)
    branch = ThermalBranch(model, Bias.current())
    guess = np.append(T, total_voltage(p))
    e = solve_steady_state(branch, CURRENT_MV / RESISTANCE_OHM_UM2 * WIDTH_UM**2, guess)
    layout = model.layout
    volume = np.concatenate([layout.mass(k) * s.thickness for k, s in enumerate(layout.sublayers)])
    L2 = np.sqrt(np.sum(volume * (e.T - T) ** 2) / volume.sum())
    return float(L2), abs(e.V - total_voltage(p))


def _error(boundaries: bool, graded: bool, quantity: int, count: float) -> float:
    return solve(boundaries, graded, round(count))[quantity]


CASES = tuple(
    Case(
        name=f"{grid} sublayers{', boundary conductances' if boundaries else ''}: error of {words}",
        group="Manufactured solutions through the thickness",
        exact=0.0,
        unit=unit,
        source="manufactured profile, sources by sympy; finite volumes between middles are of second order",
        compute=partial(_error, boundaries, grid == "graded", quantity),
        resolutions=(8, 16, 32),
        tolerance=1.9,
        judge="order",
    )
    for boundaries in (False, True)
    for grid in ("uniform", "graded")
    for quantity, (words, unit) in enumerate((("temperature, L2", "K"), ("voltage at given current", "mV")))
)
