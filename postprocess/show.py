"""How a run shows itself in a notebook, and its plan as a pyvista mesh."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.states import States
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table
from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.schema import Scenario

if TYPE_CHECKING:
    import pyvista

SHOWN = ("V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K", "heat_balance_error")


def as_html(scenario: Scenario, rows: Table) -> str:
    """Return a run as HTML: its numbers at the last point and a picture of I(V)."""
    title, points = html.escape(title_of(scenario)), len(next(iter(rows.values()), ()))
    if not points:
        return f"<p><b>{title}</b>: {scenario.mode}, no points</p>"
    lines = [("points", f"{points}"), ("junctions with voltage", f"{resistive_junctions(scenario)}")]
    lines += [(f"last {name}", f"{float(rows[name][-1]):.6g}") for name in SHOWN if name in rows]
    numbers = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in lines)
    picture = f'<img alt="I(V)" src="data:image/png;base64,{_picture(rows)}">'
    return f"<p><b>{title}</b>: {scenario.mode}</p><table>{numbers}</table>{picture}"


def _picture(rows: Table) -> str:
    figure = page.new_figure(4.5, 3.2, dpi=90)
    axes = figure.subplots()
    axes.plot(rows["V_mV"], rows["I_mA"], color=style.BRANCH_COLOUR)
    axes.set_xlabel("V (mV)")
    axes.set_ylabel("I (mA)")
    style.tidy(axes)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return base64.b64encode(stream.getvalue()).decode()


def plan_mesh(states: States, state: int) -> pyvista.UnstructuredGrid:
    """Return a state as a pyvista mesh of the plan; see `Run.mesh`."""
    import pyvista

    points = np.column_stack([states.node_xy, np.zeros(len(states.node_xy))])
    kind = pyvista.CellType.TRIANGLE if states.cells.shape[1] == 3 else pyvista.CellType.LINE
    mesh = pyvista.UnstructuredGrid({kind: states.cells}, points)
    for name, T in zip(states.layer_names, states.T_K[state], strict=True):
        mesh.point_data[f"T_{name}_K"] = T
    mesh.point_data["J_mA_per_um2"] = states.J_mA_per_um2[state]
    mesh.point_data["heating_uW_per_um2"] = states.heating_uW_per_um2[state]
    if states.electrode_mV is not None:
        mesh.point_data["electrode_mV"] = states.electrode_mV[state]
    mesh.cell_data["in_mesa"] = states.cell_in_mesa
    return mesh
