"""From the raw files of a run to what people open: ParaView series, figures and the completed summary."""

from __future__ import annotations

from pathlib import Path

from hotmesa.postprocess.errors import ResultError
from hotmesa.postprocess.figure_iv import draw_iv
from hotmesa.postprocess.figure_map import draw_map
from hotmesa.postprocess.paraview import write_fields
from hotmesa.postprocess.report import summarise, write_json
from hotmesa.postprocess.run import load_run


def render(folder: str | Path) -> tuple[Path, ...]:
    """Make summary.json, iv.png, map.png, fields.pvd and the .vtu files of a run folder and return their paths.

    Works on an interrupted run as well: numbers that do not exist are null with a reason, and what needs states is
    left out where there are none. Calling it again replaces the files.

    Raises:
        ResultError: the folder lacks its raw files, or one of them is damaged.
        OSError: a file cannot be written.
    """
    run = load_run(folder)
    if len(run.rows["V_mV"]) == 0:
        raise ResultError(f"{run.folder / 'iv.csv'}: holds no point, there is nothing to draw")
    figures = summarise(run)
    written = [write_json(run.folder / "summary.json", figures), draw_iv(run, figures, run.folder / "iv.png")]
    picture = draw_map(run, run.folder / "map.png")
    if picture is not None:
        written.append(picture)
    return (*written, *write_fields(run))
