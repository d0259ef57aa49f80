"""The same device as a plain DOLFINx script: UFL forms, Newton's method with a fresh MUMPS LU in every step.

Shared with hotmesa: the mesh, the table of the tunnelling law and the list of sublayers. Everything else is what a user
who knows DOLFINx would write: one P1 field a sublayer on the whole plan (the mesa fields pinned to the bath
outside of the mesa), forms put together as blocks, temperature-dependent coefficients as nodal functions filled by
numpy, the wire and the voltage as two bordering unknowns, natural continuation in the current with a linear predictor.

    python benchmarks/plain_dolfinx.py [REFINE]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dolfinx.fem as fem
import dolfinx.fem.petsc as fp
import numpy as np
import ufl
from petsc4py import PETSc
from scipy.optimize import brentq

from hotmesa.meshes import TaggedMesh, build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.materials import LORENZ_W_OHM_PER_K2
from hotmesa.scenarios.schema import Contact, Scenario
from hotmesa.scenarios.schema.device import ConstantContact, WiedemannFranzContact
from hotmesa.solver.device.stack import build_stack
from hotmesa.solver.law.laws import build_law

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
        (self.j,) = (k for k, s in enumerate(self.stack) if s.junctions)
        self.W: Any = fem.functionspace(tagged.mesh, ("Lagrange", 1))
        cells = dict(subdomain_data=tagged.cell_tags, domain=tagged.mesh)
        self.dx = ufl.Measure("dx", **cells)
        # Trapezoidal rule at the vertices: lumped masses, coefficients at the nodes.
        lumped = {"quadrature_rule": "vertex", "quadrature_degree": 1}
        self.dl = ufl.Measure("dx", **cells, metadata=lumped)
        self.mesa, self.plan = tagged.regions["mesa"], "everywhere"
        self._declare(scenario, tagged)
        self._compile()

    def _declare(self, scenario: Scenario, tagged: TaggedMesh) -> None:
        """Make the fields, the nodal coefficients and the sinks."""
        new: Callable[[], Any] = partial(fem.Function, self.W)
        self.f = {name: new() for name in ("J", "J_T", "J_V", "outside")}
        self.T = [new() for _ in self.stack]
        # In-plane conductivity of every sublayer, conductance from it to the next (the last: to the bath), and slopes.
        self.kappa, self.kappa_T, self.g, self.g_T = ([new() for _ in self.stack] for _ in range(4))
        for T in self.T:
            T.x.array[:] = self.bath
        self.inside = np.unique(self.W.dofmap.list[tagged.cells("mesa")])
        self.f["outside"].x.array[:] = 1.0
        self.f["outside"].x.array[self.inside] = 0.0
        self.V = fem.Constant(tagged.mesh, 0.0)
        h = scenario.bath.below_W_per_m2K
        self.r_bottom = 1e6 / h
        # Half the drop to the bath lies in the last half sublayer where that is all there is, next to none of it where
        # a conductance follows.
        self.weight = 0.5 if math.isinf(h) else 1.0
        self._declare_contact(scenario.contacts[0], tagged)

    def _declare_contact(self, wire: Contact, tagged: TaggedMesh) -> None:
        # A form over overlapping sets of tags came out wrong in DOLFINx 0.9: the contact is a factor, 1 on its cells.
        self.contact = fem.Function(fem.functionspace(tagged.mesh, ("DG", 0)))
        self.contact.x.array[tagged.cells(f"contact:{wire.name}")] = 1.0
        area = fem.assemble_scalar(fem.form(self.contact * self.dx(self.mesa)))
        test = ufl.TestFunction(self.W)
        self.patch = fem.assemble_vector(fem.form(self.contact * test * self.dl(self.mesa))).array / area
        self.T_wire = fem.Constant(tagged.mesh, self.bath)
        # Heat through the contact: linear (T - T_wire) + quadratic (T^2 - T_wire^2), over its area.
        match wire:
            case ConstantContact():
                self.linear, self.quadratic = 1e3 / wire.contact_K_per_mW, 0.0
            case WiedemannFranzContact():
                self.linear, self.quadratic = 0.0, 0.5e6 * LORENZ_W_OHM_PER_K2 / wire.contact_resistance_ohm
            case _:
                raise ValueError(f"this script knows no contact of kind {wire.word}")
        self.area = area
        if not wire.wire_K_per_mW:
            raise ValueError("this script knows wires of constant conductance only")
        self.g_wire = 1e3 / wire.wire_K_per_mW

    def _compile(self) -> None:
        """Write the heat balance of all sublayers and its derivative as forms; compile them block by block."""
        Z = ufl.MixedFunctionSpace(*[self.W] * len(self.stack))
        v, du = ufl.TestFunctions(Z), ufl.TrialFunctions(Z)
        T, f, j, mesh = self.T, self.f, self.j, self.W.mesh
        F, extra = -self.V * f["J"] * v[j] * self.dl(self.mesa), -self.V * f["J_T"] * du[j] * v[j] * self.dl(self.mesa)
        for k, s in enumerate(self.stack):
            region = self.mesa if s.on_mesa else self.plan
            d = fem.Constant(mesh, s.thickness)  # constants, not numbers: kernels of all sublayers stay the same
            F += d * self.kappa[k] * ufl.inner(ufl.grad(T[k]), ufl.grad(v[k])) * self.dx(region)
            # Nodal coefficients depend on temperature: UFL does not know, their part of the derivative is written out.
            extra += d * self.kappa_T[k] * du[k] * ufl.inner(ufl.grad(T[k]), ufl.grad(v[k])) * self.dx(region)
            if s.on_mesa:
                F += f["outside"] * (T[k] - self.bath) * v[k] * self.dl(self.plan)
            if k + 1 < len(self.stack):
                F += self.g[k] * (T[k] - T[k + 1]) * (v[k] - v[k + 1]) * self.dl(region)
                mean = 0.5 * (du[k] + du[k + 1])
                extra += self.g_T[k] * mean * (T[k] - T[k + 1]) * (v[k] - v[k + 1]) * self.dl(region)
            else:
                F += self.g[k] * (T[k] - self.bath) * v[k] * self.dl(region)
                extra += self.g_T[k] * self.weight * du[k] * (T[k] - self.bath) * v[k] * self.dl(region)
        through = self.linear * (T[0] - self.T_wire) + self.quadratic * (T[0] ** 2 - self.T_wire**2)
        F += self.contact / self.area * through * v[0] * self.dl(self.mesa)
        J = sum(ufl.derivative(F, T[k], du[k]) for k in range(len(T))) + extra
        self.F_forms = fem.form(ufl.extract_blocks(F))
        self.J_forms = fem.form(ufl.extract_blocks(J))
        test = ufl.TestFunction(self.W)
        self.I_T_form, self.J_V_form, self.J_form = (
            fem.form(f[name] * test * self.dl(self.mesa)) for name in ("J_T", "J_V", "J")
        )
        self.size = self.patch.size
        self._matrices()

    def _matrices(self) -> None:
        n = len(self.stack)
        self.blocks: list[list[Any]] = [
            [None if form is None else fp.create_matrix(form) for form in row] for row in self.J_forms
        ]
        # Sublayers that are no neighbours do not couple.
        self.coupled = [(a, b) for a in range(n) for b in range(n) if abs(a - b) <= 1]
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
        block = self.blocks[a][b]
        block.zeroEntries()
        fp.assemble_matrix(block, self.J_forms[a][b])
        block.assemble()

    def _update_coefficients(self) -> None:
        """Fill the nodal functions from the temperatures and the voltage."""
        rows = self.inside
        for k, s in enumerate(self.stack):
            T = self.T[k].x.array
            self.kappa[k].x.array[:] = s.material.in_plane(T)
            self.kappa_T[k].x.array[:] = s.material.in_plane.slope(T)
            last = k + 1 == len(self.stack)
            mean = self.bath + self.weight * (T - self.bath) if last else 0.5 * (T + self.T[k + 1].x.array)
            # Two half sublayers in series, conductivities at the mean temperature.
            resistance = np.full(T.shape, self.r_bottom if last else 0.0)
            slope = np.zeros(T.shape)
            for half in self.stack[k : k + 2]:
                across = half.material.out_of_plane
                resistance += 0.5 * half.thickness / across(mean)
                slope -= 0.5 * half.thickness * across.slope(mean) / across(mean) ** 2
            self.g[k].x.array[:] = 1.0 / resistance
            self.g_T[k].x.array[:] = -slope / resistance**2
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
        for a, b in self.coupled:
            self._assemble(a, b)
        self.nest.convert("aij", self.A)
        self.ksp.setOperators(self.A)
        J_V, J = fem.assemble_vector(self.J_V_form).array, fem.assemble_vector(self.J_form).array
        m, V, j = self.size, float(self.V.value), self.j
        T, T_wire = self.T[0].x.array, float(self.T_wire.value)
        through = self.linear * (T - T_wire) + self.quadratic * (T**2 - T_wire**2)
        by_wire = self.linear + 2.0 * self.quadratic * T_wire
        columns = np.zeros((F.size, 2))
        columns[:m, 0] = -self.patch * by_wire
        columns[j * m : (j + 1) * m, 1] = -(J + V * J_V)
        rows = np.zeros((2, F.size))
        rows[0, :m] = -self.patch * (self.linear + 2.0 * self.quadratic * T)
        rows[1, j * m : (j + 1) * m] = fem.assemble_vector(self.I_T_form).array
        G = np.array([self.g_wire * (T_wire - self.bath) - self.patch @ through, J.sum() - I_mA])
        corner = np.diag([self.g_wire + by_wire, J_V.sum()])
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
    for point in trace(device, [scenario.branch.end_current_mA * k / 60 for k in range(1, 61)]):
        print(f"I = {point.I_mA:.4f} mA  V = {point.V_mV:.4f} mV  {point.newton_steps} Newton steps")
