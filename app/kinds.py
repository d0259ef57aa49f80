"""What computes each kind of run and what is made of it, in one table; the solver is imported when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hotmesa.postprocess.results import Point
from hotmesa.postprocess.runs import RESULTS, Results
from hotmesa.postprocess.seam import Seam
from hotmesa.scenarios import Scenario, keys
from hotmesa.scenarios.kinds import KINDS, Kind
from hotmesa.solver.errors import RequestError

if TYPE_CHECKING:
    from hotmesa.scenarios.materials import ThermalMaterial
    from hotmesa.solver.device.sinks import Sink
    from hotmesa.solver.law.laws import JunctionLaw
    from hotmesa.solver.states.observables import Measure

LOG = logging.getLogger("hotmesa.run")
Comm = Any  # mpi4py ships no types


@dataclass(frozen=True)
class Own:
    """What a user brings along from Python.

    Attributes:
        law: of one junction, in place of that of the scenario.
        materials: by name, in place of those of the scenario and besides them.
        sinks: heat sinks besides those of the scenario.
        observables: functions `(model, evaluation) -> {name: number}` whose numbers become columns.
    """

    law: JunctionLaw | None = None
    materials: Mapping[str, ThermalMaterial] | None = None
    sinks: Sequence[Sink] = ()
    observables: Sequence[Measure] = ()


NOTHING = Own()


@dataclass(frozen=True)
class Solver:
    """What computes a kind of run.

    Attributes:
        points: yields the points of a scenario on the processes of a communicator (None: all of them), with what a user
            brings along. Collective.
        goal: the column along which a run goes, and its last value, for the progress.
        anew: why an interrupted run cannot go on; "" where `points` takes the seam behind which it does as well.
    """

    points: Callable[..., Iterator[Point]]
    goal: Callable[[Scenario], tuple[str, float]]
    anew: str = "this kind of run knows no way to go on"


def on_mesh(
    points: Callable[..., Iterator[Point]], prepare: Callable[[Scenario], Scenario] | None = None
) -> Callable[..., Iterator[Point]]:
    """Return the points of a scenario from those of its model; `prepare` changes the scenario for it."""
    from hotmesa.meshes import build_mesh
    from hotmesa.solver.model import Model

    def of_scenario(scenario: Scenario, comm: Comm, own: Own, *seam: Seam) -> Iterator[Point]:
        LOG.info("mesh")
        tagged = build_mesh(scenario) if comm is None else build_mesh(scenario, comm)
        LOG.info("model")
        asked = prepare(scenario) if prepare else scenario
        device = Model(asked, tagged, own.law, materials=own.materials, sinks=own.sinks)
        LOG.info("%s", scenario.mode)
        yield from points(device, own.observables, *seam)

    return of_scenario


def _branch() -> Solver:
    from hotmesa.solver.runs import branch

    return Solver(on_mesh(branch.with_estimates), branch.goal, anew="")


def _uniform() -> Solver:
    from hotmesa.solver.runs import uniform

    def points(scenario: Scenario, comm: Comm, own: Own) -> Iterator[Point]:
        if own.materials or own.sinks or own.observables:
            raise RequestError(
                "the uniform model has neither layers nor places: materials, sinks and observables of your own need "
                'another kind of run, for example {"mode": "branch"}'
            )
        yield from uniform.points(scenario, own.law)

    return Solver(points, uniform.goal, "it takes seconds")


def _sweep() -> Solver:
    from hotmesa.solver.runs import sweep

    return Solver(on_mesh(sweep.points), sweep.goal, anew="")


def _transient() -> Solver:
    from hotmesa.solver.runs import transient

    return Solver(on_mesh(transient.points, transient.unfolded), transient.goal, anew="")


def _diagram() -> Solver:
    from hotmesa.solver.runs import branch, diagram

    return Solver(on_mesh(diagram.points), branch.goal, "its branches hang together, so they are found anew")


def _family() -> Solver:
    from hotmesa.solver.runs import family

    return Solver(on_mesh(family.points), family.goal, anew="")


def register(kind: Kind, solver: Callable[[], Solver], results: Results) -> None:
    """Add a kind of run: what it is, what computes it, and what is made of it.

    From then on `mode = "NAME"` is known to scenarios, runs, studies and the reference of keys.
    """
    KINDS[kind.name], RUNS[kind.name], RESULTS[kind.name] = kind, solver, results
    keys.forget()


RUNS: dict[str, Callable[[], Solver]] = {
    "branch": _branch,
    "uniform": _uniform,
    "sweep": _sweep,
    "transient": _transient,
    "diagram": _diagram,
    "family": _family,
}
"""Kinds of run by the word after `mode`.

Raises:
    ModuleNotFoundError: by a function of the table, where DOLFINx or gmsh is missing.
"""
