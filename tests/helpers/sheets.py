"""Uniformly cooled single sheets: the smallest devices with bifurcations."""

from __future__ import annotations

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Branch, Contact, Diagram, Law, Layer, Material, Mesa, Mesh, Scenario
from hotmesa.solver.model import Model

JUNCTIONS, SIDE_UM = 19, 10.0
COOLING_W_PER_M2K = 1.0 / (110e3 * SIDE_UM**2 * 1e-12)
"""Of 110 K/mW over 100 µm²."""


def sheet(
    conductance_W_per_K: float = 3e-7,
    geometry: str = "strip",
    size_um: float = 0.5,
    junctions: int = JUNCTIONS,
    contacts: tuple[Contact, ...] = (),
    end_mA: float = 1.4,
    diagram: Diagram | None = None,
) -> Scenario:
    """A 10 x 10 µm² mesa as one sheet with the same cooling everywhere; a strip by default."""
    thickness_um = junctions * 2.151e-3
    material = Material(
        base="bi2212",
        in_plane_W_per_mK=conductance_W_per_K / (thickness_um * 1e-6),
        out_of_plane_W_per_mK=100.0,
    )
    return Scenario(
        name="sheet",
        geometry=geometry,
        mesa=Mesa(junctions=junctions, width_um=SIDE_UM, depth_um=SIDE_UM),
        layers=(Layer(name="mesa", material="sheet", region="mesa", junctions=True),),
        materials={"sheet": material},
        contacts=contacts,
        bath=Bath(bottom="conductance", bottom_W_per_m2K=COOLING_W_PER_M2K),
        law=Law(set=3),
        branch=Branch(end_current_mA=end_mA, min_points=30),
        mesh=Mesh(size_um=size_um),
        diagram=diagram or Diagram(),
    )


def sheet_model(scenario: Scenario) -> Model:
    """Return its model."""
    return Model(scenario, build_mesh(scenario))
