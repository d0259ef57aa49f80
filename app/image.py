"""From a finished run to the files of a laser-scanning image: what `hotmesa ltslm` does."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.folder import prepare
from hotmesa.meshes import build_mesh
from hotmesa.postprocess import provenance
from hotmesa.processes import on_first, world
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.image import LaserImage, laser_image, save_image
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.stored import Passage, StoredStates, choose_passage, passages, solve_at

OWN_FILES = ("ltslm.npz", "ltslm.json", "ltslm.png", "ltslm.vtu")


@dataclass(frozen=True)
class ImageRequest:
    """What the command line asks for.

    Attributes:
        current_mA: held constant while the beam heats.
        row: row of iv.csv that tells which state is meant, where the branch passes the current several times.
        beam_um: full width at half maximum of the beam, 0 for a point.
        folder: for the files.
        overwrite: whether an earlier image there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.
    """

    current_mA: float
    row: int | None
    beam_um: float
    folder: Path
    overwrite: bool = False
    quiet: bool = False
    command: str = ""


def image_of_run(scenario: Scenario, states: StoredStates | None, request: ImageRequest) -> Path | None:
    """Write ltslm.npz and ltslm.json of a run and return the former; None on other processes than the first.

    Raises:
        RequestError: the run has no states, or its branch does not pass the current.
        SolveError: the state at this current was not found again.
        FolderError, OSError: the files cannot be written.
    """
    if states is None:
        raise RequestError("the run holds no states.npz, only a curve: the uniform model has no places to heat")
    if not request.current_mA > 0.0:
        raise RequestError(f"--current {request.current_mA:g}: an image needs a current above 0 mA to be read by")
    if not 0.0 <= request.beam_um < float("inf"):
        raise RequestError(f"--beam-um {request.beam_um:g}: the width of the beam is 0 (a point) or more")
    found = passages(states, request.current_mA)
    passage = choose_passage(found, request.row)
    comm = world()
    on_first(comm, lambda: prepare(request.folder, request.overwrite, OWN_FILES))
    computed = _compute(scenario, states, passage, request)
    if computed is None:
        return None
    image, path = computed
    value, x, y = image.extremum()
    record: dict[str, Any] = {
        "I_mA": image.I_mA,
        "V_mV": image.V_mV,
        "rows": passage.rows,
        "passages": [other.rows for other in found],
        "beam_um": image.beam_um,
        "strongest_mV_per_mW": value,
        "strongest_x_um": x,
        "strongest_y_um": y,
        **provenance.collect(to_toml(scenario), request.command, 1 if comm is None else comm.size),
    }
    provenance.write(request.folder / "ltslm.json", record | {"status": "complete"})
    if not request.quiet:
        sys.stdout.write(_message(record, found, passage))
    return path


def _compute(
    scenario: Scenario, states: StoredStates, passage: Passage, request: ImageRequest
) -> tuple[LaserImage, Path] | None:
    model = Model(scenario, build_mesh(scenario))
    problem = ThermalBranch(model, Bias.current())
    state = solve_at(problem, states, passage, request.current_mA)
    image = laser_image(problem, state, request.beam_um)
    return None if image is None else (image, save_image(image, model, request.folder))


def _message(record: dict[str, Any], found: tuple[Passage, ...], passage: Passage) -> str:
    value, place = record["strongest_mV_per_mW"], f"({record['strongest_x_um']:.3g}, {record['strongest_y_um']:.3g}) µm"
    lines = [
        f"I = {record['I_mA']:.6g} mA, V = {record['V_mV']:.6g} mV: strongest response {value:.4g} mV/mW at {place}"
    ]
    if len(found) > 1:
        others = "; ".join(str(other) for other in found)
        lines.append(f"the branch passes this current {len(found)} times: {others}")
        lines.append(f"taken: {passage}; --row chooses another")
    return "\n".join(lines) + "\n"
