"""The same device with other linear algebra."""

from __future__ import annotations

from typing import Literal

from hotmesa.solver.conduction import SparseConduction
from hotmesa.solver.model import Model


def with_path(model: Model, path: Literal["condensed", "sparse"]) -> Model:
    """Return the model on the given path of the linear algebra, sharing mesh and law."""
    numerics = model.scenario.numerics.model_copy(update={"path": path})
    scenario = model.scenario.model_copy(update={"numerics": numerics})
    return Model(scenario, model.tagged, model.junctions.law)


def own_conduction(model: Model) -> SparseConduction:
    """Return another conduction matrix of a model on the sparse path, whose factors leave those of the model alone."""
    rim = model.layout.rim_rows if model.scenario.bath.rim == "bath" else model.layout.rim_rows[:0]
    return SparseConduction(model.layout, model.pattern, rim)
