"""States and runs of a device, as functions: each says what it returns, and iterates where there are many points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hotmesa.postprocess.compare import Ranking
    from hotmesa.postprocess.results import Point, Run
    from hotmesa.postprocess.runs.image import LaserImage
    from hotmesa.scenarios.arrays import Array
    from hotmesa.scenarios.load import Overrides
    from hotmesa.scenarios.materials import ThermalMaterial
    from hotmesa.scenarios.schema import Scenario
    from hotmesa.solver.device.faces import Sink
    from hotmesa.solver.law.laws import JunctionLaw
    from hotmesa.solver.model import Model, State
    from hotmesa.solver.runs.branch import BranchPoint
    from hotmesa.solver.runs.uniform import UniformCurve
    from hotmesa.solver.stability.stability import Modes
    from hotmesa.solver.states.bias import Bias
    from hotmesa.solver.states.observables import Measure


def run(
    scenario: str | Path | Scenario, overrides: Overrides = (), out: str | Path | None = None, *,
    law: JunctionLaw | None = None, materials: Mapping[str, ThermalMaterial] | None = None, sinks: Sequence[Sink] = (),
    observables: Sequence[Measure] = (), figures: Mapping[str, Callable[[Run], Figure | None]] | None = None,
    overwrite: bool = False, resume: bool = False, quiet: bool = True,
) -> Run:  # fmt: skip
    """Return the run of a scenario, of whatever kind: what `hotmesa run` computes, in memory or in a folder.

    On several MPI processes all of them call this; the first one has the fields and writes.

    Args:
        scenario: a bundled scenario, a TOML file, or one that is loaded.
        overrides: changes of its keys, {"mesa.junctions": 12} or ["mesa.junctions=12"].
        out: folder for table, fields, summary and figures; None: nothing is written.
        law: of one junction, in place of that of the scenario (see `JunctionLaw` in solver/law).
        materials: by name, in place of those of the scenario.
        sinks: heat sinks besides those of the scenario: any objects with `name`, `face` and `flux(T)`.
        observables: functions `(model, state) -> {name: number}`; their numbers become columns.
        figures: further figures for the folder: by file name (PNG) a function that returns a figure of the run.
        overwrite: whether an earlier run in the folder may be replaced.
        resume: whether an interrupted run in the folder goes on, with what is brought along as it was then; one that is
            complete is returned as it is, and without any the run begins.
        quiet: whether to print errors only.

    Returns:
        The table (`rows`, `table`, `column("V_mV")`), fields (`states`) and scenario of the run.

    Raises:
        ScenarioError, MeshError, LawError, RequestError, FolderError: bad input.
        SolveError: it could not be continued; what was reached is in the folder. Without a folder `trace` and its
            like keep it.
        KeyboardInterrupt: it was interrupted; the same holds.
        OSError: results cannot be written.
    """
    from hotmesa.kinds import Own
    from hotmesa.postprocess import load_run
    from hotmesa.postprocess.style import save_picture
    from hotmesa.runner import compute
    from hotmesa.scenarios.errors import INTERRUPTED
    from hotmesa.scenarios.load import scenario_of
    from hotmesa.solver.errors import SolveError

    folder = None if out is None else Path(out)
    own = Own(law, materials, tuple(sinks), tuple(observables))
    ending = compute(scenario_of(scenario, overrides), folder, own=own, overwrite=overwrite, resume=resume, quiet=quiet)
    if ending.status == INTERRUPTED:
        raise KeyboardInterrupt(ending.problem)
    if ending.status:
        raise SolveError(ending.problem)
    if folder is None or ending.run.folder is None:  # in memory, or another process than the first
        return ending.run
    result = load_run(folder)
    for name, plot in (figures or {}).items():
        save_picture(partial(plot, result), folder / name)
    return result


def trace(model: Model, observables: Sequence[Measure] = ()) -> Iterator[BranchPoint]:
    """Yield the steady states of a device from rest to branch.end_current_mA, through folds, in order of arclength.

    Pseudo-arclength continuation; every fold in V or I is a point. On several MPI processes all of them call this.

    Args:
        model: the device.
        observables: functions `(model, state) -> {name: number}`; their numbers become columns.

    Yields:
        Points: `row` holds the columns of iv.csv (V_mV in mV, I_mA in mA, T_max_K in K, ...), `state` the fields where
        they are kept (see output.every), else None.

    Raises:
        SolveError: the branch could not be continued; the points before it stay valid.
        ScenarioError: more modes are asked for than there are unknowns.
    """
    from hotmesa.solver.runs.branch import branch_points

    return branch_points(model, observables)


def sweep(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the states that a device takes while its source goes through the legs of [bias], as in an experiment.

    The stable state is followed; where it is lost the device jumps to the state in which its transient ends.

    Args:
        model: the device.
        observables: as in `trace`.

    Yields:
        Points with the columns of sweep.csv.

    Raises:
        SolveError: no state was found; the points before it stay valid.
    """
    from hotmesa.solver.runs.sweep import sweep as legs

    return legs(model, observables)


