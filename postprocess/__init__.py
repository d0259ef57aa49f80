"""Reads results only: tables, figures, ParaView files.

`load_run(folder)` gives the tables, fields and scenario of a run; `render(folder)` makes its figures, its ParaView
series and its summary.json. Nothing here computes a state of the device, and nothing imports DOLFINx.
"""

from hotmesa.postprocess.render import render
from hotmesa.postprocess.results import Run, States, load_run
from hotmesa.postprocess.runs.branch import summarise
from hotmesa.postprocess.tables import ResultError, read_table

__all__ = ["ResultError", "Run", "States", "load_run", "read_table", "render", "summarise"]
