"""The same device as a plain DOLFINx script: UFL forms, Newton's method with a fresh MUMPS LU in every step.

Shared with hotmesa: the mesh, the table of the tunnelling law and the list of sublayers. Everything else is what a user
who knows DOLFINx would write: one P1 field a sublayer on the whole plan (the mesa fields pinned to the bath
outside of the mesa), forms put together as blocks, blocks that do not change assembled once, temperature-dependent
coefficients as nodal functions filled by numpy, the wire and the voltage as two bordering unknowns, natural
continuation in the current with a linear predictor.

    python benchmarks/plain_dolfinx.py [REFINE]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dolfinx.fem as fem
import dolfinx.fem.petsc as fp
import numpy as np
import ufl
from petsc4py import PETSc
from scipy.optimize import brentq

from hotmesa.meshes import TaggedMesh, build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.laws import build_law
from hotmesa.solver.stack import build_stack

UPDATE_TOLERANCE = 1e-7
MAX_NEWTON = 15


@dataclass
class Solution:
    """One point: current (mA), voltage (mV), Newton steps it took."""

    I_mA: float
    V_mV: float
    newton_steps: int


class PlainDevice:
    """Forms, matrices and the Newton step of one device."""

    def __init__(self, scenario: Scenario, tagged: TaggedMesh) -> None:
        self.bath, self.law = scenario.bath.temperature_K, build_law(scenario)
        self.r, self.n = scenario.mesa.specific_resistance_ohm_um2, scenario.mesa.junctions
        self.stack = build_stack(scenario)
        if any(not s.material.in_plane.is_constant or np.isfinite(s.boundary) for s in self.stack[1:]):
            raise ValueError("this script knows constant conductivities below the film, and no boundaries")
        self.W = fem.functionspace(tagged.mesh, ("Lagrange", 1))
        cells = dict(subdomain_data=tagged.cell_tags, domain=tagged.mesh)
        self.dx = ufl.Measure("dx", **cells)
        # Trapezoidal rule at the vertices: lumped masses, coefficients at the nodes.
        lumped = {"quadrature_rule": "vertex", "quadrature_degree": 1}
        self.dl = ufl.Measure("dx", **cells, metadata=lumped)
        self.mesa, self.plan = tagged.regions["mesa"], "everywhere"
        self._declare(scenario, tagged)
        self._compile(scenario)

    def _declare(self, scenario: Scenario, tagged: TaggedMesh) -> None:
        """Make the fields and the nodal coefficients."""
        f = {name: fem.Function(self.W) for name in ("kappa", "kappa_T", "J", "J_T", "J_V", "outside")}
        self.f = f
        self.T = [fem.Function(self.W) for _ in self.stack]
        for T in self.T:
            T.x.array[:] = self.bath
        inside = np.unique(self.W.dofmap.list[tagged.cells("mesa")])
        f["outside"].x.array[:] = 1.0
        f["outside"].x.array[inside] = 0.0
        self.inside = inside
        self.V = fem.Constant(tagged.mesh, 0.0)
        self.T_wire = fem.Constant(tagged.mesh, self.bath)
        wire = scenario.contacts[0]
        # A form over overlapping sets of tags came out wrong in DOLFINx 0.9: the contact is a factor, 1 on its cells.
        self.contact = fem.Function(fem.functionspace(tagged.mesh, ("DG", 0)))
        self.contact.x.array[tagged.cells(f"contact:{wire.name}")] = 1.0
        area = fem.assemble_scalar(fem.form(self.contact * self.dx(self.mesa)))
        self.g_contact = 1e3 / (wire.contact_K_per_mW * area)
        self.g_wire = 1e3 / wire.wire_K_per_mW

    def _residual(self, scenario: Scenario) -> Any:
        """Return the heat balance of all sublayers as one form."""
        Z = ufl.MixedFunctionSpace(*[self.W] * len(self.stack))
        self.tests, self.trials = ufl.TestFunctions(Z), ufl.TrialFunctions(Z)
        T, v, f, mesh = self.T, self.tests, self.f, self.W.mesh
        constant = lambda x: fem.Constant(mesh, float(x))  # noqa: E731 - constants keep the kernels the same
        film = constant(self.stack[0].thickness)
        F = film * f["kappa"] * ufl.inner(ufl.grad(T[0]), ufl.grad(v[0])) * self.dx(self.mesa)
        for k, s in enumerate(self.stack):
            region = self.mesa if s.on_mesa else self.plan
            if k > 0:
                along = constant(s.thickness * float(s.material.in_plane(50.0)))
                F += along * ufl.inner(ufl.grad(T[k]), ufl.grad(v[k])) * self.dx(region)
            if s.on_mesa:
                F += f["outside"] * (T[k] - self.bath) * v[k] * self.dl(self.plan)
            if k + 1 < len(self.stack):
                q = constant(self._conductance(k)) * (T[k] - T[k + 1])
                F += q * (v[k] - v[k + 1]) * self.dl(region)
        F += self._sinks(scenario, constant)
        (j,) = (k for k, s in enumerate(self.stack) if s.junctions)
        self.j = j
        return F - self.V * f["J"] * v[j] * self.dl(self.mesa)

    def _conductance(self, k: int) -> float:
        """Return the conductance (uW/um^2 K) from sublayer k to the next; the film's own share is taken at 50 K."""
        a, b = self.stack[k], self.stack[k + 1]
        half = [0.5 * s.thickness / float(s.material.out_of_plane(50.0)) for s in (a, b)]
        return 1.0 / sum(half)

    def _sinks(self, scenario: Scenario, constant: Any) -> Any:
        last, T, v = self.stack[-1], self.T, self.tests
        half = 0.5 * last.thickness / float(last.material.out_of_plane(50.0))
        h = scenario.bath.bottom_W_per_m2K
        g = 1.0 / (half + (0.0 if h is None else 1e6 / h))
        region = self.mesa if last.on_mesa else self.plan
        F = constant(g) * (T[-1] - self.bath) * v[-1] * self.dl(region)
        return F + constant(self.g_contact) * self.contact * (T[0] - self.T_wire) * v[0] * self.dl(self.mesa)

    def _compile(self, scenario: Scenario) -> None:
        F = self._residual(scenario)
        f, T, v, du = self.f, self.T, self.tests, self.trials
        J = sum(ufl.derivative(F, T[k], du[k]) for k in range(len(T)))
        # Nodal coefficients depend on temperature: their part of the derivative is added by hand.
        d = self.stack[0].thickness
        J += d * f["kappa_T"] * du[0] * ufl.inner(ufl.grad(T[0]), ufl.grad(v[0])) * self.dx(self.mesa)
        J -= self.V * f["J_T"] * du[self.j] * v[self.j] * self.dl(self.mesa)
        self.F_forms = fem.form(ufl.extract_blocks(F))
        self.J_forms = fem.form(ufl.extract_blocks(J))
        test = ufl.TestFunction(self.W)
        current = lambda name: fem.form(f[name] * test * self.dl(self.mesa))  # noqa: E731
        self.I_T_form, self.J_V_form, self.J_form = current("J_T"), current("J_V"), current("J")
        patch = fem.assemble_vector(fem.form(self.g_contact * self.contact * test * self.dl(self.mesa)))
        self.patch = patch.array.copy()
        self.size = self.patch.size
        self._matrices()

    def _matrices(self) -> None:
        n = len(self.stack)
        self.blocks = [[None if form is None else fp.create_matrix(form) for form in row] for row in self.J_forms]
        self.changing = {(0, 0), (self.j, self.j)}
        for a in range(n):
            for b in range(n):
                if self.blocks[a][b] is not None:
                    self._assemble(a, b)
        self.nest = PETSc.Mat().createNest(self.blocks)
        self.A = self.nest.convert("aij", PETSc.Mat())
        self.ksp = PETSc.KSP().create()
        self.ksp.setType("preonly")
        self.ksp.getPC().setType("lu")
        self.ksp.getPC().setFactorSolverType("mumps")
        self.x, self.b = self.A.createVecs()

    def _assemble(self, a: int, b: int) -> None:
        self.blocks[a][b].zeroEntries()
        fp.assemble_matrix(self.blocks[a][b], self.J_forms[a][b])
        self.blocks[a][b].assemble()

    def _update_coefficients(self) -> None:
        """Fill the nodal functions from the temperatures and the voltage."""
        film, rows = self.stack[0].material.in_plane, self.inside
        T = self.T[0].x.array
        self.f["kappa"].x.array[:] = film(T)
        self.f["kappa_T"].x.array[:] = film.slope(T)
        law = self.law.at_voltage(float(self.V.value) / self.n, self.T[self.j].x.array[rows])
        self.f["J"].x.array[rows] = law.i / self.r
        self.f["J_T"].x.array[rows] = law.di_dT / self.r
        self.f["J_V"].x.array[rows] = law.di_dv / (self.r * self.n)

    def _solve(self, rhs: Any) -> Any:
        self.b.array[:] = rhs
        self.ksp.solve(self.b, self.x)
        return self.x.array.copy()

    def step(self, I_mA: float) -> float:
        """Do one Newton step at a given current; return the largest change of a temperature (K) or of V/n (mV)."""
        self._update_coefficients()
        F = np.concatenate([fem.assemble_vector(form).array for form in self.F_forms])
        for a, b in self.changing:
            self._assemble(a, b)
        self.nest.convert("aij", self.A)
        self.ksp.setOperators(self.A)
        J_V, J = fem.assemble_vector(self.J_V_form).array, fem.assemble_vector(self.J_form).array
        m, V, j = self.size, float(self.V.value), self.j
        columns = np.zeros((F.size, 2))
        columns[:m, 0] = -self.patch
        columns[j * m : (j + 1) * m, 1] = -(J + V * J_V)
        rows = np.zeros((2, F.size))
        rows[0, :m] = -self.patch
        rows[1, j * m : (j + 1) * m] = fem.assemble_vector(self.I_T_form).array
        T_wire = float(self.T_wire.value)
        entering = float(self.patch @ (self.T[0].x.array - T_wire))
        G = np.array([self.g_wire * (T_wire - self.bath) - entering, J.sum() - I_mA])
        corner = np.diag([self.g_wire + self.patch.sum(), J_V.sum()])
        y = self._solve(F)
        Z = np.column_stack([self._solve(c) for c in columns.T])
        g = np.linalg.solve(corner - rows @ Z, -(G - rows @ y))
        dT = -(y + Z @ g)
        factor = min(1.0, 30.0 / np.abs(dT).max())
        self.set_state(self.state() + factor * np.append(dT, g))
        return float(max(np.abs(dT).max(), abs(g[1]) / self.n))

    def start(self, I_mA: float) -> None:
        """Set the voltage that drives a current through the cold device."""
        area = float(fem.assemble_scalar(fem.form(fem.Constant(self.W.mesh, 1.0) * self.dx(self.mesa))))
        bath = np.array([self.bath])
        excess = lambda v: float(self.law.at_voltage(v, bath).i[0]) * area / self.r - I_mA  # noqa: E731
        self.V.value = self.n * brentq(excess, 0.0, self.law.v_max)

    def state(self) -> Any:
        """Return all unknowns as one array."""
        return np.concatenate([*(T.x.array for T in self.T), [self.T_wire.value, self.V.value]])

    def set_state(self, u: Any) -> None:
        """Set all unknowns."""
        for k, T in enumerate(self.T):
            # A long step or the linear predictor may leave the range of the law's table.
            T.x.array[:] = np.maximum(u[k * self.size : (k + 1) * self.size], 0.7 * self.bath)
        self.T_wire.value, self.V.value = u[-2], u[-1]


