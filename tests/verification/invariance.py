"""The same device, computed or described in another way, gives the same result.

What changes neither device nor mesh (numbering, orientation, algebra, units of the description) must leave the result
alone to the tolerance of the solver; where the mesh generator makes another mesh of the same device its error remains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from verification.cases import Case
from verification.exact_meshes import renumbered, serial, transformed

from hotmesa.meshes import build_mesh
from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.raw import RawMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Contact, Crystal, Curve, Law, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.model import Model, State
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

Solved = tuple[Model, State]
GROUP = "Invariance"
CURRENT_MA = 0.7
COMPARED = ("V_mV", "T_max_K", "T_mean_K", "T_min_K", "hot_fraction", "Q_bottom_mW", "Q_wire_mW")
CURVE = Curve(T_K=(4.0, 20.0, 80.0, 300.0), values=(0.004, 0.02, 0.02, 0.03))


def device(**parts: object) -> Scenario:
    """Return a mesa with two unlike wires off its axes, on a crystal whose conductivities share one curve."""
    along = Curve(T_K=CURVE.T_K, values=tuple(10.0 * y for y in CURVE.values))
    values: dict[str, object] = {
        "name": "device",
        "crystal": Crystal(width_um=30.0, depth_um=24.0),
        "layers": (
            Layer(name="film", material="gold", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="crystal", region="mesa", junctions=True),
            Layer(name="crystal", material="crystal", thickness_um=20.0, sublayers=6, first_sublayer_um=0.3),
        ),
        "materials": {
            "gold": Material(base="gold-film"),
            "crystal": Material(in_plane_W_per_mK=along, out_of_plane_W_per_mK=CURVE),
        },
        "contacts": (wire(-2.0, -1.5),),
        "law": Law(set=1),
        "mesh": Mesh(refine=0.6),
        # Twice as strict as the comparisons.
        "numerics": Numerics(tolerance=1e-11),
    }
    return Scenario(**(values | parts))


def wire(x: float, y: float) -> Contact:
    """Return the wire at a place of the mesa (µm)."""
    return Contact(name="wire", x_um=x, y_um=y, radius_um=1.5, contact_K_per_mW=3.0, wire_K_per_mW=2.0)


@cache
def law() -> JunctionLaw:
    """Return the law of all these devices."""
    return build_law(device())


def solve(scenario: Scenario, raw: RawMesh | None = None, own_law: bool = False) -> Solved:
    """Return model and state at the current of the comparisons."""
    mesh = build_mesh(scenario, MPI.COMM_SELF) if raw is None else serial(raw, scenario.geometry)
    model = Model(scenario, mesh, build_law(scenario) if own_law else law())
    return model, solve_steady(model, Bias.current(), CURRENT_MA)


@cache
def reference() -> Solved:
    """Return the device as it is."""
    return solve(device())


def difference(one: Solved, other: Solved) -> float:
    """Return the largest relative difference of voltage, temperatures, hot area and heat into the sinks."""
    a, b = observe(*one), observe(*other)
    return max(abs(float(b[key]) - float(a[key])) / max(abs(float(a[key])), 1e-3) for key in COMPARED)


def field_difference(one: Solved, other: Solved, matrix: Array) -> float:
    """Return the largest difference (K) of the junction temperatures, the places of the first moved by a matrix."""
    places = []
    for model, _ in (one, other):
        places.append(model.operators.xy[model.layout.mesa_nodes])
    moved = places[0] @ matrix.T
    # Only rounding separates a node from its image: the nearest node is the image.
    order = [int(np.argmin(np.hypot(*(places[1] - p).T))) for p in moved]
    T = [e.T[m.layout.junction_rows] for m, e in (one, other)]
    return float(np.abs(T[0] - T[1][order]).max())


def numbering() -> float:
    """Return the change when nodes and cells of the mesh come in another order."""
    other = solve(device(), renumbered(make_raw_mesh(device())))
    return max(difference(reference(), other), field_difference(reference(), other, np.eye(2)))


def turned(matrix: Array, same_mesh: bool) -> float:
    """Return the change when the device is turned or reflected, on the turned mesh or on a mesh of its own."""
    x, y = matrix @ (-2.0, -1.5)
    scenario = device(contacts=(wire(float(x), float(y)),))
    if not same_mesh:
        if abs(matrix[0, 0]) < 0.5:
            scenario = scenario.model_copy(update={"crystal": Crystal(width_um=24.0, depth_um=30.0)})
        return difference(reference(), solve(scenario))
    other = solve(scenario, transformed(make_raw_mesh(device()), matrix))
    return max(difference(reference(), other), field_difference(reference(), other, matrix))


def rotation(degrees: float) -> Array:
    """Return the matrix of a rotation."""
    a = np.deg2rad(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def algebra() -> float:
    """Return the change when the crystal is not condensed onto the mesa."""
    condensed, sparse = reference(), solve(device(numerics=Numerics(path="sparse", tolerance=1e-11)))
    if not condensed[0].layout.condensed or sparse[0].layout.condensed:
        raise ValueError("both ways of solving are the same")
    return max(difference(condensed, sparse), field_difference(condensed, sparse, np.eye(2)))


def described_otherwise() -> float:
    """Return the change when the same device is described in other words.

    The gap set by its energy in two equal parts, half the scattering rate with a scale of 2, defaults of the film
    spelled out, the curve of the crystal by more nodes on the same power laws, and its two directions by their ratio.
    """
    T = np.union1d(CURVE.T_K, np.geomspace(4.0, 300.0, 7))
    values = np.exp(np.interp(np.log(T), np.log(CURVE.T_K), np.log(CURVE.values)))
    finer = Curve(T_K=tuple(T.tolist()), values=tuple(values.tolist()))
    materials = {
        "gold": Material(base="gold-film", residual_resistivity_ohm_m=1e-8, lorenz_factor=1.0),
        "crystal": Material(out_of_plane_W_per_mK=finer, anisotropy=10.0),
    }
    words = Law(gaps_meV=(22.0, 22.0), gap_weights=(1.0, 3.0), gamma0_meV=0.3, gamma_c_meV=5.0, gamma_scale=2.0)
    return difference(reference(), solve(device(materials=materials, law=words), own_law=True))


def halved_junctions() -> float:
    """Return the change when N junctions of resistance r become N/2 junctions of 2 r and twice the spacing.

    Ohmic junctions do not care how a voltage is divided; the law of the gap would.
    """
    ohmic = normal_law(2000.0, 2.0)
    one = device(law=ohmic, mesa=Mesa(junctions=20, spacing_nm=2.0, specific_resistance_ohm_um2=2000.0))
    other = device(law=ohmic, mesa=Mesa(junctions=10, spacing_nm=4.0, specific_resistance_ohm_um2=4000.0))
    return difference(solve(one, own_law=True), solve(other, own_law=True))


def polygon() -> float:
    """Return the change when the rectangle is given by its corners, on a mesh of its own."""
    corners = ((-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0))
    return difference(reference(), solve(device(mesa=Mesa(shape="polygon", vertices_um=corners))))


def _case(name: str, compute: Callable[[], float], tolerance: float, source: str) -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=0.0,
        unit="",
        source=source,
        compute=lambda _: compute(),
        resolutions=(0.6,),
        tolerance=tolerance,
        judge="absolute",
    )


X_MIRROR, DIAGONAL = np.diag([-1.0, 1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
TO_SOLVER = "largest relative change of voltage, temperatures and sinks; the solver stops at 1e-11"
TO_MESH = "as above, on the mesh that the generator makes of the turned or renamed device: discretisation error"
CASES: tuple[Case, ...] = (
    _case("crystal condensed or not", algebra, 1e-8, TO_SOLVER),
    _case("nodes and cells in another order", numbering, 1e-8, TO_SOLVER),
    _case("device reflected at x = 0 with its mesh", lambda: turned(X_MIRROR, True), 1e-8, TO_SOLVER),
    _case("device reflected at x = y with its mesh", lambda: turned(DIAGONAL, True), 1e-8, TO_SOLVER),
    _case("device rotated by 90 degrees with its mesh", lambda: turned(rotation(90.0), True), 1e-8, TO_SOLVER),
    _case("device rotated by 37 degrees with its mesh", lambda: turned(rotation(37.0), True), 1e-8, TO_SOLVER),
    _case("gap set, materials and curves in other words", described_otherwise, 1e-8, TO_SOLVER),
    _case("half as many ohmic junctions of twice the resistance", halved_junctions, 1e-8, TO_SOLVER),
    _case("device reflected at x = 0", lambda: turned(X_MIRROR, False), 5e-3, TO_MESH),
    _case("device rotated by 90 degrees", lambda: turned(rotation(90.0), False), 5e-3, TO_MESH),
    _case("device rotated by 180 degrees", lambda: turned(rotation(180.0), False), 5e-3, TO_MESH),
    _case("rectangle as a polygon", polygon, 5e-3, TO_MESH),
)
