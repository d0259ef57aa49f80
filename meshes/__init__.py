"""Geometry to tagged mesh; no physics."""

# First: importing DOLFINx anywhere else would start PETSc.
from hotmesa.meshes import libraries as libraries  # isort: skip
from hotmesa.meshes.build import build_mesh
from hotmesa.meshes.raw import MeshError
from hotmesa.meshes.tagged import RIM, TaggedMesh

__all__ = ["RIM", "MeshError", "TaggedMesh", "build_mesh"]
