"""Manufactured solutions of the layered heat balance: chosen fields, and the sources that make them exact.

The device has a film, the junctions and two crystal sublayers, all with conductivities that are powers of the
temperature (exact in the tables of the solver), a boundary conductance under the film, cooling from above, half a
sublayer to the bath below, and a Wiedemann-Franz contact with a gold wire. For chosen fields T_k sympy gives

    s_k = -div(d_k kappa_k(T_k) grad T_k) + q_below - q_above (+ contact)

so that the heat balance holds when s_k is put in besides the Joule heat. Fluxes exist on parts of the plan only, so
each source is a sum of densities on the plan, the mesa and the contact patch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import sympy as sp

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Contact, Crystal, Curve, Law, Layer, Material, Mesa, Mesh, Numerics, Scenario

Geometry = Literal["plan", "strip", "disc"]
Field = Callable[[Array, Array], Array]

X, Y = sp.symbols("x y", real=True)
REFERENCE_K = 50
BATH_K = 10
WIRE_K = 14.0
LORENZ_UW_OHM = sp.Rational(244, 10000)  # µW Ω/K^2
CONTACT_OHM = sp.Rational(1, 2)
FILM_BOUNDARY, TOP = sp.Rational(1), sp.Rational(1, 5)  # µW/(µm² K)
MESA_UM, CRYSTAL_UM = 10, 16
JUNCTIONS, SPACING_UM = 19, sp.Rational(2151, 10**6)
PATCH = (sp.Integer(-2), sp.Integer(-1), sp.Integer(2))
"""Centre and half width (square patch of the structured plan) or radius (µm); a disc has it in the centre."""


@dataclass(frozen=True)
class Sheet:
    """A sublayer: thickness (µm) and both conductivities a (T / 50 K)^p (W/mK) as (a, p)."""

    thickness: sp.Expr
    along: tuple[sp.Expr, sp.Expr]
    across: tuple[sp.Expr, sp.Expr]


FILM = Sheet(sp.Rational(1, 10), (sp.Integer(90), sp.Integer(1)), (sp.Integer(90), sp.Integer(1)))
MESA = Sheet(JUNCTIONS * SPACING_UM, (sp.Integer(5), sp.Rational(7, 10)), (sp.Rational(1, 20), sp.Rational(3, 5)))
UPPER = Sheet(sp.Integer(1), (sp.Integer(2), sp.Rational(1, 2)), (sp.Rational(3, 10), sp.Rational(4, 5)))
LOWER = Sheet(sp.Integer(2), UPPER.along, UPPER.across)
SHEETS = (FILM, MESA, UPPER, LOWER)


def power(law: tuple[sp.Expr, sp.Expr], T: sp.Expr) -> sp.Expr:
    """Return the conductivity a (T/50)^p at T."""
    return law[0] * (T / REFERENCE_K) ** law[1]


def potential(law: tuple[sp.Expr, sp.Expr], T: sp.Expr) -> sp.Expr:
    """Return the integral of the conductivity up to T, up to a constant."""
    return law[0] * REFERENCE_K * (T / REFERENCE_K) ** (law[1] + 1) / (law[1] + 1)


def fields(geometry: Geometry, rim: str) -> tuple[sp.Expr, ...]:
    """Return the four temperatures (K), with zero normal derivative at the edges of their regions.

    With the rim at the bath the crystal's fields reach the bath temperature there instead.
    """
    radius_like = {"disc": lambda size: (2 * X / size) ** 2}
    u_of = radius_like.get(geometry, lambda size: X / size + sp.Rational(1, 2))
    u, U = u_of(MESA_UM), u_of(CRYSTAL_UM)
    v, V = (Y / s + sp.Rational(1, 2) if geometry == "plan" else sp.Integer(0) for s in (MESA_UM, CRYSTAL_UM))

    def c(t: sp.Expr) -> sp.Expr:
        return sp.cos(sp.pi * t)

    film = 42 + 6 * c(u) * c(v) + 3 * c(2 * u)
    mesa = 46 + 7 * c(u) + 4 * c(2 * u) * c(v)
    if rim == "bath":
        bump = c(U / 2) if geometry == "disc" else sp.sin(sp.pi * U)
        bump *= sp.sin(sp.pi * V) if geometry == "plan" else 1
        return film, mesa, BATH_K + 22 * bump, BATH_K + 12 * bump**2
    return film, mesa, 30 + 5 * c(U) * c(2 * V), 20 + 3 * c(2 * U) * c(V)


def conducted(geometry: Geometry, sheet: Sheet, T: sp.Expr) -> sp.Expr:
    """Return -div(d kappa grad T) (µW/µm²)."""
    flux = [sheet.thickness * power(sheet.along, T) * sp.diff(T, s) for s in (X, Y)]
    if geometry == "disc":
        return -sp.diff(X * flux[0], X) / X
    return -sp.diff(flux[0], X) - sp.diff(flux[1], Y)


def series(T_up: sp.Expr, T_low: sp.Expr, sheets: tuple[Sheet, ...], boundary: sp.Expr | None) -> sp.Expr:
    """Return the flux through half a sheet above, a boundary, and half a sheet below (none for the bath).

    (T_up - T_low) / (d_up/2k + 1/h + d_low/2k) with k at the mean temperature, moved towards the temperature of its
    own side where the boundary takes a share of the drop.
    """
    halves = sum((half(s, (T_up + T_low) / 2) for s in sheets), sp.Integer(0))
    gap = sp.Integer(0) if boundary is None else 1 / boundary
    away = halves / (halves + gap) * (T_up - T_low) / 2
    places = (T_up - away, T_low + away)
    resistance = gap + sum((half(s, T) for s, T in zip(sheets, places, strict=False)), sp.Integer(0))
    return (T_up - T_low) / resistance


def half(sheet: Sheet, T: sp.Expr) -> sp.Expr:
    """Return the resistance of half a sheet (µm² K/µW)."""
    return sheet.thickness / 2 / power(sheet.across, T)


def sources(geometry: Geometry, rim: str) -> tuple[dict[str, sp.Expr], ...]:
    """Return the densities (µW/µm²) on "plan", "mesa" and "patch" that make the fields exact, without Joule heat."""
    film, mesa, upper, lower = fields(geometry, rim)
    top = series(film, BATH_K, (FILM,), TOP)
    film_mesa = series(film, mesa, (FILM, MESA), FILM_BOUNDARY)
    mesa_upper = series(mesa, upper, (MESA, UPPER), None)
    between = (potential(UPPER.across, upper) - potential(UPPER.across, lower)) / (
        (UPPER.thickness + LOWER.thickness) / 2
    )
    bottom = (potential(LOWER.across, lower) - potential(LOWER.across, sp.Integer(BATH_K))) / (LOWER.thickness / 2)
    return (
        {"mesa": conducted(geometry, FILM, film) + film_mesa + top, "patch": contact_heat(film)},
        {"mesa": conducted(geometry, MESA, mesa) + mesa_upper - film_mesa},
        {"plan": conducted(geometry, UPPER, upper) + between, "mesa": -mesa_upper},
        {"plan": conducted(geometry, LOWER, lower) + bottom - between},
    )


def contact_heat(film: sp.Expr) -> sp.Expr:
    """Return L0 (T^2 - T_w^2) / (2 R_el) (µW); divided by the area of the patch it is a density."""
    return LORENZ_UW_OHM * (film**2 - sp.Rational(WIRE_K) ** 2) / (2 * CONTACT_OHM)


@dataclass(frozen=True)
class Manufactured:
    """Fields and sources as functions of the nodes' coordinates.

    Attributes:
        T: of each sublayer (K).
        sources: densities of each sublayer by region; "patch" is per patch, to be divided by its area.
    """

    geometry: Geometry
    rim: str
    T: tuple[Field, ...]
    sources: tuple[Mapping[str, Field], ...]


@cache
def manufacture(geometry: Geometry, rim: str) -> Manufactured:
    """Return the manufactured solution of a geometry; rim "insulated" or "bath"."""
    return Manufactured(
        geometry,
        rim,
        tuple(numeric(T) for T in fields(geometry, rim)),
        tuple({name: numeric(s) for name, s in parts.items()} for parts in sources(geometry, rim)),
    )


def numeric(expression: sp.Expr) -> Field:
    """Return an expression of x and y as a function of arrays; at the centre of a disc its limit."""
    f = sp.lambdify((X, Y), expression, "numpy", cse=True)

    def evaluate(x: Array, y: Array) -> Array:
        # Removable singularity 0/0 of (1/r) d/dr(r ...): even functions of r, so a point nearby has the same value.
        safe = np.where(np.abs(x) < 1e-7, 1e-7, x)
        return np.broadcast_to(np.asarray(f(safe, y), dtype=float), x.shape)

    return evaluate


def material(sheet: Sheet) -> Material:
    """Return the scenario's material: two nodes far apart make the table one power law."""
    T = (1.0, 500.0)

    def table(law: tuple[sp.Expr, sp.Expr]) -> Curve:
        return Curve(T_K=T, values=tuple(float(power(law, sp.Float(t, 30))) for t in T))

    return Material(in_plane_W_per_mK=table(sheet.along), out_of_plane_W_per_mK=table(sheet.across))


