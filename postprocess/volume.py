"""Layers in three dimensions for ParaView: volume.pvd, contacts.pvd with the wires, and view.py, which shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import stable
from hotmesa.postprocess.paraview import JUNCTIONS_T, Entry, series_times, shown_states, write_index
from hotmesa.postprocess.patches import contact_heights, outlines
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.scene import cut_of, telling_state
from hotmesa.postprocess.solids import Plan, Stack, build_stack, plan_of
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import ResultError, column
from hotmesa.postprocess.volume_files import CONTACTS, FILES, FOLDER, SERIES, VIEW
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file, write_text

if TYPE_CHECKING:
    import pyvista

TEMPLATE = Path(__file__).with_name("paraview_view.py")
WIRE = 0.5
"""Height of a wire as it is drawn, as part of that of film and mesa."""
ROUND = 48
"""Corners of a round contact."""
UNITS = (
    "x, y, z: um", "T_K, T_junctions_K, wire_T_K, hot_temperature_K: K", "J_mA_per_um2: mA/um^2",
    "heating_uW_per_um2: uW/um^2 over all junctions", "V_mV: mV", "I_mA: mA",
    "electrode_mV: mV over the base of the stack",
)  # fmt: skip


def write_volume(run: Run, z_scale: float | None = None) -> list[Path]:
    """Write the stored states of a run in three dimensions into its folder; return the files, view.py first.

    Every layer is a part of volume.pvd, wedges between the levels of its sublayers: z = 0 is the top of the crystal,
    which is to scale, film and mesa are higher than they are by `z_scale`. T_K is at the points, linear between the
    middles of sublayers. The layers with the junctions hold T_junctions_K (their mean over the sublayers) beside it,
    and in the cells J_mA_per_um2, heating_uW_per_um2 (over all junctions) and hot_spot (1 where the mean over the cell
    is above the hot temperature); a horizontal slice of them has the integral I of J. The layer of an electrode holds
    its potential electrode_mV at the points. contacts.pvd holds patches and
    wires, with wire_T_K. Field data are V_mV, I_mA, hot_temperature_K, z_scale, the name of the time, the units.

    Args:
        run: saved, with stored states.
        z_scale: None for the round number with which film and mesa can be seen.

    Raises:
        ResultError: the run has no stored states, or no folder.
        ModuleNotFoundError: pyvista is not installed.
        OSError: a file cannot be written.
    """
    states, folder = run.states, run.folder
    if states is None or folder is None or len(states.row) == 0:
        raise ResultError(f"{folder or run.scenario.name}: has no stored states, there is nothing in space to show")
    for old in (file for pattern in FILES for file in folder.glob(pattern)):
        old.unlink()
    (folder / FOLDER).mkdir(exist_ok=True)
    plan, series = plan_of(run, states), series_times(run, states)
    layers: list[Entry] = []
    contacts: list[Entry] = []
    for number in map(int, shown_states(series.values)):
        stack, time = build_stack(run, states, number, plan, z_scale, whole=True), float(series.values[number])
        known = _field_data(run, states, number, stack) | {"time_name": [_plain(series.name)]}
        for part, (name, solid) in enumerate(stack.solids.items()):
            solid.point_data["T_K"] = solid.point_data["T_K"].astype(np.float32)
            _add_junction_arrays(run, states, number, plan, name, solid)
            _add_potential(run, states, number, plan, name, solid)
            file = _write(folder / FOLDER / f"{name}_{number:04d}.vtu", solid, known)
            layers.append(Entry(time, part, name, file))
        if len(states.contact_xyr):
            wires = _contact_solids(run, states, number, stack.top_um)
            file = _write(folder / FOLDER / f"contacts_{number:04d}.vtp", wires, known)
            contacts.append(Entry(time, 0, "contacts", file))
    indices = [write_index(folder / SERIES, layers)]
    indices += [write_index(folder / CONTACTS, contacts)] if contacts else []
    view = _write_view(run, folder, states, plan, stack, series.name)
    return [view, *indices, *(entry.file for entry in (*layers, *contacts))]


def _add_junction_arrays(
    run: Run, states: States, number: int, plan: Plan, name: str, solid: pyvista.UnstructuredGrid
) -> None:
    """Add to the solid of a layer with junctions what belongs to them."""
    if not next(layer.junctions for layer in run.scenario.layers if layer.name == name):
        return
    T = states.T_K[number][run.junction_layers].mean(axis=0)
    triangles = plan.triangles[plan.in_mesa]
    points = plan.node[np.unique(triangles)]
    levels, times = solid.n_points // len(points), solid.n_cells // len(triangles)
    # In single precision, as all of the file: states.npz keeps every digit.
    solid.point_data[JUNCTIONS_T] = np.tile(T[points], levels).astype(np.float32)

    def in_cells(values: Array) -> Array:
        return np.asarray(np.tile(values[plan.node[triangles]].mean(axis=1), times))

    solid.cell_data["J_mA_per_um2"] = in_cells(states.J_mA_per_um2[number]).astype(np.float32)
    solid.cell_data["heating_uW_per_um2"] = in_cells(states.heating_uW_per_um2[number]).astype(np.float32)
    solid.cell_data["hot_spot"] = (in_cells(T) > run.hot_temperature_K).astype(np.uint8)


def _add_potential(
    run: Run, states: States, number: int, plan: Plan, name: str, solid: pyvista.UnstructuredGrid
) -> None:
    """Add the potential to the solid of the layer that is the electrode; it is the same over its thickness."""
    if states.electrode_mV is None or run.scenario.electrode_layer.name != name:
        return
    U = states.electrode_mV[number][plan.node[np.unique(plan.triangles[plan.in_mesa])]]
    solid.point_data["electrode_mV"] = np.tile(U, solid.n_points // len(U)).astype(np.float32)


def _field_data(run: Run, states: States, number: int, stack: Stack) -> dict[str, Any]:
    """Return what belongs to a state as a whole; the point on the curve of view.py among it."""
    row = states.row[number]
    known = {name: [float(column(run.rows, name)[row])] for name in _axes(run) if name}
    known |= {"V_mV": [float(states.V_mV[number])], "I_mA": [float(states.I_mA[number])]}
    return known | {"hot_temperature_K": [run.hot_temperature_K], "z_scale": [stack.mesa_factor], "units": list(UNITS)}


def _plain(words: str) -> str:
    """Return words in ASCII, which is all that text in files of VTK may hold."""
    return words.replace("µ", "u").encode("ascii", "replace").decode()


def _axes(run: Run) -> tuple[str, str]:
    """Return the columns of the chart of view.py: I(V), or the largest temperature against time."""
    return ("t_us", "T_max_K") if "t_us" in run.rows else ("V_mV", "I_mA")


def _contact_solids(run: Run, states: States, number: int, top_um: float) -> pyvista.PolyData:
    """Return the patches of the contacts and the wires above them; `wire` is 0 and 1 on them."""
    import pyvista

    points: list[Array] = []
    faces: list[list[int]] = []
    contact, wire = [], []
    feet = contact_heights(run.scenario, states.contact_xyr, top_um)
    for k, (rim, foot) in enumerate(zip(_rims(run, states), feet, strict=True)):
        first = sum(map(len, points))
        n = len(rim)
        points += [np.insert(rim, 2, z, axis=1) for z in (foot, foot + WIRE * top_um)]
        low, high = range(first, first + n), range(first + n, first + 2 * n)
        sides = [[low[i], low[(i + 1) % n], high[(i + 1) % n], high[i]] for i in range(n)]
        faces += [[*low], *sides, [*high]]
        contact += [k] * (n + 2)
        wire += [0] + [1] * (n + 1)
    mesh = pyvista.PolyData(np.concatenate(points), np.concatenate([[len(face), *face] for face in faces]))
    mesh.cell_data["contact"] = np.array(contact, dtype=np.int32)
    mesh.cell_data["wire"] = np.array(wire, dtype=np.uint8)
    mesh.cell_data["wire_T_K"] = states.wire_T_K[number][contact].astype(np.float32)
    mesh.field_data["contact_names"] = [_plain(str(name)) for name in states.contact_names]
    return mesh


def _rims(run: Run, states: States) -> tuple[Array, ...]:
    """Return the corners of every contact; in a strip it reaches over all of the depth."""
    if states.geometry != "strip":
        return outlines(states.contact_xyr, states.contact_corners, ROUND)
    half = 0.5 * run.scenario.mesa.extent_um[1]
    sides = [(x - radius, x + radius) for x, _, radius in states.contact_xyr]
    return tuple(np.array([[low, -half], [high, -half], [high, half], [low, half]]) for low, high in sides)


def _write(path: Path, mesh: pyvista.DataSet, known: Mapping[str, Any]) -> Path:
    """Write a mesh as a compressed file of VTK, whole or not at all."""
    from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter, vtkXMLUnstructuredGridWriter

    for name, values in known.items():
        mesh.field_data[name] = values
    writer = vtkXMLUnstructuredGridWriter() if path.suffix == ".vtu" else vtkXMLPolyDataWriter()
    writer.SetInputData(mesh)
    writer.SetDataModeToAppended()
    writer.EncodeAppendedDataOff()
    with whole_file(path) as stream:
        writer.SetFileName(stream.name)
        if not writer.Write():
            raise OSError(f"{path}: VTK could not write it")
    return path


def _write_view(run: Run, folder: Path, states: States, plan: Plan, stack: Stack, time_name: str) -> Path:
    """Write view.py: the script of ParaView beside the package with the numbers of this run."""
    state = telling_state(run, states)
    T = states.T_K[state][run.junction_layers].mean(axis=0)
    cut = cut_of(plan, states, np.nan_to_num(T[plan.node]))
    x, y = _axes(run)
    mesa = plan.mesa_xy
    settings = {
        "folder": str(folder.resolve()), "title": title_of(run.scenario), "stability": stable.sentence(run),
        "first_time": float(series_times(run, states).values[state]), "time_name": time_name,
        "hot_temperature_K": run.hot_temperature_K, "z_scale": stack.mesa_factor,
        "T_range_K": [float(np.nanmin(states.T_K)), float(np.nanmax(states.T_K))],
        "cut_point": cut.point.tolist(), "cut_normal": cut.normal.tolist(),
        "mesa_box_um": [*map(float, (*mesa.min(axis=0), *mesa.max(axis=0), stack.top_um))],
        "contacts": len(states.contact_xyr) > 0, "table": run.kind.table, "x": x, "y": y,
    }  # fmt: skip
    words = f"SETTINGS: dict[str, Any] = {pformat(settings, sort_dicts=False, width=110)}"
    script = re.sub(r"^SETTINGS: .*$", lambda _: words, TEMPLATE.read_text(encoding="utf-8"), count=1, flags=re.M)
    return write_text(folder / VIEW, script)
