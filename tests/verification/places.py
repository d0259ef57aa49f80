"""Maps and directions: uniform factors are other values, steps without lateral heat other devices, x is a length."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from mpi4py import MPI
from verification.cases import Case
from verification.exact_meshes import serial, transformed

from hotmesa.meshes import build_mesh
from hotmesa.meshes.build import make_raw_mesh
from hotmesa.scenarios.schema import Bath, Contact, Crystal, Law, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.scenarios.schema.maps import Map
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

GROUP = "Maps and directions"
CURRENT_MA = 0.7
COMPARED = ("V_mV", "T_max_K", "T_mean_K", "T_min_K", "Q_bottom_mW", "Q_wire_mW")
FILM_W_PER_MK, BOUNDARY = 120.0, 2e6
ENERGIES = {"gaps_meV": (22.0, 26.0), "gap_weights": (1.0, 2.0)}
RATES = {"gamma0_meV": 0.8, "gamma_c_meV": 10.0, "gamma_temperature_K": 74.0}
FACTOR = 0.8


def device(**parts: object) -> Scenario:
    """Return a mesa with a wire off its axes on a crystal, behind a boundary."""
    values: dict[str, object] = {
        "name": "device",
        "crystal": Crystal(width_um=30.0, depth_um=24.0),
        "layers": layers(),
        "materials": materials(),
        "contacts": (
            Contact(shape="rectangle", width_um=2.0, depth_um=3.0, x_um=-2.0, y_um=-1.5, contact_K_per_mW=3.0),
        ),
        "law": Law(**ENERGIES, **RATES),
        "mesh": Mesh(size_um=0.8, contact_size_um=0.4, rim_size_um=4.0),
        # Stricter than the comparisons.
        "numerics": Numerics(tolerance=1e-11),
    }
    return Scenario(**(values | parts))


def layers(boundary: float = BOUNDARY) -> tuple[Layer, ...]:
    """Return film, junctions and crystal."""
    return (
        Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
        Layer(name="mesa", material="crystal", region="mesa", junctions=True, boundary_W_per_m2K=boundary),
        Layer(name="crystal", material="crystal", thickness_um=20.0, sublayers=6, first_sublayer_um=0.3),
    )


def materials(film: float = FILM_W_PER_MK, ratio: float = 1.0) -> dict[str, Material]:
    """Return the materials, the ratio of their conductivities along x and y the same in all."""
    return {
        "film": Material(in_plane_W_per_mK=film, out_of_plane_W_per_mK=100.0, conductivity_ratio_xy=ratio),
        "crystal": Material(in_plane_W_per_mK=0.4, out_of_plane_W_per_mK=0.02, conductivity_ratio_xy=ratio),
    }


def scaled_law(s: float) -> Law:
    """Return the law with all of its energies s times as large."""
    gaps = tuple(s * gap for gap in ENERGIES["gaps_meV"])
    return Law(gaps_meV=gaps, gap_weights=ENERGIES["gap_weights"], **{key: s * value for key, value in RATES.items()})


UNIFORM: dict[str, dict[str, object]] = {
    "mesa.specific_resistance_ohm_um2": {"mesa": Mesa(specific_resistance_ohm_um2=FACTOR * 2421.0)},
    "law": {"law": scaled_law(FACTOR)},
    "layers.film.sheet_W_per_K": {"materials": materials(film=FACTOR * FILM_W_PER_MK)},
    "layers.mesa.boundary_W_per_m2K": {"layers": layers(FACTOR * BOUNDARY)},
}


def uniform_factor(target: str) -> float:
    """Return the largest relative change where a value has a uniform factor in place of being another one."""
    numbers = []
    for parts in ({"maps": (Map(of=target, expression=f"{FACTOR} + 0*x"),)}, UNIFORM[target]):
        scenario = device(**parts)
        model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
        row = observe(model, solve_steady(model, Bias.current(), CURRENT_MA))
        numbers.append(np.array([float(row[key]) for key in COMPARED]))
    return float(np.abs(numbers[1] / numbers[0] - 1.0).max())


@cache
def alone(factor: float, target: str, step: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x (µm), current density and T of a strip that conducts no heat along itself, at one voltage.

    Args:
        factor: on the target: everywhere, or where x > 1 µm alone.
        target: of the map.
        step: whether there alone.
    """
    expression = f"where(x > 1, {factor}, 1)" if step else f"{factor}"
    poor = Material(in_plane_W_per_mK=1e-12, out_of_plane_W_per_mK=1.0)
    scenario = Scenario(
        name="alone",
        geometry="strip",
        layers=(
            Layer(name="film", material="poor", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="poor", region="mesa", junctions=True, sublayers=2, boundary_W_per_m2K=1e5),
            Layer(name="base", material="poor", region="mesa", thickness_um=1.0),
        ),
        materials={"poor": poor},
        bath=Bath(bottom="conductance", bottom_W_per_m2K=1e5),
        law=Law(**ENERGIES, **RATES),
        maps=(Map(of=target, expression=expression),),
        mesh=Mesh(size_um=0.25),
        numerics=Numerics(tolerance=1e-11),
    )
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
    e = solve_steady(model, Bias.voltage(), 300.0)
    x = model.operators.xy[model.layout.mesa_nodes, 0]
    return x, e.junctions.J, e.T[model.layout.junction_rows][: x.size]


