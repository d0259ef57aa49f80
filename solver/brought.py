"""What a user brings along from Python: looked at before anything is computed with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.materials import ThermalMaterial
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.faces import Sink
from hotmesa.solver.device.sinks import Face
from hotmesa.solver.errors import RequestError
from hotmesa.solver.law.laws import JunctionLaw

HIGHEST_K = 300.0
"""Up to here the heat flux of a sink is looked at."""


@dataclass(frozen=True)
class Brought:
    """What a user brings along from Python.

    Attributes:
        law: of one junction, in place of that of the scenario.
        materials: by name, in place of those of the scenario.
        sinks: besides those of the scenario.
    """

    law: JunctionLaw | None = None
    materials: Mapping[str, ThermalMaterial] = field(default_factory=dict)
    sinks: tuple[Sink, ...] = ()

    def check(self, scenario: Scenario) -> None:
        """Look at everything at a few temperatures.

        Raises:
            RequestError: something is no law, material or heat sink, or a material that no layer is made of.
        """
        bath = scenario.bath.temperature_K
        if self.law is not None:
            _check_law(self.law, bath)
        known = dict.fromkeys(layer.material for layer in scenario.layers)
        for name, material in self.materials.items():
            if name not in known:
                raise RequestError(f'no layer is made of the material "{name}"{did_you_mean(name, known)}')
            if not isinstance(material, ThermalMaterial):
                kind = type(material).__name__
                raise RequestError(f'the material "{name}" is {kind}; take ThermalMaterial of scenarios/materials.py')
        for sink in self.sinks:
            _check_sink(sink, np.linspace(bath, max(HIGHEST_K, bath + 1.0), 30))


def _check_law(law: JunctionLaw, bath: float) -> None:
    title = f"the law {type(law).__name__}"
    lacking = [name for name in ("T_range", "v_max", "at", "at_voltage") if not hasattr(law, name)]
    if lacking:
        raise RequestError(f"{title} lacks {' and '.join(lacking)}; see docs/examples/ex04_own_law.py")
    T = max(bath, law.T_range[0]) + np.arange(3.0)
    for call, values in (("at_voltage(v, T)", law.at_voltage(1.0, T)), ("at(v, T)", law.at(np.ones(3), T))):
        for name in ("i", "di_dv", "di_dT"):
            part = np.asarray(getattr(values, name, None))
            if part.dtype.kind != "f" or part.shape != T.shape or not np.isfinite(part).all():
                raise RequestError(
                    f"{title}: {call} must return LawValues(i, di_dv, di_dT), finite and of the shape of T; its {name} "
                    f"at {T[0]:g} K and 1 mV is not"
                )


def _check_sink(sink: Sink, T: Array) -> None:
    name, face = getattr(sink, "name", None), getattr(sink, "face", None)
    if not isinstance(name, str) or not callable(getattr(sink, "flux", None)):
        title, example = type(sink).__name__, "docs/examples/ex05_own_heat_sink.py"
        raise RequestError(f"the heat sink {title} needs a name, a face and flux(T); see {example}")
    if face not in get_args(Face):
        choices = ", ".join(f'"{word}"' for word in get_args(Face))
        raise RequestError(f'the heat sink "{name}" has the face {face!r}; it may be {choices}')
    try:
        q, slope = (np.asarray(part, dtype=np.float64) for part in sink.flux(T))
    except (TypeError, ValueError):
        q = slope = np.zeros(0)
    if q.shape != T.shape or slope.shape != T.shape or not np.isfinite([q, slope]).all():
        text = "flux(T) must return q (µW/µm²) and dq/dT, both finite and of the shape of T"
        raise RequestError(f'the heat sink "{name}": {text}')
    if (slope < 0.0).any():
        k = int(np.argmin(slope))
        raise RequestError(
            f'the heat sink "{name}": its flux must rise with temperature; dq/dT is {slope[k]:g} µW/(µm² K) at '
            f"{T[k]:g} K"
        )
