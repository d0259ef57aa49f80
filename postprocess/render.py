"""From the raw files of a run to what people open: ParaView series, figures and the completed summary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from hotmesa.postprocess.paraview import write_fields
from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.scene import save_scene
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.writing import write_json


def render(folder: str | Path, pictures: bool = True) -> tuple[Path, ...]:
    """Make summary.json, the figures, fields.pvd and the .vtu files of a run folder and return their paths.

    Works on an interrupted run as well: numbers that do not exist are null with a reason, and what needs states is
    left out where there are none. A picture that cannot be drawn is told as a warning. Calling it again replaces the
    files.

    Args:
        folder: of a run.
        pictures: without them summary.json alone is made.

    Raises:
        ResultError: the folder lacks its raw files, or one of them is damaged.
        OSError: a file cannot be written.
    """
    run = load_run(folder)
    folder = Path(folder)
    if not len(run):
        raise ResultError(f"{folder / run.kind.table}: holds no point, there is nothing to draw")
    results = results_of(run.kind.name)
    summary = write_json(folder / "summary.json", results.summarise(run))
    if not pictures:
        return (summary,)
    with ThreadPoolExecutor(1) as beside:  # waits for a process of its own
        scene = beside.submit(save_scene, folder)
        drawn = [save_picture(partial(plot, run), folder / name) for name, plot in results.figures.items()]
    made = (path for path in (*drawn, scene.result()) if path is not None)
    return (summary, *made, *write_fields(run))
