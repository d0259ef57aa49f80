"""ParaView files: fields.pvd, a series over the branch, with one .vtu a stored state and part of the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import meshio
import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.layers import layer_thickness
from hotmesa.scenarios.writing import whole_file

BINARY = 1024
"""Parts of a micrometre in which heights are given: a power of two, so that they are exact in every precision."""
JUNCTIONS_T = "T_junctions_K"
"""Mean temperature of the sublayers that hold the junctions, under this name whatever the layers are called."""
_TIMES = {
    "t_us": "time t (µs)",
    "travel_mA": "way of the source (mA)",
    "travel_mV": "way of the source (mV)",
}


def write_fields(run: Run) -> list[Path]:
    """Write fields.pvd and its .vtu files and return their paths, fields.pvd first; nothing without states.

    The mesa is one part (fields_0000.vtu …: T_<layer>_K of the layers that end at its edge, T_junctions_K,
    J_mA_per_um2, heating_uW_per_um2, hot_spot, electrode_mV where there is an electrode, and mode_1_voltage_bias … of
    the junctions where modes are kept), the crystal another (crystal_0000.vtu …: T_<layer>_K of the layers that cover
    the whole plan), so that no value is NaN.
    The crystal lies at z = 0 and the mesa at its height in µm above it, to 1/1024 µm: a binary fraction, so that lines
    of ParaView's Plot Over Line lie in it.
    The time of a state is its time in µs in a transient; its current in mA where that grows from state to state, its
    arc length otherwise.
    """
    states, folder = run.states, run.folder
    if states is None or folder is None or len(states.row) == 0:
        return []
    for old in [*folder.glob("fields_[0-9]*.vtu"), *folder.glob("crystal_[0-9]*.vtu")]:
        old.unlink()
    wide = _crystal_layers(states)
    entries: list[Entry] = []
    times = series_times(run, states).values
    for number in shown_states(times):
        time = times[number]
        mesa = folder / f"fields_{number:04d}.vtu"
        _write_part(mesa, states, states.mesa_cells, mesa_height_um(run), _mesa_fields(run, states, number, wide))
        entries.append(Entry(float(time), 0, "fields", mesa))
        if wide:
            crystal = folder / f"crystal_{number:04d}.vtu"
            names = {f"T_{states.layer_names[layer]}_K": states.T_K[number, layer] for layer in wide}
            _write_part(crystal, states, states.cells, 0.0, names)
            entries.append(Entry(float(time), 1, "crystal", crystal))
    return [write_index(folder / "fields.pvd", entries), *(entry.file for entry in entries)]


class Entry(NamedTuple):
    """A file of a series: its time, the number and the name of the part that it holds."""

    time: float
    part: int
    name: str
    file: Path


class Series(NamedTuple):
    """What ParaView calls the time of the stored states: what it is, and its values, shape (k,)."""

    name: str
    values: Array


def series_times(run: Run, states: States) -> Series:
    """Return the time value of each stored state with its name.

    In a transient that is t in µs, in a sweep the way of the source in mA or mV, else I in mA, or the arc length
    where I turns back.
    """
    for name, words in _TIMES.items():
        if name in run.rows:
            return Series(words, column(run.rows, name)[states.row])
    if bool(np.all(np.diff(states.I_mA) > 0)):
        return Series("current I (mA)", states.I_mA)
    arclength = column(run.rows, "arclength")[states.row]
    if bool(np.all(np.diff(arclength) > 0)):
        return Series("arc length along the branch", arclength)
    return Series("number of the state", np.arange(len(states.row), dtype=np.float64))


def shown_states(times: Array) -> NDArray[np.int64]:
    """Return the numbers of the states that a series holds, one a time.

    Of two states at one time, at a jump of the source, ParaView could show one only: it is the one behind.
    """
    return np.flatnonzero(np.append(np.diff(times) != 0.0, True))


def mesa_height_um(run: Run) -> float:
    """Return the height of the top of the mesa over the crystal in µm: all layers whose region is the mesa.

    Rounded to 1/1024 µm: planes at other heights are missed by lines of ParaView's Plot Over Line.
    """
    layers = [layer for layer in run.scenario.layers if layer.region == "mesa"]
    height = sum(layer_thickness(run.scenario, layer) for layer in layers)
    return max(round(height * BINARY), 1) / BINARY


def _crystal_layers(states: States) -> list[int]:
    """Return the sublayers that cover more than the mesa; none where the plan is the mesa alone."""
    if bool(np.all(states.cell_in_mesa)):
        return []
    return [int(layer) for layer in np.flatnonzero(np.isfinite(states.T_K[0]).all(axis=1))]


def _mesa_fields(run: Run, states: States, number: int, wide: list[int]) -> dict[str, Array]:
    junction = run.junction_T_K
    names = {
        f"T_{name}_K": states.T_K[number, layer] for layer, name in enumerate(states.layer_names) if layer not in wide
    }
    names["J_mA_per_um2"] = states.J_mA_per_um2[number]
    names["heating_uW_per_um2"] = states.heating_uW_per_um2[number]
    if states.electrode_mV is not None:
        names["electrode_mV"] = states.electrode_mV[number]
    if junction is not None:
        names[JUNCTIONS_T] = junction[number]
        names["hot_spot"] = (junction[number] > run.hot_temperature_K).astype(np.float64)
    for bias, modes in states.modes.items():
        for k, mode in enumerate(modes[number], start=1):
            names[f"mode_{k}_{bias}"] = mode[run.junction_layers].mean(axis=0)
    return names


def _write_part(
    path: Path, states: States, cells: NDArray[np.int64], height_um: float, fields: Mapping[str, Array]
) -> None:
    """Write the given cells, with only the nodes they use, as a compressed binary .vtu in single precision."""
    nodes, local = np.unique(cells, return_inverse=True)
    points = np.column_stack([states.node_xy[nodes], np.full(len(nodes), height_um)])
    kind = "triangle" if cells.shape[1] == 3 else "line"
    # Single precision halves the files and is finer than any colour; states.npz keeps all digits.
    data = {name: values[nodes].astype(np.float32) for name, values in fields.items()}
    mesh = meshio.Mesh(points, [(kind, local.reshape(cells.shape))], point_data=data)
    write_vtu(path, mesh)


def write_vtu(path: Path, mesh: meshio.Mesh) -> Path:
    """Write a mesh with its fields as a compressed binary .vtu, whole or not at all, and return its path."""
    with whole_file(path) as stream:
        meshio.write(stream.name, mesh, file_format="vtu", binary=True)  # it takes no stream
    return path


def write_index(path: Path, entries: Sequence[Entry]) -> Path:
    """Write the .pvd file of a series, whole or not at all; its files lie beside or below it."""
    root = ElementTree.Element("VTKFile", type="Collection", version="0.1", byte_order="LittleEndian")
    collection = ElementTree.SubElement(root, "Collection")
    for entry in entries:
        file = entry.file.relative_to(path.parent).as_posix()
        ElementTree.SubElement(
            collection, "DataSet", timestep=repr(entry.time), part=str(entry.part), name=entry.name, file=file
        )
    ElementTree.indent(root)
    with whole_file(path) as stream:
        ElementTree.ElementTree(root).write(stream, encoding="utf-8", xml_declaration=True)
    return path
