"""Contacts of any outline: limits in which one outline must turn into another."""

from __future__ import annotations

from functools import cache

from mpi4py import MPI
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Contact, Crystal, Law, Layer, Material, Mesh, Numerics, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

GROUP = "Outlines of contacts"
CURRENT_MA = 0.6
BAR = {"name": "bar", "shape": "rectangle", "contact_K_per_mW": 3.0, "wire_K_per_mW": 2.0}
WIDTH_UM, PLACE_UM = 1.5, -2.0
SQUARE = ((-1.0, -1.5), (1.0, -1.5), (1.0, 1.5), (-1.0, 1.5))
TURNED = {"width_um": 3.0, "depth_um": 2.0, "angle_deg": 90.0}


def device(contact: Contact, refine: float, **parts: object) -> Scenario:
    """Return a mesa on a crystal that is no deeper than the mesa, with a contact."""
    values: dict[str, object] = {
        "name": "outlines",
        "crystal": Crystal(width_um=30.0, depth_um=10.0),
        "layers": (
            Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
            Layer(name="crystal", material="mesa", thickness_um=5.0, sublayers=6, first_sublayer_um=0.2),
        ),
        "materials": {
            "film": Material(base="gold-film"),
            "mesa": Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02),
        },
        "contacts": (contact,),
        "law": Law(set=1),
        "mesh": Mesh(refine=refine),
        "numerics": Numerics(tolerance=1e-11),
    }
    return Scenario(**(values | parts))


@cache
def row(scenario_of: tuple[str, float]) -> dict[str, object]:
    """Return the numbers of a device at one current, by its name and resolution."""
    name, refine = scenario_of
    if name == "strip":
        scenario = device(Contact(width_um=WIDTH_UM, x_um=PLACE_UM, **BAR), refine, geometry="strip")
    elif name == "plan":
        scenario = device(Contact(width_um=WIDTH_UM, depth_um=10.0, x_um=PLACE_UM, **BAR), refine)
    elif name == "turned":
        scenario = device(Contact(x_um=PLACE_UM, **BAR | TURNED), refine)
    else:
        scenario = device(Contact(x_um=PLACE_UM, vertices_um=SQUARE, **BAR | {"shape": "polygon"}), refine)
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
    return observe(model, solve_steady(model, Bias.current(), CURRENT_MA))


def apart(first: str, second: str, refine: float, key: str, fine: float | None = None) -> float:
    """Return the relative difference of a number of two devices, the second one at a resolution of its own."""
    a, b = (float(str(row(of)[key])) for of in ((first, refine), (second, fine or refine)))
    return a / b - 1.0


def _case(name: str, first: str, second: str, key: str, tolerance: float, fine: float | None, source: str) -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=0.0,
        unit="",
        source=source,
        compute=lambda refine: apart(first, second, refine, key, fine),
        resolutions=(0.5, 1.0, 2.0),
        tolerance=tolerance,
        judge="absolute",
        quick=(0.5, 1.0),
    )


LINE = "a bar from edge to edge makes the plan a strip, whose contact is an interval; meshed as a line and as a plan"
CASES: tuple[Case, ...] = (
    _case("bar across a plan against interval of a strip: V", "plan", "strip", "V_mV", 1e-3, 4.0, LINE),
    _case("bar across a plan against interval of a strip: heat into it", "plan", "strip", "Q_bar_mW", 3e-3, 4.0, LINE),
    _case(
        "polygon against the same rectangle, turned by 90°: heat into it", "polygon", "turned", "Q_bar_mW", 1e-3, None,
        "one place told in two ways; the meshes differ, since a polygon is not mirrored",
    ),
)  # fmt: skip