def outline(geometry: str, across_um: float) -> dict[str, Any]:
    """The shape of mesa or crystal in a geometry."""
    return {"shape": "disc", "radius_um": across_um / 2} if geometry == "disc" else dict.fromkeys(
        ("width_um", "depth_um"), across_um
    )


def device(geometry: Geometry, rim: str, wire_length_mm: float, refine: float, law: Law) -> Scenario:
    """Return the scenario of the manufactured device."""
    x, y, radius = (float(p) for p in PATCH)
    # All borders of the lines are whole multiples of 0.25 µm: their elements are uniform and halve exactly.
    size = 0.8 if geometry == "plan" else 0.25
    centre = (0.0, 0.0) if geometry == "disc" else (x, y if geometry == "plan" else 0.0)
    layers = (
        Layer(
            name="film",
            material="film",
            region="mesa",
            thickness_um=float(FILM.thickness),
            boundary_W_per_m2K=float(FILM_BOUNDARY) * 1e6,
        ),
        Layer(name="mesa", material="mesa", region="mesa", junctions=True),
        Layer(
            name="crystal",
            material="crystal",
            thickness_um=float(UPPER.thickness + LOWER.thickness),
            sublayers=2,
            first_sublayer_um=float(UPPER.thickness),
        ),
    )
    return Scenario(
        name=f"manufactured-{geometry}",
        geometry=geometry,
        mesa=Mesa(
            **outline(geometry, MESA_UM),
            junctions=JUNCTIONS,
            spacing_nm=float(SPACING_UM) * 1e3,
        ),
        crystal=Crystal(**outline(geometry, CRYSTAL_UM)),
        layers=layers,
        materials={"film": material(FILM), "mesa": material(MESA), "crystal": material(UPPER)},
        contacts=(
            Contact(
                x_um=centre[0],
                y_um=centre[1],
                radius_um=radius,
                contact_resistance_ohm=float(CONTACT_OHM),
                wire_length_mm=wire_length_mm,
                wire_diameter_um=5.0,
            ),
        ),
        bath=Bath(temperature_K=BATH_K, top_W_per_m2K=float(TOP) * 1e6, rim=rim),
        law=law,
        mesh=Mesh(size_um=size, contact_size_um=size, rim_size_um=size, refine=refine),
        numerics=Numerics(path="sparse"),
    )
