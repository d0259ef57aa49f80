"""Self-heating, hot spots and I(V) curves of intrinsic-Josephson-junction mesas.

    import hotmesa as hm

    run = hm.run("kurter2010-n19", {"mesa.junctions": 12}, out="out/n12")
    hm.plot_iv(run)

The package is the roof: it ties all together and imports everything, nothing imports it. What it exports is loaded when
it is first asked for, so that the import alone needs neither DOLFINx nor time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotmesa.computing import (
        compare,
        evolve,
        find_branches,
        laser_image,
        modes,
        run,
        steady,
        sweep,
        trace,
        uniform_curve,
    )
    from hotmesa.fitting import fit
    from hotmesa.folding import folds
    from hotmesa.identifying import identify
    from hotmesa.meshes import build_mesh
    from hotmesa.optimising import optimise
    from hotmesa.postprocess import Run, load_run, render
    from hotmesa.postprocess.map import plot_map
    from hotmesa.postprocess.runs.branch import plot_iv
    from hotmesa.reporting import report
    from hotmesa.scenarios import Scenario, available_scenarios, load_scenario
    from hotmesa.scenarios.errors import HotmesaError
    from hotmesa.sensitivities import sensitivity
    from hotmesa.solver.errors import SolveError
    from hotmesa.solver.law.table import LawValues
    from hotmesa.solver.model import Model
    from hotmesa.solver.states.bias import Bias
    from hotmesa.studies import study
    from hotmesa.uncertainties import uncertainty

    __version__: str

__all__ = [
    "Bias",
    "HotmesaError",
    "LawValues",
    "Model",
    "Run",
    "Scenario",
    "SolveError",
    "__version__",
    "available_scenarios",
    "build_mesh",
    "compare",
    "evolve",
    "find_branches",
    "fit",
    "folds",
    "identify",
    "laser_image",
    "load_run",
    "load_scenario",
    "modes",
    "optimise",
    "plot_iv",
    "plot_map",
    "render",
    "report",
    "run",
    "sensitivity",
    "steady",
    "study",
    "sweep",
    "trace",
    "uncertainty",
    "uniform_curve",
]

_ROOMS = {
    "hotmesa.computing": "compare evolve find_branches laser_image modes run steady sweep trace uniform_curve",
    "hotmesa.fitting": "fit",
    "hotmesa.folding": "folds",
    "hotmesa.identifying": "identify",
    "hotmesa.meshes": "build_mesh",
    "hotmesa.optimising": "optimise",
    "hotmesa.postprocess": "Run load_run render",
    "hotmesa.postprocess.map": "plot_map",
    "hotmesa.postprocess.runs.branch": "plot_iv",
    "hotmesa.reporting": "report",
    "hotmesa.scenarios": "Scenario available_scenarios load_scenario",
    "hotmesa.scenarios.errors": "HotmesaError",
    "hotmesa.sensitivities": "sensitivity",
    "hotmesa.solver.errors": "SolveError",
    "hotmesa.solver.law.table": "LawValues",
    "hotmesa.solver.model": "Model",
    "hotmesa.solver.states.bias": "Bias",
    "hotmesa.studies": "study",
    "hotmesa.uncertainties": "uncertainty",
}


def __getattr__(name: str) -> object:
    """Return what the package exports, importing the module where it stands (PEP 562)."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("hotmesa")
    for room, names in _ROOMS.items():
        if name in names.split():
            return getattr(importlib.import_module(room), name)
    raise AttributeError(f"module 'hotmesa' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the exported names, for completion."""
    return __all__
