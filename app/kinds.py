"""What computes each kind of run, by its word; the solver is imported when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from hotmesa.postprocess.checkpoint import Checkpoint
from hotmesa.postprocess.results import Point
from hotmesa.scenarios import Scenario, keys
from hotmesa.scenarios.kinds import KINDS, Kind
from hotmesa.scenarios.materials import out_of_range
from hotmesa.solver.errors import RequestError

if TYPE_CHECKING:
    from hotmesa.scenarios.materials import ThermalMaterial
    from hotmesa.solver.device.faces import Sink
    from hotmesa.solver.law.laws import JunctionLaw
    from hotmesa.solver.model import Model
    from hotmesa.solver.states.observables import Measure

LOG = logging.getLogger("hotmesa.run")
Comm = Any  # mpi4py ships no types


class Watcher(Protocol):
    """Something that looks on while a device is computed, on all processes."""

    def begin(self, model: Model) -> None:
        """Take the device before its first point. Collective."""

    def take(self, point: Point) -> None:
        """Take a point. Collective."""


@dataclass(frozen=True)
class Own:
    """What a user brings along from Python.

    Attributes:
        law: of one junction, in place of that of the scenario.
        materials: by name, in place of those of the scenario.
        sinks: heat sinks besides those of the scenario.
        observables: functions `(model, state) -> {name: number}` whose numbers become columns.
        watcher: sees the device and its points as they are computed.
    """

    law: JunctionLaw | None = None
    materials: Mapping[str, ThermalMaterial] | None = None
    sinks: Sequence[Sink] = ()
    observables: Sequence[Measure] = ()
    watcher: Watcher | None = None


NOTHING = Own()


@dataclass(frozen=True)
class Solver:
    """What computes a kind of run.

    Attributes:
        points: yields the points of a scenario on the processes of a communicator (None: all of them), with what a user
            brings along. Collective.
        control: returns the column along which a run goes, and its last value, for the progress.
        no_resume: why an interrupted run cannot go on; "" where `points` takes a checkpoint behind which it does.
        ready: does what `points` does before its first solution. Collective.
    """

    points: Callable[..., Iterator[Point]]
    control: Callable[[Scenario], tuple[str, float]]
    no_resume: str = "this kind of run knows no way to go on"
    ready: Callable[[Scenario], object] = lambda _: None


def solver_of(word: str) -> Solver:
    """Return what computes a kind of run, from its module in solver/runs.

    `points(model, observables, checkpoint)` yields the points of a device on its mesh, of a kind without a mesh
    `points(scenario, law)`; `control(scenario)` is as in `Solver`. There may be `NO_RESUME`, without which `points`
    must take a checkpoint, `prepare(scenario)`, which returns the scenario whose model is computed, and `ready(model)`
    or, without a mesh, `ready(scenario)`, which does what comes before the first solution, so that bad input shows.

    Raises:
        NotImplementedError: the module or one of the two functions is missing.
        ModuleNotFoundError: DOLFINx or gmsh is missing.
    """
    module = KINDS.on("solver", word)
    missing = [name for name in ("points", "control") if not hasattr(module, name)]
    if missing:
        raise NotImplementedError(f'the kind of run "{word}" needs {" and ".join(missing)} in solver/runs/{word}.py')
    first = getattr(module, "ready", lambda _: None)
    on_mesh = _OnMesh(module) if KINDS[word].spatial else None
    points = _without_mesh(module) if on_mesh is None else on_mesh.points
    ready = first if on_mesh is None else lambda scenario: first(on_mesh.model(scenario, None, NOTHING))
    return Solver(points, module.control, getattr(module, "NO_RESUME", ""), ready)


@dataclass(frozen=True)
class _OnMesh:
    """The points of a scenario from those of its model."""

    module: Any

    def model(self, scenario: Scenario, comm: Comm, own: Own) -> Model:
        """Return the model of a scenario. Collective."""
        from hotmesa.meshes import build_mesh
        from hotmesa.solver.model import Model

        LOG.info("mesh")
        tagged = build_mesh(scenario) if comm is None else build_mesh(scenario, comm)
        LOG.info("model")
        computed = self.module.prepare(scenario) if hasattr(self.module, "prepare") else scenario
        model = Model(computed, tagged, own.law, materials=own.materials, sinks=own.sinks)
        lacking = [s.name for s in model.layout.sublayers if not s.material.stores_heat]
        if lacking and model.comm.rank == 0:
            LOG.warning("no heat capacity of %s: steady states are told, nothing of time", ", ".join(lacking))
        for sentence in out_of_range(scenario) if model.comm.rank == 0 else ():
            LOG.warning("%s", sentence)
        return model

    def points(self, scenario: Scenario, comm: Comm, own: Own, *checkpoint: Checkpoint) -> Iterator[Point]:
        """Yield the points. Collective."""
        device = self.model(scenario, comm, own)
        LOG.info("%s", scenario.mode)
        points = self.module.points(device, own.observables, *checkpoint)
        if own.watcher is None:
            yield from points
            return
        own.watcher.begin(device)
        for point in points:
            own.watcher.take(point)
            yield point


def _without_mesh(module: Any) -> Callable[..., Iterator[Point]]:
    def of_scenario(scenario: Scenario, comm: Comm, own: Own) -> Iterator[Point]:
        if own.materials or own.sinks or own.observables:
            raise RequestError(
                f'a run with mode = "{scenario.mode}" has neither layers nor places: materials, sinks and observables '
                'of your own need another kind of run, for example {"mode": "branch"}'
            )
        yield from module.points(scenario, own.law)

    return of_scenario


def register(kind: Kind, solver: Any, results: Any) -> None:
    """Add a kind of run that is brought along.

    From then on `mode = "NAME"` is known to scenarios, runs, studies and the reference of keys.

    Args:
        kind: what it is.
        solver: a module, or an object, with what `solver_of` asks for.
        results: a module, or an object, with what `results_of` in postprocess/runs asks for.
    """
    KINDS.add(kind.name, scenarios=SimpleNamespace(KIND=kind), solver=solver, postprocess=results)
    keys.forget()
