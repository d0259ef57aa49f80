"""Stability of the points of a branch as columns of iv.csv and as fields."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hotmesa.postprocess.tables import Row
from hotmesa.scenarios import ScenarioError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import LoadLine, Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.stability.stability import Modes, Stability, warms_everywhere
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CurvePoint
from hotmesa.solver.states.fields import Gather
from hotmesa.solver.states.problem import ThermalBranch

FOLDS = {Bias.voltage(): "V", Bias.current(): "I"}
"""What is extremal at a fold under a bias."""
LOG = logging.getLogger(__name__)


class BranchStability:
    """Answers for the points of one branch what [stability] of the scenario asks for.

    Growing modes are counted at every point, unless nothing is asked for; their rates and patterns cost more where the
    crystal is condensed, and are computed where they are asked for.

    Attributes:
        biases: the circuits, by the name in column headers.
    """

    def __init__(self, problem: ThermalBranch, gather: Gather) -> None:
        """Prepare; nothing is set up if no point asks for it.

        Raises:
            ScenarioError: more modes are asked for than the device has unknowns.
        """
        model = problem.model
        self._problem, self._options, self._gather = problem, model.scenario.stability, gather
        self.biases = biases_of(model.scenario)
        points = self._options.points
        self._stability = requested_stability(model)
        self._signs = Stability(model, signs_only=True) if points in ("counts", "kept") else None

    def columns(self, modes: Mapping[str, Modes] | None) -> Row:
        """Return the columns of one point; empty where its modes were not computed."""
        row: Row = {}
        for name in self.biases:
            row[f"unstable_modes_{name}"] = "" if modes is None else modes[name].unstable
        for name in self.biases:
            told = None if modes is None or modes[name].signs_only else float(modes[name].rates[0])
            row[f"rate_{name}_per_us"] = "" if told is None else told
        return row

    def modes(self, curve: CurvePoint, saved: bool) -> dict[str, Modes] | None:
        """Return the modes of a point by bias, None where they are not asked for or not found. Collective."""
        biases, e = tuple(self.biases.values()), curve.evaluation
        warms = None if curve.fold else warms_everywhere(self._problem, curve.tangent)
        try:
            if self._stability is not None and (saved or self._options.points == "all"):
                result = self._stability.modes_under(e, biases, self._options.count, warms=warms)
            elif self._signs is not None:
                result = self._signs.modes_under(e, biases, 1, warms=warms)
            else:
                return None
        except SolveError as error:
            # The state itself is as good as ever.
            LOG.warning("the stability of the state at %.6g mA is not known: %s", e.I, error)
            return None
        result = tuple(replace(m, at_fold=curve.fold != "" and FOLDS.get(m.bias) == curve.fold) for m in result)
        return dict(zip(self.biases, result, strict=True))

    def fields(self, modes: Mapping[str, Modes] | None) -> dict[str, Array] | None:
        """Return the first modes as fields by bias, each (count, sublayers, nodes), on the first rank. Collective."""
        if modes is None or self._stability is None or not self._options.modes:
            return {}
        fields = {name: self._gather(self._full(m.shapes[:, : self._options.count])) for name, m in modes.items()}
        return None if any(f is None for f in fields.values()) else {k: f for k, f in fields.items() if f is not None}

    def _full(self, shapes: Array) -> Array:
        """Return modes on all owned nodes, NaN outside of a layer, shape (count, sublayers, owned)."""
        if self._stability is None:
            return np.zeros((0, 0, 0))
        layout = self._stability.layout
        full = np.full((shapes.shape[1], len(layout.sublayers), layout.operators.owned), np.nan)
        for k in range(len(layout.sublayers)):
            full[:, k, layout.nodes_of(k)] = shapes[layout.rows(k)].T
        return full


def biases_of(scenario: Scenario) -> dict[str, Bias]:
    """Return the circuits whose stability is told: both ideal sources, and the load line of [bias] if it is one."""
    biases = {"voltage_bias": Bias.voltage(), "current_bias": Bias.current()}
    if isinstance(scenario.bias, LoadLine):
        biases["load_line"] = Bias.of(scenario.bias)
    return biases


def requested_stability(model: Model) -> Stability | None:
    """Return the stability of a model where its scenario asks for growth rates, else None.

    Raises:
        ScenarioError: more modes are asked for than the device has unknowns.
    """
    return checked_stability(model) if model.scenario.stability.points in ("kept", "all") else None


def checked_stability(model: Model, tolerance: float = 1e-4) -> Stability:
    """Return the stability of a model, if it has as many modes as the scenario asks for.

    Raises:
        ScenarioError: it has not.
    """
    stability = Stability(model, tolerance)
    count, unknowns = model.scenario.stability.count, stability.model.unknowns
    if count >= unknowns:
        raise ScenarioError(
            [
                f"stability.count = {count}: the device has only {unknowns} unknown temperatures on this mesh, "
                f"so at most {unknowns - 1} modes can be computed; lower it or refine the mesh"
            ]
        )
    return stability
