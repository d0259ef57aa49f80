"""From the raw files of a run to what people open: ParaView series, figures and the completed summary."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from hotmesa.postprocess.errors import ResultError
from hotmesa.postprocess.paraview import write_fields
from hotmesa.postprocess.pictures import save_picture
from hotmesa.postprocess.report import summarise
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.runs import FIGURES
from hotmesa.postprocess.runs.sweep_summary import summarise_sweep
from hotmesa.postprocess.runs.transient_summary import summarise_transient
from hotmesa.scenarios.writing import write_json


def render(folder: str | Path, pictures: bool = True) -> tuple[Path, ...]:
    """Make summary.json, the figures, fields.pvd and the .vtu files of a run folder and return their paths.

    Works on an interrupted run as well: numbers that do not exist are null with a reason, and what needs states is
    left out where there are none. A picture that cannot be drawn is told as a warning. Calling it again replaces the
    files. Without `pictures` summary.json alone is made.

    Raises:
        ResultError: the folder lacks its raw files, or one of them is damaged.
        OSError: a file cannot be written.
    """
    run = load_run(folder)
    mode = run.scenario.mode
    if len(run.rows["V_mV"]) == 0:
        table = run.folder / (f"{mode}.csv" if mode in ("transient", "sweep") else "iv.csv")
        raise ResultError(f"{table}: holds no point, there is nothing to draw")
    if not pictures:
        return (write_json(run.folder / "summary.json", _summary(run)),)
    written = [write_json(run.folder / "summary.json", _summary(run))]
    drawn = (save_picture(partial(plot, run), run.folder / name) for name, plot in FIGURES[mode].items())
    return (*written, *(path for path in drawn if path is not None), *write_fields(run))


def _summary(run: Run) -> dict[str, Any]:
    kinds = {"sweep": summarise_sweep, "transient": summarise_transient}
    return kinds.get(run.scenario.mode, summarise)(run)
