"""Laser-scanning image: change of the voltage at constant current by a small heat input, for every place at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotmesa.postprocess.blur import smear
from hotmesa.postprocess.runs.image import LaserImage
from hotmesa.postprocess.style import title_of
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import RequestError
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.model import Model, State
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.problem import ThermalBranch

SOLVE_RTOL = 1e-10
MV_PER_MW = 1e3
"""Converts mV/µW into mV/mW, which is V/W."""


@dataclass(frozen=True)
class SurfaceResponse:
    """Change of V by heat put in at each node of the surface that a beam sees (owned nodes of one rank).

    Attributes:
        mesa: by heat in the top layer of the mesa (mV/mW = V/W), shape (owned,), NaN outside the mesa.
        crystal: by heat in the top sublayer of the crystal, shape (owned,), NaN where there is no crystal.
    """

    mesa: Array
    crystal: Array


def surface_response(problem: ThermalBranch, state: State) -> SurfaceResponse:
    """Return dV/dP at the constant value of the bias for heat at every node of the surface, by one adjoint solve.

    The bordered Jacobian A of (T, wires, V) and the bias answers a heat input p by dV = e_V . A^-1 p. With
    A^T y = e_V this is y . p: y holds the responses to heat in every unknown. Collective.

    Raises:
        SolveError: the linear solver did not converge (the state lies on a fold of this bias).
    """
    model, (_, row) = problem.model, problem.control(state)
    unit = Update(np.zeros(model.layout.size), np.zeros(len(model.wired)), 1.0)
    adjoint = problem.linear.solve(state.jacobian, row.constraint, unit, SOLVE_RTOL, transposed=True)
    layout = model.layout
    mesa = np.full(model.operators.owned, np.nan)
    mesa[layout.mesa_nodes] = MV_PER_MW * adjoint.T[layout.rows(0)]
    return SurfaceResponse(mesa, MV_PER_MW * crystal_surface(model, adjoint.T))


def crystal_surface(model: Model, y: Array) -> Array:
    """Return an adjoint field in the top sublayer of the crystal, shape (owned,), NaN without a crystal."""
    if not model.layout.crystal_layers:
        return np.full(model.operators.owned, np.nan)
    return model.conduction.crystal_response(y)


def laser_image(problem: ThermalBranch, state: State, beam_um: float = 0.0) -> LaserImage | None:
    """Return the image of a state of a problem under current bias on the first rank, None elsewhere. Collective.

    Args:
        problem: the device; its bias says what is held constant while the beam heats.
        state: a steady state of it.
        beam_um: full width at half maximum of a Gaussian beam; 0 heats one place alone.

    Raises:
        RequestError: the width of the beam is negative.
        SolveError: see `surface_response`; or the growing modes were not found.
    """
    if not 0.0 <= beam_um < np.inf:
        raise RequestError(f"a beam of {beam_um:g} µm does not exist; its width is 0 (a point) or more")
    model, e = problem.model, state
    response = surface_response(problem, state)
    growing = Stability(model, signs_only=True).modes(e, problem.bias, 1).unstable
    plan = Fields(model)
    fields = plan.of(e)
    areas = model.operators.mesa_mass, model.operators.mass - model.operators.mesa_mass
    values = plan.gather(np.vstack([response.mesa, response.crystal, *areas]))
    if fields is None or values is None:
        return None
    mesa, crystal, mesa_area, crystal_area = values
    on_mesa = mesa_area > 0.0
    image = beam_mean(fields.node_xy, (mesa, crystal), (mesa_area, crystal_area), beam_um)
    first = len(model.layout.mesa_layers)
    T = fields.T_K[0]
    below = T[first] if model.layout.crystal_layers else np.nan
    T_junction = T[list(model.layout.junction_layers)].mean(axis=0)
    surface = np.where(on_mesa, T[0], below)
    scenario = model.scenario
    return LaserImage(
        node_xy=fields.node_xy,
        cells=fields.cells,
        cell_in_mesa=fields.cell_in_mesa,
        image_mV_per_mW=image,
        mesa_mV_per_mW=mesa,
        crystal_mV_per_mW=crystal,
        T_surface_K=surface,
        T_junction_K=T_junction,
        V_mV=e.V,
        I_mA=e.I,
        beam_um=beam_um,
        hot_temperature_K=scenario.output.hot_temperature_K,
        contact_xyr=fields.contact_xyr,
        contact_corners=fields.contact_corners,
        geometry=fields.geometry,
        title=title_of(scenario),
        growing_modes=growing,
    )


def beam_mean(xy: Array, fields: tuple[Array, Array], areas: tuple[Array, Array], beam_um: float) -> Array:
    """Return what a beam centred on each node sees of a surface field, shape (n,).

    Args:
        xy: nodes (µm), shape (n, 2).
        fields: on the mesa and beside it, real or complex, shape (n,) each, NaN elsewhere.
        areas: of each node on the mesa and beside it (µm²), shape (n,) each.
        beam_um: full width at half maximum (µm); 0 for the node itself.
    """
    if beam_um == 0.0:
        return np.where(areas[0] > 0.0, *fields)
    heated = np.nan_to_num(fields[0]) * areas[0] + np.nan_to_num(fields[1]) * areas[1]
    return smear(xy, heated, areas[0] + areas[1], beam_um)
