"""Small devices with a resistive electrode that tests share."""

from __future__ import annotations

import numpy as np
import scipy.linalg as la

from helpers.devices import FILM, MATERIALS, WIRE, junction_layer, on_crystal
from helpers.sheets import sheet
from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Contact, Crystal, Electrode, Layer, Mesh, Numerics, Scenario
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.model import Model, State
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch

POOR = Electrode(kind="sheet", sheet_ohm=80.0, inject=("wire",))
"""A sheet so poor that the potential falls by some 5 % along it."""


def strip(x_um: float = -3.0, electrode: Electrode | None = POOR, **parts: object) -> Scenario:
    """A strip with a wire, on a crystal of two sublayers; the junctions have two, too."""
    wire = WIRE.model_copy(update={"x_um": x_um, "y_um": 0.0})
    crystal = Layer(name="crystal", material="crystal", thickness_um=5.0, sublayers=2, first_sublayer_um=0.5)
    values = {
        "geometry": "strip",
        "layers": (FILM, junction_layer(2), crystal),
        "crystal": Crystal(width_um=20.0, depth_um=20.0),
        "materials": MATERIALS,
        "contacts": (wire,),
        "mesh": Mesh(size_um=1.0, rim_size_um=2.0),
        "numerics": Numerics(path="sparse"),
        "electrode": electrode,
    }
    return on_crystal(**(values | parts))


def folding(sheet_ohm: float = 5.0, conductance_W_per_K: float = 1.5e-7, **parts: object) -> Scenario:
    """A uniformly cooled strip whose branch folds in V and in I, with a lead at its left end that takes no heat."""
    lead = Contact(name="lead", x_um=-4.5, radius_um=0.5, contact_K_per_mW=1e9)
    electrode = Electrode(kind="sheet", sheet_ohm=sheet_ohm, inject=("lead",))
    values = {"size_um": 0.5, "contacts": (lead,)} | parts
    return sheet(conductance_W_per_K, **values).model_copy(update={"electrode": electrode})


def model(scenario: Scenario) -> Model:
    """Return the model of a device on its mesh."""
    return Model(scenario, build_mesh(scenario))


def dense_rates(device: Model, e: State, bias: Bias, with_electrode: bool = True) -> np.ndarray:
    """All growth rates (1/µs), largest real part first."""
    lin, eye = device.linearise(e), np.eye(device.layout.size)
    at_nodes = lin.at_nodes(eye) if with_electrode else lin.local.toarray()
    J = device.conduction.apply(lin.kappa[:, None] * eye) + at_nodes
    constraint = ThermalBranch(device).bias_constraint(lin, bias)
    corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
    reduced = J - lin.columns @ np.linalg.solve(corner, np.vstack([lin.wire_rows, constraint.by_T]))
    rates = -la.eigvals(reduced / heat_capacity(device.layout, e.T)[:, None])
    return np.asarray(rates[np.argsort(rates.real)[::-1]])
