"""A traced branch as data, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.writing import whole_file, write_table
from hotmesa.solver.model import Model
from hotmesa.solver.states.fields import FieldState, gather_mesh
from hotmesa.solver.states.observables import Row


class Recorded(Protocol):
    """What is recorded of a point: its numbers, and its fields where they are kept."""

    @property
    def row(self) -> Row:
        """Named numbers."""

    @property
    def state(self) -> FieldState | None:
        """Fields, on the first rank."""


class Branch:
    """Rows and kept fields of a branch, in the order of travel.

    Attributes:
        scenario: what was computed.
        rows: one dict of named numbers a point, on all ranks.
        table: name of the file that the rows go to.
    """

    def __init__(self, scenario: Scenario, model: Model, table: str = "iv.csv") -> None:
        """Start an empty branch; collective."""
        self.scenario = scenario
        self.table = table
        self.rows: list[Row] = []
        self._states: list[tuple[int, FieldState]] = []
        self._mesh = gather_mesh(model.operators, model.tagged)
        self._layers = [s.name for s in model.layout.stack]

    def append(self, point: Recorded) -> None:
        """Add a point."""
        if point.state is not None:
            self._states.append((len(self.rows), point.state))
        self.rows.append(point.row)

    def save(self, folder: str | Path) -> None:
        """Write the table and states.npz into a folder, each whole or not at all (first rank only).

        Raises:
            OSError: the folder cannot be written to.
        """
        if self._mesh is None:
            return
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder / self.table, self.rows)
        self._save_states(folder / "states.npz")

    def checkpoint(self, folder: str | Path) -> None:
        """Write what there is of the table and states.npz while the rest is computed (first rank only).

        Raises:
            OSError: the folder cannot be written to.
        """
        Branch.save(self, folder)

    def _save_states(self, path: Path) -> None:
        if self._mesh is None or not self._states:
            return
        states = [state for _, state in self._states]
        # mypy would take the names of arrays for options of numpy.
        modes: dict[str, Any] = {f"modes_{name}": np.array([s.modes[name] for s in states]) for name in states[0].modes}
        contacts = self.scenario.contacts
        with whole_file(path) as file:
            np.savez_compressed(
                file,
                node_xy=self._mesh.node_xy,
                cells=self._mesh.cells,
                cell_in_mesa=self._mesh.cell_in_mesa,
                layer_names=np.array(self._layers),
                T_K=np.array([s.T_K for s in states]),
                J_mA_per_um2=np.array([s.J_mA_per_um2 for s in states]),
                heating_uW_per_um2=np.array([s.heating_uW_per_um2 for s in states]),
                row=np.array([row for row, _ in self._states]),
                V_mV=np.array([s.V_mV for s in states]),
                I_mA=np.array([s.I_mA for s in states]),
                wire_T_K=np.array([s.wire_T_K for s in states]).reshape(len(states), len(contacts)),
                contact_xyr=np.array([(c.x_um, c.y_um, c.radius_um) for c in contacts]).reshape(len(contacts), 3),
                contact_names=np.array([c.name for c in contacts], dtype=str),
                geometry=np.array(self.scenario.geometry),
                **modes,
            )
