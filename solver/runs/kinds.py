"""What computes a scenario in each mode; the solver is imported when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hotmesa.scenarios import Scenario

_ADVICE = (
    "What often helps: a finer mesh (--set mesh.refine=2), the other linear algebra (--set numerics.path=sparse), "
    "or an end before the difficult place (--set branch.end_current_mA=...)."
)


@dataclass(frozen=True)
class Words:
    """How messages call what is computed."""

    what: str = "branch"
    points: str = "points"
    advice: str = _ADVICE


@dataclass(frozen=True)
class Tools:
    """The spatial solver, imported when it is needed: `list` and `check` work without DOLFINx.

    Attributes:
        build_mesh: scenario to mesh.
        model: scenario and mesh to model.
        trace: yields points of a model, each with row and state.
        branch: keeps them and saves them.
        words: for messages.
        uniform: whether the uniform model belongs beside the result.
        along: column that grows up to the end, for the progress.
        end: its last value; None where the end of the branch or of the transient is meant.
    """

    build_mesh: Callable[..., Any]
    model: Callable[[Scenario, Any], Any]
    trace: Callable[[Any], Iterator[Any]]
    branch: Callable[[Scenario, Any], Any]
    words: Words = Words()
    uniform: bool = True
    along: str = "I_mA"
    end: float | None = None


def spatial_tools() -> Tools:
    """Import the spatial solver.

    Raises:
        ModuleNotFoundError: DOLFINx or gmsh is missing.
    """
    from hotmesa.meshes import build_mesh
    from hotmesa.solver.model import Model
    from hotmesa.solver.runs.branch import trace_branch
    from hotmesa.solver.runs.record import Branch

    return Tools(build_mesh, Model, trace_branch, Branch)


def tools_of(scenario: Scenario) -> Tools | None:
    """Return what computes a scenario in its mode; None for the uniform model, which is computed here."""
    if scenario.mode == "uniform":
        return None
    if scenario.mode == "transient":
        from hotmesa.solver.runs.transient import transient_tools

        return transient_tools(scenario)
    if scenario.mode == "sweep":
        from hotmesa.solver.runs.sweep_job import sweep_tools

        return sweep_tools(scenario)
    if scenario.mode == "diagram":
        from hotmesa.solver.runs.diagram_job import diagram_tools

        return diagram_tools()
    return spatial_tools()


def alone(tools: Tools) -> Tools:
    """Tools whose mesh, and so everything made from it, belongs to this process."""
    from mpi4py import MPI

    return replace(tools, build_mesh=partial(tools.build_mesh, comm=MPI.COMM_SELF))
