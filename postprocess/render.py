"""From the raw files of a run to what people open: ParaView series, figures and the completed summary."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hotmesa.postprocess.paraview import write_fields
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.runs import Plot, results_of
from hotmesa.postprocess.scene import Elsewhere
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.writing import write_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    with ThreadPoolExecutor(1) as waiting:  # for processes of their own
        plots = {name: _begin(plot, run, waiting) for name, plot in results.figures.items()}
        drawn = [save_picture(plot, folder / name) for name, plot in plots.items()]
    return (summary, *(path for path in drawn if path is not None), *write_fields(run))


def _begin(plot: Plot, run: Run, waiting: Executor) -> Callable[[], Figure | None]:
    """Return what finishes a figure; the picture of another process is begun at once."""
    if not isinstance(plot, Elsewhere):
        return partial(plot, run)
    pixels = waiting.submit(plot.picture, run)
    return lambda: plot.figure(pixels.result())
