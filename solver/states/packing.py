"""Unknowns and curves as arrays on the first rank, and back on any number of ranks: what a run needs to go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.model import Model
from hotmesa.solver.states.continuation import Ahead, point_at
from hotmesa.solver.states.fields import gather_to_root
from hotmesa.solver.states.problem import ThermalBranch


def pack(model: Model, flats: Sequence[Array]) -> dict[str, Array]:
    """Return vectors of unknowns (T, wires, V) by field and rest, in the numbering of the mesh. Collective.

    Returns:
        "fields", shape (vectors, sublayers, nodes), on the first rank; "rest" (wires, V), shape (vectors, w + 1).
    """
    n = model.layout.size
    fields = gather_to_root(model.operators)(np.array([model.layout.on_plan(flat[:n]) for flat in flats]))
    return {"rest": np.array([flat[n:] for flat in flats])} | ({} if fields is None else {"fields": fields})


def unpack(model: Model, arrays: Arrays) -> list[Array]:
    """Return the vectors that `pack` was given. Collective."""
    own = model.operators.input_node
    numbers = np.sort(np.concatenate(model.comm.allgather(own)))
    fields = arrays["fields"][..., np.searchsorted(numbers, own)]
    parts = zip(fields, arrays["rest"], strict=True)
    return [np.concatenate([model.layout.from_plan(field), rest]) for field, rest in parts]


def pack_ahead(model: Model, ahead: Ahead) -> dict[str, Array]:
    """Return where a curve goes on as arrays. Collective."""
    passed = ahead.passed
    flats = [vector for point in passed for vector in (point.u, point.tangent)]
    return pack(model, flats) | {
        "s": np.array([point.s for point in passed]),
        # Of a point that was landed on it is the value asked for, not that of the state, which differs by rounding.
        "control": np.array([point.control for point in passed]),
        "newton_steps": np.array([point.newton_steps for point in passed]),
        "ds": np.array(ahead.ds),
        "count": np.array(ahead.count),
    }


def ahead_from(problem: ThermalBranch, arrays: Arrays) -> Ahead:
    """Return where a curve goes on from what `pack_ahead` has made of it. Collective."""
    flats = unpack(problem.model, arrays)
    names = ("s", "newton_steps", "control")
    along = zip(flats[::2], flats[1::2], *(arrays[name].tolist() for name in names), strict=True)
    passed = [
        replace(point_at(problem, u, problem.evaluate(u), t, s, steps), control=control)
        for u, t, s, steps, control in along
    ]
    return Ahead(tuple(passed), float(arrays["ds"]), int(arrays["count"]))
