"""A run that chooses its elements and sublayers first: mesh.accuracy_percent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from hotmesa.kinds import Comm, Own
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.walls import ELEMENTS
from hotmesa.processes import on_any
from hotmesa.scenarios import Scenario
from hotmesa.scenarios.kinds import KINDS

if TYPE_CHECKING:
    from hotmesa.meshes import TaggedMesh
    from hotmesa.solver.runs.refining import Choice

Stopped = Callable[[], bool]
LOG = logging.getLogger("hotmesa.run")


def chooses(scenario: Scenario) -> bool:
    """Return whether a run of a scenario begins with the choice of its elements and sublayers."""
    return scenario.mesh.accuracy_percent is not None and not scenario.mesh.chosen


def elements_of(scenario: Scenario) -> tuple[dict[str, float], str]:
    """Return the sizes of elements (µm) of a run that refines them for walls, and what a person is told of them.

    Raises:
        MeshError: the sizes ask for more nodes than any run could finish with.
    """
    if not KINDS[scenario.mode].walls or scenario.mesh.file is not None:
        return {}, ""
    from hotmesa.meshes.sizes import element_sizes

    sizes = element_sizes(scenario)
    return dict(zip(ELEMENTS, (sizes.mesa, sizes.asked), strict=True)), sizes.words


def refined_points(
    scenario: Scenario,
    comm: Comm,
    own: Own,
    adopt: Callable[[Choice], Iterator[Point]],
    say: Callable[[str], None],
    stopped: Stopped,
) -> Iterator[Point]:
    """Choose elements and sublayers, then yield the points of the run on them. Collective.

    Args:
        scenario: what was asked for.
        comm: of all processes; None: all of them.
        own: what a user brings along.
        adopt: takes what was chosen, and returns the points of the run on it.
        say: tells a person how far the choice is.
        stopped: whether the run is to end.

    Raises:
        KeyboardInterrupt: it is.
    """
    from hotmesa.meshes import build_mesh
    from hotmesa.solver.model import Model
    from hotmesa.solver.runs.refining import Chooser

    def mesh_of(of: Scenario) -> TaggedMesh:
        return build_mesh(of) if comm is None else build_mesh(of, comm)

    model = Model(scenario, mesh_of(scenario), own.law, materials=own.materials, sinks=own.sinks)
    chooser = Chooser(mesh_of, model, own.observables)
    for words in chooser.rounds():
        if words:
            say(words)
            LOG.info("%s", words)
        if on_any(model.comm, stopped()):
            raise KeyboardInterrupt
    if chooser.choice is None:
        raise AssertionError("the rounds end with a choice")
    yield from adopt(chooser.choice)
