"""What computes each kind of run and what is made of it, in one table; the solver is imported when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hotmesa.postprocess.results import Point
from hotmesa.postprocess.runs import RESULTS, Results
from hotmesa.scenarios import Scenario, keys
from hotmesa.scenarios.kinds import KINDS, Kind

if TYPE_CHECKING:
    from hotmesa.solver.model import Model

LOG = logging.getLogger("hotmesa.run")
Comm = Any  # mpi4py ships no types


@dataclass(frozen=True)
class Solver:
    """What computes a kind of run.

    Attributes:
        points: yields the points of a scenario on the processes of a communicator (None: all of them). Collective.
        goal: the column along which a run goes, and its last value, for the progress.
    """

    points: Callable[[Scenario, Comm], Iterator[Point]]
    goal: Callable[[Scenario], tuple[str, float]]


def on_mesh(
    points: Callable[[Model], Iterator[Point]], model: Callable[[Scenario, Any], Model] | None = None
) -> Callable[[Scenario, Comm], Iterator[Point]]:
    """Return the points of a scenario from those of its model; `model` makes it from scenario and mesh."""
    from hotmesa.meshes import build_mesh
    from hotmesa.solver.model import Model

    def of_scenario(scenario: Scenario, comm: Comm) -> Iterator[Point]:
        LOG.info("mesh")
        tagged = build_mesh(scenario) if comm is None else build_mesh(scenario, comm)
        LOG.info("model")
        device = (model or Model)(scenario, tagged)
        LOG.info("%s", scenario.mode)
        yield from points(device)

    return of_scenario


def _branch() -> Solver:
    from hotmesa.solver.runs import branch

    return Solver(on_mesh(branch.trace_branch), branch.goal)


def _uniform() -> Solver:
    from hotmesa.solver.runs import uniform

    return Solver(lambda scenario, comm: uniform.points(scenario), uniform.goal)


def _sweep() -> Solver:
    from hotmesa.solver.runs import sweep

    return Solver(on_mesh(sweep.points), sweep.goal)


def _transient() -> Solver:
    from hotmesa.solver.runs import transient

    return Solver(on_mesh(transient.trace_transient, transient.sparse_model), transient.goal)


def _diagram() -> Solver:
    from hotmesa.solver.runs import branch, diagram_job

    return Solver(on_mesh(diagram_job.trace_diagram), branch.goal)


def _family() -> Solver:
    from hotmesa.solver.runs import family

    return Solver(on_mesh(family.points), family.goal)


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