def evolve(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield a device in time, as [transient] says: under a step, ramp, pulses or a table, with its bias circuit.

    Args:
        model: the device; its crystal is taken in full, since its heat capacity counts.
        observables: as in `trace`.

    Yields:
        Points with the columns of transient.csv (t_us in µs).

    Raises:
        ScenarioError: the state to start from is one of another device or mesh, or lies after the end.
        SolveError: the integration could not be continued; the points before it stay valid.
    """
    from hotmesa.solver.runs.transient import points

    return points(model.variant(path="sparse"), observables)


def find_branches(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the points of all branches of steady states that can be found: from rest, at bifurcations, by deflation.

    Args:
        model: the device.
        observables: as in `trace`.

    Yields:
        Points with the columns of iv.csv, branch after branch.

    Raises:
        SolveError: the branch from rest could not be followed; what was found stays valid.
        ScenarioError: more modes are asked for than there are unknowns.
    """
    from hotmesa.solver.runs.diagram import points

    return points(model, observables)


def steady(model: Model, bias: Bias, value: float, guess: Array | None = None) -> State:
    """Return a steady state of a device at a value of its bias.

    Args:
        model: the device.
        bias: `Bias.voltage()`, `Bias.current()` or `Bias.load_line(ohm)`.
        value: of the bias, in mV, mA or mV.
        guess: flat state to start from, the `u` of another one: temperatures of unknowns and wires (K) and V (mV).
            Without it the branch is followed from rest: of several states the first on the branch is returned.

    Returns:
        Temperatures `T` (K) in the order of `model.layout`, `V` (mV), `I` (mA), `P` (µW), residual (µW).

    Raises:
        SolveError: no state was found; the message tells how far the branch reached.
    """
    from hotmesa.solver.states.steady import solve_steady

    return solve_steady(model, bias, value, guess)


def modes(model: Model, state: State, bias: Bias, count: int = 2) -> Modes:
    """Return the leading modes of a steady state under a bias, fastest growing first; it is stable if none grows.

    Args:
        model: the device.
        state: one of its steady states, from `steady`.
        bias: what the source holds.
        count: number of modes.

    Returns:
        `rates` (1/µs), shape (count,); `shapes`, columns of temperature patterns of unit maximum; `unstable`, the
        number of growing modes.

    Raises:
        SolveError: the eigenvalue iteration did not converge.
        RequestError: a layer has no heat capacity.
    """
    from hotmesa.solver.device.capacity import require_heat_capacities
    from hotmesa.solver.stability.stability import Stability

    require_heat_capacities(model.layout)
    return Stability(model).modes(state, bias, count)


def laser_image(model: Model, state: State, beam_um: float = 0.0) -> LaserImage | None:
    """Return the laser-scanning image of a steady state: change of V at constant current by heat at each place.

    One adjoint solve gives the answer to heat at every node of the surface. Collective.

    Args:
        model: the device.
        state: one of its steady states, from `steady`.
        beam_um: full width at half maximum of a Gaussian beam in µm; 0 heats a point.

    Returns:
        dV/dP in mV/mW on the nodes of the plan (`image_mV_per_mW`, shape (n,)); None on MPI processes after the first.

    Raises:
        RequestError: the width of the beam is negative.
        SolveError: the state lies on a fold in I.
    """
    from hotmesa.solver.runs.image import laser_image as image_of
    from hotmesa.solver.states.bias import Bias
    from hotmesa.solver.states.problem import ThermalBranch

    problem = ThermalBranch(model, Bias.current())
    return image_of(problem, problem.evaluate(state.u), beam_um)


def uniform_curve(scenario: Scenario, law: JunctionLaw | None = None) -> UniformCurve:
    """Return the whole I(V) of a device whose temperature is the same everywhere, with its folds and backbending.

    Args:
        scenario: the device; its [uniform] section gives the thermal resistance.
        law: of one junction, in place of that of the scenario.

    Returns:
        `V_mV`, `I_mA`, `T_K`, ... of shape (points,), from V = I = 0 in order of rising temperature.

    Raises:
        LawError: the law of the scenario cannot be made from its files.
    """
    from hotmesa.solver.law.laws import build_law
    from hotmesa.solver.runs.uniform import uniform_curve as curve

    return curve(law or build_law(scenario), scenario)


def compare(
    *results: str | Path, by: str | None = None, largest: bool = False, smallest: bool = False,
    target: float | None = None, out: str | Path | None = None,
) -> Ranking:  # fmt: skip
    """Rank the cases of a study, or runs, by any number of their results; write ranking.csv and compare.png.

    Args:
        results: the folder of one study, or the folders of runs.
        by: number to rank by; None: as the study says.
        largest: the largest number comes first, as it does if nothing is said.
        smallest: the smallest comes first.
        target: the case nearest to this value comes first.
        out: folder for the files; None: that of the study, or out/compare.

    Returns:
        `rows` of the cases, best first, and their `values`, shape (cases,).

    Raises:
        ResultError: nothing to read, an unknown number, or no case that has it.
        OSError: the files cannot be written.
    """
    from hotmesa.postprocess import compare as ranking

    order = ranking.Order(by, largest, smallest, target)
    return ranking.compare([Path(result) for result in results], order, Path(out) if out is not None else None)
