"""From a finished run to the files of a laser-scanning image: what `hotmesa ltslm` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hotmesa.meshes import build_mesh
from hotmesa.postprocess import provenance
from hotmesa.postprocess.runs.chopped import FILES as CHOPPED
from hotmesa.postprocess.runs.image import LaserImage, render_image
from hotmesa.postprocess.states import States
from hotmesa.processes import world
from hotmesa.progress import tell
from hotmesa.record import claimed
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.writing import write_json
from hotmesa.solver.device.capacity import require_heat_capacities
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.chopped import chopped_images, require_frequencies
from hotmesa.solver.runs.image import laser_image
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.stored import Crossing, choose_crossing, crossings, solve_at

OWN_FILES = ("ltslm.npz", "ltslm.json", "ltslm.png", "ltslm.vtu", *CHOPPED)


def image_of_run(
    scenario: Scenario, states: States | None, current_mA: float, folder: Path, *, row: int | None = None,
    beam_um: float = 0.0, frequencies_kHz: Sequence[float] = (), overwrite: bool = False, quiet: bool = True,
    command: str = "",
) -> tuple[Path, ...]:  # fmt: skip
    """Compute the image of a run, write and draw it, and return the files; none on other processes than the first.

    Args:
        scenario: of the run.
        states: its stored states.
        current_mA: held constant while the beam heats.
        folder: for the files.
        row: row of iv.csv that tells which state is meant, where the branch passes the current several times.
        beam_um: full width at half maximum of the beam, 0 for a point.
        frequencies_kHz: of a chopped beam, whose images are computed beside that of a slow one.
        overwrite: whether an earlier image there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Raises:
        RequestError: the run has no states, or its branch does not pass the current.
        SolveError: the state at this current was not found again.
        FolderError, OSError: the files cannot be written.
    """
    if states is None:
        raise RequestError("the run holds no states.npz, only a curve: the uniform model has no places to heat")
    if not current_mA > 0.0:
        raise RequestError(f"--current {current_mA:g}: an image needs a current above 0 mA to be read by")
    if not 0.0 <= beam_um < float("inf"):
        raise RequestError(f"--beam-um {beam_um:g}: the width of the beam is 0 (a point) or more")
    if frequencies_kHz:
        require_frequencies(frequencies_kHz)
    result = crossings(states, current_mA)
    crossing = choose_crossing(result, row)
    comm = world()
    with claimed(comm, folder, overwrite, OWN_FILES):
        problem = ThermalBranch(Model(scenario, build_mesh(scenario)), Bias.current())
        if frequencies_kHz:
            require_heat_capacities(problem.model.layout)
        state = solve_at(problem, states, crossing, current_mA)
        image = laser_image(problem, state, beam_um)
        chopped = chopped_images(problem, state, frequencies_kHz, image) if frequencies_kHz else None
        if image is None:
            return ()
        record = _record(image, crossing, result) | ({"chopped": chopped.rows()} if chopped else {})
        record |= provenance.collect(to_toml(scenario), command, 1 if comm is None else comm.size)
        path = image.save(folder)
        more = chopped.save(folder) if chopped else ()
        write_json(folder / "ltslm.json", record | {"status": "complete"})
        if not quiet:
            tell(sys.stdout, _message(record, result, crossing))
        return (path, *render_image(path), *more)


def _record(image: LaserImage, crossing: Crossing, passages: tuple[Crossing, ...]) -> dict[str, Any]:
    """Return what ltslm.json says of an image."""
    value, x, y = image.extremum()
    return {
        "I_mA": image.I_mA,
        "V_mV": image.V_mV,
        "growing_modes": image.growing_modes,
        "rows": crossing.rows,
        "passages": [other.rows for other in passages],
        "beam_um": image.beam_um,
        "strongest_mV_per_mW": value,
        "strongest_x_um": x,
        "strongest_y_um": y,
    }


def _message(record: dict[str, Any], result: tuple[Crossing, ...], crossing: Crossing) -> str:
    value, place = record["strongest_mV_per_mW"], f"({record['strongest_x_um']:.3g}, {record['strongest_y_um']:.3g}) µm"
    lines = [
        f"I = {record['I_mA']:.6g} mA, V = {record['V_mV']:.6g} mV: strongest response {value:.4g} mV/mW at {place}"
    ]
    lines += [
        f"chopped at {row['frequency_kHz']:g} kHz: {row['strongest_mV_per_mW']:.4g} mV/mW at most, "
        f"{row['middle_mV_per_mW']:.4g} in the middle of the mesa"
        for row in record.get("chopped", ())[1:]
    ]
    if record["growing_modes"]:
        lines.append("warning: a current source does not hold this state, and no experiment with one sees this image")
    if len(result) > 1:
        others = "; ".join(str(other) for other in result)
        lines.append(f"the branch passes this current {len(result)} times: {others}")
        lines.append(f"taken: {crossing}; --row chooses another")
    return "\n".join(lines) + "\n"