def step_without_lateral_heat(target: str) -> float:
    """Return the largest relative difference of J and T, node by node, from devices that are all one side."""
    x, J, T = alone(FACTOR, target, True)
    other, one = alone(FACTOR, target), alone(1.0, target)
    if max(abs(float(a[0] / b[0]) - 1.0) for a, b in zip(other[1:], one[1:], strict=True)) < 1e-3:
        raise ValueError("both sides are the same device")
    there = x > 1.0
    pairs = zip((J, T), other[1:], one[1:], strict=True)
    return max(float(np.abs(a / np.where(there, b, c) - 1.0).max()) for a, b, c in pairs)


def stretched(path: str, ratio: float = 4.0) -> float:
    """Return the largest relative change where x is measured in another length, on the stretched mesh.

    With kappa_x = ratio kappa_y and x' = x / sqrt(ratio) the heat balance is that of an isotropic device of kappa_y:
    areas, currents and heats are 1 / sqrt(ratio) of what they were, temperatures and voltage the same.
    """
    root = float(np.sqrt(ratio))
    numerics = Numerics(tolerance=1e-11, path=path)
    wide = device(materials=materials(ratio=ratio), numerics=numerics)
    bar = wide.contacts[0].model_copy(
        update={"width_um": 2.0 / root, "x_um": -2.0 / root, "contact_K_per_mW": 3.0 * root}
    )
    along_y = {name: spec.model_copy(update={"in_plane_W_per_mK": spec.in_plane_W_per_mK / ratio})
               for name, spec in materials().items()}  # fmt: skip
    narrow = device(
        mesa=Mesa(width_um=10.0 / root), crystal=Crystal(width_um=30.0 / root, depth_um=24.0), contacts=(bar,),
        materials=along_y, numerics=numerics,
    )  # fmt: skip
    raw = make_raw_mesh(wide)
    numbers = []
    for scenario, mesh, share in ((wide, raw, 1.0), (narrow, transformed(raw, np.diag([1.0 / root, 1.0])), root)):
        model = Model(scenario, serial(mesh, scenario.geometry))
        row = observe(model, solve_steady(model, Bias.current(), CURRENT_MA / share))
        scales = [share if key.startswith("Q_") else 1.0 for key in COMPARED]
        numbers.append(np.array([s * float(row[key]) for key, s in zip(COMPARED, scales, strict=True)]))
    return float(np.abs(numbers[1] / numbers[0] - 1.0).max())


def _case(name: str, compute: Callable[[], float], tolerance: float, source: str) -> Case:
    return Case(
        name=name, group=GROUP, exact=0.0, unit="", source=source, compute=lambda _: compute(),
        resolutions=(0.6,), tolerance=tolerance, judge="absolute",
    )  # fmt: skip


SAME = "the same device, told by its value; largest relative change of voltage, temperatures and heat into the sinks"
PROPORTION = "energies in proportion: i = s i₁(v/s, T/s); the other table is integrated anew, to some 1e-5"
APART = "largest relative difference of J and T from devices that are all one side, node by node"
CASES: tuple[Case, ...] = (
    *(
        _case(
            f"uniform factor on {target}",
            partial(uniform_factor, target),
            1e-4 if target == "law" else 1e-8,
            PROPORTION if target == "law" else SAME,
        )
        for target in UNIFORM
    ),
    *(
        _case(
            f"step of {target}, no heat along the strip",
            partial(step_without_lateral_heat, target),
            1e-7,
            APART,
        )
        for target in ("mesa.specific_resistance_ohm_um2", "law", "layers.mesa.boundary_W_per_m2K")
    ),
    *(
        _case(
            f"κx = 4 κy against x' = x/2, {path} path",
            partial(stretched, path),
            1e-8,
            "the heat balance in x' = x √(κy/κx) is that of an isotropic device, on the stretched mesh",
        )
        for path in ("sparse",)
    ),
)
