"""Derivatives by adjoint states against central differences of devices that are made and solved anew."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from helpers.beside import both_sides
from helpers.devices import CRYSTAL, FILM, MATERIALS, junction_layer, normal_law, on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.parameters import chosen
from hotmesa.scenarios.schema import (
    Bath,
    Branch,
    Contact,
    Crystal,
    Curve,
    Law,
    Layer,
    Material,
    Mesa,
    Mesh,
    Numerics,
    Output,
    Scenario,
    Sink,
)
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.model import Model
from hotmesa.solver.runs.sensitive import Surroundings, sensitive_points
from hotmesa.solver.sensitivity.isotherm import Isotherm
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

TOLERANCE = 1e-4
NAMES = ("T_max_K", "T_mean_K", "hot_fraction")

SHORT_TABLE = {"table_max_mV": 40.0}
STEEP = Curve(T_K=(2.0, 20.0, 60.0, 200.0), values=(0.2, 2.0, 4.0, 5.0))
RESISTIVITY = Curve(T_K=(4.0, 20.0, 60.0, 300.0), values=(260.0, 180.0, 110.0, 90.0))
OF_LINE = {"geometry": "strip", "mesa": Mesa(junctions=19, width_um=10.0, depth_um=10.0)}
TWO_LAYERS = (
    FILM,
    junction_layer(2),
    CRYSTAL.model_copy(update={"sublayers": 3, "boundary_W_per_m2K": 2e5}),
    Layer(name="glue", material="glue", thickness_um=3.0, sublayers=2),
)
HELIUM = {"kind": "helium", "name": "helium", "face": "top", "a_W_per_m2K4": 1.0}

DEVICES = {
    "d-wave, condensed": on_crystal(numerics=Numerics(**SHORT_TABLE)),
    "d-wave, sublayers": on_crystal(2, "sparse", numerics=Numerics(path="sparse", **SHORT_TABLE)),
    "inhomogeneous junctions": on_crystal(
        law=Law(gaps_meV=(20.0, 24.0), gap_weights=(1.0, 2.0), gamma0_meV=0.8, momentum_weight=0.2, gap_closing="bcs"),
        crystal=None,
        layers=(FILM, junction_layer(), CRYSTAL.model_copy(update={"region": "mesa", "thickness_um": 0.5})),
        contacts=(),
        mesh=Mesh(refine=0.3),
        numerics=Numerics(**SHORT_TABLE),
    ),
    "contact in series": on_crystal(
        mesh=Mesh(refine=0.3),
        law=Law(gaps_meV=(20.0,), gamma0_meV=0.8, sin_contact_ohm=20.0),
        contacts=(Contact(x_um=1.0, radius_um=2.0, contact_resistance_ohm=0.1, wire_length_mm=5.0),),
        numerics=Numerics(**SHORT_TABLE),
    ),
    "strip, layers of all kinds": on_crystal(
        **OF_LINE,
        law=Law(kind="ohmic", resistivity_ohm_cm=RESISTIVITY),
        layers=TWO_LAYERS,
        materials=MATERIALS
        | {"crystal": Material(in_plane_W_per_mK=STEEP, out_of_plane_W_per_mK=0.02)}
        | {"glue": Material(base="bi2212", divide_conductivity_by=2.0, anisotropy=3.0)},
        contacts=(Contact(x_um=-2.0, radius_um=1.5, contact_K_per_mW=3.0, wire_length_mm=5.0),),
        bath=Bath(bottom="conductance", bottom_W_per_m2K=3e4, top_W_per_m2K=2e3, rim="bath"),
        sinks=(Sink(**HELIUM), Sink(kind="conductance", name="gas", face="crystal", h_W_per_m2K=500.0)),
    ),
    "bar and polygon": on_crystal(
        law=normal_law(),
        contacts=(
            Contact(
                name="bar", shape="rectangle", width_um=1.5, depth_um=4.0, angle_deg=25.0, x_um=-2.0,
                contact_K_per_mW=3.0,
            ),
            Contact(
                name="corner", shape="polygon", vertices_um=((0.0, 0.0), (3.0, 0.0), (0.5, 0.5), (0.0, 3.0)), x_um=0.5,
                angle_deg=10.0, contact_K_per_mW=8.0,
            ),
        ),
    ),
    "condensed network": on_crystal(
        law=normal_law(),
        layers=(FILM, junction_layer(), TWO_LAYERS[2], CRYSTAL.model_copy(update={"name": "deep", "material": "deep"})),
        materials=MATERIALS | {"deep": Material(in_plane_W_per_mK=0.3, out_of_plane_W_per_mK=0.1)},
        bath=Bath(bottom="conductance", bottom_W_per_m2K=3e4, rim="bath"),
    ),
    "disc": Scenario(
        name="disc",
        geometry="disc",
        mesa=Mesa(shape="disc", radius_um=5.0),
        crystal=Crystal(shape="disc", radius_um=15.0),
        layers=(FILM, junction_layer(), CRYSTAL),
        materials=MATERIALS,
        contacts=(Contact(radius_um=2.0, contact_resistance_ohm=0.05, wire_K_per_mW=1.0),),
        law=normal_law(),
        branch=Branch(end_current_mA=1.0, min_points=8),
    ),
}
KEYS = {
    "contact in series": (
        "law.sin_contact_ohm", "mesa.junctions", "law.gaps_meV.0", "mesa.specific_resistance_ohm_um2",
        "contacts.0.contact_resistance_ohm", "contacts.0.wire_length_mm", "contacts.0.wire_diameter_um",
        "contacts.0.y_um",
    ),
    "inhomogeneous junctions": (
        "law.gaps_meV.0", "law.gap_weights.1", "law.momentum_weight", "law.gamma0_meV", "mesa.width_um",
    ),
    "bar and polygon": (
        *(f"contacts.0.{key}" for key in ("x_um", "y_um", "width_um", "depth_um", "angle_deg", "contact_K_per_mW")),
        *(f"contacts.1.{key}" for key in ("x_um", "y_um", "angle_deg")),
    ),
    "d-wave, sublayers": (
        "mesa.width_um", "mesa.junctions", "mesa.spacing_nm", "crystal.depth_um", "layers.0.thickness_um",
        "layers.2.thickness_um", "materials.crystal.out_of_plane_W_per_mK", "contacts.0.radius_um", "contacts.0.x_um",
        "contacts.0.wire_K_per_mW", "bath.temperature_K", "law.gamma_scale",
    ),
}  # fmt: skip
"""What is varied where all of it would take long, since the first device has shown the rest."""
ISOTHERM_K = {
    "d-wave, condensed": 20.0,
    "d-wave, sublayers": 17.0,
    "inhomogeneous junctions": 74.0,
    "contact in series": 42.0,
    "strip, layers of all kinds": 11.0,
    "bar and polygon": 10.0,
    "condensed network": 10.0,
    "disc": 12.5,
}
"""Crosses the mesa in the middle of the branch, where the temperature depends on the place."""


@cache
def model_of(name: str) -> Model:
    scenario = DEVICES[name].model_copy(update={"output": Output(hot_temperature_K=ISOTHERM_K[name])})
    return Model(scenario, build_mesh(scenario))


@pytest.mark.parametrize("name", DEVICES)
def test_every_parameter_of_a_device_against_devices_made_anew(name: str):
    model = model_of(name)
    scenario = spelled_out(model.scenario)
    surroundings = Surroundings.of(model, chosen(scenario, KEYS.get(name, ())))
    assert surroundings.refused == {}
    points = list(sensitive_points(model, surroundings, NAMES))
    row, found = points[len(points) // 2]
    crossed = float(row["T_min_K"]) < ISOTHERM_K[name] < float(row["T_max_K"])
    assert crossed or name == "inhomogeneous junctions"
    base = solve_steady(model, Bias.current(), row["I_mA"])
    assert base.V == pytest.approx(row["V_mV"], rel=1e-9)
    wrong = {}
    for k, beside in enumerate(surroundings.beside):
        apart, devices = both_sides(model, beside.parameter, beside)
        states = [solve_steady(device, Bias.current(), row["I_mA"], base.u) for device in devices]
        pairs = list(zip(devices, states, strict=True))
        rows = [observe(*pair) | {"hot_fraction": Isotherm(pair[0]).fraction(pair[1])} for pair in pairs]
        numbers = np.array([[float(item[column]) for column in ("V_mV", *NAMES)] for item in rows])
        expected = (numbers[1] - numbers[0]) / apart
        answers = np.array([found.V_at_I[k], *(found.at_I(column)[k] for column in NAMES)])
        # What a parameter does not change is known to the rounding of the states.
        floor = 1e-9 * np.abs(numbers).max(axis=0) / apart
        if (np.abs(answers - expected) > TOLERANCE * np.abs(expected) + floor).any():
            wrong[beside.parameter.key] = (answers, expected)
    assert wrong == {}