def trace(device: PlainDevice, currents_mA: Sequence[float]) -> Iterator[Solution]:
    """Yield the branch at increasing currents; the guess is extrapolated linearly in the current."""
    device.start(currents_mA[0])
    before, here, I_before, I_here = None, device.state(), 0.0, 0.0
    for I_mA in currents_mA:
        if before is not None:
            device.set_state(here + (I_mA - I_here) / (I_here - I_before) * (here - before))
        steps = 1
        while device.step(I_mA) > UPDATE_TOLERANCE:
            steps += 1
            if steps > MAX_NEWTON:
                raise RuntimeError(f"Newton's method did not converge at {I_mA} mA")
        before, here = (None if I_here == 0.0 else here), device.state()
        I_before, I_here = I_here, I_mA
        yield Solution(I_mA, float(device.V.value), steps)


if __name__ == "__main__":
    scenario = load_scenario("kurter2010-n19", [f"mesh.refine={sys.argv[1] if len(sys.argv) > 1 else 1.0}"])
    device = PlainDevice(scenario, build_mesh(scenario))
    for point in trace(device, np.linspace(0.0, scenario.branch.end_current_mA, 61)[1:].tolist()):
        print(f"I = {point.I_mA:.4f} mA  V = {point.V_mV:.4f} mV  {point.newton_steps} Newton steps")
