"""The same device with other linear algebra."""

from __future__ import annotations

from typing import Literal

from hotmesa.solver.model import Model


def with_path(model: Model, path: Literal["condensed", "sparse"]) -> Model:
    """Return the model on the given path of the linear algebra, sharing mesh and law."""
    numerics = model.scenario.numerics.model_copy(update={"path": path})
    scenario = model.scenario.model_copy(update={"numerics": numerics})
    return Model(scenario, model.tagged, model.junctions.law)
