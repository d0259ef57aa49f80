"""The same device with other linear algebra, or with another number of junctions at work."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Literal

import numpy as np

from hotmesa.solver.law.laws import build_law
from hotmesa.solver.linear.conduction import SparseConduction
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


def with_resistive_junctions(model: Model, count: int) -> Model:
    """Return the model with `count` junctions that carry voltage, sharing mesh, matrices and condensed crystal.

    Solve with one of such models at a time: they share the factors of their matrix too.

    Raises:
        ValueError: there are fewer junctions in the stack.
    """
    mesa = model.scenario.mesa
    if not 1 <= count <= mesa.junctions:
        raise ValueError(f"{count} of {mesa.junctions} junctions cannot carry voltage")
    scenario = model.scenario.model_copy(update={"mesa": mesa.model_copy(update={"resistive_junctions": count})})
    other = copy(model)
    other.scenario = scenario
    before = model.junctions
    # With a contact in series the law is one of V/n, so that it depends on n.
    law = build_law(scenario) if scenario.law.sin_contact_ohm > 0.0 else before.law
    other.junctions = replace(before, law=law, counts=before.counts * (count / float(before.counts.sum())))
    other.extra_heat = np.zeros_like(model.extra_heat)
    return other
