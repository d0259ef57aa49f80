"""From the raw files of a run to what people open: ParaView series, figures and the completed summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hotmesa.postprocess.errors import ResultError
from hotmesa.postprocess.map import draw_map
from hotmesa.postprocess.paraview import write_fields
from hotmesa.postprocess.report import summarise
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.runs.branch import draw_iv
from hotmesa.postprocess.runs.diagram import draw_diagram
from hotmesa.postprocess.runs.sweep import draw_sweep
from hotmesa.postprocess.runs.sweep_summary import summarise_sweep
from hotmesa.postprocess.runs.transient import draw_transient
from hotmesa.postprocess.runs.transient_summary import summarise_transient
from hotmesa.scenarios.writing import write_json


def render(folder: str | Path, pictures: bool = True) -> tuple[Path, ...]:
    """Make summary.json, the figures, fields.pvd and the .vtu files of a run folder and return their paths.

    The figures are iv.png (transient.png of a transient, sweep.png of a sweep) and map.png.

    Works on an interrupted run as well: numbers that do not exist are null with a reason, and what needs states is
    left out where there are none. Calling it again replaces the files. Without `pictures` summary.json alone is made.

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
    if mode == "sweep":
        written = [write_json(run.folder / "summary.json", summarise_sweep(run))]
        written.append(draw_sweep(run, run.folder / "sweep.png"))
    elif mode == "transient":
        written = [write_json(run.folder / "summary.json", summarise_transient(run))]
        written.append(draw_transient(run, run.folder / "transient.png"))
    else:
        figures = summarise(run)
        written = [write_json(run.folder / "summary.json", figures), draw_iv(run, figures, run.folder / "iv.png")]
    if run.scenario.mode == "diagram" and (run.folder / "diagram.csv").exists():
        written.append(draw_diagram(run, run.folder / "diagram.png"))
    picture = draw_map(run, run.folder / "map.png")
    if picture is not None:
        written.append(picture)
    return (*written, *write_fields(run))


def _summary(run: Run) -> dict[str, Any]:
    kinds = {"sweep": summarise_sweep, "transient": summarise_transient}
    return kinds.get(run.scenario.mode, summarise)(run)
