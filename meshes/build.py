"""From a scenario to a tagged mesh."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mpi4py import MPI

from hotmesa.meshes.healing import healing_lengths
from hotmesa.meshes.line import line_mesh
from hotmesa.meshes.plan import plan_mesh
from hotmesa.meshes.quality import check_quality
from hotmesa.meshes.raw import MeshError, RawMesh, region_tags
from hotmesa.meshes.sizes import element_sizes
from hotmesa.meshes.tagged import TaggedMesh, distribute
from hotmesa.meshes.user import user_mesh
from hotmesa.scenarios.schema import Scenario

LOG = logging.getLogger("hotmesa")


def build_mesh(scenario: Scenario, comm: MPI.Comm = MPI.COMM_WORLD) -> TaggedMesh:
    """Return the mesh of a scenario with its named regions, in µm. Collective.

    The first process makes or reads the mesh, and the same mesh in every run; doubts about its quality go to the
    logger "hotmesa" as warnings.

    Args:
        scenario: Device and element sizes.
        comm: Communicator over which the mesh is distributed.

    Raises:
        MeshError: On all processes, if the mesh cannot be made or read or does not fit the scenario.
    """
    raw = on_first(comm, lambda: make_raw_mesh(scenario))
    return distribute(raw, scenario.geometry, comm)


def make_raw_mesh(scenario: Scenario) -> RawMesh:
    """Return the mesh of a scenario as arrays, checked, on the calling process.

    Raises:
        MeshError: If the mesh cannot be made or read or does not fit the scenario.
    """
    raw = raw_mesh(scenario)
    region_tags(raw)
    quality = check_quality(raw, healing_lengths(scenario))
    LOG.info("%s", quality.summary())
    for warning in quality.warnings:
        LOG.warning("%s", warning)
    return raw


def raw_mesh(scenario: Scenario) -> RawMesh:
    """Return the mesh of a scenario as arrays, without any word about its quality.

    Raises:
        MeshError: If the mesh cannot be made or read or does not fit the scenario.
    """
    if scenario.mesh.file is not None:
        return user_mesh(scenario)
    return (plan_mesh if scenario.geometry == "plan" else line_mesh)(scenario, element_sizes(scenario))


def on_first(comm: MPI.Comm, make: Callable[[], RawMesh]) -> RawMesh:
    """Return on all processes what the first one makes; what it raises is raised on all, so that none waits."""
    raw: RawMesh | None = None
    failure: Exception | None = None
    words = ""
    if comm.rank == 0:
        try:
            raw = make()
        except Exception as error:
            failure, words = error, f"{type(error).__name__}: {error}"
            if isinstance(error, MeshError):
                words = str(error)
    raw, words = comm.bcast((raw, words), root=0)
    if failure is not None:
        raise failure
    if raw is None:
        raise MeshError(words)
    return raw
