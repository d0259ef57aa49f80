"""The Jacobian against central differences: every law, material, contact, bath and form of the crystal.

A direction changes the temperatures of one sublayer, one wire, the voltage, or everything; its effect is compared
separately for the heat balance of every sublayer, for every wire and for the current, so that no small part hides
behind a large one. The temperatures are drawn at random: they lie on no kink of a table.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from helpers.devices import normal_law
from verification.cases import Case
from verification.mms_laws import SmoothLaw

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import (
    Bath,
    Contact,
    Crystal,
    Curve,
    Electrode,
    FurtherMesa,
    Josephson,
    Law,
    Layer,
    Material,
    Mesa,
    Mesh,
    Numerics,
    Scenario,
)
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.model import Jacobian, Model, State

STEPS_K = (1e-2, 1e-3, 1e-4, 1e-5)
"""Steps of the differences; of their errors the smallest counts (truncation at large steps, rounding at small)."""

GOLD = Material(base="gold-film")
BI2212 = Material(base="bi2212")
CONSTANT = Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02)
ONE_SHAPE = Material(out_of_plane_W_per_mK=Curve(T_K=(4.0, 39, 73, 300), values=(0.05, 0.5, 0.65, 0.9)), anisotropy=8.0)
IDEAL = Contact(x_um=-2.0, radius_um=1.5, contact_K_per_mW=30.0)
CONSTANT_WIRE = Contact(x_um=-2.0, radius_um=1.5, contact_K_per_mW=5.0, wire_K_per_mW=2.0)
GOLD_WIRE = Contact(x_um=-2.0, radius_um=1.5, contact_resistance_ohm=0.02, wire_length_mm=5.0, wire_diameter_um=25.0)
SECOND = Contact(name="second", x_um=2.5, radius_um=1.0, contact_resistance_ohm=0.1)
THIRD = Contact(name="third", x_um=2.5, radius_um=1.0, contact_K_per_mW=9.0, wire_K_per_mW=4.0)


def beside(left: str, right: str, **source: float) -> tuple[FurtherMesa, ...]:
    """Return a mesa on either side of the first one; keys of the source of the right one."""
    shape = {"width_um": 6.0, "depth_um": 8.0}
    return (
        FurtherMesa(name="left", x_um=-14.0, source=left, **shape),
        FurtherMesa(name="right", x_um=16.0, y_um=2.0, source=right, **shape, **source),
    )


def device(
    law: Law | None = None,
    materials: tuple[Material, Material, Material] = (GOLD, BI2212, BI2212),
    contacts: tuple[Contact, ...] = (),
    bath: Bath | None = None,
    mesa_sublayers: int = 1,
    boundary: float | Curve | None = None,
    crystal: bool = True,
    path: str = "sparse",
    geometry: str = "strip",
    electrode: Electrode | None = None,
    transition_K: float | None = None,
    mesas: tuple[FurtherMesa, ...] = (),
) -> Scenario:
    """Return a device of a gold film on junctions on a crystal, with the given parts."""
    film, mesa, below = materials
    layers = [
        Layer(name="film", material="film", region="mesa", thickness_um=0.04),
        Layer(
            name="mesa",
            material="mesa",
            region="mesa",
            junctions=True,
            sublayers=mesa_sublayers,
            boundary_W_per_m2K=boundary,
        ),
    ]
    if crystal:
        layers.append(Layer(name="crystal", material="crystal", thickness_um=5.0, sublayers=4, first_sublayer_um=0.2))
    below_it = Crystal(width_um=60.0 if mesas else 30.0, depth_um=30.0)
    if geometry == "disc":
        below_it = Crystal(shape="disc", radius_um=15.0)
    return Scenario(
        name="jacobian",
        geometry=geometry,
        mesa=Mesa(junctions=19, shape="disc", radius_um=5.0) if geometry == "disc" else Mesa(junctions=19),
        mesas=mesas,
        crystal=below_it if crystal else None,
        layers=tuple(layers),
        materials={"film": film, "mesa": mesa, "crystal": below},
        contacts=contacts,
        bath=bath or Bath(),
        law=law or Law(set=3),
        mesh=Mesh(size_um=1.0, contact_size_um=0.75, rim_size_um=4.0),
        numerics=Numerics(path=path),
        electrode=electrode,
        josephson=Josephson(critical_temperature_K=transition_K),
    )


def leaning(scenario: Scenario, angle: float) -> Scenario:
    """Return a device with walls at an angle (degrees)."""
    mesa = scenario.mesa.model_copy(update={"wall_angle_deg": angle})
    return scenario.model_copy(update={"mesa": mesa})


CONDENSED = (GOLD, CONSTANT, CONSTANT)
TABLE = Law(kind="table", table="table.csv")
DEVICES: dict[str, Scenario] = {
    "tunnelling law": device(),
    "mean over five gaps": device(Law(gaps_meV=(20, 22, 23, 25, 27))),
    "pseudogap": device(Law(set=3, pseudogap_K=200.0, pseudogap_share=0.8), transition_K=20.0),
    "ohmic law": device(normal_law()),
    "ohmic law of a resistivity curve": device(
        Law(kind="ohmic", resistivity_ohm_cm=Curve(T_K=(4.0, 30, 60, 120), values=(400.0, 150, 90, 50)))
    ),
    "law from a table": device(TABLE),
    "SIN contact in series": device(Law(set=1, sin_contact_ohm=40.0)),
    "constant conductivities": device(materials=(CONSTANT, CONSTANT, CONSTANT)),
    "boundary of Kapitza": device(boundary=Curve(T_K=(1.0, 100.0), values=(30.0, 3e7))),
    "contact without wire": device(contacts=(IDEAL,)),
    "contact and constant wire": device(contacts=(CONSTANT_WIRE,)),
    "Wiedemann-Franz contact and gold wire": device(contacts=(GOLD_WIRE,)),
    "three kinds of contact": device(contacts=(CONSTANT_WIRE, SECOND)),
    "two wires": device(contacts=(GOLD_WIRE, THIRD)),
    "bottom conductance, cooled top": device(
        bath=Bath(bottom="conductance", bottom_W_per_m2K=1e5, top_W_per_m2K=2e4), boundary=1e6
    ),
    "insulated bottom": device(contacts=(GOLD_WIRE,), bath=Bath(bottom="insulated")),
    "rim at the bath": device(bath=Bath(bottom="insulated", rim="bath")),
    "three mesa sublayers": device(mesa_sublayers=3, contacts=(GOLD_WIRE,)),
    "walls at 30 degrees, three mesa sublayers": leaning(device(mesa_sublayers=3, contacts=(GOLD_WIRE,)), 30.0),
    "no crystal": device(crystal=False, contacts=(GOLD_WIRE,)),
    "disc": device(geometry="disc"),
    "condensed crystal, constant": device(materials=CONDENSED, contacts=(GOLD_WIRE,), path="condensed"),
    "condensed crystal of one shape": device(materials=(GOLD, BI2212, ONE_SHAPE), path="condensed"),
    "condensed crystal, three mesa sublayers, plan": device(
        materials=CONDENSED, contacts=(GOLD_WIRE,), mesa_sublayers=3, path="condensed", geometry="plan"
    ),
    "plan": device(contacts=(GOLD_WIRE,), geometry="plan"),
    "electrode, one contact": device(
        contacts=(GOLD_WIRE,),
        electrode=Electrode(kind="sheet", inject=("wire",), sheet_ohm=Curve(T_K=(10.0, 100.0), values=(100.0, 900.0))),
    ),
    "electrode, shares, contact resistance and planes, plan": device(
        materials=CONDENSED,
        contacts=(GOLD_WIRE, SECOND),
        mesa_sublayers=2,
        path="condensed",
        geometry="plan",
        electrode=Electrode(
            kind="sheet",
            sheet_ohm=200.0,
            inject=("wire", "second"),
            shares=(0.4, 0.6),
            contact_ohm=90.0,
            voltmeter="second",
            planes_ohm=Curve(T_K=(10.0, 100.0), values=(100.0, 300.0)),
        ),
        transition_K=5.0,
    ),
    "mesas in series, and one with a current of its own, plan": device(
        contacts=(GOLD_WIRE,), mesa_sublayers=2, geometry="plan", mesas=beside("series", "current", current_mA=0.3)
    ),
    "parallel mesas, and one with a voltage of its own, condensed crystal, plan": device(
        materials=CONDENSED, path="condensed", geometry="plan", mesas=beside("parallel", "voltage", voltage_mV=400.0)
    ),
}


def write_table(path: Path) -> None:
    """Write a law i(v, T) as a user would."""
    T, v = np.meshgrid(np.linspace(4.0, 120.0, 30), np.linspace(1.0, 100.0, 60), indexing="ij")
    i = SmoothLaw().at(v, T).i
    rows = [f"{a:.17g},{b:.17g},{c:.17g}" for a, b, c in zip(T.ravel(), v.ravel(), i.ravel(), strict=True)]
    path.write_text("\n".join(["T_K,v_mV,i_mV", *rows]), encoding="utf-8")


@cache
def law_of(law: Law) -> JunctionLaw:
    """Return the law of a section [law]."""
    with tempfile.TemporaryDirectory() as folder:
        if law.kind == "table":
            path = Path(folder) / "table.csv"
            write_table(path)
            law = law.model_copy(update={"table": str(path)})
        return build_law(device(law))


@dataclass(frozen=True)
class Place:
    """A state of a model."""

    T: Array
    wires: Array
    V: float


def random_place(model: Model, rng: np.random.Generator) -> Place:
    """Return a state far from any solution: 12 to 90 K, v = 34.567 mV."""
    n = float(model.junctions.counts.sum())
    return Place(rng.uniform(12.0, 90.0, model.layout.size), rng.uniform(12.0, 40.0, len(model.wired)), 34.567 * n)


def directions(model: Model, rng: np.random.Generator) -> Iterator[Place]:
    """Yield changes of one sublayer, one wire, the voltage, and of everything (1 K, 1 mV a junction)."""
    size, wires, n = model.layout.size, len(model.wired), float(model.junctions.counts.sum())
    for k in range(len(model.layout.sublayers)):
        rows = model.layout.rows(k)
        for change in (rng.standard_normal(rows.stop - rows.start), np.ones(rows.stop - rows.start)):
            T = np.zeros(size)
            T[rows] = change
            yield Place(T, np.zeros(wires), 0.0)
    for k in range(wires):
        yield Place(np.zeros(size), np.eye(wires)[k], 0.0)
    yield Place(np.zeros(size), np.zeros(wires), n)
    yield Place(rng.standard_normal(size), rng.standard_normal(wires), n * rng.standard_normal())


def outputs(model: Model, residual: Array, wires: Array, current: float) -> list[Array]:
    """Return the parts that are compared: heat balance of each sublayer, each wire, the current."""
    parts = [residual[model.layout.rows(k)] for k in range(len(model.layout.sublayers))]
    return [*parts, *wires[:, None], np.array([current])]


def predicted(model: Model, lin: Jacobian, d: Place) -> list[Array]:
    """Return what the Jacobian says about a direction."""
    g = np.append(d.wires, d.V)
    residual = model.conduction.apply(lin.kappa * d.T) + lin.at_nodes(d.T) + lin.columns @ g
    wires = lin.wire_rows @ d.T + lin.wire_diagonal * d.wires
    return outputs(model, residual, wires, float(lin.I_by_T @ d.T) + lin.I_by_V * d.V)


def difference(model: Model, at: Place, d: Place, h: float) -> list[Array]:
    """Return the central difference along a direction."""

    def values(e: State) -> list[Array]:
        return outputs(model, e.residual, e.wire_residual, e.I)

    up = values(model.evaluate(at.T + h * d.T, at.wires + h * d.wires, at.V + h * d.V))
    down = values(model.evaluate(at.T - h * d.T, at.wires - h * d.wires, at.V - h * d.V))
    return [(a - b) / (2 * h) for a, b in zip(up, down, strict=True)]


def largest_error(model: Model, seed: int = 3) -> float:
    """Return the largest relative error of any part of the Jacobian along any of the directions."""
    rng = np.random.default_rng(seed)
    at = random_place(model, rng)
    lin = model.linearise(model.evaluate(at.T, at.wires, at.V))
    worst = 0.0
    for d in directions(model, rng):
        wanted = predicted(model, lin, d)
        errors = []
        for h in STEPS_K:
            pairs = zip(difference(model, at, d, h), wanted, strict=True)
            errors.append([_relative(difference, value) for difference, value in pairs])
        worst = max(worst, float(np.max(np.min(errors, axis=0))))
    return worst


def _relative(got: Array, wanted: Array) -> float:
    miss, size = float(np.linalg.norm(got - wanted)), float(np.linalg.norm(wanted))
    return 0.0 if miss == 0.0 else miss / size if size > 0.0 else np.inf


def build(name: str, refine: float = 1.0) -> Model:
    """Return the model of a device of the list."""
    scenario = DEVICES[name]
    scenario = scenario.model_copy(update={"mesh": scenario.mesh.model_copy(update={"refine": refine})})
    return Model(scenario, build_mesh(scenario), law_of(scenario.law))


def _error(name: str, refine: float) -> float:
    return largest_error(build(name, refine))


CASES = tuple(
    Case(
        name=f"{name}: largest relative error of the Jacobian",
        group="Jacobian against central differences",
        exact=0.0,
        unit="",
        source="central differences along random directions, block by block; 1e-6 is what double precision allows",
        compute=partial(_error, name),
        resolutions=(1.0, 2.0, 4.0) if device_.geometry != "plan" else (0.5, 1.0, 2.0),
        tolerance=1e-6,
        judge="absolute",
        quick=(0.5,) if device_.geometry == "plan" else (1.0,),
    )
    for name, device_ in DEVICES.items()
)
