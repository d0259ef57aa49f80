"""Geometry to tagged mesh; no physics."""

from hotmesa.meshes.build import build_mesh
from hotmesa.meshes.raw import MeshError
from hotmesa.meshes.tagged import RIM, TaggedMesh

__all__ = ["RIM", "MeshError", "TaggedMesh", "build_mesh"]
