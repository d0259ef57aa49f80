"""What the page shows of a device: its branch first on a coarse model, then as the scenario says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.merit import curve_of
from hotmesa.postprocess.results import Point, Run
from hotmesa.postprocess.runs.branch import between, summarise
from hotmesa.postprocess.style import answers, segments
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options, branch_points, branch_row
from hotmesa.solver.states.continuation import Options, follow
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.problem import ThermalBranch

COARSER = 0.5
"""Of mesh.refine, and of the sublayers of every layer, on the coarse model."""
POINTS = 15
"""Points of the branch on the coarse model at least."""
LOOSER: dict[str, Any] = {"tolerance": 1e-6, "predictor_error": 1e-2, "largest_miss": 0.3, "max_step": 1.0}
"""Steps of the coarse branch: as long as a curve that is drawn allows, and no more Newton steps than it shows."""


@dataclass(frozen=True)
class Answer:
    """A branch in the form in which it is drawn, for another process.

    Attributes:
        coarse: whether it is that of the coarse model.
        problem: why it ends early; "" if it does not.
        seconds: what it took.
        unknowns: temperatures of the model.
        V_mV, I_mA, T_max_K: of the points, shape (p,).
        lines: V (mV) and I (mA) of the curve between them, by which source holds it (`style.STABLE` and so on).
        numbers: figures of merit, as in summary.json.
        x_um, y_um, cells: nodes of the mesa and its triangles, or intervals on a line.
        T_K: junction temperature at every point, shape (p, nodes).
        contacts: outline (µm) of every contact on a plan, each of shape (n, 2).
        hot_K: above which a place counts as hot.
        geometry: "plan", "strip" or "disc".
    """

    coarse: bool
    problem: str
    seconds: float
    unknowns: int
    V_mV: Array
    I_mA: Array
    T_max_K: Array
    lines: tuple[tuple[int, Array, Array], ...]
    numbers: dict[str, Any]
    x_um: Array
    y_um: Array
    cells: NDArray[np.int64]
    T_K: Array
    contacts: tuple[Array, ...]
    hot_K: float
    geometry: str


def branch_of(scenario: Scenario) -> Scenario:
    """Return the scenario of the branch from rest, fields kept at every point; elements stay as they are."""
    output = scenario.output.model_copy(update={"every": 1})
    mesh = scenario.mesh.model_copy(update={"accuracy_percent": None, "chosen": False})
    return scenario.model_copy(update={"mode": "branch", "output": output, "mesh": mesh})


def coarse_of(scenario: Scenario) -> Scenario:
    """Return a scenario of the same device with elements twice as large and half as many sublayers."""
    branch = branch_of(scenario)
    mesh = branch.mesh.model_copy(update={"refine": COARSER * branch.mesh.refine})
    layers = tuple(
        layer.model_copy(update={"sublayers": max(1, round(COARSER * layer.sublayers))}) for layer in branch.layers
    )
    stability = branch.stability.model_copy(update={"points": "none", "modes": False})
    return branch.model_copy(update={"mesh": mesh, "layers": layers, "stability": stability})


def coarse_points(model: Model) -> Iterator[Point]:
    """Yield the points of the branch of a coarse model, a few and none more exact than a picture shows.

    Raises:
        SolveError: the branch could not be continued.
    """
    problem, fields = ThermalBranch(model), Fields(model)
    end = model.scenario.branch.end_current_mA
    options: Options = replace(branch_options(model), control_step=end / POINTS, requested=(), **LOOSER)
    for curve in follow(problem, *problem.cold_start(), options):
        yield Point(branch_row(model, curve), fields.of(curve.evaluation))


def answer(
    scenario: Scenario, coarse: bool, wanted: Callable[[], bool] = lambda: True, tell: Callable[[float], None] = print
) -> Answer | None:
    """Return the branch of a device; None where nobody wants it any more.

    Args:
        scenario: the device.
        coarse: on the coarse model.
        wanted: asked after every point.
        tell: gets the current (mA) of every point.

    Raises:
        MeshError, LawError, RequestError: bad input that shows only now.
        SolveError: not a single state beside rest was found.
    """
    started, problem = time.perf_counter(), ""
    scenario = coarse_of(scenario) if coarse else branch_of(scenario)
    model = Model(scenario, build_mesh(scenario))
    run = Run(scenario)
    try:
        for point in coarse_points(model) if coarse else branch_points(model):
            if not wanted():
                return None
            run.append(point)
            tell(float(point.row["I_mA"]))
    except SolveError as error:
        if len(run) < 3:
            raise
        problem = f"stopped at {float(column(run.rows, 'I_mA')[-1]):.4g} mA: {error}"
    return _drawn(run, model.unknowns, coarse, problem, time.perf_counter() - started)


def _drawn(run: Run, unknowns: int, coarse: bool, problem: str, seconds: float) -> Answer:
    states, junction = run.states, run.junction_T_K
    if states is None or junction is None:
        raise SolveError("no state of the device was kept")
    nodes, cells = np.unique(states.mesa_cells, return_inverse=True)
    V, I, T = (column(run.rows, name) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741 - as in the field
    return Answer(
        coarse=coarse, problem=problem, seconds=seconds, unknowns=unknowns, V_mV=V, I_mA=I, T_max_K=T,
        lines=tuple(_lines(run)), numbers=summarise(run),
        x_um=states.node_xy[nodes, 0], y_um=states.node_xy[nodes, 1], cells=cells.reshape(states.mesa_cells.shape),
        T_K=junction[:, nodes].astype(np.float32), hot_K=run.hot_temperature_K, geometry=states.geometry,
        contacts=states.contact_outlines if states.geometry == "plan" else (),
    )  # fmt: skip


def _lines(run: Run) -> Iterator[tuple[int, Array, Array]]:
    """Yield the curve in stretches that the same source holds, densely where there are points enough."""
    V, I = column(run.rows, "V_mV"), column(run.rows, "I_mA")  # noqa: E741 - as in the field
    curve = curve_of(run.rows, run.normal_resistance_ohm)
    for part in segments(answers(run.rows)):
        if curve is None:
            yield part.answer, V[part.first : part.last + 1], I[part.first : part.last + 1]
        else:
            yield part.answer, *between(curve, 1.0, part.first, part.last)


def apart_percent(coarse: Answer, fine: Answer) -> float:
    """Return how far the points of a finer branch lie from the line through those of a coarse one, at most.

    In the plane of the picture: V over the largest V and I over the largest I of the finer branch, in percent.
    """
    scale = np.array([np.abs(fine.V_mV).max(), np.abs(fine.I_mA).max()])
    line = np.concatenate([np.column_stack(part[1:]) for part in coarse.lines]) / scale
    points = np.column_stack([fine.V_mV, fine.I_mA]) / scale
    start, way = line[:-1], np.diff(line, axis=0)
    length = np.maximum((way**2).sum(axis=1), 1e-300)
    part = np.clip(((points[:, None] - start) * way).sum(axis=2) / length, 0.0, 1.0)
    distance = np.linalg.norm(start + part[..., None] * way - points[:, None], axis=2)
    return float(100.0 * distance.min(axis=1).max())
