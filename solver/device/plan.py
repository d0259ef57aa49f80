"""Finite elements of the plan: stiffness, lumped masses and contact patches, assembled once by DOLFINx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import ufl
from numpy.typing import NDArray

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.compat import geometry_dofmap
from hotmesa.meshes.libraries import compiled_form, fem
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.schema.maps import SHEET
from hotmesa.solver.device.local import factor_at_nodes
from hotmesa.solver.parallel import Comm, lasting


@dataclass(frozen=True)
class PlanOperators:
    """P1 operators on the nodes of the plan that this rank owns.

    Integrals carry the weight of the geometry: 1 (plan), the depth (strip), 2 pi r (disc).

    Attributes:
        comm: communicator of the mesh.
        space: P1 function space.
        stiffness: integral of grad u grad v over the plan, shape (owned, all nodes of the plan).
        mesa_stiffness: the same over the mesa.
        mass: lumped integral of v over the plan (µm²), shape (owned,).
        mesa_mass: the same over the mesa.
        own_stiffness: integral of f (u_x v_x + u_y v_y / ratio) over the layers, by name, whose conductance along the
            plane depends on place (f) or direction.
        patches: lumped integrals over each contact, by name.
        on_rim: whether a node lies on the rim of the crystal.
        xy: coordinates (µm), shape (owned, 2).
        local_input_node: number of each local node (owned, then ghosts) in the mesh as it was made, the same on any
            number of ranks.
    """

    comm: Comm
    space: Any
    stiffness: sp.csr_matrix
    mesa_stiffness: sp.csr_matrix
    mass: Array
    mesa_mass: Array
    patches: dict[str, Array]
    on_rim: NDArray[np.bool_]
    xy: Array
    local_input_node: NDArray[np.int64]
    own_stiffness: Mapping[str, sp.csr_matrix] = field(default_factory=dict)

    def stiffness_of(self, layer: str, on_mesa: bool) -> sp.csr_matrix:
        """Return the stiffness of a layer, by its name and place."""
        return self.own_stiffness.get(layer, self.mesa_stiffness if on_mesa else self.stiffness)

    @property
    def owned(self) -> int:
        """Number of nodes this rank owns."""
        return int(self.mass.size)

    @property
    def input_node(self) -> NDArray[np.int64]:
        """Number of each owned node in the mesh as it was made."""
        return self.local_input_node[: self.owned]


def _weight(scenario: Scenario, mesh: Any) -> Any:
    if scenario.geometry == "disc":
        return 2.0 * np.pi * ufl.SpatialCoordinate(mesh)[0]
    across = scenario.mesa.extent_um[1] if scenario.geometry == "strip" else 1.0
    return fem.Constant(mesh, np.float64(across))


@dataclass(frozen=True)
class _Forms:
    """The integrals over the plan, by region.

    Attributes:
        space: P1 function space.
        scenario, tagged: the device and its mesh.
        displacement: of the nodes, by which they are differentiated; None: they themselves.
    """

    space: Any
    scenario: Scenario
    tagged: TaggedMesh
    displacement: Any = None

    def stiffness(self, region: str, weight: Any = 1.0, ratio: float = 1.0) -> Any:
        """Return the form of the integral of weight (u_x v_x + u_y v_y / ratio) over a region."""
        u, v = (ufl.grad(f) for f in (ufl.TrialFunction(self.space), ufl.TestFunction(self.space)))
        if ratio == 1.0:
            return self._over(region, weight * ufl.inner(u, v))
        across = fem.Constant(self.tagged.mesh, np.float64(1.0 / ratio))
        return self._over(region, weight * (u[0] * v[0] + across * u[1] * v[1]))

    def mass(self, region: str) -> Any:
        """Return the form of the lumped integral over a region."""
        return self._over(region, ufl.TestFunction(self.space))

    def _over(self, region: str, integrand: Any) -> Any:
        mesh, tagged = self.tagged.mesh, self.tagged
        # Degree 2 integrates r * v exactly in the disc geometry.
        dx = ufl.Measure("dx", mesh, subdomain_data=tagged.cell_tags, metadata={"quadrature_degree": 2})
        form = _weight(self.scenario, mesh) * integrand * dx(tagged.regions[region])
        if self.displacement is not None:
            form = ufl.derivative(form, ufl.SpatialCoordinate(mesh), self.displacement)
        return compiled_form(form)


def _matrix(form: Any) -> sp.csr_matrix:
    """Return the owned rows of a matrix, columns numbered over all ranks."""
    matrix = fem.assemble_matrix(form)
    matrix.scatter_reverse()
    return _global_columns(matrix)


def _vector(form: Any, owned: int) -> Array:
    """Return the owned part of a vector."""
    vector = fem.assemble_vector(form)
    vector.scatter_reverse(add_mode())
    return np.array(vector.array[:owned])


class PlanChanges:
    """First-order changes of the operators of a plan whose nodes move; the forms are differentiated exactly."""

    def __init__(self, scenario: Scenario, tagged: TaggedMesh, operators: PlanOperators) -> None:
        """Compile the derivatives of all forms. Collective."""
        self._operators = operators
        self._field = fem.Function(fem.functionspace(tagged.mesh, ("Lagrange", 1, (tagged.mesh.geometry.dim,))))
        forms = _Forms(operators.space, scenario, tagged, self._field)
        self._stiffness = [forms.stiffness(region) for region in ("plan", "mesa")]
        self._mass = {region: forms.mass(region) for region in ("plan", "mesa")}
        self._patches = {name: forms.mass(f"contact:{name}") for name in operators.patches}

    def by(self, displacement: Array) -> PlanOperators:
        """Return the derivatives of the operators by the size of a displacement (µm), shape (owned, 2). Collective."""
        operators, owned = self._operators, self._operators.owned
        # Both spaces number the nodes alike: linear elements have no other unknowns.
        field = self._field.x.array.reshape(-1, self._field.function_space.mesh.geometry.dim)
        field[:owned] = displacement[:, : field.shape[1]]
        self._field.x.scatter_forward()
        return replace(
            operators,
            stiffness=_matrix(self._stiffness[0]),
            mesa_stiffness=_matrix(self._stiffness[1]),
            mass=_vector(self._mass["plan"], owned),
            mesa_mass=_vector(self._mass["mesa"], owned),
            patches={name: _vector(form, owned) for name, form in self._patches.items()},
            xy=displacement,
        )


def moved(operators: PlanOperators, change: PlanOperators, h: float) -> PlanOperators:
    """Return operators with h times a change added, to first order."""
    return replace(
        operators,
        stiffness=operators.stiffness + h * change.stiffness,
        mesa_stiffness=operators.mesa_stiffness + h * change.mesa_stiffness,
        mass=operators.mass + h * change.mass,
        mesa_mass=operators.mesa_mass + h * change.mesa_mass,
        patches={name: patch + h * change.patches[name] for name, patch in operators.patches.items()},
        xy=operators.xy + h * change.xy,
    )


def assemble_operators(scenario: Scenario, tagged: TaggedMesh) -> PlanOperators:
    """Return the operators of a tagged mesh."""
    mesh = tagged.mesh
    space = fem.functionspace(mesh, ("Lagrange", 1))
    forms = _Forms(space, scenario, tagged)
    index_map = space.dofmap.index_map
    n = index_map.size_local
    mesh.topology.create_connectivity(mesh.topology.dim - 1, mesh.topology.dim)
    facets = tagged.rim_facets()
    rim = fem.locate_dofs_topological(space, mesh.topology.dim - 1, facets)
    # A node on the rim can belong to a facet of another rank only: collect the marks over the ranks.
    marks = fem.Function(space)
    marks.x.array[rim] = 1.0
    marks.x.scatter_reverse(add_mode())
    return PlanOperators(
        comm=lasting(mesh.comm),
        space=space,
        stiffness=_matrix(forms.stiffness("plan")),
        mesa_stiffness=_matrix(forms.stiffness("mesa")),
        mass=_vector(forms.mass("plan"), n),
        mesa_mass=_vector(forms.mass("mesa"), n),
        patches={c.name: _vector(forms.mass(f"contact:{c.name}"), n) for c in scenario.contacts},
        on_rim=np.array(marks.x.array[:n] > 0.0),
        xy=np.array(space.tabulate_dof_coordinates()[:n, :2]),
        local_input_node=_input_numbers(space),
        own_stiffness=dict(_own_stiffness(scenario, forms)),
    )


def _own_stiffness(scenario: Scenario, forms: _Forms) -> Iterator[tuple[str, sp.csr_matrix]]:
    """Yield names and matrices of the layers that conduct unlike all others along the plane."""
    for layer in scenario.layers:
        factor = factor_at_nodes(scenario, f"layers.{layer.name}.{SHEET}")
        material = scenario.materials.get(layer.material)  # one brought along from Python conducts alike
        ratio = 1.0 if material is None else material.conductivity_ratio_xy
        if factor is None and ratio == 1.0:
            continue
        region = "mesa" if layer.region == "mesa" else "plan"
        weight: Any = 1.0
        if factor is not None:
            weight = fem.Function(forms.space)
            nodes = np.unique(forms.space.dofmap.list[forms.tagged.cells(region)])
            weight.x.array[nodes] = factor(forms.space.tabulate_dof_coordinates()[nodes, :2])
        yield layer.name, _matrix(forms.stiffness(region, weight, ratio))


def add_mode() -> Any:
    """Return the word of DOLFINx for adding up what ranks share."""
    from dolfinx.la import InsertMode

    return InsertMode.add


def _global_columns(matrix: Any) -> sp.csr_matrix:
    """Return the owned rows of an assembled matrix with columns numbered over all ranks.

    The columns of a distributed matrix have ghosts of their own, more than the function space has.
    """
    local = matrix.to_scipy()
    columns = matrix.index_map(1)
    numbers = columns.local_to_global(np.arange(columns.size_local + columns.num_ghosts, dtype=np.int32))
    shape = (local.shape[0], columns.size_global)
    return sp.csr_matrix((local.data, numbers[local.indices], local.indptr), shape=shape)


def _input_numbers(space: Any) -> NDArray[np.int64]:
    """Return the number that each local node had in the mesh as it was made (independent of the ranks)."""
    mesh = space.mesh
    index_map = space.dofmap.index_map
    numbers = np.empty(index_map.size_local + index_map.num_ghosts, dtype=np.int64)
    geometry = geometry_dofmap(mesh)
    numbers[space.dofmap.list.ravel()] = mesh.geometry.input_global_indices[geometry.ravel()]
    return numbers
